"""What workers do for privacy."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from . import services
from .models import Erasure

QUEUE = "privacy"


@app.task(queue=QUEUE)
def finish_erasure(erasure_id: str) -> None:
    """Forget the person in files too, at once. What cannot be done yet is taken up by ``finish_erasures``."""
    services.finish(UUID(erasure_id))


@app.periodic(cron="* * * * *")
@app.task(queue=QUEUE, queueing_lock="finish_erasures")
def finish_erasures(timestamp: int = 0) -> None:
    """Go on with each erasure until nothing is left of the person."""
    for key in Erasure.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True):
        services.finish(key)
