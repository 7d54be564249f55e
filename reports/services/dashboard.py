"""How the business does, on one page."""

from __future__ import annotations

from typing import Any

from ..counting import count
from ..questions import Question
from . import customers, leads
from .activity import activity_by_user, follow_ups
from .reporting import Report, key_figures, rows_by, rows_of_parts

DIMENSIONS = ("source", "stage", "order_status")
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
    found = count(KEY_FIGURES, user=user, scope=scope, parts=parts)
    by_status = count(("leads_open", "orders"), user=user, scope=scope, dimensions=("leads.status", "orders.status"))
    by_source = count(("leads_new",), user=user, scope=scope, dimensions=("leads.source",))
    groups = {
        "source": rows_by(by_source, "leads.source", ("leads_new",), user),
        "stage": rows_by(by_status, "leads.status", ("leads_open",), user),
        "order_status": rows_by(by_status, "orders.status", ("orders",), user),
    }
    return Report(
        question,
        key_figures(found, KEY_FIGURES, user=user, question=question, of_now=OF_NOW),
        {name: groups[name] for name in question.dimensions},
        rows_of_parts(found, SERIES, parts),
        {
            "funnel": leads.funnel(user=user, scope=scope, with_days=False),
            "top_customers": customers.top_customers(user=user, scope=scope),
            "follow_ups": follow_ups(user=user, scope=scope),
            "activity": activity_by_user(user=user, scope=scope),
        },
    )
