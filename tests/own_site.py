"""A CRM of a test's own: a PostgreSQL that may be killed, databases on it, and processes that work on them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from crm_project.database.embedded import Server

ROOT = Path(__file__).resolve().parents[1]
# A worker that notices and forgives the death of another within seconds instead of half a minute.
WORKER = """
import sys
from crm_project import jobs
jobs.HEARTBEAT_SECONDS, jobs.STALLED_SECONDS = 0.5, 2
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "crm_project.settings"
import django
django.setup()
from crm_project.transfer import lost
lost.JUST_ENDED = "2 seconds"
from django.core.management import call_command
call_command("worker", "--queues", "transfer,housekeeping", "--concurrency", "2")
"""
UNLIMITED = "999999999/60"


@dataclass
class Site:
    """One database, and whatever runs on it."""

    server: Server
    name: str
    folder: Path
    worker: subprocess.Popen | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return urlunsplit(urlsplit(self.server.url)._replace(path=f"/{self.name}"))

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "crm_project.settings",
            "SECRET_KEY": "only-for-tests-" + "x" * 40,
            "CRM_DATA_DIR": str(self.folder),
            "CRM_LOG_LEVEL": "CRITICAL",
            "CRM_RATE_LIMIT": UNLIMITED,
            "CRM_IMPORT_RATE": UNLIMITED,
            "CRM_EXPORT_RATE": UNLIMITED,
            "PYTHONWARNINGS": "ignore",
            **self.extra,
        }

    def manage(self, *arguments: str) -> str:
        return self._ran(["manage.py", *arguments])

    def python(self, code: str, *arguments: str) -> str:
        """What a program of a few lines prints, which runs with Django set up."""
        return self._ran(["-c", "import sys, django; django.setup()\n" + code, *arguments])

    def _ran(self, command: list[str]) -> str:
        result = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout.strip()

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    # The worker

    def keep_working(self) -> None:
        """Have a worker, as who runs the CRM does: one that ended is started again."""
        if self.worker is None or self.worker.poll() is not None:
            self.worker = subprocess.Popen(
                [sys.executable, "-c", WORKER], cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL
            )

    def kill_worker(self) -> None:
        if self.worker and self.worker.poll() is None:
            self.worker.send_signal(signal.SIGKILL)
            self.worker.wait()
        self.worker = None

    # The database

    def kill_server(self) -> None:
        """The server and all its processes, at once and without a word."""
        pid = int((self.server.data / "postmaster.pid").read_text().split("\n", 1)[0])
        for each in (pid, *children(pid)):
            with_signal(each, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.server.is_ready():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def with_signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


@contextmanager
def own_sites(folder: Path) -> Iterator[Any]:
    """``make(name)`` gives a site with an empty, migrated database; all end together."""
    server = Server((folder / "postgres").resolve())
    server.start()
    first = Site(server, "template", folder / "template")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template")
    first.manage("migrate", "-v0")
    first.manage("create_user", "maria", "--role", "Manager")
    sites: list[Site] = []

    def make(name: str, **extra: str) -> Site:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template").format(sql.Identifier(name)))
        sites.append(Site(server, name, folder / name, extra=extra))
        return sites[-1]

    try:
        yield make
    finally:
        for site in sites:
            site.kill_worker()
        server.start()
        server.stop()
