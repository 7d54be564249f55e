from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual
from django_filters import rest_framework as filters

from contacts.filters import DealingsFilterSet, TextFilter
from crm_project.api.filters import (
    BooleanFilter,
    ChoiceListFilter,
    CrmFilterSet,
    FilledFilter,
    MomentFilter,
    UUIDListFilter,
)

from .models import Campaign, Lead, LeadInteraction
from .querysets import STAGES, furthest


class ReachedFilter(filters.ChoiceFilter):
    """Leads that are, or once were, in this stage or a later one."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return queryset.filter(self.condition(value)) if value else queryset

    def condition(self, value: str) -> Q:
        stage = next(number for number, statuses in enumerate(STAGES) if value in statuses)
        return Q(GreaterThanOrEqual(furthest(), stage))


class LeadFilterSet(DealingsFilterSet):
    entity = "lead"

    status = ChoiceListFilter(choices=Lead.Status.choices, label="Statuses, comma separated")
    source = ChoiceListFilter(choices=Lead.Source.choices, label="Sources, comma separated")
    status_since_after = MomentFilter(
        field_name="status_since", lookup_expr="gte", label="In its status since, or later"
    )
    status_since_before = MomentFilter(field_name="status_since", lookup_expr="lt", label="In its status since before")
    reached = ReachedFilter(
        choices=[(status, status) for statuses in STAGES for status in statuses],
        label="Was ever in this stage or a later one",
    )
    lost_reason = TextFilter(label="The reason for the loss")
    has_lost_reason = FilledFilter(field_name="lost_reason", label="Whether there is a reason for the loss")
    campaign_id = UUIDListFilter(nullable=True, label="Ids of campaigns; none: without a campaign")
    score_min = filters.NumberFilter(field_name="score", lookup_expr="gte", label="At least this score")
    score_max = filters.NumberFilter(field_name="score", lookup_expr="lte", label="At most this score")
    last_contact_after = MomentFilter(field_name="last_contact", lookup_expr="gte")
    last_contact_before = MomentFilter(field_name="last_contact", lookup_expr="lt")
    is_open = BooleanFilter(method="by_open", label="Neither converted nor lost nor won")

    class Meta:
        model = Lead
        fields: list[str] = []

    def by_open(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.open() if value else queryset.closed()


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
