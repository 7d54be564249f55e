"""The contact behind a lead or customer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.exceptions import AlreadyExists
from crm_project.database import copying
from crm_project.privacy.services import refuse_erased

from .. import custom_fields as custom
from ..models import Contact, ContactPoint, Organization
from ..people import PersonModel
from .contacts import PointData, create_contact
from .matching import Identity, candidates_for, match_contact
from .merging import hold_contact
from .naming import find_or_make

POINT_COLUMNS = (
    *("contact_id", "type", "service", "value", "normalized", "extension", "label", "is_primary", "position", "origin"),
)
MOST_TWINS = 10


def contact_for(person: PersonModel, *, actor: User, origin: str) -> Contact:
    """The contact that the person has or matches, or a new one, with the person's address and number.

    A match that the actor may not see is used all the same, and nothing of it is told. It is kept from being merged
    away or deleted until the person is stored.
    """
    contact = person.contact if person.contact_id else None
    if contact is None:
        _take_turns(person)
        if match := match_contact(name=person.name, email=person.email, phone=person.phone):
            contact = hold_contact(match.pk)
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


def _take_turns(person: PersonModel) -> None:
    """Have whoever is made a lead and a customer at once become one contact: one waits until the other is stored."""
    known_by = (person.email or person.phone or person.name).strip().lower()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"person {known_by}"])


def contacts_for(people: Sequence[PersonModel], *, actor: User, origin: str, region: str | None = None) -> None:
    """``contact_for`` for many people at once, in their order: who comes later may match who comes earlier.

    Those who have a contact keep it. Six queries for any number of people.
    """
    new = _choose_contacts([person for person in people if person.contact_id is None], region)
    keys = {person.contact_id for person in people}
    stored: dict[UUID, set[tuple[str, str]]] = {key: set() for key in keys}
    points = ContactPoint.objects.live().filter(contact__in=keys - new.keys())
    for key, kind, value in points.values_list("contact", "type", "normalized"):
        stored[key].add((kind, value))
    made = [point for person in people for point in _missing_points(person, stored[person.contact_id], origin, region)]
    # What belongs to a contact comes before it: then the database makes its search text once.
    copying.copy(ContactPoint, POINT_COLUMNS, ([getattr(row, name) for name in POINT_COLUMNS] for row in made))
    companies = find_or_make(Organization, sorted({each.company for each in new.values()}), created_by=actor)
    defaults = {each.key: each.default for each in custom.definitions() if each.default is not None} if new else {}
    same = (origin, actor.pk, json.dumps(defaults), "")
    copying.copy(
        Contact,
        ("id", "name", "organization", "assigned_to", "team", "origin", "created_by", "custom_fields", "description"),
        (
            (key, each.name, companies.get(each.company), each.assigned_to_id, each.team_id, *same)
            for key, each in new.items()
        ),
    )


def _choose_contacts(people: Sequence[PersonModel], region: str | None) -> dict[UUID, PersonModel]:
    """Give each their contact; the new ones by id, with whom they are made for. Those matched are kept from merging."""
    identities = (Identity(each.name, each.email, each.phone) for each in people)
    candidates = candidates_for(identities, region, with_mates=True)
    matched = {key for each in candidates for key in each.found}
    live = Contact.objects.live().filter(pk__in=matched).order_by("pk")
    kept = set(live.select_for_update(no_key=True).values_list("pk", flat=True)) if matched else set()
    new = {}
    for person, each in zip(people, candidates, strict=True):
        each.found &= kept
        if not each.by_email:
            each.found |= {people[mate].contact_id for mate in each.mates}
        if (key := each.only) is None:
            new[key := uuid7()] = person
        person.contact_id = key
    return new


def _missing_points(
    person: PersonModel, known: set[tuple[str, str]], origin: str, region: str | None
) -> Iterator[ContactPoint]:
    """The address and number that the contact has not; ``known`` is what it has, and gets them too."""
    for kind, value in (("mail", person.email), ("phone", person.phone)):
        if not value:
            continue
        row = PointData(kind, value).apply_to(ContactPoint(contact_id=person.contact_id, origin=origin), region)
        if (row.type, row.normalized) not in known:
            row.is_primary = all(known_kind != kind for known_kind, _ in known)
            row.position = len(known)
            known.add((row.type, row.normalized))
            yield row


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


def same_email(model: type[PersonModel], email: str | None) -> Any:
    """The records that have the address, in any case, those in the trash included."""
    people: Any = model._default_manager
    if not email:
        return people.none()
    return people.annotate(folded=Lower("email")).filter(folded=email.strip().lower())


def in_trash(person: PersonModel, *, actor: User) -> list[PersonModel]:
    """Records with the person's address that are in the trash, as far as the actor may see them; the newest first.

    One query.
    """
    others = same_email(type(person), person.email).filter(deleted_at__isnull=False).exclude(pk=person.pk)
    return list(rules.visible(others.order_by("-pk"), actor)[:MOST_TWINS])


def refuse_taken_email(
    model: type[PersonModel], email: str | None, actor: User, refusal: type[AlreadyExists] = AlreadyExists
) -> None:
    """Raise when a live record has the address, naming it to who may see it. One in the trash is no obstacle."""
    found = same_email(model, email).filter(deleted_at=None).first()
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
        AlreadyExists: as ``refusal``, when another record got the address in the meantime; it names the choice.
        IsErased: the person was erased.
    """
    refuse_erased(person.contact_id)
    try:
        refuse_taken_email(type(person), person.email, actor, refusal)
    except AlreadyExists as error:
        kind = person._meta.verbose_name
        choice = _("Another %(kind)s has the address of this one now: change it there, or leave this one in the trash.")
        raise refusal(
            error.detail, extra=error.extra | {"in_trash": str(person.pk), "choice": choice % {"kind": kind}}
        ) from error
    people: Any = type(person)._default_manager.filter(pk=person.pk)
    people.update(deleted_at=None, deleted_by=None, updated_at=timezone.now())
