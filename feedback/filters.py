from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters

from crm_project.api.filters import (
    BooleanFilter,
    ChoiceListFilter,
    CrmFilterSet,
    MomentFilter,
    OwnedFilterSet,
    TextListFilter,
    UUIDListFilter,
    WholeNumberFilter,
)

from .models import Feedback, FeedbackRound, Language


class CategoryFilter(TextListFilter):
    """Categories are stored in small letters."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        return super().filter(queryset, [each.lower() for each in value or []])


class FeedbackFilterSet(OwnedFilterSet):
    customer_id = UUIDListFilter(label="Customers' ids")
    order_id = UUIDListFilter(label="Orders' ids")
    status = ChoiceListFilter(choices=Feedback.Status.choices, label="Statuses, comma separated")
    category = CategoryFilter(label="Categories, comma separated")
    language = ChoiceListFilter(choices=Language.choices, label="Languages, comma separated")
    sentiment = ChoiceListFilter(choices=Feedback.Sentiment.choices, label="Sentiments, comma separated")
    theme = UUIDListFilter(method="of_themes", label="Ids of themes; parts of a theme count for it")
    rating_min = filters.NumberFilter(field_name="rating", lookup_expr="gte", min_value=1, max_value=5)
    rating_max = filters.NumberFilter(field_name="rating", lookup_expr="lte", min_value=1, max_value=5)
    requested_at_after = MomentFilter(field_name="requested_at", lookup_expr="gte")
    requested_at_before = MomentFilter(field_name="requested_at", lookup_expr="lt")
    responded_at_after = MomentFilter(field_name="responded_at", lookup_expr="gte")
    responded_at_before = MomentFilter(field_name="responded_at", lookup_expr="lt")
    search = filters.CharFilter(field_name="comment", lookup_expr="icontains", max_length=255, label="In the comment")

    class Meta:
        model = Feedback
        fields: list[str] = []

    def of_themes(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        return queryset.about(value) if value else queryset


class FiguresFilterSet(filters.FilterSet):
    """Which feedback figures are made of."""

    families: tuple[str, ...] = ()

    customer_id = UUIDListFilter(label="Customers' ids")
    order_id = UUIDListFilter(label="Orders' ids")
    category = CategoryFilter(label="Categories, comma separated")
    language = ChoiceListFilter(choices=Language.choices, label="Languages, comma separated")
    sentiment = ChoiceListFilter(choices=Feedback.Sentiment.choices, label="Sentiments, comma separated")
    assigned_to = UUIDListFilter(field_name="assigned_to_id", label="Owners' ids")
    team = WholeNumberFilter(field_name="team_id", label="Team's id")

    class Meta:
        model = Feedback
        fields: list[str] = []

    def keep(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """Views apply these themselves."""
        return queryset


class PeriodForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("from") and data.get("to") and data["from"] >= data["to"]:
            self.add_error("to", "This must be later than “from”.")
        return data


class PeriodFilterSet(FiguresFilterSet):
    """In a period, which means for each figure something of its own."""

    locals()["from"] = MomentFilter(method="keep", label="From this moment or day on")  # A word of Python's.
    to = MomentFilter(method="keep", label="Before this moment or day")

    class Meta(FiguresFilterSet.Meta):
        form = PeriodForm


class ThemesFilterSet(PeriodFilterSet):
    hidden = BooleanFilter(method="keep", label="true lists hidden themes too")


class FeedbackRoundFilterSet(CrmFilterSet):
    state = ChoiceListFilter(choices=FeedbackRound.State.choices, label="States, comma separated")

    class Meta:
        model = FeedbackRound
        fields: list[str] = []
