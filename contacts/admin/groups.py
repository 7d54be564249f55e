"""Organisations, categories, segments, definitions of custom fields, and interactions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.contrib.forms.widgets import ArrayWidget
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm_project.access import rules
from crm_project.admin import CrmModelAdmin, VersionedForm
from crm_project.admin.forms import ParametersField, flat
from crm_project.admin.lists import ChoiceFilter, PeriodFilter
from crm_project.api.counting import COUNT_EXACT_TO
from crm_project.database.functions import Fold

from .. import custom_fields as custom
from ..filters import in_segment, stored_filter
from ..models import Category, Contact, CustomField, Interaction, Organization, Segment
from ..services.naming import tidy


class NamedForm(VersionedForm):
    """Says at the field that a name is taken. The database looks at its folded form, which no form field shows."""

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        same = type(self.instance).objects.filter(folded_name=Fold(Value(name))).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(_("This name is taken already."))
        return name


class NamedAdmin(CrmModelAdmin):
    form = NamedForm
    search_fields = ("name",)
    ordering = ("folded_name",)

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(folded_name__folded_contains=term)

    @display(description=gettext_lazy("Name"), ordering="folded_name")
    def shown_name(self, record: Any) -> str:
        return record.name

    @display(description=gettext_lazy("Contacts"))
    def contacts_link(self, record: Any) -> str:
        """A link, not a number: to count the contacts of each row would read them all."""
        url = reverse(f"{self.admin_site.name}:contacts_contact_changelist")
        return format_html(
            '<a class="text-link" href="{}?{}">{}</a>', url, urlencode(self.contacts_of(record)), _("show")
        )

    def contacts_of(self, record: Any) -> dict[str, Any]:
        return {self.opts.model_name: record.pk}


@admin.register(Organization)
class OrganizationAdmin(NamedAdmin):
    menu, icon = "people", "apartment"
    list_display = ("shown_name", "domain", "phone", "contacts_link")
    fields = ("name", "domain", "phone", "address", "notes")

    def contacts_of(self, record: Organization) -> dict[str, Any]:
        return {"organization__id__exact": record.pk}

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(Category)
class CategoryAdmin(NamedAdmin):
    menu, icon = "order", "label"
    list_display = ("shown_name", "contacts_link")
    fields = ("name",)


class SegmentForm(NamedForm):
    filter = ParametersField(
        required=False,
        label=gettext_lazy("Filter"),
        help_text=gettext_lazy(
            "For dynamic segments: parameters of the contact list, one on a line, such as category=VIP, "
            "company=Acme, created_at_after=2026-01-01 or custom_fields.city=Paris. All of them must fit."
        ),
    )
    request: Any = None

    class Meta:
        model = Segment
        fields = ("name", "kind", "description", "filter")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "filter" in data and data.get("kind") == Segment.Kind.DYNAMIC:
            try:
                stored_filter(data["filter"], Contact.objects.live(), self.request)
            except exceptions.ValidationError as error:
                self.add_error("filter", flat(error.detail))
        return data


@admin.register(Segment)
class SegmentAdmin(NamedAdmin):
    menu, icon = "order", "filter_alt"
    form = SegmentForm
    list_display = ("shown_name", "kind_label", "description", "contacts_link")
    list_filter = (("kind", ChoicesDropdownFilter),)
    fields = ("name", "kind", "description", "filter", "members")
    readonly_fields = ("members",)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        form.request = request
        return form

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        segment = super().get_object(request, object_id, from_field)
        if segment is not None:
            segment.asked_by = request
        return segment

    @display(description=gettext_lazy("Kind"), label={"static": "info", "dynamic": "success"})
    def kind_label(self, segment: Segment) -> tuple[str, str]:
        return segment.kind, _("dynamic") if segment.kind == Segment.Kind.DYNAMIC else _("static")

    @display(description=gettext_lazy("Members that you see"))
    def members(self, segment: Any) -> str:
        if segment._state.adding:
            return _("shown when saved")
        try:
            found = in_segment(Contact.objects.live(), segment, segment.asked_by)
        except exceptions.ValidationError as error:
            return " ".join(flat(error.detail))
        count = rules.count_up_to(found, segment.asked_by.user, COUNT_EXACT_TO + 1)
        link = f"{reverse(f'{self.admin_site.name}:contacts_contact_changelist')}?segment={segment.pk}"
        shown = str(count) if count <= COUNT_EXACT_TO else _("more than %d") % COUNT_EXACT_TO
        return format_html('{} · <a class="text-link" href="{}">{}</a>', shown, link, _("show them"))

    def suggestions(self, request: Any) -> QuerySet:
        """A contact joins static segments only; its form asks for those."""
        rows = super().suggestions(request)
        joining = request.GET.get("model_name") == "contact" and request.GET.get("field_name") == "segments"
        return rows.filter(kind=Segment.Kind.STATIC) if joining else rows


class CustomFieldForm(VersionedForm):
    """A definition; values are stored under its key, which therefore stays."""

    default = forms.CharField(
        required=False,
        label=gettext_lazy("Default"),
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("New records get it. Several choices are separated by semicolons."),
    )

    class Meta:
        model = CustomField
        fields = ("entity", "key", "label", "type", "required", "unique", "choices", "default", "help_text", "position")
        widgets = {"choices": ArrayWidget}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "entity" in self.fields:
            self.fields["entity"] = forms.ChoiceField(
                choices=[(name, capfirst(label)) for name, label in custom.entities().items()],
                initial=Contact._meta.model_name,
                label=_("Kind of record"),
                widget=UnfoldAdminSelectWidget,
            )
        value = self.instance.default
        self.initial["default"] = "; ".join(value) if isinstance(value, list) else value

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        kind, choices = data.get("type") or self.instance.type, data.get("choices") or []
        try:
            definition = CustomField(type=kind, choices=choices)
            data["default"] = custom.clean_value(definition, data.get("default")) if kind else None
        except ValidationError as error:
            self.add_error("default", error)
        try:
            custom.check_choices(kind, choices)
            if self.instance._state.adding and data.get("key") and data.get("entity"):
                custom.check_new_key(data["entity"], data["key"])
            elif data.get("unique") and "unique" in self.changed_data:
                custom.check_becomes_unique(self.instance.entity, self.instance.key)
        except ValidationError as error:
            self.add_error(None, error)
        return data


class EntityFilter(ChoiceFilter):
    title = gettext_lazy("kind of record")
    parameter_name = "entity"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [(name, capfirst(label)) for name, label in custom.entities().items()]


@admin.register(CustomField)
class CustomFieldAdmin(CrmModelAdmin):
    menu, icon = "settings", "edit_note"
    form = CustomFieldForm
    ordering = ("entity", "position", "key")
    search_fields = ("label", "key")
    list_display = ("label", "kind_of_record", "key", "type", "required", "unique", "position")
    list_filter = (EntityFilter, ("type", ChoicesDropdownFilter))
    fieldsets = (
        (None, {"fields": ("entity", "label", "key", "type", "help_text")}),
        (gettext_lazy("Rules"), {"fields": ("required", "unique", "choices", "default", "position")}),
    )

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(Q(label__icontains=term) | Q(key__icontains=term))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return ("kind_of_record", "key", "type") if obj is not None else ()

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        first, *rest = super().get_fieldsets(request, obj)
        names = ["kind_of_record" if name == "entity" and obj is not None else name for name in first[1]["fields"]]
        return [(first[0], {"fields": names}), *rest]

    @display(description=gettext_lazy("Kind of record"), ordering="entity")
    def kind_of_record(self, field: CustomField) -> str:
        return capfirst(custom.entities().get(field.entity, field.entity))


@admin.register(Interaction)
class InteractionAdmin(CrmModelAdmin):
    """To look through; interactions are written down on their contact's page."""

    menu, icon = "people", "forum"
    list_display = ("subject_or_type", "contact", "type", "direction", "started_at", "created_by")
    list_select_related = ("contact", "created_by")
    list_filter = (
        ("type", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("started_at", PeriodFilter),
    )
    fields = (
        "contact",
        "type",
        "direction",
        "subject",
        "body",
        "note",
        "started_at",
        "duration_s",
        "outcome",
        "recording_url",
        "numbers",
        "origin",
        "created_by",
    )
    readonly_fields = ("contact", "numbers", "origin", "created_by")

    def everything(self, request: Any) -> QuerySet:
        return Interaction.objects.filter(contact__deleted_at=None)

    @display(description=gettext_lazy("Numbers"))
    def numbers(self, interaction: Interaction) -> str:
        told = [interaction.details.get(name, "") for name in ("from_number", "to_number")]
        return " → ".join(filter(None, told)) or "–"

    @display(description=gettext_lazy("Interaction"))
    def subject_or_type(self, interaction: Interaction) -> str:
        return str(interaction)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False
