"""The embedded server is started, killed and started again for real, each time in a folder of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from crm_project.database import embedded
from crm_project.database.embedded import EmbeddedPostgresError, Server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One data folder for the tests that leave it as they found it."""
    server = Server(tmp_path_factory.mktemp("shared") / "postgres", durable=False)
    yield server
    server.stop()


@pytest.fixture
def server(shared):
    shared.start()
    return shared


@pytest.fixture
def fresh(tmp_path):
    server = Server(tmp_path / "postgres", durable=False)
    yield server
    server.stop()


def postmaster_pid(server):
    return int((server.data / "postmaster.pid").read_text().split()[0])


def kill(server):
    pid = postmaster_pid(server)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.is_ready():
        assert time.monotonic() < deadline, f"process {pid} still answers"
        time.sleep(0.01)


def query(server, sql):
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone() if cursor.description else None


def test_server_is_for_its_owner_alone(server):
    assert query(server, "SELECT current_user, current_database()") == ("crm", "crm")
    assert query(server, "SHOW listen_addresses") == ("",)
    assert server.socket_folder.stat().st_mode & 0o777 == 0o700


def test_start_twice_is_one_server(server):
    pid = postmaster_pid(server)
    server.start()

    assert postmaster_pid(server) == pid


def test_trigrams_see_cyrillic_letters(server):
    query(server, "CREATE EXTENSION pg_trgm")
    assert query(server, "SELECT similarity('привет', 'приветы') > 0.5, lower('ЁЛКА')") == (True, "ёлка")


def test_row_survives_kill_of_the_server(tmp_path):
    server = Server(tmp_path / "durable")
    server.start()
    query(server, "CREATE TABLE note AS SELECT 'kept' AS text")
    kill(server)

    server.start()

    try:
        assert query(server, "SELECT text FROM note") == ("kept",)
    finally:
        server.stop()


def test_start_waits_until_the_children_of_a_killed_server_are_gone(server):
    with psycopg.connect(server.url) as busy:
        backend = busy.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        kill(server)
        threading.Timer(1, os.kill, [backend, signal.SIGCONT]).start()

        server.start()

    assert "shared memory block" in server.log.read_text()
    assert query(server, "SELECT 1") == (1,)


def test_stop_ends_every_process_and_the_data_stays(server):
    query(server, "CREATE TABLE stopped AS SELECT 'kept' AS text")
    pid = postmaster_pid(server)
    server.stop()
    server.stop()
    assert not server.is_ready()
    assert not embedded._command_of(pid)

    server.start()

    assert query(server, "SELECT text FROM stopped") == ("kept",)


def test_pid_file_whose_number_another_process_got_does_not_block_the_start(server):
    pid = postmaster_pid(server)
    pid_file = (server.data / "postmaster.pid").read_text()
    kill(server)
    (server.data / "postmaster.pid").write_text(pid_file.replace(str(pid), str(os.getpid()), 1))

    server.start()

    assert query(server, "SELECT 1") == (1,)


def test_data_folder_that_was_killed_half_made_is_made_again(fresh):
    (fresh.folder / "new-killed").mkdir(parents=True)

    fresh.start()

    assert query(fresh, "SELECT 1") == (1,)
    assert not (fresh.folder / "new-killed").exists()


def test_concurrent_cold_starts_make_one_server(fresh):
    script = "import sys; from pathlib import Path; from crm_project.database.embedded import Server; "
    script += "server = Server(Path(sys.argv[1]), durable=False); server.start(); "
    script += "import psycopg; print(psycopg.connect(server.url).execute('SELECT system_identifier "
    script += "FROM pg_control_system()').fetchone()[0])"
    starts = [
        subprocess.Popen([sys.executable, "-c", script, fresh.folder], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    clusters = [start.communicate(timeout=60)[0].strip() for start in starts]

    assert [start.returncode for start in starts] == [0, 0, 0, 0]
    assert len(set(clusters)) == 1


@pytest.mark.parametrize("name", ["a" * 120, "папка, a 'quote' and a \"second\" one"])
def test_any_folder_name_will_do(tmp_path, name):
    server = Server(tmp_path / name / "postgres", durable=False)
    try:
        server.start()
        assert query(server, "SELECT 1") == (1,)
    finally:
        server.stop()


def test_client_environment_does_not_lead_astray(server, monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATABASE", "other")
    server.start()

    assert query(server, "SELECT current_database()") == ("crm",)


def test_refused_namespace_is_explained(fresh, monkeypatch):
    monkeypatch.setattr(embedded, "binary", lambda tool: "false")
    monkeypatch.setattr(embedded, "NAMESPACE_REFUSED", 1)

    with pytest.raises(EmbeddedPostgresError, match=r"refuses to run as root.*set DATABASE_URL"):
        fresh.start()


def test_failure_names_the_tool_and_what_it_said(fresh):
    fresh.start()
    fresh.stop()
    (fresh.data / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(EmbeddedPostgresError, match=r"(?s)pg_ctl failed.*database files are incompatible"):
        fresh.start()


def test_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "postgres"
    folder.symlink_to("/tmp")

    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
        Server(folder).start()
