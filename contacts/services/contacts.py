"""Making, changing and removing contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access.models import User
from crm_project.access.services import check_handover
from crm_project.privacy.services import refuse_erased

from .. import custom_fields as custom
from .. import points
from ..exceptions import MergedAway, RestoreClash
from ..models import (
    Category,
    Contact,
    ContactCategory,
    ContactPoint,
    ContactSegment,
    Membership,
    Organization,
    Origin,
    Segment,
)
from .naming import find_or_make

PRIMARY = {"email": ContactPoint.Type.MAIL, "phone": ContactPoint.Type.PHONE}
LONGEST_NAME = 255
POINT_COLUMNS = ["type", "service", "value", "normalized", "extension", "label", "is_primary", "position"]


@dataclass
class PointData:
    """A contact point as somebody gives it; with the ``id`` of an existing one it replaces that."""

    type: str
    value: str
    service: str = ""
    label: str = ""
    is_primary: bool = False
    id: UUID | None = None

    def apply_to(self, point: ContactPoint, region: str | None = None) -> ContactPoint:
        """Write the data onto a row, normalised. Raises ``ValidationError`` for what cannot be reached."""
        points.check(self.type, self.value)
        point.type, point.value, point.label = self.type, self.value.strip(), self.label
        point.service = self.service or (
            ContactPoint.Service.MAIL if self.type == "mail" else ContactPoint.Service.PHONE
        )
        point.normalized, point.extension = points.normalize(self.type, self.value, region)
        point.is_primary = self.is_primary
        return point


@transaction.atomic
def create_contact(
    *,
    actor: User,
    origin: str = Origin.API,
    company: str | None = None,
    categories: Iterable[str] = (),
    segments: Iterable[Segment] = (),
    contact_points: Sequence[PointData] = (),
    email: str | None = None,
    phone: str | None = None,
    custom_fields: dict[str, Any] | None = None,
    **columns: Any,
) -> Contact:
    """Make a contact with its points and groups. It belongs to the actor unless ``assigned_to`` says otherwise.

    What belongs to the contact is written first: then the database makes the contact's search text in one go.

    Raises:
        ValidationError: an address, number or custom field is wrong; the messages name the field.
    """
    columns.setdefault("assigned_to", actor)
    contact = Contact(origin=origin, created_by=actor, **columns)
    contact.custom_fields = custom.clean_for("contact", Contact, None, custom_fields or {})
    if company:
        contact.organization_id = find_or_make(Organization, [company], created_by=actor)[company]
    rows = _replaced(contact, [], contact_points, origin)
    for name, value in (("email", email), ("phone", phone)):
        if value:
            _set_primary(rows, contact, name, value, origin)
    name = contact.name or company or email or phone or next((row.value for row in rows), "")
    contact.name = name[:LONGEST_NAME]
    settle(rows)
    ContactPoint.objects.bulk_create(rows)
    _regroup(ContactCategory, contact, "category_id", {*find_or_make(Category, categories).values()})
    _regroup(ContactSegment, contact, "segment_id", {segment.pk for segment in segments})
    contact.save(force_insert=True)
    return contact


@transaction.atomic
def update_contact(
    *,
    contact: Contact,
    actor: User,
    origin: str = Origin.API,
    company: str | None = None,
    categories: Iterable[str] | None = None,
    segments: Iterable[Segment] | None = None,
    contact_points: Sequence[PointData] | None = None,
    custom_fields: dict[str, Any] | None = None,
    **changes: Any,
) -> Contact:
    """Change what is given, nothing else. ``email`` and ``phone`` change the primary points; blank removes them.

    ``contact_points``, ``categories`` and ``segments`` replace what was there. Locks the row.

    Raises:
        HandoverRefused: the contact was only shared with the actor, who assigns it to somebody.
        ValidationError: an address, number or custom field is wrong; the messages name the field.
    """
    Contact.objects.select_for_update().get(pk=contact.pk)
    check_handover(record=contact, actor=actor, changes=changes)
    primary = {name: changes.pop(name) for name in PRIMARY if name in changes}
    if custom_fields is not None:
        changes["custom_fields"] = custom.clean_for("contact", Contact, contact, custom_fields)
    if company is not None:
        found = find_or_make(Organization, [company], created_by=actor)
        changes["organization_id"] = found.get(company)
    if contact_points is not None or primary:
        _change_points(contact, contact_points, primary, origin)
    if categories is not None:
        _regroup(ContactCategory, contact, "category_id", {*find_or_make(Category, categories).values()})
    if segments is not None:
        _regroup(ContactSegment, contact, "segment_id", {segment.pk for segment in segments})
    changed = {name: value for name, value in changes.items() if getattr(contact, name) != value}
    for name, value in changed.items():
        setattr(contact, name, value)
    contact.name = contact.name or _known_as(contact)[:LONGEST_NAME]
    if changed:
        contact.save(update_fields=[*changed, "updated_at"])
    return contact


@transaction.atomic
def delete_contact(*, contact: Contact, actor: User) -> None:
    """Move the contact to the trash; a second time changes nothing."""
    Contact.objects.filter(pk=contact.pk).live().update(
        deleted_at=timezone.now(), deleted_by=actor, updated_at=timezone.now()
    )


@transaction.atomic
def restore_contact(*, contact: Contact) -> None:
    """Take the contact out of the trash.

    Raises:
        MergedAway: it is there because it was merged into another one.
        IsErased: the person was erased.
        RestoreClash: another contact has got one of its unique values meanwhile; the sentence names the fields.
    """
    if contact.merged_into_id:
        raise MergedAway()
    refuse_erased(contact.pk)
    try:
        custom.check_unique(custom.definitions(), Contact, contact.pk, contact.custom_fields)
    except ValidationError as error:
        names = ", ".join(sorted(error.message_dict))
        raise RestoreClash(
            _("Another contact has the same %s now; change one of the two values first.") % names
        ) from error
    Contact.objects.filter(pk=contact.pk).update(deleted_at=None, deleted_by=None, updated_at=timezone.now())


def _known_as(contact: Contact) -> str:
    """What a stored contact without a name is called. One query, or none.

    Raises:
        ValidationError: nothing else is known.
    """
    if contact.organization:
        return contact.organization.name
    values = contact.points.live().order_by("-is_primary", "type", "position").values_list("value", flat=True)
    if not (first := values.first()):
        raise ValidationError({"name": [_("Give at least one of name, company, email and phone.")]})
    return first


def _change_points(
    contact: Contact, given: Sequence[PointData] | None, primary: dict[str, str | None], origin: str
) -> None:
    """A primary value beside a list of points counts when it is another one than is stored."""
    with changing_points(contact) as rows:
        stored = {row.type: row.value for row in rows if row.is_primary}
        if given is not None:
            rows[:] = _replaced(contact, list(rows), given, origin)
        for name, value in primary.items():
            if given is None or (value or None) != stored.get(PRIMARY[name]):
                _set_primary(rows, contact, name, value, origin)


@contextmanager
def changing_points(contact: Contact) -> Iterator[list[ContactPoint]]:
    """Gives the contact's live points, to be changed, added to and taken from; afterwards they are settled and stored.

    Whoever calls it has locked the contact.
    """
    rows = list(contact.points.live())
    before = {row.pk: _columns(row) for row in rows}
    yield rows
    settle(rows)
    if gone := before.keys() - {row.pk for row in rows}:
        contact.points.filter(pk__in=gone).update(deleted_at=timezone.now(), is_primary=False)
    changed = [row for row in rows if not row._state.adding and _columns(row) != before[row.pk]]
    # Two steps, lest a row that becomes primary meet the one that no longer is.
    if demoted := [row.pk for row in changed if not row.is_primary]:
        contact.points.filter(pk__in=demoted, is_primary=True).update(is_primary=False)
    if changed:
        ContactPoint.objects.bulk_update(changed, POINT_COLUMNS)
    if new := [row for row in rows if row._state.adding]:
        ContactPoint.objects.bulk_create(new)


def _columns(row: ContactPoint) -> list[Any]:
    return [getattr(row, name) for name in POINT_COLUMNS]


def _replaced(
    contact: Contact, stored: list[ContactPoint], given: Sequence[PointData], origin: str
) -> list[ContactPoint]:
    by_id = {row.pk: row for row in stored}
    named = {data.id for data in given}
    by_value = {(row.type, row.value): row for row in stored if row.pk not in named}
    rows: list[ContactPoint] = []
    for index, data in enumerate(given):
        row = by_id.pop(data.id, None) if data.id else by_value.pop((data.type, data.value.strip()), None)
        if data.id and row is None:
            raise ValidationError({"contact_points": [_("The contact has no contact point %s.") % data.id]})
        try:
            rows.append(data.apply_to(row or ContactPoint(contact=contact, origin=origin)))
        except ValidationError as error:
            raise ValidationError({f"contact_points.{index}.value": error.messages}) from error
    return rows


def _set_primary(rows: list[ContactPoint], contact: Contact, name: str, value: str | None, origin: str) -> None:
    """Make the value the primary address or number: an equal point becomes it, else the primary one is changed."""
    kind = PRIMARY[name]
    current = next((row for row in rows if row.type == kind and row.is_primary), None)
    if not value or not value.strip():
        if current:
            rows.remove(current)
        return
    try:
        points.check(kind, value)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error
    normalized, _extension = points.normalize(kind, value)
    equal = next((row for row in rows if row.type == kind and row.normalized == normalized), None)
    row = equal or current
    if row is None:
        rows.insert(0, row := ContactPoint(contact=contact, origin=origin))
    for other in rows:
        if other.type == kind:
            other.is_primary = False
    PointData(kind, value, service=row.service, label=row.label, is_primary=True).apply_to(row)


def settle(rows: list[ContactPoint]) -> None:
    """Number the points and see to it that there is one primary address and one primary number, if there are any."""
    for position, row in enumerate(rows):
        row.position = position
    for kind in PRIMARY.values():
        same = [row for row in rows if row.type == kind]
        chosen = next((row for row in same if row.is_primary), same[0] if same else None)
        for row in same:
            row.is_primary = row is chosen


def _regroup(membership: type[Membership], contact: Contact, column: str, wanted: set[UUID]) -> None:
    """Make these the contact's only groups; memberships that stay are not touched."""
    if contact._state.adding:
        present: set[UUID] = set()
    else:
        rows = membership._default_manager.filter(contact=contact)
        rows.exclude(**{f"{column}__in": wanted}).delete()
        present = set(rows.values_list(column, flat=True))
    missing = [membership(contact=contact, **{column: key}) for key in wanted - present]
    membership._default_manager.bulk_create(missing)
