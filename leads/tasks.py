"""What workers do for leads."""

from __future__ import annotations

from procrastinate.contrib.django import app

from .models import Lead
from .nurturing.processing import process
from .services import rescore

BATCH = 1_000


@app.periodic(cron="*/5 * * * *")
@app.task(queue="leads", queueing_lock="process_nurturing")
def process_nurturing(timestamp: int = 0) -> None:
    """Let leads join sequences, stop them where they are over, and do the steps that are due."""
    process()


@app.periodic(cron="30 2 * * *")
@app.task(queue="leads", queueing_lock="rescore_leads")
def rescore_leads(timestamp: int = 0) -> None:
    """Compute the scores of all open leads anew: every night, for time goes by, and when a rule has changed.

    Reads and writes a thousand leads at a time; running twice, or being killed, leaves only scores that are right.
    """
    leads = Lead.objects.live().open().filter(score_is_manual=False).select_related("campaign").order_by("pk")
    batch = list(leads[:BATCH])
    while batch:
        rescore(batch)
        batch = list(leads.filter(pk__gt=batch[-1].pk)[:BATCH])
