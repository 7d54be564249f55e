"""What is due, and who did how much."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, QuerySet
from django.utils import timezone

from customers.models import CustomerInteraction
from leads.models import LeadInteraction

from ..metrics import METRICS, Figure, Scope, as_text
from ..records import LISTS, OWNER, label, users
from .reporting import Row

DUE = ("tasks_due", "leads_due", "customers_due")
TOUCHED = ("leads", "customers")
MADE = ("leads", "customers", "orders")
INTERACTIONS: dict[str, tuple[Any, str, str]] = {
    "leads": (LeadInteraction, "lead", "created_at"),
    "customers": (CustomerInteraction, "customer", "date"),
}


def follow_ups(*, user: Any, scope: Scope) -> list[Figure]:
    """What was to be done by now: tasks, and next actions of interactions. One query for each list."""
    now = as_text(timezone.now())
    found = []
    for metric in (METRICS[name] for name in DUE):
        parameters = metric.parameters(scope, now=now)
        size = LISTS[metric.records].filtered(user, parameters).count()
        found.append(Figure(metric, size, size, parameters))
    return found


def activity_by_user(*, user: Any, scope: Scope) -> list[Row]:
    """For each user who did something: with whom they dealt and what they added. One query for each figure."""
    found: dict[Any, list[Figure]] = defaultdict(list)
    asked = [(f"{name}_touched", touched(name, user, scope)) for name in TOUCHED]
    asked += [(f"{name}_made", made(name, user, scope)) for name in MADE]
    for key, sizes in asked:
        metric = METRICS[key]
        for who, size in sizes:
            found[who].append(Figure(metric, size, size, metric.parameters(scope, user=str(who))))
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
