"""What becomes of what is kept, answers for retries and reports, when a person in it is erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from crm_project.privacy import services, steps
from crm_project.privacy.people import Person

from .models import IdempotencyKey, KeptReport

# Not deleted: a retry would bring the person back.
GONE = {"status": 410, "body": '{"message": "What this request made was erased.", "code": "erased"}', "headers": {}}


class Reports(steps.Step):
    """Any of them may name the person, and they are soon counted again, so all of them go."""

    def rows(self, person: Person) -> QuerySet:
        return KeptReport.objects.none()

    def forget(self, person: Any) -> int:
        return KeptReport.objects.all().delete()[0]


def sweep(traces: Collection[str], before: dt.datetime) -> bool:
    """Those too that requests which ran at the moment have kept since."""
    KeptReport.objects.all().delete()
    return True


def register() -> None:
    services.register_sweep(sweep)
    steps.register(
        Reports(KeptReport),
        steps.Mention(IdempotencyKey, columns=("body",), values=GONE),
        steps.Mention(IdempotencyKey, columns=("key",), part_suffices=True),
    )
