"""Leads among those who may be calling."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F

from contacts.app_connect import sources
from contacts.models import Origin
from crm_project.access.models import User

from . import services
from .models import Lead


def register() -> None:
    sources.register(LeadSource())


class LeadSource(sources.PersonSource):
    kind, entity, model = "Lead", "lead", Lead
    last_activity = F("last_contact")

    def create(self, *, actor: User, name: str, phone: str, custom_fields: dict[str, Any]) -> Lead:
        return services.create_lead(
            actor=actor, origin=Origin.APP_CONNECT, name=name, phone=phone, custom_fields=custom_fields
        )

    def was_spoken_with(self, record: Lead, at: dt.datetime) -> None:
        services.note_contact(lead=record, at=at)
