"""Ending with the process that started us, so that a killed `make run` leaves no orphans behind."""

import os
import signal
import threading
import time

PARENT = "CRM_PARENT_PID"
PATIENCE = 60  # Seconds from being told to stop until a process that does not listen is ended.


def end_with_parent() -> None:
    """Stop this process in the orderly way when the parent named in the environment is gone, and hard if need be.

    Asks once in a while instead of using a signal of the kernel, because that works on every system.
    """
    if parent := os.environ.pop(PARENT, ""):
        threading.Thread(target=_watch, args=[int(parent)], name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
