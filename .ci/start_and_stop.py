"""`make run` on a free port with an empty data folder: it must serve, and stop without leaving a process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATIENCE = 180


def main() -> None:
    data_dir = Path(tempfile.mkdtemp(prefix="crm-ci-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}}
    environment |= {"CRM_DATA_DIR": str(data_dir), "CRM_PORT": str(port)}
    make = subprocess.Popen(["make", "run"], env=environment, process_group=0)
    try:
        wait_until_ready(make, port)
        os.killpg(make.pid, signal.SIGINT)  # As Ctrl-C does.
        make.wait(PATIENCE)
        if left := processes_with(data_dir):
            sys.exit(f"`make run` left processes behind: {left}")
    finally:
        make.kill()
        shutil.rmtree(data_dir, ignore_errors=True)


def wait_until_ready(make: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if make.poll() is not None:
            sys.exit(f"`make run` ended with {make.returncode}.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"`make run` did not answer /readyz within {PATIENCE} s.")


def processes_with(data_dir: Path) -> list[str]:
    """The processes that were started with this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            started_with = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(data_dir) in started_with:
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


if __name__ == "__main__":
    main()
