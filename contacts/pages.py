"""What the admin's pages of contacts, leads, customers and orders have in common: custom fields, and the contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import display

from crm_project.access import rules
from crm_project.admin import Link, OwnedForm, link_to, offer
from crm_project.api.exceptions import AlreadyExists

from . import custom_fields as custom
from .custom_form_fields import PREFIX, form_field, given, name_of, readable
from .models import Contact, CustomField
from .services.people import in_trash, refuse_taken_email

MOST_LINKS = 5


def offer_on_contact(model: Any, icon: str) -> None:
    """Put links to a contact's leads, or customers, on the contact's page: the newest that the user may see."""

    def links(request: Any, contact: Contact) -> Iterator[Link]:
        records = rules.visible(model.objects.live().filter(contact=contact.pk), request.user)
        for record in records.order_by("-pk")[:MOST_LINKS]:
            title = f"{capfirst(model._meta.verbose_name)}: {record.get_status_display()}"
            yield Link(
                title, reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[record.pk]), icon
            )

    offer(Contact, links)


class CustomFieldsForm(OwnedForm):
    """A record with custom fields; ``CustomFieldsMixin.get_form`` puts in their form fields and who asks."""

    definitions: list[CustomField] = []
    user: Any = None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.clean_custom_fields(data)
        return data

    def clean_custom_fields(self, data: dict[str, Any]) -> None:
        stored = None if self.instance._state.adding else self.instance.custom_fields
        try:
            values = custom.clean(self.definitions, self.changed_custom_fields(data), stored)
            custom.check_unique(self.definitions, type(self.instance), self.instance.pk, values)
        except ValidationError as error:
            for key, texts in error.message_dict.items():
                if PREFIX + key not in self.errors:
                    self.add_error(PREFIX + key, texts)

    def changed_custom_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """The values that the form changes, by key."""
        names = [name for name in self.changed_data if name.startswith(PREFIX) and name in data]
        return {name.removeprefix(PREFIX): given(data[name]) for name in names}

    def changes(self) -> dict[str, Any]:
        changes = {name: value for name, value in super().changes().items() if not name.startswith(PREFIX)}
        if values := self.changed_custom_fields(self.cleaned_data):
            changes["custom_fields"] = values
        return changes


class PersonForm(CustomFieldsForm):
    """A lead or customer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "email" in self.fields:  # Only placeholders have none.
            self.fields["email"].required = self.instance._state.adding or self.instance.email is not None

    def clean_email(self) -> str | None:
        email = self.cleaned_data["email"]
        if "email" in self.changed_data:
            try:
                refuse_taken_email(type(self.instance), email, self.user)
            except AlreadyExists as error:
                raise ValidationError(self.taken(error.extra.get("id"))) from error
        return email

    def taken(self, key: str | None) -> str:
        """Says whose the address is, to who may see them."""
        meta = self.instance._meta
        sentence = _("Another %s has this e-mail address.") % meta.verbose_name
        if key is None:
            return sentence
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
        return format_html('{} <a href="{}" class="underline">{}</a>', sentence, url, _("Look at it"))


class PersonMixin:
    """The pages of leads and customers."""

    form = PersonForm
    search_fields = ("name",)
    search_help_text = gettext_lazy("Names in any order, companies, e-mail addresses, numbers in any spelling")
    list_display_links = ("shown_name",)
    list_select_related = ("assigned_to",)

    @display(description=pgettext_lazy("name of a person", "Name"), ordering="sort_name")
    def shown_name(self, person: Any) -> str:
        return person.name

    @display(description=gettext_lazy("Contact"))
    def contact_link(self, person: Any) -> str:
        return link_to(person.asked_by, person.contact) if person.contact_id else "–"

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Tells of others with the same address in the trash, lest somebody be made twice."""
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            for twin in in_trash(obj, actor=request.user):
                messages.warning(
                    request,
                    format_html(_("In the trash there is another one with this address: {}"), link_to(request, twin)),
                )


class CustomFieldsMixin:
    """A page whose form has a field for each definition of custom fields of ``entity``, the kind of record."""

    form = CustomFieldsForm
    compressed_fields = False

    @property
    def entity(self) -> str:
        return self.opts.model_name

    def definitions(self, request: Any) -> list[CustomField]:
        """The definitions of custom fields, read once in a request."""
        if not hasattr(request, "_custom_fields"):
            request._custom_fields = custom.definitions(self.entity)
        return request._custom_fields

    def labels(self, request: Any) -> dict[str, str]:
        return {definition.key: definition.label for definition in self.definitions(request)}

    def custom_fieldsets(self, request: Any, obj: Any) -> list[tuple[Any, dict[str, Any]]]:
        """A tab with the custom fields, if there are any."""
        columns = self.custom_columns(request, obj)
        pairs = [tuple(columns[at : at + 2]) for at in range(0, len(columns), 2)]
        return [(_("Custom fields"), {"fields": pairs, "classes": ["tab"]})] if pairs else []

    def custom_columns(self, request: Any, obj: Any) -> list[Any]:
        """Names of form fields, or for those who only look, what Django shows in their place."""
        if obj is None or self.has_change_permission(request, obj):
            return [name_of(definition) for definition in self.definitions(request)]

        def column(definition: CustomField) -> Any:
            @display(description=definition.label)
            def value(record: Any) -> Any:
                return readable(definition, record.custom_fields.get(definition.key)) or "–"

            return value

        return [column(definition) for definition in self.definitions(request)]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form with a field for each definition."""
        stored = {} if obj is None else obj.custom_fields
        fields = {
            name_of(definition): form_field(definition, stored.get(definition.key, None if obj else definition.default))
            for definition in self.definitions(request)
        }
        form = type("Form", (self.form,), {**fields, "definitions": self.definitions(request), "user": request.user})
        return super().get_form(request, obj, change, **{**options, "form": form})
