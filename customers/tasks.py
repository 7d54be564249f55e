"""What workers do for customers and leads."""

from __future__ import annotations

from procrastinate.contrib.django import app

from crm_project.history.context import because_of

from . import services


@app.periodic(cron="*/10 * * * *")
@app.task(queue="followups", queueing_lock="process_followups")
def process_followups(timestamp: int = 0) -> None:
    """Process all follow-ups, a batch in each transaction; killed anywhere, the next run goes on."""
    with because_of(door="worker"):
        while services.process_followups().more:
            pass
