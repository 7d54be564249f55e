"""Filters of the list of customers by what they bought.

They look at orders that are sold and that the asking user may see, so that no filter tells of an order which is hidden.
``orders_before`` and ``orders_currency`` say which orders count at all; the others are then asked of those.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.drainage import set_override
from drf_spectacular.types import OpenApiTypes

from crm_project.api.filters import BooleanFilter, MomentFilter, TextListFilter, WholeNumberFilter, seen_by
from customers.filters import register_filters

from .models import Order

TYPES = {
    MomentFilter: OpenApiTypes.DATETIME,
    TextListFilter: OpenApiTypes.STR,
    WholeNumberFilter: OpenApiTypes.INT,
    BooleanFilter: OpenApiTypes.BOOL,
}


def unapplied(kind: type[filters.Filter], label: str, **options: Any) -> filters.Filter:
    """A filter that ``by_buying`` applies together with the others."""
    found = kind(label=label, **options)
    set_override(found, "field", TYPES[kind])
    found.filter = lambda queryset, value: queryset
    return found


SCOPE = {
    "orders_before": unapplied(
        MomentFilter, "Only orders before this time count", field_name="order_date", lookup_expr="lt"
    ),
    "orders_currency": unapplied(TextListFilter, "Only orders in these currencies count", field_name="currency"),
}
HABITS = {
    "first_order_after": unapplied(
        MomentFilter, "First order at or after", field_name="first_order", lookup_expr="gte"
    ),
    "first_order_before": unapplied(MomentFilter, "First order before", field_name="first_order", lookup_expr="lt"),
    "last_order_after": unapplied(MomentFilter, "Last order at or after", field_name="last_order", lookup_expr="gte"),
    "last_order_before": unapplied(MomentFilter, "Last order before", field_name="last_order", lookup_expr="lt"),
    "order_count_min": unapplied(
        WholeNumberFilter, "At least so many orders", field_name="order_count", lookup_expr="gte", min_value=0
    ),
    "order_count_max": unapplied(
        WholeNumberFilter, "At most so many orders, but one", field_name="order_count", lookup_expr="lte", min_value=0
    ),
}
HAS_ORDERS = {"has_orders": unapplied(BooleanFilter, "Whether there is an order that counts")}


def by_buying(filterset: Any, customers: QuerySet) -> QuerySet:
    """The customers who fit those of the parameters that were given."""
    given = {name: value for name, value in filterset.form.cleaned_data.items() if value not in (None, "", [])}
    if not given.keys() & {*SCOPE, *HABITS, *HAS_ORDERS}:
        return customers
    orders: Any = seen_by(filterset.request, Order.objects.sold())
    for name in SCOPE.keys() & given.keys():
        orders = orders.filter(**{f"{SCOPE[name].field_name}__{SCOPE[name].lookup_expr}": given[name]})
    buyers = orders.by_customer()
    for name in HABITS.keys() & given.keys():
        buyers = buyers.filter(**{f"{HABITS[name].field_name}__{HABITS[name].lookup_expr}": given[name]})
    if given.get("has_orders") is False:
        return customers.exclude(pk__in=buyers.values("customer"))
    return customers.filter(pk__in=buyers.values("customer"))


def register() -> None:
    register_filters(SCOPE | HABITS | HAS_ORDERS, by_buying)
