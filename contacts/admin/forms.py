"""The forms of a contact's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold import widgets
from unfold.forms import PaginationInlineFormSet

from .. import points
from ..models import Category, Contact, ContactPoint, Interaction, Segment
from ..pages import CustomFieldsForm
from ..services.contacts import PointData


def several(relation: str) -> AutocompleteSelectMultiple:
    """A box that finds records of a many-to-many relation while one types."""
    return AutocompleteSelectMultiple(Contact._meta.get_field(relation), admin.site)


class ContactForm(CustomFieldsForm):
    """A contact with its groups and custom fields."""

    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(), required=False, widget=several("categories"), label=gettext_lazy("Categories")
    )
    segments = forms.ModelMultipleChoiceField(
        Segment.objects.all(), required=False, widget=several("segments"), label=gettext_lazy("Segments")
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["categories"].queryset = Category.objects.visible_to(self.user)
        self.fields["segments"].queryset = Segment.objects.visible_to(self.user).filter(kind=Segment.Kind.STATIC)

    def changes(self) -> dict[str, Any]:
        """What the form changes, as ``services.update_contact`` takes it."""
        changes = super().changes()
        if "categories" in changes:
            changes["categories"] = [category.name for category in changes["categories"]]
        return changes


class PointForm(forms.ModelForm):
    """One contact point. What it is compared by and whether it is the only primary one is the service's business."""

    class Meta:
        model = ContactPoint
        fields = ("type", "value", "service", "label", "is_primary")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "service" in self.fields:
            self.fields["service"].required = False
            self.fields["service"].choices = [("", _("as the type")), *ContactPoint.Service.choices]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "type" in data and "value" in data:
            try:
                points.check(data["type"], data["value"])
            except ValidationError as error:
                self.add_error("value", error)
        return data

    def validate_constraints(self) -> None:
        """Left to ``PointFormSet.clean``: the rows that are stored are replaced by those of the form."""

    def data_for_service(self) -> PointData:
        data = self.cleaned_data
        return PointData(
            data["type"],
            data["value"],
            service=data["service"] or "",
            label=data["label"],
            is_primary=data["is_primary"],
            id=None if self.instance._state.adding else self.instance.pk,
        )


class PointFormSet(PaginationInlineFormSet):
    def remaining(self) -> list[PointForm]:
        return [
            form
            for form in self.forms
            if form not in self.deleted_forms and (form.has_changed() or not form.instance._state.adding)
        ]

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        chosen = [form.cleaned_data["type"] for form in self.remaining() if form.cleaned_data["is_primary"]]
        for kind in ContactPoint.Type:
            if chosen.count(kind) > 1:
                raise ValidationError(
                    _("Several contact points of the type “%s” are primary; choose one of them.") % kind.label
                )

    def points(self) -> list[PointData]:
        return [form.data_for_service() for form in self.remaining()]


class InteractionForm(forms.ModelForm):
    """A call, message, e-mail, meeting or note that somebody writes down."""

    started_at = forms.SplitDateTimeField(
        label=gettext_lazy("When"), widget=widgets.UnfoldAdminSplitDateTimeWidget, initial=timezone.now
    )

    class Meta:
        model = Interaction
        fields = ("type", "direction", "subject", "body", "started_at", "outcome")
        widgets = {
            "type": widgets.UnfoldAdminSelectWidget,
            "direction": widgets.UnfoldAdminSelectWidget,
            "subject": widgets.UnfoldAdminTextInputWidget,
            "outcome": widgets.UnfoldAdminTextInputWidget,
            "body": widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }
