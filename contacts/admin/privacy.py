"""The page by which staff tell people what is stored about them, and forget them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from rest_framework.utils.encoders import JSONEncoder

from crm_project.access import rules
from crm_project.privacy.services import erasure_of

from .. import services
from ..duplicates import LIKELY, Person, find_duplicates
from ..models import Contact

VERBS = ("erase", "disclose")


class PrivacyMixin:
    """Two addresses of a contact's page: what would be erased, and everything that is stored as a file."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:key>/privacy/", wrap(self.privacy_view), name="contacts_contact_privacy"),
            path("<uuid:key>/personal_data/", wrap(self.personal_data_view), name="contacts_contact_personal_data"),
            *super().get_urls(),
        ]

    def tab_pages(self, request: Any, record: Contact) -> list[tuple[str, str]]:
        pages = super().tab_pages(request, record)
        may = any(rules.allows(request.user, record, verb) for verb in VERBS)
        return [*pages, ("privacy", _("Privacy"))] if may else pages

    def privacy_view(self, request: Any, key: UUID) -> HttpResponse:
        """Says how much is stored about the person, and erases them when that is confirmed."""
        contact = self.visible_object(request, str(key))
        if contact is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        may = {verb: rules.allows(request.user, contact, verb) for verb in VERBS}
        if not any(may.values()):
            raise PermissionDenied
        if request.method == "POST":
            return self.erase(request, contact)
        counts = services.counts_of_person(contact_id=key)
        twins = [each.contact for each in find_duplicates(Person.of(contact), request.user) if each.score >= LIKELY]
        return self.page(
            request,
            contact,
            "contacts/privacy.html",
            erasure=erasure_of([key]),
            counts=[(capfirst(apps.get_model(label)._meta.verbose_name_plural), n) for label, n in counts.items()],
            may_erase=may["erase"],
            data_url=self.url(request, "personal_data", key) if may["disclose"] else "",
            twins=[(twin, self.url(request, "change", twin.pk)) for twin in twins],
            duplicates_url=self.url(request, "duplicates", key),
        )

    def erase(self, request: Any, contact: Contact) -> HttpResponse:
        if not rules.allows(request.user, contact, "erase"):
            raise PermissionDenied
        if "confirmed" not in request.POST:
            messages.error(request, _("Nobody was erased: say that you mean it."))
            return HttpResponseRedirect(request.path)
        with transaction.atomic():
            services.erase_contact(contact_id=contact.pk, actor=request.user, door="admin")
        messages.success(request, _("The person was erased. Files are looked through within minutes."))
        return HttpResponseRedirect(self.list_url())

    def personal_data_view(self, request: Any, key: UUID) -> HttpResponse:
        contact = self.visible_object(request, str(key), "disclose")
        if contact is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        text = json.dumps(services.personal_data(contact_id=key), cls=JSONEncoder, ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": f'attachment; filename="personal-data-{key}.json"'}
        return HttpResponse(text, content_type="application/json", headers=headers)
