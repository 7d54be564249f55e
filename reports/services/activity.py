"""What is due, and who did how much."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, QuerySet
from django.utils import timezone

from customers.models import CustomerInteraction
from leads.models import LeadInteraction

from ..metrics import Figure, Metric, Scope, as_text
from ..records import LISTS, OWNER, label, users
from .reporting import Row

DUE = {
    name: Metric(
        f"{name}_due",
        f"{name.capitalize()} to follow up",
        f"With how many {name} is a next action overdue?",
        f"{name.capitalize()} with an interaction whose next action was due before now.",
        records=name,
    )
    for name in ("leads", "customers")
}
TOUCHED = {
    name: Metric(
        f"{name}_touched",
        f"{name.capitalize()} spoken with",
        f"With how many {name} did somebody deal?",
        f"{name.capitalize()} with an interaction in the period that the user wrote down.",
        records=name,
    )
    for name in ("leads", "customers")
}
MADE = {
    name: Metric(
        f"{name}_made",
        f"{name.capitalize()} added",
        f"How many {name} did somebody add?",
        f"{name.capitalize()} made in the period by the user.",
        records=name,
    )
    for name in ("leads", "customers", "orders")
}
INTERACTIONS: dict[str, tuple[Any, str, str]] = {
    "leads": (LeadInteraction, "lead", "created_at"),
    "customers": (CustomerInteraction, "customer", "date"),
}


def follow_ups(*, user: Any, scope: Scope) -> list[Figure]:
    """With whom something was to be done by now. One query for each list."""
    now = as_text(timezone.now())
    found = []
    for name, metric in DUE.items():
        parameters = scope.owned() | {"next_action_before": now}
        size = LISTS[name].filtered(user, parameters).count()
        found.append(Figure(metric, size, size, parameters))
    return found


def activity_by_user(*, user: Any, scope: Scope) -> list[Row]:
    """For each user who did something: with whom they dealt and what they added. One query for each figure."""
    found: dict[Any, list[Figure]] = defaultdict(list)
    period = {"start": as_text(scope.period.start), "end": as_text(scope.period.end)}
    for name, metric in TOUCHED.items():
        for who, size in touched(name, user, scope):
            parameters = {
                "interaction_by": str(who),
                "interaction_after": period["start"],
                "interaction_before": period["end"],
            }
            found[who].append(Figure(metric, size, size, scope.owned() | parameters))
    for name, metric in MADE.items():
        for who, size in made(name, user, scope):
            parameters = {
                "created_by": str(who),
                "created_at_after": period["start"],
                "created_at_before": period["end"],
            }
            found[who].append(Figure(metric, size, size, scope.owned() | parameters))
    names = users(user, found)
    rows = [Row(who, label(OWNER, names, who), figures) for who, figures in found.items()]
    return sorted(rows, key=lambda row: (-sum(figure.records for figure in row.figures), row.label))


def owned(name: str, user: Any, scope: Scope) -> QuerySet:
    records = LISTS[name]
    return records.visible(user).filter(records.condition(scope.owned())).order_by()


def touched(name: str, user: Any, scope: Scope) -> Any:
    """Pairs of a user and how many of the visible records they dealt with."""
    model, parent, moment = INTERACTIONS[name]
    within = {f"{moment}__gte": scope.period.start, f"{moment}__lt": scope.period.end}
    rows: Any = model._default_manager.filter(
        **within, created_by__isnull=False, **{f"{parent}__in": owned(name, user, scope).values("pk")}
    )
    rows = rows.order_by().values(who=F("created_by")).annotate(size=Count(parent, distinct=True))
    return rows.values_list("who", "size")


def made(name: str, user: Any, scope: Scope) -> Any:
    """Pairs of a user and how many of the visible records they added."""
    rows = owned(name, user, scope).filter(
        created_at__gte=scope.period.start, created_at__lt=scope.period.end, created_by__isnull=False
    )
    return rows.values(who=F("created_by")).annotate(size=Count("pk")).values_list("who", "size")
