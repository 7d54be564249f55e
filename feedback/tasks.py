"""What workers do for feedback."""

from __future__ import annotations

from procrastinate.contrib.django import app

from .services import reminders
from .themes import refreshing

QUEUE = "feedback"


@app.periodic(cron="7,22,37,52 * * * *")
@app.task(queue=QUEUE, queueing_lock="remind_of_feedback")
def remind_of_feedback(timestamp: int = 0) -> None:
    """Remind of requests that are due and close those whose time is over."""
    reminders.process_reminders(limit=100_000)


@app.periodic(cron="10 4 * * *")
@app.task(queue=QUEUE, queueing_lock="refresh_themes")
def refresh_themes(timestamp: int = 0) -> None:
    """Find the themes anew: every night, and soon after somebody answered."""
    refreshing.refresh()
