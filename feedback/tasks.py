"""What workers do for feedback."""

from __future__ import annotations

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from crm_project.jobs.retry import Patiently

from .services import reminders, rounds
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


@app.task(queue=QUEUE, retry=Patiently(), pass_context=True)
def run_round(context: JobContext, round_id: str) -> None:
    """Ask the customers of a round, or go on until the worker is told to stop; then another worker goes on with it."""
    rounds.run_round(round_id=UUID(round_id), should_stop=context.should_abort)
    if context.should_abort():
        raise JobAborted
