"""The pages by which people find that two contacts are one person, make them one, and take that back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from crm_project.access import rules
from crm_project.admin.base import reason
from crm_project.admin.lists import name_of as person
from crm_project.api.exceptions import CrmError

from .. import services
from ..custom_form_fields import PREFIX, name_of, readable
from ..duplicates import Person, find_duplicates
from ..models import Contact, ContactMerge, ContactPoint

MOST_MERGES = 20
PRIMARY = {"email": ContactPoint.Type.MAIL, "phone": ContactPoint.Type.PHONE}


class DuplicatesMixin:
    """Three addresses of a contact's page: its likely duplicates, a merge with one of them, and undoing a merge."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:key>/duplicates/", wrap(self.duplicates_view), name="contacts_contact_duplicates"),
            path("<uuid:key>/merge/<uuid:other>/", wrap(self.merge_view), name="contacts_contact_merge"),
            path("<uuid:key>/unmerge/<uuid:merge>/", wrap(self.undo_view), name="contacts_contact_unmerge"),
            *super().get_urls(),
        ]

    def duplicates_view(self, request: Any, key: UUID) -> HttpResponse:
        contact = self.visible_object(request, str(key))
        if contact is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        may_merge = self.may(request, "merge", contact) and contact.deleted_at is None
        rows = [
            {
                "contact": each.contact,
                "percent": round(each.score * 100),
                "reasons": each.reasons,
                "url": self.url(request, "change", each.contact.pk),
                "merge_url": self.url(request, "merge", key, each.contact.pk)
                if may_merge and rules.allows(request.user, each.contact, "merge")
                else "",
            }
            for each in find_duplicates(Person.of(contact), request.user)
        ]
        done = ContactMerge.objects.filter(survivor=contact, undone_at=None).select_related("created_by")[:MOST_MERGES]
        names = dict(Contact.objects.filter(merged_into=contact).values_list("pk", "name"))
        merges = [
            {
                "merge": merge,
                "names": [names[each] for each in merge.merged_ids if each in names],
                "undo_url": self.url(request, "unmerge", key, merge.pk) if may_merge and number == 0 else "",
            }
            for number, merge in enumerate(done)
        ]
        return self.page(request, contact, "contacts/duplicates.html", rows=rows, merges=merges)

    def merge_view(self, request: Any, key: UUID, other: UUID) -> HttpResponse:
        """Shows where two contacts differ, and merges the other one in with the values that were chosen."""
        contact, stranger = (self.visible_object(request, str(each), "merge") for each in (key, other))
        if contact is None or stranger is None or contact == stranger:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        differences = self.differences(request, contact, stranger)
        if request.method == "POST":
            sent = {each["name"]: request.POST.get(each["name"]) for each in differences}
            by_name = {"mine": key, "theirs": other}
            chosen = {name: by_name[side] for name, side in sent.items() if side in by_name}
            winners: dict[str, Any] = {name: side for name, side in chosen.items() if not name.startswith(PREFIX)}
            winners["custom_fields"] = {
                name.removeprefix(PREFIX): side for name, side in chosen.items() if name.startswith(PREFIX)
            }
            return self.merge(request, contact, stranger, winners)
        return self.page(request, contact, "contacts/merge.html", other=stranger, differences=differences)

    def merge(self, request: Any, contact: Contact, other: Contact, winners: dict[str, Any]) -> HttpResponse:
        try:
            with transaction.atomic():
                for each in services.lock_contacts([contact.pk, other.pk]).values():
                    if each.pk in (contact.pk, other.pk) and not rules.allows(request.user, each, "merge"):
                        raise PermissionDenied
                services.merge_contacts(
                    survivor_id=contact.pk, merged_ids=[other.pk], actor=request.user, winners=winners
                )
        except (CrmError, ValidationError) as error:
            messages.error(request, reason(error))
            return HttpResponseRedirect(request.path)
        duplicates = self.url(request, "duplicates", contact.pk)
        sentence = _("“%s” was merged in.") % other
        messages.success(request, format_html('{} <a href="{}">{}</a>', sentence, duplicates, _("Undo it there.")))
        return HttpResponseRedirect(self.url(request, "change", contact.pk))

    @method_decorator(require_POST)
    def undo_view(self, request: Any, key: UUID, merge: UUID) -> HttpResponse:
        contact = self.visible_object(request, str(key), "merge")
        found = ContactMerge.objects.filter(pk=merge, survivor=key).first()
        if contact is None or found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        try:
            with transaction.atomic():
                for each in services.lock_contacts([found.survivor_id, *found.merged_ids]).values():
                    if each.pk in found.merged_ids and not rules.allows(request.user, each, "merge"):
                        raise PermissionDenied
                services.undo_merge(merge_id=found.pk, actor=request.user)
        except (CrmError, ValidationError) as error:
            messages.error(request, reason(error))
        else:
            messages.success(request, _("The merge was undone; all contacts are back."))
        return HttpResponseRedirect(self.url(request, "duplicates", key))

    def differences(self, request: Any, mine: Contact, theirs: Contact) -> list[dict[str, Any]]:
        """Where both have a value and the values differ: what is to be chosen. An empty value never wins by itself."""
        both = [self.values(request, contact) for contact in (mine, theirs)]
        return [
            {"name": name, "label": label, "mine": value, "theirs": both[1][name][1]}
            for name, (label, value) in both[0].items()
            if value and both[1][name][1] and value != both[1][name][1]
        ]

    def values(self, request: Any, contact: Contact) -> dict[str, tuple[str, str]]:
        """Labels and readable values by the names that ``merge_contacts`` knows them by."""
        points = {point.type: point.value for point in contact.points.live() if point.is_primary}
        found: dict[str, tuple[str, Any]] = {
            "name": (pgettext("name of a person", "Name"), contact.name),
            "job_title": (_("Job title"), contact.job_title),
            "company": (_("Company"), contact.organization),
            "email": (_("Primary e-mail"), points.get(PRIMARY["email"])),
            "phone": (_("Primary phone"), points.get(PRIMARY["phone"])),
            "contact_type": (_("Type"), contact.get_contact_type_display()),
            "description": (_("Description"), contact.description),
            "external_id": (_("External id"), contact.external_id),
            "assigned_to": (_("Owner"), contact.assigned_to and person(contact.assigned_to)),
            "team": (_("Team"), contact.team),
        }
        found |= {
            name_of(definition): (definition.label, readable(definition, contact.custom_fields.get(definition.key)))
            for definition in self.definitions(request)
        }
        return {name: (label, "" if value is None else str(value)) for name, (label, value) in found.items()}
