"""Health from 0 to 100: the weighted mean of what the factors say, computed where the data is.

The score is ``100 · Σ wᵢ·pᵢ / Σ wᵢ`` over the factors that there is data for: missing data does not lower it. What is
missing lowers the confidence, ``100 · Σ wᵢ·cᵢ / Σ wᵢ`` over all factors, where ``cᵢ`` is the certainty of each.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access import rules

from ..models import Customer, Standing, StandingRules
from .factors import EVIDENCE, FACTORS, Factor, weights

EARLIER = dt.timedelta(30)
BATCH = 100_000

HEALTH = """
    SELECT now.who, now.health::int, now.confidence::int, now.factors, before.health::int,
           CASE WHEN now.health IS NULL THEN 'unknown' WHEN now.health >= %s THEN 'healthy'
                WHEN now.health < %s THEN 'at_risk' ELSE 'steady' END, %s::timestamptz
    FROM ({now}) AS now JOIN ({before}) AS before ON before.who = now.who
    ORDER BY now.who
"""
COLUMNS = ("customer_id", "health", "confidence", "factors", "health_before", "band", "health_at")
STORE = f"""
    INSERT INTO customers_standing AS standing ({", ".join(COLUMNS)}) {{health}}
    ON CONFLICT (customer_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
    WHERE ({", ".join(f"standing.{name}" for name in COLUMNS[1:-1])})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in COLUMNS[1:-1])})
"""
# Of each customer the sums over the factors that there is data for, and what these are made of.
SCORES = """
    SELECT customer.id AS who, round(100 * ({points}) / nullif({present}, 0)) AS health,
           round(100 * ({certainty}) / {all_weights}) AS confidence,
           jsonb_strip_nulls(jsonb_build_object({factors})) AS factors
    FROM ({customers}) AS customer (id) {evidence}
"""
TERMS = {
    "points": "coalesce({weight} * {key}_points, 0)",
    "present": "CASE WHEN {key}_points IS NULL THEN 0 ELSE {weight} END",
    "certainty": "CASE WHEN {key}_points IS NULL THEN 0 ELSE {weight} * {key}_certainty END",
}
TOLD = """
    '{key}', CASE WHEN {key}_points IS NOT NULL THEN jsonb_build_object(
        'points', round({key}_points::numeric, 4), 'certainty', round({key}_certainty::numeric, 4), 'facts', {key}_facts
    ) END
"""


def health_sql(customers: QuerySet, at: dt.datetime) -> tuple[str, list[Any]]:
    """SQL that gives the health of each of these customers at a time, and thirty days earlier for the trend."""
    rules_now = StandingRules.current()
    keys = customers.order_by().values("pk")
    now_sql, now_parameters = scores(keys, at)
    before_sql, before_parameters = scores(keys, at - EARLIER)
    return HEALTH.format(now=now_sql, before=before_sql), [
        *(rules_now.healthy_from, rules_now.at_risk_below, at),
        *(*now_parameters, *before_parameters),
    ]


def store(customers: QuerySet, *, at: dt.datetime | None = None) -> int:
    """Compute the health of these customers anew and say of how many it changed. One statement.

    Rows are written in the order of their keys, so that two that do the same do not lock each other out.
    """
    sql, parameters = health_sql(customers, at or timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(health=sql), parameters)
        return cursor.rowcount


def standing_of(customer: Customer, *, at: dt.datetime | None = None) -> Standing:
    """The customer's health as of now, which is computed and not stored. Three queries."""
    sql, parameters = health_sql(Customer.objects.filter(pk=customer.pk), at or timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = dict(zip(COLUMNS, cursor.fetchone(), strict=True))
    return Standing(**found | {"factors": json.loads(found["factors"])})


def scores(customers: QuerySet, at: dt.datetime) -> tuple[str, list[Any]]:
    """SQL that gives ``who``, ``health``, ``confidence`` and ``factors`` of each of the customers as of a time."""
    used = {key: weight for key, weight in weights().items() if weight}
    customers_sql, customers_parameters = customers.query.sql_with_params()
    joins, parameters = [], [*customers_parameters]
    for number, (evidence, keys) in enumerate(EVIDENCE):
        if used.keys() & {*keys}:
            sql, given = evidence(customers, at).query.sql_with_params()
            joins.append(f"LEFT JOIN ({sql}) AS evidence_{number} ON evidence_{number}.who = customer.id")
            parameters += given
    terms = {
        name: " + ".join(term.format(key=key, weight=weight) for key, weight in used.items()) or "0"
        for name, term in TERMS.items()
    }
    told = ", ".join(TOLD.format(key=key) for key in used)
    all_weights = sum(used.values()) or 1
    return SCORES.format(
        **terms, factors=told, all_weights=all_weights, customers=customers_sql, evidence=" ".join(joins)
    ), parameters


def refresh_all() -> int:
    """Compute the health of all customers, a batch in a transaction of its own, and say of how many it changed.

    Memory stays that of one batch; killed anywhere, or run twice, it leaves only health that is right.
    """
    done = 0
    for customers in batches():
        with transaction.atomic():
            done += store(customers)
    return done


def batches() -> Iterator[QuerySet]:
    """All live customers, by ranges of their keys."""
    rows = Customer.objects.live().order_by("pk")
    last = None
    while True:
        beyond = rows.filter(pk__gt=last) if last else rows
        keys = beyond.values_list("pk", flat=True)[BATCH - 1 : BATCH]
        end = next(iter(keys), None)
        if end is None:
            if beyond.exists():
                yield beyond
            return
        yield beyond.filter(pk__lte=end)
        last = end


@dataclass
class Part:
    """What one factor adds: ``points`` of at most ``of``, and why. ``text`` is empty for who may not see why."""

    factor: Factor
    points: float
    of: float
    text: str


@dataclass
class Health:
    standing: Standing
    parts: list[Part]
    missing: list[Factor]

    @property
    def trend(self) -> str:
        now, before = self.standing.health, self.standing.health_before
        if now is None or before is None:
            return "unknown"
        return "rising" if now >= before + 5 else "falling" if now <= before - 5 else "steady"


def health_of(customer: Customer, *, user: Any) -> Health:
    """The customer's health as of now and what it is made of, computed for the occasion.

    Costs four queries, and one more for each factor whose records the user may not all see.
    """
    standing = standing_of(customer)
    used = {key: weight for key, weight in weights().items() if weight}
    present = sum(used[key] for key in standing.factors if key in used) or 1
    parts = [
        Part(
            FACTORS[key],
            round(100 * used[key] * found["points"] / present, 1),
            round(100 * used[key] / present, 1),
            explanation(FACTORS[key], customer, found["facts"], user),
        )
        for key, found in standing.factors.items()
        if key in used
    ]
    missing = [FACTORS[key] for key in used if key not in standing.factors]
    return Health(standing, sorted(parts, key=lambda part: -part.of), missing)


def explanation(factor: Factor, customer: Customer, facts: dict[str, Any], user: Any) -> str:
    """Why, in words; not for who may not see all that it was made of."""
    rows = factor.source(customer)
    if (
        rules.branches(user, rows.model) is None
        or not rows.exclude(pk__in=rules.visible(rows, user).values("pk")).exists()
    ):
        return factor.tell(facts)
    return _("This is made of records that you may not all see.")
