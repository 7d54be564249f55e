"""Named questions about leads."""

from __future__ import annotations

from typing import Self

from django.db.models import Case, IntegerField, Max, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from contacts.people import PersonQuerySet

CLOSED = ("converted", "lost", "won")
# The way of a lead, stage by stage; each is made of the statuses that mean that it has come so far.
STAGES = (("new",), ("contacted",), ("qualified",), ("proposal",), ("negotiation",), ("won", "converted"))


class LeadQuerySet(PersonQuerySet):
    def open(self) -> Self:
        return self.exclude(status__in=CLOSED)

    def closed(self) -> Self:
        return self.filter(status__in=CLOSED)


def rank(column: str) -> Case:
    """The number of the stage of a status; one that is lost says nothing of how far it came."""
    stages = [When(**{f"{column}__in": statuses}, then=Value(number)) for number, statuses in enumerate(STAGES)]
    return Case(*stages, default=Value(0), output_field=IntegerField())


def furthest() -> Greatest:
    """The number of the furthest stage that a lead has ever been in, by its status and the log of its steps."""
    from .models import LeadStatusChange

    steps = LeadStatusChange.objects.filter(lead=OuterRef("pk")).order_by().values("lead")
    return Greatest(rank("status"), Coalesce(Subquery(steps.annotate(top=Max(rank("new"))).values("top")), Value(0)))
