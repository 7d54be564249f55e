"""`make run` for real: it starts, its parts come back when they die, and it leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from crm_project import kept, run
from crm_project.database.embedded import Server
from crm_project.parent import PARENT
from crm_project.run import CannotRun, Child

PATIENCE = 90  # Seconds; far more than is needed, for machines that have other things to do.
SLEEPER = "import time; time.sleep(600)"


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_of(data_dir):
    """The processes that know the data folder by their environment or command line."""
    name = os.fsencode(data_dir)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            knows = name in (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if knows and is_alive(process.name):
            found.append(int(process.name))
    return found


class Run:
    """One `python -m crm_project.run` with its output."""

    def __init__(self, data_dir, port):
        self.output = data_dir.with_suffix(f".{time.monotonic_ns()}")
        own = {"DATABASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        environment |= {"CRM_DATA_DIR": str(data_dir), "CRM_PORT": str(port), PARENT: str(os.getpid())}
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crm_project.run"],
                cwd=run.BASE_DIR, env=environment, stdout=output, stderr=output, process_group=0,
            )  # fmt: skip

    def welcome(self):
        """The password and the key that it prints when it is ready."""
        until(lambda: "Stop it" in self.output.read_text() or self.process.poll() is not None)
        text = self.output.read_text()
        return re.search(r"Sign in +admin +(\S+)\n", text)[1], re.search(r"API key +(\S+)\n", text)[1]


def status(port, path, key):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_starts_survives_kills_and_leaves_nothing(tmp_path):
    data_dir, port = tmp_path / "data", free_port()
    database = Server(data_dir / "postgres")
    first = Run(data_dir, port)
    try:
        password, key = first.welcome()
        assert status(port, "/contacts?page_size=1", key) == 200
        for secret in kept.SECRET_KEY, kept.ADMIN_PASSWORD, kept.API_KEY:
            assert (data_dir / secret).stat().st_mode & 0o777 == 0o600

        # All of it is killed, as by a power cut.
        for pid in processes_of(data_dir):
            os.kill(pid, signal.SIGKILL)
        first.process.wait()
        until(lambda: not processes_of(data_dir))

        # The second start goes on with the same data; its database is killed and comes back.
        second = Run(data_dir, port)
        assert second.welcome() == (password, key)
        os.kill(int((database.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        until(lambda: "PostgreSQL is down" in second.output.read_text() and database.is_ready())
        until(lambda: run.is_ready(port))
        assert status(port, "/contacts?page_size=1", key) == 200

        # Ctrl-C ends everything.
        os.killpg(second.process.pid, signal.SIGINT)
        assert second.process.wait(PATIENCE) == 0
        assert processes_of(data_dir) == []
    finally:
        for pid in processes_of(data_dir):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_port_that_is_none_is_refused(port, monkeypatch):
    monkeypatch.setenv("CRM_PORT", port)

    with pytest.raises(CannotRun, match="CRM_PORT must be a port number"):
        run.port_number()


def test_port_that_is_taken_is_refused(monkeypatch):
    monkeypatch.setattr(run, "PORT_PATIENCE", 0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        with pytest.raises(CannotRun, match=r"port \d+ of 127.0.0.1 is not free.*set CRM_PORT"):
            run.wait_for_port(other.getsockname()[1])


def test_refusal_is_a_sentence_and_exit_2(tmp_path):
    environment = os.environ | {"CRM_DATA_DIR": str(tmp_path), "CRM_PORT": "http"}
    ended = subprocess.run([sys.executable, "-m", "crm_project.run"], cwd=run.BASE_DIR, env=environment,
                           capture_output=True, text=True, check=False)  # fmt: skip

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "The CRM cannot run: CRM_PORT must be a port number, not 'http'.\n"


def test_data_folder_serves_one_run_at_a_time(tmp_path):
    with run.hold(tmp_path), pytest.raises(CannotRun, match="runs already"), run.hold(tmp_path):
        pass

    with run.hold(tmp_path):
        assert (tmp_path / "run.pid").read_text() == str(os.getpid())


@pytest.fixture
def child(monkeypatch):
    monkeypatch.setattr(run, "SHORTEST_WAIT", 0.05)
    child = Child("-c", SLEEPER, environment=dict(os.environ))
    yield child
    child.kill()


def test_child_that_dies_comes_back_after_longer_and_longer_waits(child):
    waits = []
    for _ in range(3):
        child.process.kill()
        child.process.wait()
        dead = child.process
        until(lambda dead=dead: child.keep_alive() or child.process is not dead)
        waits.append(child.wait)

    assert child.process.poll() is None
    assert waits == [0.1, 0.2, 0.4]


def test_child_takes_its_own_children_along(tmp_path):
    pid_file = tmp_path / "pid"
    start_grandchild = f"subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]).pid"
    script = f"import pathlib, subprocess, sys\npathlib.Path({str(pid_file)!r}).write_text(str({start_grandchild}))"
    child = Child("-c", f"{script}\n{SLEEPER}", environment=dict(os.environ))
    grandchild = until(lambda: pid_file.exists() and pid_file.read_text())

    child.kill()

    until(lambda: not is_alive(grandchild))


def test_process_ends_with_its_parent():
    ends_with_parent = f"from crm_project.parent import end_with_parent; end_with_parent(); {SLEEPER}"
    script = (
        f"import os, subprocess, sys; os.environ[{PARENT!r}] = str(os.getpid())\n"
        f"print(subprocess.Popen([sys.executable, '-c', {ends_with_parent!r}]).pid, flush=True)\n{SLEEPER}"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=run.BASE_DIR, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(1)
        assert is_alive(pid)

        parent.kill()

    until(lambda: not is_alive(pid))


def test_secret_is_made_once_and_can_be_replaced(tmp_path):
    assert kept.read(tmp_path, "key") == ""
    assert kept.read_or_make(tmp_path, "key", lambda: "first") == "first"
    assert kept.read_or_make(tmp_path, "key", lambda: "second") == "first"

    kept.write(tmp_path, "key", "third")

    assert kept.read(tmp_path, "key") == "third"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
