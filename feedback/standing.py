"""What answers say of how a customer stands: a factor of health."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Q, QuerySet
from django.db.models.functions import Cast, JSONObject, Least
from django.utils.translation import gettext, gettext_lazy

from customers.models import Customer
from customers.standing.factors import Factor, number, register_factors

from .models import Feedback

YEAR = dt.timedelta(365)
POOR = 2  # Stars, at most.


def ratings(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """The mean of the last year's ratings, one star for nothing and five for all points."""
    rows = Feedback.objects.answered().filter(customer__in=customers, responded_at__gte=at - YEAR, responded_at__lt=at)
    mean = Avg("rating", output_field=FloatField())
    return (
        rows.order_by()
        .values(who=F("customer"))
        .annotate(
            feedback_points=number((mean - 1.0) / 4.0),
            feedback_certainty=Least(number(Cast(Count("pk"), FloatField()) / 2.0), 1.0),
            feedback_facts=JSONObject(count=Count("pk"), mean=mean, poor=Count("pk", filter=Q(rating__lte=POOR))),
        )
    )


def tell(facts: dict[str, Any]) -> str:
    words = {"mean": f"{facts['mean']:.1f}", "count": facts["count"], "poor": facts["poor"]}
    return gettext("Answers in the last year: %(count)d, on average %(mean)s of 5 stars, %(poor)d complaints.") % words


def answers_of(customer: Customer) -> QuerySet:
    return Feedback.objects.live().filter(customer=customer)


def register() -> None:
    register_factors(ratings, Factor("feedback", gettext_lazy("Feedback"), 15, tell, answers_of))
