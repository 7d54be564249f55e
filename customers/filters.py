from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from contacts.filters import DealingsFilterSet
from crm_project.api.filters import ChoiceListFilter, CrmFilterSet, MomentFilter, UUIDListFilter

from .models import Customer, CustomerInteraction


class CustomerFilterSet(DealingsFilterSet):
    entity = "customer"
    happened = "date"

    type = ChoiceListFilter(choices=Customer.Type.choices, label="Types, comma separated")
    status = ChoiceListFilter(choices=Customer.Status.choices, label="Statuses, comma separated")
    lead_id = UUIDListFilter(label="Ids of leads")
    credit_limit_min = filters.NumberFilter(field_name="credit_limit", lookup_expr="gte")
    credit_limit_max = filters.NumberFilter(field_name="credit_limit", lookup_expr="lte")

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        for narrow in _of_later_apps:
            queryset = narrow(self, queryset)
        return queryset


Narrow = Callable[[CustomerFilterSet, QuerySet], QuerySet]
_of_later_apps: list[Narrow] = []


def register_filters(known: Mapping[str, filters.Filter], narrow: Narrow) -> None:
    """Let an app that builds on customers filter their list; ``narrow`` applies its parameters together."""
    for name, each in known.items():
        each.parent = each.model = None
        CustomerFilterSet.declared_filters[name] = CustomerFilterSet.base_filters[name] = each
    _of_later_apps.append(narrow)


class CustomerInteractionFilterSet(CrmFilterSet):
    type = ChoiceListFilter(choices=CustomerInteraction.Type.choices)
    date_after = MomentFilter(field_name="date", lookup_expr="gte")
    date_before = MomentFilter(field_name="date", lookup_expr="lt")
    next_action_date_after = MomentFilter(field_name="next_action_date", lookup_expr="gte")
    next_action_date_before = MomentFilter(field_name="next_action_date", lookup_expr="lt")

    class Meta:
        model = CustomerInteraction
        fields: list[str] = []
