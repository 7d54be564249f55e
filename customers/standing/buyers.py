"""Recency, frequency and money: customers ranked by what they bought, and named by their ranks.

Each rank is cut into equal groups: a customer's score is ``1 + ⌊groups · percent_rank⌋``, at most ``groups``, so that
equals get equal scores. Money is ranked among customers of the same currency. (After J. R. Bult and T. Wansbeek,
“Optimal Selection for Direct Mail”, Marketing Science 14 (4), 1995.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..models import BuyerSegment, StandingRules

EARLIER = dt.timedelta(30)

# ``purchases(start, end)`` gives, of the customers who bought in that time, ``who``, ``currency``, ``last_order``,
# ``frequency`` and ``monetary``, one row for each currency.
Purchases = Callable[[dt.datetime, dt.datetime], QuerySet]
_purchases: list[Purchases] = []

SCORED = """
    SELECT main.*, {recency} AS r, {frequency} AS f, {monetary} AS m FROM (
        SELECT DISTINCT ON (who) who, currency, last_order, frequency, monetary
        FROM ({purchases}) AS bought ORDER BY who, frequency DESC, monetary DESC, currency
    ) AS main
"""
COLUMNS = (
    *("customer_id", "currency", "last_order", "frequency", "monetary"),
    *("recency_score", "frequency_score", "monetary_score", "segment", "segment_before", "segment_at"),
)
COMPUTE = f"""
    INSERT INTO customers_standing AS standing ({", ".join(COLUMNS)})
    SELECT customer.id, coalesce(now.currency, ''), now.last_order, now.frequency, now.monetary, now.r, now.f, now.m,
           coalesce({{now_name}}, ''), coalesce({{before_name}}, ''), %s::timestamptz
    FROM customers_customer AS customer
    LEFT JOIN ({{now}}) AS now ON now.who = customer.id
    LEFT JOIN ({{before}}) AS before ON before.who = customer.id
    WHERE customer.deleted_at IS NULL
    ORDER BY customer.id
    ON CONFLICT (customer_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
    WHERE ({", ".join(f"standing.{name}" for name in COLUMNS[1:-1])})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in COLUMNS[1:-1])})
"""


def register_purchases(purchases: Purchases) -> None:
    _purchases[:] = [purchases]


def refresh_segments(*, at: dt.datetime | None = None) -> None:
    """Score and name all customers anew, as of now and, to see who moved, as of thirty days earlier. One statement."""
    at = at or timezone.now()
    rules_now, segments = StandingRules.current(), list(BuyerSegment.objects.all())
    now, now_parameters = scored(rules_now, at)
    before, before_parameters = scored(rules_now, at - EARLIER)
    now_name, now_keys = name_of("now", segments)
    before_name, before_keys = name_of("before", segments)
    sql = COMPUTE.format(now=now, before=before, now_name=now_name, before_name=before_name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [*now_keys, *before_keys, at, *now_parameters, *before_parameters])


def scored(rules_now: StandingRules, at: dt.datetime) -> tuple[str, list[Any]]:
    """SQL that gives the buyers of the window that ends at a time, with their scores."""
    start = at - dt.timedelta(rules_now.window_days)
    sql, parameters = _purchases[0](start, at).query.sql_with_params()
    return (
        SCORED.format(
            purchases=sql,
            recency=score("last_order", rules_now.groups),
            frequency=score("frequency", rules_now.groups),
            monetary=score("monetary", rules_now.groups, "PARTITION BY currency "),
        ),
        list(parameters),
    )


def score(column: str, groups: int, among: str = "") -> str:
    rank = f"percent_rank() OVER ({among}ORDER BY {column})"
    return f"least({groups}, 1 + floor({groups} * {rank}))::int"


def name_of(table: str, segments: list[BuyerSegment]) -> tuple[str, list[str]]:
    """SQL that gives the key of the first segment in whose bounds the scores of a row lie."""
    tests = [
        " AND ".join(
            f"{table}.{column} BETWEEN {getattr(each, f'{name}_min'):d} AND {getattr(each, f'{name}_max'):d}"
            for column, name in (("r", "recency"), ("f", "frequency"), ("m", "monetary"))
        )
        for each in segments
    ]
    cases = "".join(f" WHEN {test} THEN %s" for test in tests)
    return (f"CASE{cases} END" if tests else "NULL::text"), [each.key for each in segments]
