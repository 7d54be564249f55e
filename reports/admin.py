"""Where managers set by what customers are judged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from unfold.decorators import display

from crm_project.admin import CrmModelAdmin, VersionedForm
from crm_project.api.exceptions import sentences
from crm_project.api.filters import Asked, filtered
from customers.filters import CustomerFilterSet
from customers.models import BuyerSegment, Customer, FactorWeight, SavedSegment, StandingRules
from customers.standing.factors import FACTORS


@admin.register(StandingRules)
class StandingRulesAdmin(CrmModelAdmin):
    menu, icon = "settings", "rule"
    list_display = ("__str__", "churn_days", "window_days", "groups", "healthy_from", "at_risk_below")
    fields = ("churn_days", "window_days", "groups", "healthy_from", "at_risk_below")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not StandingRules.objects.exists()


class FactorWeightForm(VersionedForm):
    key = forms.ChoiceField(label=_("Factor"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "key" in self.fields:
            self.fields["key"].choices = [(key, f"{each.name} ({each.weight})") for key, each in FACTORS.items()]

    class Meta:
        model = FactorWeight
        fields = ("key", "weight")


@admin.register(FactorWeight)
class FactorWeightAdmin(CrmModelAdmin):
    menu, icon = "settings", "balance"
    form = FactorWeightForm
    ordering = ("-weight",)
    list_display = ("key", "weight")
    fields = ("key", "weight")


class SegmentMixin:
    """A list of segments, each of which opens as the list of its customers."""

    @display(description=_("Customers"))
    def members(self, segment: BuyerSegment | SavedSegment) -> str:
        key = segment.key if isinstance(segment, BuyerSegment) else segment.pk
        url = f"{reverse('report-records', args=['customers'])}?segment={key}"
        return format_html('<a class="text-link" href="{}">{}</a>', url, _("show"))


@admin.register(BuyerSegment)
class BuyerSegmentAdmin(SegmentMixin, CrmModelAdmin):
    menu, icon = "order", "group_work"
    ordering = ("position",)
    list_display = ("name", "key", "position", "description", "members")
    fieldsets = (
        (None, {"fields": ("name", "key", "position", "description")}),
        (
            _("Scores, from 1 to the number of groups"),
            {
                "fields": (
                    ("recency_min", "recency_max"),
                    ("frequency_min", "frequency_max"),
                    ("monetary_min", "monetary_max"),
                )
            },
        ),
    )


class SavedSegmentForm(VersionedForm):
    request: Any = None

    class Meta:
        model = SavedSegment
        fields = ("name", "description", "filter")

    def clean_filter(self) -> dict[str, Any]:
        given = self.cleaned_data["filter"]
        if not isinstance(given, dict) or not given or not all(isinstance(value, str) for value in given.values()):
            raise forms.ValidationError(_("Parameters of the list with texts as their values."))
        try:
            filtered(CustomerFilterSet, given, Customer.objects.live(), Asked(self.request.user, in_segment=True))
        except exceptions.ValidationError as error:
            raise forms.ValidationError(sentences(error)) from error
        return given


@admin.register(SavedSegment)
class SavedSegmentAdmin(SegmentMixin, CrmModelAdmin):
    menu, icon = "order", "bookmark"
    form = SavedSegmentForm
    ordering = ("name",)
    list_display = ("name", "description", "members")

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        form.request = request
        return form
