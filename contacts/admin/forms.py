"""The forms of a contact's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold import widgets
from unfold.forms import PaginationInlineFormSet

from crm_project.access.models import User
from crm_project.access.services import Share
from crm_project.admin import OwnedForm
from crm_project.admin.lists import name_of

from .. import custom_fields as custom
from .. import points
from ..models import Category, Contact, ContactPoint, CustomField, Interaction, Segment
from ..services.contacts import PointData
from .fields import PREFIX, given


def several(relation: str) -> AutocompleteSelectMultiple:
    """A box that finds records of a many-to-many relation while one types."""
    return AutocompleteSelectMultiple(Contact._meta.get_field(relation), admin.site)


class ContactForm(OwnedForm):
    """A contact with its groups and custom fields; the fields of the latter are put in by ``ContactAdmin.get_form``."""

    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(), required=False, widget=several("categories"), label=gettext_lazy("Categories")
    )
    segments = forms.ModelMultipleChoiceField(
        Segment.objects.all(), required=False, widget=several("segments"), label=gettext_lazy("Segments")
    )
    definitions: list[CustomField] = []
    user: Any = None

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["categories"].queryset = Category.objects.visible_to(self.user)
        self.fields["segments"].queryset = Segment.objects.visible_to(self.user).filter(kind=Segment.Kind.STATIC)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.clean_custom_fields(data)
        return data

    def clean_custom_fields(self, data: dict[str, Any]) -> None:
        stored = None if self.instance._state.adding else self.instance.custom_fields
        try:
            values = custom.clean(self.definitions, self.changed_custom_fields(data), stored)
            custom.check_unique(self.definitions, Contact, self.instance.pk, values)
        except ValidationError as error:
            for key, texts in error.message_dict.items():
                if PREFIX + key not in self.errors:
                    self.add_error(PREFIX + key, texts)

    def changed_custom_fields(self, data: dict[str, Any] | None = None) -> dict[str, Any]:
        """The values that the form changes, by key."""
        data = self.cleaned_data if data is None else data
        names = [name for name in self.changed_data if name.startswith(PREFIX) and name in data]
        return {name.removeprefix(PREFIX): given(data[name]) for name in names}

    def changes(self) -> dict[str, Any]:
        """What the form changes, as ``services.update_contact`` takes it."""
        names = [name for name in self.changed_data if name in self.cleaned_data and not name.startswith("version")]
        changes = {name: self.cleaned_data[name] for name in names if not name.startswith(PREFIX)}
        if "categories" in changes:
            changes["categories"] = [category.name for category in changes["categories"]]
        if values := self.changed_custom_fields():
            changes["custom_fields"] = values
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


class ShareForm(forms.Form):
    """With whom a record is shared, and what they may do with it."""

    LEVELS = [
        ("view", gettext_lazy("see it")),
        ("change", gettext_lazy("see and change it")),
        ("delete", gettext_lazy("see, change and delete it")),
    ]

    user = forms.ModelChoiceField(User.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget)
    team = forms.ModelChoiceField(Group.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget)
    level = forms.ChoiceField(choices=LEVELS, initial="view", widget=widgets.UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, users: Any, groups: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["user"].queryset, self.fields["team"].queryset = users, groups
        self.fields["user"].label_from_instance = name_of

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and bool(data.get("user")) == bool(data.get("team")):
            raise ValidationError(_("Choose either a person or a team."))
        return data

    def share(self) -> Share:
        data = self.cleaned_data
        levels = [level for level, _label in self.LEVELS]
        return Share(data["user"], data["team"], levels[: levels.index(data["level"]) + 1])
