"""Logs of calls and messages: interactions of the contact behind the record that was picked in App Connect.

The record is remembered, for it gives its own users the right to the log: who may see a lead, but not the contact
behind it, reads and changes the log of a call with the lead all the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.access.models import OwnedModel, User

from ... import services
from ...models import Contact, Interaction, Origin
from .. import sources
from ..exceptions import LogGone, UnknownCaller

LONGEST = {field.name: field.max_length or 0 for field in Interaction._meta.concrete_fields}
is_web_address = URLValidator(schemes=["http", "https"])


def record_named(*, id: str, type: str, actor: User) -> tuple[sources.CallerSource, Any]:
    """The live record of the type, or of any when it is none of ours, with its source. A query or two for each type.

    Raises:
        UnknownCaller: there is none, or the actor may not see it.
    """
    key = as_key(id)
    named = sources.source_for(type)
    for source in [named] if named else sources.sources():
        record = key and live(source.model, key)
        if record and rules.allows(actor, record, "view"):
            return source, record
    raise UnknownCaller()


def as_key(id: str) -> UUID | None:
    try:
        return UUID(id)
    except ValueError:
        return None


def live(model: type[OwnedModel], key: UUID) -> OwnedModel | None:
    """The record, or the contact that it was merged into."""
    record = model.objects.live().filter(pk=key).first()
    if record is None and model is Contact and (survivor := services.survivor_of(key)):
        return live(model, survivor)
    return record


def add_log(
    *, source: sources.CallerSource, record: Any, actor: User, key: str, started_at: dt.datetime | None, **columns: Any
) -> Interaction:
    """Write down a call or message with the record, once for a ``key`` of the actor's. Needs a transaction.

    Raises:
        PermissionDenied: the actor may see the record but not write down anything of it.
        UnknownCaller: the contact was deleted meanwhile.
    """
    if not rules.reaches_all(actor, Interaction, "add") and not rules.allows(actor, record, "change"):
        raise exceptions.PermissionDenied(f"You may not log anything of this {record._meta.verbose_name}.")
    contact = contact_behind(source, record)
    started_at = started_at or timezone.now()
    columns |= {
        "contact": contact,
        "started_at": started_at,
        "origin": Origin.APP_CONNECT,
        "details": {"record": {"type": source.kind, "id": str(record.pk)}, **columns.pop("details")},
    }
    if not key:
        log, is_new = Interaction.objects.create(created_by=actor, **columns), True
    else:
        key = key if len(key) <= LONGEST["external_id"] else hashlib.sha256(key.encode()).hexdigest()
        log, is_new = Interaction.objects.get_or_create(created_by=actor, external_id=key, defaults=columns)
    if is_new:
        source.was_spoken_with(record, min(started_at, timezone.now()))
    return log


def contact_behind(source: sources.CallerSource, record: Any) -> Contact:
    """Locked. The contact behind a lead keeps what is said to the lead in the trash too."""
    key = source.contact_id(record)
    contact = services.hold_contact(key)
    if contact is None and source.model is not Contact:
        contact = Contact.objects.select_for_update(no_key=True).filter(pk=key).first()
    if contact is None:
        raise UnknownCaller()
    return contact


def find_log(*, id: str, actor: User, type: str | None = None, verb: str = "view") -> Interaction:
    """The log of a call or message, whichever unless told, locked when it is to be changed.

    Raises:
        LogGone: there is none, or none that the actor may see.
        PermissionDenied: the actor may see it but not change it.
    """
    logs = Interaction.objects.select_related("contact")
    if verb != "view":
        logs = logs.select_for_update(of=("self",))
    key = as_key(id)
    if type:
        logs = logs.filter(type=type)
    log = logs.filter(pk=key).first() if key else None
    if log is None or not any(rules.allows(actor, record, "view") for record in logged_on(log)):
        raise LogGone()
    if verb != "view" and not may_change(actor, log):
        raise exceptions.PermissionDenied("You may not change this log.")
    return log


def may_change(actor: User, log: Interaction) -> bool:
    if not rules.may(actor, Interaction, "change"):
        return False
    return rules.reaches_all(actor, Interaction, "change") or any(
        rules.allows(actor, record, "change") for record in logged_on(log)
    )


def logged_on(log: Interaction) -> Iterator[Any]:
    """The records through which there is a way to the log: the one that was picked, and the contact that has it."""
    picked = log.details.get("record") or {}
    source = sources.source_for(picked.get("type", ""))
    if source and source.model is not Contact:
        record = live(source.model, UUID(picked["id"]))
        if record:
            yield record
    if log.contact.deleted_at is None:
        yield log.contact


def web_address(link: str) -> str:
    """The link when it is one that a page may show, else nothing; what carries a token is never kept."""
    try:
        is_web_address(link)
    except ValidationError:
        return ""
    return link if len(link) <= LONGEST["recording_url"] and "access_token=" not in link else ""
