"""Who buys, who comes back, who stops, and what they are worth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Count, DateTimeField, F, Min, Sum, Window
from django.db.models.functions import RowNumber

from crm_project.access import rules
from crm_project.database.cube import Rows, WidthBucket
from orders.models import Order

from ..counting import count, money
from ..metrics import METRICS, Figure, Scope, as_text
from ..periods import Period
from ..questions import Question
from ..records import DIMENSIONS as COLUMNS
from ..records import LISTS
from .reporting import Report, Row, key_figures, rows_by, rows_of_parts

WHO = ("customers_new", "customers_first_bought", "customers_buying", "customers_active", "customers_churned")
MONEY = ("revenue", "average_order_value")
KEY_FIGURES = (*WHO, "customers_bought", "repeat_rate", "orders", "orders_cancelled", *MONEY, "lifetime_value")
OF_EACH = (*WHO, "customers_bought", "repeat_rate")
OF_ORDERS = ("orders", *MONEY)
# The groups of the report: which column of which list, and which figures.
GROUPS = {
    "type": ("customers.type", OF_EACH),
    "status": ("customers.status", OF_EACH),
    "assigned_to": ("customers.assigned_to", OF_EACH),
    "seller": ("orders.assigned_to", OF_ORDERS),
    "product": ("orders.product", OF_ORDERS),
}
DIMENSIONS = tuple(GROUPS)
TOP = 10
COHORTS = 12


def customer_report(*, user: Any, question: Question) -> Report:
    """The report on customers and their orders. Costs about a dozen queries, whatever it is asked."""
    scope, parts = question.scope, list(question.period.parts(question.grain))
    groups = dict(GROUPS[name] for name in question.dimensions)
    series = ("customers_new", "customers_first_bought", "orders", *MONEY)
    found = count(KEY_FIGURES, user=user, scope=scope, groups=groups, series=series, parts=parts)
    return Report(
        question,
        key_figures(found, KEY_FIGURES, user=user, question=question),
        {name: rows_by(found, *GROUPS[name], user) for name in question.dimensions},
        rows_of_parts(found, series, parts),
        {"top_customers": top_customers(user=user, scope=scope), "cohorts": cohorts(user=user, scope=scope)},
    )


def top_customers(*, user: Any, scope: Scope) -> list[Row]:
    """Those who bought most in the period, of each currency the first ten. Two queries."""
    metric, records = METRICS["revenue"], LISTS["orders"]
    orders = records.visible(user).filter(records.condition(metric.parameters(scope)))
    orders = LISTS["customers"].behind(orders, "customer", user=user, owned={}).order_by()
    place = Window(RowNumber(), partition_by=F("currency"), order_by=(F("spent").desc(), F("customer")))
    sums = orders.values("currency", "customer").annotate(spent=Sum("total"), records=Count("*"))
    found = list(sums.annotate(place=place).filter(place__lte=TOP).order_by("currency", "place"))
    dimension = COLUMNS["orders"]["customer"]
    names = dimension.labels(user, [row["customer"] for row in found])
    return [
        Row(
            row["customer"],
            names.get(row["customer"], ""),
            [
                Figure(
                    metric,
                    money(row["spent"]),
                    row["records"],
                    metric.parameters(scope, {"currency": row["currency"], "customer_id": str(row["customer"])}),
                    row["currency"],
                )
            ],
        )
        for row in found
    ]


def cohorts(*, user: Any, scope: Scope) -> list[dict[str, Any]]:
    """Of those who first bought in a month of the period, how many bought in each month since. One query.

    Only the last twelve months of a longer period.
    """
    months = list(scope.period.parts("month"))[-COHORTS:]
    customers = LISTS["customers"].visible(user).filter(LISTS["customers"].condition(scope.owned()))
    orders = rules.visible(Order.objects.sold(), user).filter(order_date__lt=scope.period.end)
    starts = [month.start for month in months]
    first = Window(Min("order_date"), partition_by=F("customer"), output_field=DateTimeField())
    bought = orders.annotate(first_order=first).values(
        "customer", cohort=WidthBucket(F("first_order"), starts), month=WidthBucket(F("order_date"), starts)
    )
    seen = Rows.of(customers.values(shown=F("pk")))
    rows = Rows.of(bought).joined(seen, "left_side.customer = right_side.shown AND left_side.cohort > 0")
    sizes: dict[int, dict[int, int]] = defaultdict(dict)
    if rows.sql is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT cohort, month, count(DISTINCT customer) FROM ({rows.sql}) AS bought GROUP BY cohort, month",
                rows.parameters,
            )
            for cohort, month, size in cursor.fetchall():
                sizes[cohort][month] = size
    return [cohort_row(number, months, sizes.get(number, {}), scope) for number in range(1, len(months) + 1)]


def cohort_row(number: int, months: list[Period], sizes: dict[int, int], scope: Scope) -> dict[str, Any]:
    metric, cohort = METRICS["cohort"], months[number - 1]
    figures = []
    for each, later in enumerate(months[number - 1 :], number):
        words = {"later_start": as_text(later.start), "later_end": as_text(later.end)}
        size = sizes.get(each, 0)
        figures.append(Figure(metric, size, size, metric.parameters(replace(scope, period=cohort), None, **words)))
    return {"month": cohort.first.isoformat(), "label": f"{cohort.first:%Y-%m}", "figures": figures}
