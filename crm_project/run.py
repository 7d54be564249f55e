"""The whole CRM on one machine, for `make run`.

Starts the embedded PostgreSQL unless DATABASE_URL names another one, prepares it, runs the web server and a worker,
starts again what dies, and takes everything down on Ctrl-C or SIGTERM. `python -m crm_project.run stop` does so from
another terminal.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crm_project import kept
from crm_project.database.embedded import EmbeddedPostgresError, Server
from crm_project.parent import PARENT, end_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"

STOP_PATIENCE = 40  # Seconds a child gets to finish what it is doing; longer than the web server's own grace.
READY_PATIENCE = 120
PORT_PATIENCE = 5  # What an earlier run left behind when it was killed lets go of the port within this time.
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 30.0
STEADY = 60  # A child that lived this long is started again without a long wait.


class CannotRun(Exception):
    """The CRM cannot run; the text says why and what to do."""


class Child:
    """A process that is started again whenever it ends, after a wait that grows when it keeps ending."""

    def __init__(self, *command: str, environment: dict[str, str]) -> None:
        self.name = command[-1]
        self.command = [sys.executable, *command]
        self.environment = environment
        self.wait = SHORTEST_WAIT
        self.start()

    def start(self) -> None:
        self.started_at = time.monotonic()
        # Its own session, so that Ctrl-C reaches this process alone, which then stops the children in order.
        self.process = subprocess.Popen(
            self.command, cwd=BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.restart_at: float | None = None

    def keep_alive(self) -> None:
        now = time.monotonic()
        if self.process.poll() is None:
            return
        if self.restart_at is None:
            self.kill()
            self.wait = SHORTEST_WAIT if now - self.started_at > STEADY else min(self.wait * 2, LONGEST_WAIT)
            self.restart_at = now + self.wait
            say(f"{self.name} ended ({self.process.returncode}) and is started again in {self.wait:g} s.")
        elif now >= self.restart_at:
            self.start()

    def stop(self, deadline: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(deadline - time.monotonic(), 0))
        self.kill()

    def kill(self) -> None:
        """End the process and whatever it has started, such as web workers whose master was killed."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main() -> int:
    os.umask(0o077)  # What is written from here on is for this user's eyes.
    data_dir = Path(os.environ.get("CRM_DATA_DIR") or BASE_DIR / "var").resolve()
    stopping = threading.Event()
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGINT:
            signal.signal(number, lambda *_: stopping.set())
    end_with_parent()
    try:
        if sys.argv[1:] == ["stop"]:
            stop(data_dir)
        else:
            run(data_dir, port_number(), stopping)
    except (CannotRun, EmbeddedPostgresError) as error:
        print(f"The CRM cannot run: {error}", file=sys.stderr)
        return 2
    return 0


def run(data_dir: Path, port: int, stopping: threading.Event) -> None:
    with hold(data_dir):
        wait_for_port(port)
        environment = os.environ | {"CRM_DATA_DIR": str(data_dir), "CRM_PORT": str(port), PARENT: str(os.getpid())}
        if not os.environ.get("SECRET_KEY"):
            kept.read_or_make(data_dir, kept.SECRET_KEY, lambda: secrets.token_urlsafe(48))
        server = None
        if not os.environ.get("DATABASE_URL"):
            say("Starting PostgreSQL.")
            server = Server(data_dir / "postgres")
            server.start()
            environment["DATABASE_URL"] = server.url
        try:
            serve(data_dir, port, environment, server, stopping)
        finally:
            if server:
                server.stop()


def serve(
    data_dir: Path, port: int, environment: dict[str, str], server: Server | None, stopping: threading.Event
) -> None:
    """Run the children until told to stop."""
    prepare(environment, stopping)
    if stopping.is_set():
        return
    children = [
        Child("manage.py", "serve", environment=environment),
        Child("manage.py", "worker", environment=environment),
    ]
    try:
        wait_until_ready(port, children, stopping)
        if not stopping.is_set():
            say(welcome(data_dir, port))
        while not stopping.wait(0.2):
            for child in children:
                child.keep_alive()
            if server and not server.is_ready():
                start_again(server, stopping)
    finally:
        say("Stopping.")
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + STOP_PATIENCE
        for child in children:
            child.stop(deadline)


def start_again(server: Server, stopping: threading.Event) -> None:
    say("PostgreSQL is down and is started again.")
    try:
        server.start()
    except EmbeddedPostgresError as error:
        say(str(error))
        stopping.wait(5)


def prepare(environment: dict[str, str], stopping: threading.Event) -> None:
    say("Preparing the database.")
    child = Child("-m", "crm_project.prepare", environment=environment)
    while child.process.poll() is None and not stopping.wait(0.05):
        pass
    child.kill()
    if child.process.returncode and not stopping.is_set():
        raise CannotRun("the database could not be prepared; what went wrong stands above.")


def wait_until_ready(port: int, children: list[Child], stopping: threading.Event) -> None:
    deadline = time.monotonic() + READY_PATIENCE
    while not is_ready(port) and not stopping.wait(0.1):
        if time.monotonic() > deadline:
            raise CannotRun(f"it was not ready within {READY_PATIENCE} s.")
        for child in children:
            child.keep_alive()


def is_ready(port: int) -> bool:
    """Whether the web server answers, and not with "try again later"; it may know this address by another name."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status != http.HTTPStatus.SERVICE_UNAVAILABLE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(data_dir: Path, port: int) -> str:
    url = f"http://{HOST}:{port}"
    password = kept.read(data_dir, kept.ADMIN_PASSWORD)
    key = kept.read(data_dir, kept.API_KEY)
    return f"""
The CRM is running.

  Admin      {url}/admin/
  Sign in    admin   {password or "with the password you have set"}
  API        {url}/contacts
  API key    {key}
  API docs   {url}/docs

  Try it     curl -H "Authorization: Bearer {key}" "{url}/contacts?page_size=3"
  Stop it    Ctrl-C
"""


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Let one `make run` at a time use the data folder; the lock goes with a process that is killed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "run.pid", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(f"it runs already, with the data in {data_dir}. `make stop` ends it.") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def stop(data_dir: Path) -> None:
    """End what `make run` started, and the servers that commands and tests have left running."""
    with suppress(FileNotFoundError), open(data_dir / "run.pid") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(file.read()), signal.SIGTERM)
            fcntl.flock(file, fcntl.LOCK_EX)
    for name in "postgres", "test-postgres":
        Server(data_dir / name).stop()


def port_number() -> int:
    text = os.environ.get("CRM_PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotRun(f"CRM_PORT must be a port number, not {text!r}.")
    return int(text)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PORT_PATIENCE
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((HOST, port))
            except OSError as error:
                if time.monotonic() > deadline:
                    reason = f"port {port} of {HOST} is not free ({error.strerror})"
                    raise CannotRun(f"{reason}. Stop what uses it, or set CRM_PORT.") from None
        time.sleep(0.2)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
