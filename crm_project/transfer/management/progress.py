"""How far a command is."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper

from crm_project.transfer.models import Job

BAR_WIDTH = 30
SECONDS_BETWEEN_LINES = 5


class Progress:
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, output: OutputWrapper) -> None:
        self.output = output
        self.is_terminal = output.isatty()
        self.last = time.monotonic()

    def __call__(self, job: Job) -> None:
        total = job.total or 0
        speed = f", {job.rows_per_second:,.0f} rows/s" if job.rows_per_second else ""
        left = f", {job.seconds_left} s left" if job.seconds_left else ""
        text = f"{job.rows:,} of {total:,} rows{speed}{left}"
        if self.is_terminal:
            filled = min(BAR_WIDTH * job.rows // max(total, 1), BAR_WIDTH)
            bar = "█" * filled + "·" * (BAR_WIDTH - filled)
            self.output.write(f"\r[{bar}] {text}\x1b[K", ending="\n" if job.rows >= total else "")
            self.output.flush()
        elif time.monotonic() - self.last > SECONDS_BETWEEN_LINES:
            self.last = time.monotonic()
            self.output.write(text)
            self.output.flush()
