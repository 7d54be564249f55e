"""What the change history learns of a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from procrastinate import JobContext

from crm_project.history.context import because_of

DOOR = "worker"


def tell_history(run: Callable[[], Any], context: JobContext, worker: Any) -> Any:
    """A middleware of the worker: what the job changes came from here, unless the job knows better."""
    with because_of(door=DOOR):
        return run()
