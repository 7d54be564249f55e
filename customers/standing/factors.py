"""What health is made of. An app registers its factors in ``AppConfig.ready()``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Avg,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, JSONObject, Least
from django.utils.translation import gettext, gettext_lazy, ngettext

from contacts.models import Task

from ..models import Customer, CustomerInteraction, FactorWeight

RECENT = dt.timedelta(180)
GOOD = r"\m(positive|good|great|happy|satisfied|interested|won|success\w*|resolved|solved|completed|agreed)\M"
BAD = r"\m(negative|bad|unhappy|angry|complain\w*|dissatisfied|refus\w*|unresolved|lost|fail\w*|cancel\w*)\M"


@dataclass(frozen=True)
class Factor:
    """One reason why a customer is well or not.

    ``tell(facts)`` says what it is made of in words, to who may see all the records of ``source`` that belong to the
    customer.
    """

    key: str
    name: Any
    weight: int
    tell: Callable[[dict[str, Any]], str]
    source: Callable[[Customer], QuerySet]


# ``evidence(customers, at)`` gives one row, ``who``, for each of the customers about whom there is data at that time;
# and for each of its factors ``KEY_points`` from 0 to 1, nothing where there is no data, ``KEY_certainty`` from 0 to 1,
# and ``KEY_facts`` as JSON. One query, whatever the number of customers.
Evidence = Callable[[QuerySet, dt.datetime], QuerySet]
FACTORS: dict[str, Factor] = {}
EVIDENCE: list[tuple[Evidence, tuple[str, ...]]] = []


def register_factors(evidence: Evidence, *factors: Factor) -> None:
    FACTORS.update({factor.key: factor for factor in factors})
    EVIDENCE.append((evidence, tuple(factor.key for factor in factors)))


def weights() -> dict[str, int]:
    """The weight of each factor as it was set, or as its app says. One query."""
    stored = dict(FactorWeight.objects.values_list("key", "weight"))
    return {key: stored.get(key, factor.weight) for key, factor in FACTORS.items()}


def number(expression: Any) -> ExpressionWrapper:
    return ExpressionWrapper(expression, FloatField())


def of_interactions(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """The share of good outcomes among good and bad ones; interactions without a telling outcome count half."""
    outcome = Case(
        When(outcome__iregex=BAD, then=Value(0.0)), When(outcome__iregex=GOOD, then=Value(1.0)), default=Value(0.5)
    )
    rows: Any = CustomerInteraction.objects.filter(customer__in=customers, date__gte=at - RECENT, date__lt=at)
    rows = rows.order_by().values(who=F("customer"))
    count, good = Count("pk"), Count("pk", filter=Q(outcome__iregex=GOOD) & ~Q(outcome__iregex=BAD))
    bad = Count("pk", filter=Q(outcome__iregex=BAD))
    return rows.annotate(
        interactions_points=Avg(outcome, output_field=FloatField()),
        interactions_certainty=Least(number(Cast(count, FloatField()) / 3.0), 1.0),
        interactions_facts=JSONObject(count=count, good=good, bad=bad),
    )


def tell_interactions(facts: dict[str, Any]) -> str:
    count = facts["count"]
    said = ngettext("%d interaction in the last 180 days", "%d interactions in the last 180 days", count) % count
    words = {"said": said, "good": facts["good"], "bad": facts["bad"]}
    return gettext("%(said)s: %(good)d ended well, %(bad)d badly.") % words


def of_follow_ups(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """Half the points for each follow-up that is overdue; of those who have had any."""
    rows = Task.objects.live().filter(contact__customers__in=customers, due_at__gte=at - RECENT, due_at__lt=at)
    overdue = Count("pk", filter=Q(status=Task.Status.OPEN))
    return (
        rows.order_by()
        .values(who=F("contact__customers"))
        .annotate(
            follow_ups_points=number(1.0 / (1.0 + Cast(overdue, FloatField()))),
            follow_ups_certainty=Value(1.0),
            follow_ups_facts=JSONObject(count=Count("pk"), overdue=overdue),
        )
    )


def tell_follow_ups(facts: dict[str, Any]) -> str:
    if not facts["overdue"]:
        return gettext("No follow-up is overdue.")
    return ngettext("%d follow-up is overdue.", "%d follow-ups are overdue.", facts["overdue"]) % facts["overdue"]


def register() -> None:
    register_factors(
        of_interactions,
        Factor(
            "interactions",
            gettext_lazy("Interactions"),
            15,
            tell_interactions,
            lambda customer: CustomerInteraction.objects.filter(customer=customer),
        ),
    )
    register_factors(
        of_follow_ups,
        Factor(
            "follow_ups",
            gettext_lazy("Follow-ups"),
            10,
            tell_follow_ups,
            lambda customer: Task.objects.live().filter(contact=customer.contact_id),
        ),
    )
