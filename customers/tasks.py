"""What workers do for customers and leads."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import services


@app.periodic(cron="*/10 * * * *")
@app.task(queue="followups", queueing_lock="process_followups")
def process_followups(timestamp: int = 0) -> None:
    """Process all follow-ups, a batch in each transaction; killed anywhere, the next run goes on."""
    while services.process_followups().more:
        pass


@app.periodic(cron="7 * * * *")
@app.task(queue="standing", queueing_lock="refresh_standing")
def refresh_standing(timestamp: int = 0) -> None:
    """Compute the segments and the health of all customers anew, every hour.

    Each statement overwrites what was there by what is true now: run twice, at once, or killed, it harms nothing.
    """
    services.refresh_segments()
    services.refresh_all()
