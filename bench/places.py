"""The databases and web servers that are measured."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parent.parent
PATIENCE = 60
SECRET_KEY = "only-for-benchmarks-not-for-a-server-" + "x" * 16
UNLIMITED = "999999999/60"
COLLEAGUES = {"manager": "maria.keller", "rep100k": "olga.sokolova", "rep1k": "james.carter"}


@dataclass
class Place:
    """A database of so many demo contacts, leads and orders, and a web server on it while ``served``."""

    name: str
    contacts: int
    base_url: str
    keys: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @cached_property
    def url(self) -> str:
        return urlunsplit(urlsplit(self.base_url)._replace(path=f"/{self.name}"))

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET_KEY,
            "CRM_RATE_LIMIT": UNLIMITED,
            "CRM_IMPORT_RATE": UNLIMITED,
            "CRM_EXPORT_RATE": UNLIMITED,
            "CRM_LOG_LEVEL": "ERROR",
            "PYTHONWARNINGS": "ignore",
        }

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        result = subprocess.run(
            command, cwd=BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            sys.exit(f"{' '.join(arguments)} failed:\n{result.stderr[-2000:]}")
        return result.stdout.strip()

    def migrate(self) -> None:
        """Make the database when it is missing, and its tables."""
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
        self.manage("migrate", "-v0")

    def prepare(self) -> None:
        """Make the database and its records when they are missing, and an API key for each kind of user."""
        self.migrate()
        started = time.monotonic()
        sizes = {"contacts": 1, "leads": 1, "customers": 0.3, "products": 0.002, "orders": 1}
        counts = [part for name, share in sizes.items() for part in (f"--{name}", str(int(self.contacts * share)))]
        print(f"{self.name}: {self.manage('seed_demo', *counts)}", end=" ", flush=True)
        print(f"({time.monotonic() - started:.0f} s)")
        for kind, username in COLLEAGUES.items():
            self.keys[kind] = self.manage("create_api_key", username, "--name", "bench", "--expires", "1")

    @contextmanager
    def served(self, **extra: str) -> Iterator[subprocess.Popen]:
        """Two web workers on the place, with these settings besides; the process above them."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "manage.py", "serve", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        server = subprocess.Popen(command, cwd=BASE_DIR, env=self.environment | extra, stderr=subprocess.DEVNULL)
        try:
            self._wait_for(server)
            yield server
        finally:
            server.terminate()
            server.wait(PATIENCE)

    def _wait_for(self, server: subprocess.Popen) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and server.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.1)
            finally:
                connection.close()
        sys.exit(f"The web server of {self.name} did not start.")


class Client:
    """One kept connection to a place's web server, as one of its users."""

    def __init__(self, place: Place, kind: str = "manager") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {place.keys[kind]}"}

    def get(self, path: str) -> bytes:
        return self.send("GET", path)

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        headers = self.headers | ({"Content-Type": kind} if body is not None else {})
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.connection.close()  # The server closes connections that were idle for some seconds.
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        content = response.read()
        if response.status >= 400:
            sys.exit(f"{method} {path}: {response.status} {content[:500].decode()}")
        return content
