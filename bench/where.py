"""Where the time of an import goes: seconds by what the engine does, measured inside one process."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction

from contacts.resources import ContactResource
from crm_project.access.models import User
from crm_project.transfer import engine, services
from crm_project.transfer.models import ImportJob
from crm_project.transfer.options import Options
from crm_project.transfer.services import running

seconds: dict[str, float] = defaultdict(float)
stack: list[float] = []


def watch(owner: Any, name: str, label: str) -> None:
    """Count the time in this function, without that of other watched ones which it calls."""
    plain = getattr(owner, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started, inner = time.perf_counter(), len(stack)
        stack.append(0.0)
        try:
            return plain(*args, **kwargs)
        finally:
            took, others = time.perf_counter() - started, stack.pop()
            assert len(stack) == inner
            seconds[label] += took - others
            if stack:
                stack[-1] += took

    setattr(owner, name, timed)


def main() -> None:
    path, owner = sys.argv[1:]
    watch(engine.Engine, "read", "validating rows (Python)")
    watch(ContactResource, "resolve", "finding and making companies and categories (SQL)")
    watch(engine._Work, "__init__", "matching (SQL)")
    watch(engine.Engine, "take", "deciding what becomes of rows (Python)")
    watch(ContactResource, "write", "writing: COPY, with search text and history by triggers (SQL)")
    watch(running._Run, "_take", "locks, checkpoint, rows that failed (SQL)")
    watch(running._Run, "_analyse", "statistics for the planner (SQL)")
    watch(transaction.Atomic, "__exit__", "commit, with deferred foreign keys (SQL)")
    with Path(path).open("rb") as file:
        job = services.keep_import(
            actor=User.objects.get(username=owner),
            resource=ContactResource,
            file=File(file),
            file_name="people.csv",
            options=Options(match=("email",)),
        )
    seconds.clear()
    started, processor = time.perf_counter(), time.process_time()
    services.run_import(ImportJob.objects.get(pk=job.pk))
    total, processor = time.perf_counter() - started, time.process_time() - processor
    seconds["reading the file, twice, and the rest (Python)"] = total - sum(seconds.values())
    for label, took in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"  {label:70} {took:8.1f} s {took / total:6.0%}")
    print(f"  {'of which this process itself was at work':70} {processor:8.1f} s {processor / total:6.0%}")
