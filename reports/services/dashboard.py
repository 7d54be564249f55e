"""How the business does, on one page."""

from __future__ import annotations

from typing import Any

from ..counting import count
from ..questions import Question
from . import customers, leads
from .activity import activity_by_user, follow_ups
from .reporting import Report, key_figures, rows_by, rows_of_parts

# The groups of the dashboard: which column of which list, and which figures.
GROUPS = {
    "source": ("leads.source", ("leads_new",)),
    "stage": ("leads.status", ("leads_open",)),
    "order_status": ("orders.status", ("orders",)),
}
DIMENSIONS = tuple(GROUPS)
OF_NOW = ("leads_open", "pipeline_value")
KEY_FIGURES = (
    "leads_new",
    "leads_open",
    "leads_converted",
    "lead_conversion_rate",
    "lead_win_rate",
    "customers_new",
    "customers_active",
    "customers_churned",
    "repeat_rate",
    "orders",
    "revenue",
    "average_order_value",
    "pipeline_value",
    "feedback_answers",
    "feedback_rating",
    "feedback_poor",
)
SERIES = ("leads_new", "leads_converted", "customers_new", "orders", "revenue")


def dashboard_report(*, user: Any, question: Question) -> Report:
    """The key figures of leads, customers and orders, what is due, and who did what."""
    scope, parts = question.scope, list(question.period.parts(question.grain))
    groups = dict(GROUPS[name] for name in question.dimensions)
    found = count(KEY_FIGURES, user=user, scope=scope, groups=groups, series=SERIES, parts=parts)
    return Report(
        question,
        key_figures(found, KEY_FIGURES, user=user, question=question, of_now=OF_NOW),
        {name: rows_by(found, *GROUPS[name], user) for name in question.dimensions},
        rows_of_parts(found, SERIES, parts),
        {
            "funnel": leads.funnel(user=user, scope=scope, with_days=False),
            "top_customers": customers.top_customers(user=user, scope=scope),
            "follow_ups": follow_ups(user=user, scope=scope),
            "activity": activity_by_user(user=user, scope=scope),
        },
    )
