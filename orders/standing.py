"""What orders say of how a customer stands: three factors of health, and the purchases that segments are made of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, Count, DateTimeField, F, FloatField, Func, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Exp, Floor, Greatest, JSONObject, Least
from django.utils.translation import gettext, gettext_lazy, ngettext

from crm_project.access import rules
from customers.models import Customer
from customers.services import Revenue, register_revenue
from customers.standing.buyers import register_purchases
from customers.standing.factors import Factor, number, register_factors

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


def of_orders(customers: QuerySet, at: dt.datetime) -> QuerySet:
    """What was sold to them by then: one pass over the orders for all three factors."""
    sold: Any = Order.objects.sold().filter(customer__in=customers, order_date__lt=at).order_by()
    rows = sold.values(who=F("customer")).annotate(first=Min("order_date"), last=Max("order_date"))
    return rows.annotate(**rhythm(at), **frequency(at), **trend(at))


def rhythm(at: dt.datetime) -> dict[str, Any]:
    """How long the silence is, measured by the customer's own rhythm.

    The rhythm is the mean of the gaps between orders and of one gap of ``USUAL_DAYS``; silence of one rhythm leaves
    two thirds of the points, of three rhythms less than a third.
    """
    count = Cast(Count("*"), FloatField())
    usual = number((Days(F("last"), F("first")) + USUAL_DAYS) / count)
    silence = Floor(Days(moment(at), F("last")))  # Whole days, so that what is computed hourly is written daily.
    return {
        "rhythm_points": Exp(number(silence / usual * -0.4)),
        "rhythm_certainty": Least(number(count / 4.0), 1.0),
        "rhythm_facts": JSONObject(count=Count("*"), usual=usual, silence=silence),
    }


def tell_rhythm(facts: dict[str, Any]) -> str:
    words = {"silence": round(facts["silence"]), "usual": max(1, round(facts["usual"]))}
    if facts["count"] == 1:
        return gettext("The only order was %(silence)d days ago.") % words
    return gettext("The last order was %(silence)d days ago; usually one comes every %(usual)d days.") % words


def frequency(at: dt.datetime) -> dict[str, Any]:
    """How many orders the last year brought: one gives two fifths of the points, each further one less."""
    count = Count("order_date", filter=Q(order_date__gte=at - YEAR))
    return {
        "frequency_points": number(1.0 - Exp(number(Cast(count, FloatField()) * -0.5))),
        "frequency_certainty": Value(1.0),
        "frequency_facts": JSONObject(year=count),
    }


def tell_frequency(facts: dict[str, Any]) -> str:
    return ngettext("%d order in the last year.", "%d orders in the last year.", facts["year"]) % facts["year"]


def trend(at: dt.datetime) -> dict[str, Any]:
    """The share of the last half year in the money of the last year, of those who were customers before it."""
    lately = Sum("total", filter=Q(order_date__gte=at - HALF), default=0)
    before = Sum("total", filter=Q(order_date__gte=at - YEAR, order_date__lt=at - HALF), default=0)
    share = number(Cast(lately, FloatField()) / Greatest(Cast(lately + before, FloatField()), 0.01))
    return {
        "trend_points": Case(When(first__lt=at - HALF, last__gte=at - YEAR, then=Least(share, 1.0))),
        "trend_certainty": Value(1.0),
        "trend_facts": JSONObject(share=number(share * 100.0)),
    }


def tell_trend(facts: dict[str, Any]) -> str:
    return gettext("The last half year brought %d %% of the money of the last year.") % round(facts["share"])


def purchases(start: dt.datetime, end: dt.datetime) -> QuerySet:
    rows = Order.objects.sold().filter(order_date__gte=start, order_date__lt=end).order_by()
    return rows.values("currency", who=F("customer")).annotate(
        last_order=Max("order_date"), frequency=Count("*"), monetary=Sum("total")
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
    register_factors(
        of_orders,
        Factor("rhythm", gettext_lazy("Rhythm of orders"), 50, tell_rhythm, orders_of),
        Factor("frequency", gettext_lazy("Frequency of orders"), 25, tell_frequency, orders_of),
        Factor("trend", gettext_lazy("Trend of orders"), 10, tell_trend, orders_of),
    )
