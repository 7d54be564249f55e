"""What orders say of how a customer stands: three factors of health, and the purchases that segments are made of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, DateTimeField, F, FloatField, Func, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Exp, Floor, Greatest, JSONObject, Least
from django.utils.translation import gettext, gettext_lazy, ngettext

from crm_project.access import rules
from customers.models import Customer
from customers.services import Revenue, register_revenue
from customers.standing.buyers import register_purchases
from customers.standing.factors import Factor, number, register_factor

from .models import Order
from .querysets import SOLD

YEAR = dt.timedelta(365)
HALF = dt.timedelta(182)
# The rhythm of somebody who ordered once is not known: until it is, it is taken to be this.
USUAL_DAYS = 40.0


class Days(Func):
    """The days between two moments, with fractions: ``Days(later, earlier)``."""

    template = "(extract(epoch FROM %(expressions)s) / 86400.0)"
    arg_joiner = " - "
    output_field = FloatField()


def moment(at: dt.datetime) -> Cast:
    return Cast(Value(at), DateTimeField())


def of_customers(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """The orders that were sold by then, grouped by customer."""
    return Order.objects.sold().filter(customer__in=customers, order_date__lt=at).order_by().values(who=F("customer"))


def rhythm(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """How long the silence is, measured by the customer's own rhythm.

    The rhythm is the mean of the gaps between orders and of one gap of ``USUAL_DAYS``; silence of one rhythm leaves
    two thirds of the points, of three rhythms less than a third.
    """
    count, first, last = Cast(Count("pk"), FloatField()), Min("order_date"), Max("order_date")
    usual = number((Days(last, first) + USUAL_DAYS) / count)
    silence = Floor(Days(moment(at), last))  # Whole days, so that what is computed hourly is written daily.
    return of_customers(customers, at).annotate(
        points=Exp(number(silence / usual * -0.4)),
        certainty=Least(number(count / 4.0), 1.0),
        facts=JSONObject(count=Count("pk"), usual=usual, silence=silence),
    )


def tell_rhythm(facts: dict[str, Any]) -> str:
    words = {"silence": round(facts["silence"]), "usual": max(1, round(facts["usual"]))}
    if facts["count"] == 1:
        return gettext("The only order was %(silence)d days ago.") % words
    return gettext("The last order was %(silence)d days ago; usually one comes every %(usual)d days.") % words


def frequency(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """How many orders the last year brought: one gives two fifths of the points, each further one less."""
    year = Cast(Count("pk", filter=Q(order_date__gte=at - YEAR)), FloatField())
    return of_customers(customers, at).annotate(
        points=number(1.0 - Exp(number(year * -0.5))),
        certainty=Value(1.0),
        facts=JSONObject(year=Count("pk", filter=Q(order_date__gte=at - YEAR))),
    )


def tell_frequency(facts: dict[str, Any]) -> str:
    return ngettext("%d order in the last year.", "%d orders in the last year.", facts["year"]) % facts["year"]


def trend(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """The share of the last half year in the money of the last year, of those who were customers before it."""
    lately = Sum("total", filter=Q(order_date__gte=at - HALF), default=0)
    before = Sum("total", filter=Q(order_date__gte=at - YEAR, order_date__lt=at - HALF), default=0)
    share = Cast(lately, FloatField()) / Greatest(Cast(lately + before, FloatField()), 0.01)
    return (
        of_customers(customers, at)
        .annotate(first=Min("order_date"), last=Max("order_date"))
        .filter(first__lt=at - HALF, last__gte=at - YEAR)
        .annotate(
            points=Least(number(share), 1.0),
            certainty=Value(1.0),
            facts=JSONObject(share=number(share * 100.0)),
        )
    )


def tell_trend(facts: dict[str, Any]) -> str:
    return gettext("The last half year brought %d %% of the money of the last year.") % round(facts["share"])


def purchases(start: dt.datetime, end: dt.datetime) -> QuerySet:
    rows = Order.objects.sold().filter(order_date__gte=start, order_date__lt=end).order_by()
    return rows.values("currency", who=F("customer")).annotate(
        last_order=Max("order_date"), frequency=Count("pk"), monetary=Sum("total")
    )


def revenue(user: Any, since: dt.datetime) -> QuerySet:
    """What the user may see of the orders since then, whose totals are the revenue of segments."""
    return rules.visible(Order.objects.sold().filter(order_date__gte=since), user)


def revenue_parameters(since: dt.datetime) -> dict[str, str]:
    return {"status": ",".join(SOLD), "order_date_after": since.astimezone(dt.UTC).isoformat()}


def orders_of(customer: Customer) -> QuerySet:
    return Order.objects.live().filter(customer=customer)


def register() -> None:
    register_purchases(purchases)
    register_revenue(Revenue(revenue, "order-list", revenue_parameters))
    register_factor(Factor("rhythm", gettext_lazy("Rhythm of orders"), 50, rhythm, tell_rhythm, orders_of))
    register_factor(Factor("frequency", gettext_lazy("Frequency of orders"), 25, frequency, tell_frequency, orders_of))
    register_factor(Factor("trend", gettext_lazy("Trend of orders"), 10, trend, tell_trend, orders_of))
