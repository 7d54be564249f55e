"""Who buys, who comes back, who stops, and what they are worth."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, DateTimeField, F, Min, Sum, Window
from django.utils.translation import gettext as _

from crm_project.access import rules
from crm_project.database.cube import WidthBucket
from orders.models import Order

from ..counting import count, money
from ..metrics import METRICS, Figure, Metric, Scope, as_text
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

COHORT = Metric(
    "cohort",
    "Cohort",
    "How many of those who first bought in a month bought again in a later one?",
    "Customers whose first order is in the month of the cohort, with an order in the other month.",
    records="customers",
)


def customer_report(*, user: Any, question: Question) -> Report:
    """The report on customers and their orders. Costs about a dozen queries, whatever it is asked."""
    scope, parts = question.scope, list(question.period.parts(question.grain))
    columns = [GROUPS[name][0] for name in question.dimensions]
    found = count(KEY_FIGURES, user=user, scope=scope, dimensions=columns, parts=parts)
    series = ("customers_new", "customers_first_bought", "orders", *MONEY)
    return Report(
        question,
        key_figures(found, KEY_FIGURES, user=user, question=question),
        {name: rows_by(found, *GROUPS[name], user) for name in question.dimensions},
        rows_of_parts(found, series, parts),
        {"top_customers": top_customers(user=user, scope=scope), "cohorts": cohorts(user=user, scope=scope)},
    )


def top_customers(*, user: Any, scope: Scope) -> list[Row]:
    """Those who bought most in the period, of each currency the first ten. Two queries and one for each currency."""
    metric, records = METRICS["revenue"], LISTS["orders"]
    orders = records.visible(user).filter(records.condition(metric.parameters(scope)))
    orders = orders.filter(customer__in=LISTS["customers"].visible(user).order_by().values("pk")).order_by()
    rows = orders.values("currency", "customer").annotate(spent=Sum("total"), records=Count("pk"))
    found = []
    for currency in sorted(orders.values_list("currency", flat=True).distinct()):
        found += rows.filter(currency=currency).order_by("-spent", "customer")[:TOP]
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
    orders = rules.visible(Order.objects.sold(), user).filter(
        order_date__lt=scope.period.end, customer__in=customers.order_by().values("pk")
    )
    starts = [month.start for month in months]
    first = Window(Min("order_date"), partition_by=F("customer"), output_field=DateTimeField())
    rows = (
        orders.order_by()
        .annotate(first_order=first)
        .values("customer", cohort=WidthBucket(F("first_order"), starts), month=WidthBucket(F("order_date"), starts))
    )
    sizes: dict[int, dict[int, int]] = defaultdict(dict)
    try:
        inner, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT cohort, month, count(DISTINCT customer) FROM ({inner}) AS bought (customer, cohort, month)"
            " WHERE cohort > 0 GROUP BY cohort, month",
            parameters,
        )
        for cohort, month, size in cursor.fetchall():
            sizes[cohort][month] = size
    return [cohort_row(number, months, sizes.get(number, {}), scope) for number in range(1, len(months) + 1)]


def cohort_row(number: int, months: list[Period], sizes: dict[int, int], scope: Scope) -> dict[str, Any]:
    cohort = months[number - 1]
    return {
        "month": cohort.first.isoformat(),
        "label": _("%(year)s-%(month)02d") % {"year": cohort.first.year, "month": cohort.first.month},
        "figures": [
            Figure(COHORT, size, size, returned(cohort, later, scope))
            for later, size in ((months[each - 1], sizes.get(each, 0)) for each in range(number, len(months) + 1))
        ],
    }


def returned(cohort: Period, later: Period, scope: Scope) -> dict[str, str]:
    """The list of those who first bought in one month and bought in the other."""
    return scope.owned() | {
        "first_order_after": as_text(cohort.start),
        "first_order_before": as_text(cohort.end),
        "last_order_after": as_text(later.start),
        "orders_before": as_text(later.end),
    }
