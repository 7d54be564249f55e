"""The contact behind a lead or customer."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.exceptions import AlreadyExists

from ..models import Contact, ContactPoint
from ..people import PersonModel
from .contacts import PointData, create_contact
from .matching import match_contact


def contact_for(person: PersonModel, *, actor: User, origin: str) -> Contact:
    """The contact that the person has or matches, or a new one, with the person's address and number.

    A match that the actor may not see is used all the same, and nothing of it is told.
    """
    contact = person.contact if person.contact_id else None
    contact = contact or match_contact(name=person.name, email=person.email, phone=person.phone)
    if contact is None:
        return create_contact(
            actor=actor,
            origin=origin,
            name=person.name,
            company=person.company,
            email=person.email,
            phone=person.phone,
            assigned_to=person.assigned_to,
            team=person.team,
        )
    add_missing_points(contact, {"mail": person.email, "phone": person.phone}, origin)
    return contact


def add_missing_points(contact: Contact, values: dict[str, str | None], origin: str) -> None:
    """Give the contact the addresses and numbers that it does not have yet, as its primary ones if it has none."""
    stored = list(contact.points.live())
    known = {(row.type, row.normalized) for row in stored}
    kinds = {row.type for row in stored}
    new = []
    for position, (kind, value) in enumerate(values.items(), start=len(stored)):
        if not value:
            continue
        row = PointData(kind, value).apply_to(ContactPoint(contact=contact, origin=origin, position=position))
        row.is_primary = kind not in kinds
        if (row.type, row.normalized) not in known:
            new.append(row)
    ContactPoint.objects.bulk_create(new)


def refuse_taken_email(
    model: type[PersonModel], email: str | None, actor: User, refusal: type[AlreadyExists] = AlreadyExists
) -> None:
    """Raise when a live record has the address, naming it to who may see it. One in the trash is no obstacle."""
    if not email:
        return
    same: Any = model._default_manager.annotate(folded=Lower("email")).filter(folded=email.strip().lower())
    found = same.filter(deleted_at=None).first()
    if found is not None:
        extra = {"id": str(found.pk)} if rules.allows(actor, found, "view") else {}
        raise refusal(_("Resource already exists"), extra=extra)


@transaction.atomic
def move_to_trash(person: PersonModel, *, actor: User | None) -> None:
    """A second time changes nothing."""
    now = timezone.now()
    people: Any = type(person)._default_manager.filter(pk=person.pk, deleted_at=None)
    people.update(deleted_at=now, deleted_by=actor, updated_at=now)


@transaction.atomic
def take_from_trash(person: PersonModel, *, actor: User, refusal: type[AlreadyExists]) -> None:
    """Bring the person back.

    Raises:
        AlreadyExists: as ``refusal``, when another record got the address in the meantime.
    """
    refuse_taken_email(type(person), person.email, actor, refusal)
    people: Any = type(person)._default_manager.filter(pk=person.pk)
    people.update(deleted_at=None, deleted_by=None, updated_at=timezone.now())
