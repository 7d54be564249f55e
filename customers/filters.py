from __future__ import annotations

from django_filters import rest_framework as filters

from contacts.filters import PeopleFilterSet
from crm_project.api.filters import ChoiceListFilter, CrmFilterSet, MomentFilter, UUIDListFilter

from .models import Customer, CustomerInteraction


class CustomerFilterSet(PeopleFilterSet):
    entity = "customer"

    type = ChoiceListFilter(choices=Customer.Type.choices, label="Types, comma separated")
    status = ChoiceListFilter(choices=Customer.Status.choices, label="Statuses, comma separated")
    lead_id = UUIDListFilter(label="Ids of leads")
    credit_limit_min = filters.NumberFilter(field_name="credit_limit", lookup_expr="gte")
    credit_limit_max = filters.NumberFilter(field_name="credit_limit", lookup_expr="lte")

    class Meta:
        model = Customer
        fields: list[str] = []


class CustomerInteractionFilterSet(CrmFilterSet):
    type = ChoiceListFilter(choices=CustomerInteraction.Type.choices)
    date_after = MomentFilter(field_name="date", lookup_expr="gte")
    date_before = MomentFilter(field_name="date", lookup_expr="lt")
    next_action_date_after = MomentFilter(field_name="next_action_date", lookup_expr="gte")
    next_action_date_before = MomentFilter(field_name="next_action_date", lookup_expr="lt")

    class Meta:
        model = CustomerInteraction
        fields: list[str] = []
