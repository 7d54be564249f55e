"""Single contact points, for doors that name them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef

from ..models import Contact, ContactPoint, Origin
from .contacts import PRIMARY, PointData, changing_points


@transaction.atomic
def add_point(*, contact: Contact, data: PointData, origin: str = Origin.API) -> ContactPoint:
    """Give the contact one more point, its primary one if it is the first of its kind. Locks the contact.

    Raises:
        ValidationError: an address or number is wrong; the messages name ``value``.
    """
    Contact.objects.select_for_update().get(pk=contact.pk)
    with changing_points(contact) as rows:
        rows.append(_write(data, ContactPoint(contact=contact, origin=origin)))
    return rows[-1]


@transaction.atomic
def change_point(*, point: ContactPoint, **changes: Any) -> ContactPoint:
    """Change ``type``, ``service`` or ``value`` of a live point, as far as they are given. Locks the contact.

    A point that becomes one of another kind is primary there only when it is the first.

    Raises:
        ContactPoint.DoesNotExist: somebody deleted it in the meantime.
        ValidationError: an address or number is wrong; the messages name ``value``.
    """
    contact = Contact.objects.select_for_update().get(pk=point.contact_id)
    with changing_points(contact) as rows:
        row = next((row for row in rows if row.pk == point.pk), None)
        if row is None:
            raise ContactPoint.DoesNotExist
        stored = {name: getattr(row, name) for name in ("type", "service", "value", "label")}
        data = PointData(**stored | changes)
        data.is_primary = row.is_primary and data.type == row.type
        _write(data, row)
    return row


@transaction.atomic
def remove_point(*, point: ContactPoint) -> None:
    """Move a point to the trash; another of its kind becomes primary. A second time changes nothing."""
    contact = Contact.objects.select_for_update().get(pk=point.contact_id)
    with changing_points(contact) as rows:
        rows[:] = [row for row in rows if row.pk != point.pk]


def choose_primaries(contacts: Sequence[UUID]) -> None:
    """Give contacts a primary address and a primary number where they have some and none is. Two queries at most."""
    live = ContactPoint.objects.live().filter(contact__in=contacts, type__in=PRIMARY.values())
    same = live.filter(contact=OuterRef("contact"), type=OuterRef("type"), is_primary=True)
    first = live.filter(~Exists(same)).order_by("contact_id", "type", "position", "pk").distinct("contact_id", "type")
    if keys := list(first.values_list("pk", flat=True)):
        ContactPoint.objects.filter(pk__in=keys).update(is_primary=True)


def _write(data: PointData, point: ContactPoint) -> ContactPoint:
    try:
        return data.apply_to(point)
    except ValidationError as error:
        raise ValidationError({"value": error.messages}) from error
