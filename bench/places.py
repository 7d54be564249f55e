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
# A lead for each contact, up to a million, and a customer for three leads in ten; their history is not written.
PEOPLE = """
    SET session_replication_role = replica;
    INSERT INTO leads_lead (name, email, phone, normalized_phone, contact_id, assigned_to_id, team_id, created_at)
    SELECT name, 'lead' || row_number() OVER () || '@bench.example', coalesce(value, ''), coalesce(normalized, ''),
        contact.id, assigned_to_id, team_id, contact.created_at
    FROM contacts_contact AS contact LEFT JOIN LATERAL (
        SELECT value, normalized FROM contacts_contactpoint AS point
        WHERE contact_id = contact.id AND type = 'phone' AND point.deleted_at IS NULL ORDER BY position LIMIT 1
    ) AS phone ON true
    WHERE contact.deleted_at IS NULL AND NOT EXISTS (SELECT FROM leads_lead) LIMIT 1000000;
    INSERT INTO customers_customer
        (name, email, phone, normalized_phone, contact_id, assigned_to_id, team_id, created_at)
    SELECT name, 'customer' || email, phone, normalized_phone, contact_id, assigned_to_id, team_id, created_at
    FROM leads_lead WHERE NOT EXISTS (SELECT FROM customers_customer)
    LIMIT (SELECT count(*) * 3 / 10 FROM leads_lead);
    SET session_replication_role = origin
"""
COLLEAGUES = {"manager": "maria.keller", "rep100k": "olga.sokolova", "rep1k": "james.carter"}


@dataclass
class Place:
    """A database of demo contacts, and a web server on it while ``served``."""

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

    def prepare(self) -> None:
        """Make the database and its contacts when they are missing, and an API key for each kind of user."""
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
        self.manage("migrate", "-v0")
        started = time.monotonic()
        print(f"{self.name}: {self.manage('seed_demo', '--contacts', str(self.contacts))}", end=" ", flush=True)
        print(f"({time.monotonic() - started:.0f} s)")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(PEOPLE)
            connection.execute("VACUUM (ANALYZE) leads_lead, customers_customer")
        for kind, username in COLLEAGUES.items():
            self.keys[kind] = self.manage("create_api_key", username, "--name", "bench", "--expires", "1")

    @contextmanager
    def served(self) -> Iterator[None]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "manage.py", "serve", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        server = subprocess.Popen(command, cwd=BASE_DIR, env=self.environment, stderr=subprocess.DEVNULL)
        try:
            self._wait_for(server)
            yield
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
