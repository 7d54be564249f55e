from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from contacts.filters import PeopleFilterSet
from crm_project.api.filters import ChoiceListFilter, CrmFilterSet, MomentFilter, UUIDListFilter

from .models import Campaign, Lead, LeadInteraction


class LeadFilterSet(PeopleFilterSet):
    entity = "lead"

    status = ChoiceListFilter(choices=Lead.Status.choices, label="Statuses, comma separated")
    source = ChoiceListFilter(choices=Lead.Source.choices, label="Sources, comma separated")
    campaign_id = UUIDListFilter(label="Ids of campaigns")
    score_min = filters.NumberFilter(field_name="score", lookup_expr="gte", label="At least this score")
    score_max = filters.NumberFilter(field_name="score", lookup_expr="lte", label="At most this score")
    last_contact_after = MomentFilter(field_name="last_contact", lookup_expr="gte")
    last_contact_before = MomentFilter(field_name="last_contact", lookup_expr="lt")
    is_open = filters.BooleanFilter(method="by_open", label="Neither converted nor lost nor won")

    class Meta:
        model = Lead
        fields: list[str] = []

    def by_open(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.open() if value else queryset.exclude(pk__in=queryset.open().values("pk"))


class CampaignFilterSet(CrmFilterSet):
    status = ChoiceListFilter(choices=Campaign.Status.choices)
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=255)

    class Meta:
        model = Campaign
        fields: list[str] = []


class LeadInteractionFilterSet(CrmFilterSet):
    type = ChoiceListFilter(choices=LeadInteraction.Type.choices)
    next_action_date_after = MomentFilter(field_name="next_action_date", lookup_expr="gte")
    next_action_date_before = MomentFilter(field_name="next_action_date", lookup_expr="lt")

    class Meta:
        model = LeadInteraction
        fields: list[str] = []
