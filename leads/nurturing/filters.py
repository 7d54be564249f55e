from __future__ import annotations

from django_filters import rest_framework as filters

from crm_project.api.filters import BooleanFilter, ChoiceListFilter, CrmFilterSet, MomentFilter, UUIDListFilter

from .models import NurtureEnrollment, NurtureSequence


class NurtureSequenceFilterSet(CrmFilterSet):
    is_active = BooleanFilter(label="Running or not")
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=255, label="A part of the name")

    class Meta:
        model = NurtureSequence
        fields: list[str] = []


class NurtureEnrollmentFilterSet(CrmFilterSet):
    sequence_id = UUIDListFilter(label="Ids of sequences")
    lead_id = UUIDListFilter(label="Ids of leads")
    state = ChoiceListFilter(choices=NurtureEnrollment.State.choices, label="States, comma separated")
    stop_reason = ChoiceListFilter(choices=NurtureEnrollment.Reason.choices, label="Reasons, comma separated")
    due_at_after = MomentFilter(field_name="due_at", lookup_expr="gte", label="Next step due at or after")
    due_at_before = MomentFilter(field_name="due_at", lookup_expr="lt", label="Next step due before")

    class Meta:
        model = NurtureEnrollment
        fields: list[str] = []
