from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions

from contacts.filters import DealingsFilterSet, TextFilter
from crm_project.access import rules
from crm_project.api.filters import (
    NONE,
    Asked,
    ChoiceListFilter,
    CrmFilterSet,
    MomentFilter,
    UUIDListFilter,
    asks_itself,
    extend,
    filtered,
    once,
    seen_by,
)
from leads.filters import LeadFilterSet

from .models import BuyerSegment, Customer, CustomerInteraction, SavedSegment, Standing


@extend_schema_field(OpenApiTypes.STR)
class HealthFilter(ChoiceListFilter):
    """Customers whose health was never computed are of unknown health."""

    def filter(self, queryset: QuerySet, value: list[str]) -> QuerySet:
        if not value:
            return queryset
        found = Q(standing__band__in=value)
        return queryset.filter(found | Q(standing=None) if Standing.Band.UNKNOWN in value else found)


class CustomerFilterSet(DealingsFilterSet):
    entity = "customer"
    happened = "date"

    type = ChoiceListFilter(choices=Customer.Type.choices, label="Types, comma separated")
    status = ChoiceListFilter(choices=Customer.Status.choices, label="Statuses, comma separated")
    lead_id = UUIDListFilter(label="Ids of leads")
    credit_limit_min = filters.NumberFilter(field_name="credit_limit", lookup_expr="gte")
    credit_limit_max = filters.NumberFilter(field_name="credit_limit", lookup_expr="lte")

    segment = TextFilter(
        method="by_segment", label="Key of a segment of buyers, none, or id or name of a saved segment"
    )
    health = HealthFilter(choices=Standing.Band.choices, label="Bands of health, comma separated")
    health_min = filters.NumberFilter(field_name="standing__health", lookup_expr="gte", label="At least this healthy")
    health_max = filters.NumberFilter(field_name="standing__health", lookup_expr="lte", label="At most this healthy")

    class Meta:
        model = Customer
        fields: list[str] = []

    def by_segment(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == NONE:
            return queryset.exclude(pk__in=Standing.objects.exclude(segment="").values("pk"))
        keys = once(self.request, "buyer segments", lambda: set(BuyerSegment.objects.values_list("key", flat=True)))
        if value in keys:
            return queryset.filter(standing__segment=value)
        return queryset.filter(pk__in=self.saved(value).values("pk"))

    def saved(self, text: str) -> QuerySet:
        """The customers of a saved segment, which may name one of buyers, but no other saved one."""
        if getattr(self.request, "in_segment", False):
            raise exceptions.ValidationError({"segment": ["A saved segment does not name another saved one."]})
        try:
            segment = SavedSegment.objects.filter(pk=UUID(text)).first()
        except ValueError:
            segment = SavedSegment.objects.filter(name__iexact=text).first()
        user = None if asks_itself(self.request) else self.request.user
        if segment is None or (user and not rules.allows(user, segment, "view")):
            raise exceptions.ValidationError({"segment": ["There is no segment of this key, id or name."]})
        return filtered(CustomerFilterSet, segment.filter, Customer.objects.live(), Asked(user, in_segment=True))

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        for narrow in _of_later_apps:
            queryset = narrow(self, queryset)
        return queryset


Narrow = Callable[[CustomerFilterSet, QuerySet], QuerySet]
_of_later_apps: list[Narrow] = []


def register_filters(known: Mapping[str, filters.Filter], narrow: Narrow) -> None:
    """Let an app that builds on customers filter their list; ``narrow`` applies its parameters together."""
    extend(CustomerFilterSet, known)
    _of_later_apps.append(narrow)


class CustomerFilter(TextFilter):
    """Records of customers who fit a parameter of the list of customers, as far as whoever asks may see the customers.

    ``path`` leads from a record to its customer's ``column``.
    """

    def __init__(self, parameter: str, path: str, column: str = "pk", **options: Any) -> None:
        super().__init__(**options)
        self.parameter, self.path, self.column = parameter, path, column

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        if not value:
            return queryset
        request = self.parent.request
        try:
            found = filtered(
                CustomerFilterSet, {self.parameter: value}, seen_by(request, Customer.objects.live()), request
            )
        except exceptions.ValidationError as error:
            detail: Any = error.detail
            raise exceptions.ValidationError({f"customer_{self.parameter}": detail[self.parameter]}) from error
        return queryset.filter(**{f"{self.path}__in": found.order_by().values(self.column)})


def customer_filters(path: str, column: str = "pk") -> dict[str, CustomerFilter]:
    """What a list of records of customers can be filtered by: the segments in which the customers are."""
    labels = {
        "segment": "Customers' segment: its key, none, or the id or name of a saved one",
        "health": "Customers' bands of health, comma separated",
        "type": "Customers' types, comma separated",
        "status": "Customers' statuses, comma separated",
    }
    return {f"customer_{name}": CustomerFilter(name, path, column, label=label) for name, label in labels.items()}


def register() -> None:
    """Leads of people who are customers already can be filtered as well, and led on by sequences."""
    extend(LeadFilterSet, customer_filters("contact", "contact"))


class CustomerInteractionFilterSet(CrmFilterSet):
    type = ChoiceListFilter(choices=CustomerInteraction.Type.choices)
    date_after = MomentFilter(field_name="date", lookup_expr="gte")
    date_before = MomentFilter(field_name="date", lookup_expr="lt")
    next_action_date_after = MomentFilter(field_name="next_action_date", lookup_expr="gte")
    next_action_date_before = MomentFilter(field_name="next_action_date", lookup_expr="lt")

    class Meta:
        model = CustomerInteraction
        fields: list[str] = []
