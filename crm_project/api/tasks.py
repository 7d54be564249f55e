"""What workers do for the API."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import keeping


@app.task(queue="reports")
def count_report(name: str) -> None:
    """Count a report that somebody could not wait for."""
    keeping.count_again(name)


@app.periodic(cron="27 * * * *")
@app.task(queue="housekeeping", queueing_lock="forget_reports")
def forget_reports(timestamp: int = 0) -> None:
    """Delete reports that nobody has asked for lately."""
    keeping.forget_old()
