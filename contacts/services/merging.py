"""Making one contact of several that are one person, and taking that back.

What is merged away is kept as it was, in the trash: its fields, points, categories, segments and shares stay its own,
and the survivor gets copies. Only interactions and tasks move. So to take a merge back is to take from the survivor
what came with it, unless somebody changed it since, and to bring back what is in the trash.

Merges into the same contact are taken back in the opposite order, the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access.models import User

from .. import custom_fields as custom
from ..exceptions import NotMergeable, NotUndoable
from ..models import (
    Contact,
    ContactCategory,
    ContactGroupShare,
    ContactMerge,
    ContactPoint,
    ContactSegment,
    ContactUserShare,
    Interaction,
    Task,
)
from .contacts import PRIMARY, settle

COLUMNS = {
    # public name: column; the survivor's own value wins unless it is empty
    "name": "name",
    "description": "description",
    "contact_type": "contact_type",
    "job_title": "job_title",
    "company": "organization_id",
    "external_id": "external_id",
    "assigned_to": "assigned_to_id",
    "team": "team_id",
}
COPIED = ("type", "service", "value", "normalized", "extension", "label", "origin")
MOST = 100  # Contacts that can be merged in at once.


@dataclass(frozen=True)
class Part:
    """What belongs to contacts and is united when they are.

    ``unite`` gives the survivor what the others have and returns, as JSON, what ``take_back`` needs to undo that. Both
    run in the transaction of the merge, with the contacts locked.
    """

    name: str
    unite: Callable[[Contact, Sequence[Contact]], Any]
    take_back: Callable[[Contact, Any], None]


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Have something of another app's united too; called from its ``AppConfig.ready()``."""
    _parts[part.name] = part


def lock_contacts(ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """The contacts by id, the trash included, and what was merged into them; locked in the order of their keys.

    Whoever locks several contacts in this order waits for others and never for somebody who waits for them. One query.
    """
    asked = list(ids)
    rows = Contact.objects.filter(Q(pk__in=asked) | Q(merged_into__in=asked)).order_by("pk").select_for_update()
    return {row.pk: row for row in rows}


def hold_contact(key: UUID) -> Contact | None:
    """The live contact of this id, or the one it was merged into, kept from being deleted or merged meanwhile."""
    contact = Contact.objects.live().select_for_update(no_key=True).filter(pk=key).first()
    if contact is None and (survivor := survivor_of(key)):
        return hold_contact(survivor)
    return contact


def survivor_of(key: UUID) -> UUID | None:
    """The id of the contact that this one was merged into, if it was. One query."""
    return Contact.objects.filter(pk=key).values_list("merged_into", flat=True).first()


def told_together(contact: Contact) -> list[UUID]:
    """The ids of the contact and of those that were merged into it, whose stories are one. One query."""
    return [contact.pk, *Contact.objects.filter(merged_into=contact).values_list("pk", flat=True)]


@transaction.atomic
def merge_contacts(
    *, survivor_id: UUID, merged_ids: Iterable[UUID], actor: User, winners: dict[str, Any] | None = None
) -> ContactMerge:
    """Merge contacts into the survivor, which gets what they have and keeps its own values where it has any.

    ``winners`` says otherwise: by name of a column, ``email``, ``phone`` or, within ``custom_fields``, by key, the id
    of the contact whose value wins. Locks all of them; costs a constant number of queries.

    Raises:
        ValidationError: an id is unknown, the survivor's own, or a winner that is not among them; names the field.
        NotMergeable: one of them is in the trash or was merged away.
    """
    merged = list(dict.fromkeys(merged_ids))
    people = lock_contacts([survivor_id, *merged])
    _check_mergeable(people, survivor_id, merged)
    survivor, others = people[survivor_id], [people[key] for key in merged]
    values = _winning_values(survivor, others, winners or {})
    snapshot: dict[str, Any] = {name: part.unite(survivor, others) for name, part in _parts.items()}
    snapshot |= {"values": _take(survivor, values), "primary": _make_primary(survivor, others, winners or {})}
    snapshot["before"] = {
        str(row.pk): str(row.merged_into_id) for row in people.values() if row.merged_into_id in merged
    }
    Contact.objects.filter(merged_into__in=merged).update(merged_into=survivor)
    now = timezone.now()
    Contact.objects.filter(pk__in=merged).update(merged_into=survivor, deleted_at=now, deleted_by=actor, updated_at=now)
    return ContactMerge.objects.create(survivor=survivor, merged_ids=merged, snapshot=snapshot, created_by=actor)


def _check_mergeable(people: dict[UUID, Contact], survivor_id: UUID, merged: Sequence[UUID]) -> None:
    if survivor_id in merged:
        raise ValidationError({"ids": [_("A contact cannot be merged into itself.")]})
    if unknown := [str(key) for key in (survivor_id, *merged) if key not in people]:
        raise ValidationError({"ids": [_("There is no contact %s.") % key for key in unknown]})
    for contact in (people[key] for key in (survivor_id, *merged)):
        if contact.merged_into_id:
            raise NotMergeable(_("The contact %s was merged into another one before.") % contact.pk)
        if contact.deleted_at:
            raise NotMergeable(_("The contact %s is in the trash; restore it first.") % contact.pk)


def _winning_values(survivor: Contact, others: Sequence[Contact], winners: dict[str, Any]) -> dict[str, Any]:
    """The values that the survivor is to have, by column and under ``custom_fields`` by key."""
    people = {contact.pk: contact for contact in (survivor, *others)}
    named = {name: key for name, key in winners.items() if name != "custom_fields"}
    by_key = winners.get("custom_fields", {})
    named |= {f"custom_fields.{name}": key for name, key in by_key.items()}
    if strangers := [name for name, key in named.items() if key not in people]:
        sentence = _("This is none of the merged contacts.")
        raise ValidationError({f"fields.{name[:100]}": [sentence] for name in strangers})
    keys = dict.fromkeys(key for person in people.values() for key in person.custom_fields)
    if unknown := by_key.keys() - keys:
        sentence = _("None of the contacts has a value of this custom field.")
        raise ValidationError({f"fields.custom_fields.{key[:100]}": [sentence] for key in unknown})
    found = {
        column: _winning({key: getattr(person, column) for key, person in people.items()}, named.get(name))
        for name, column in COLUMNS.items()
    }
    values = {
        name: _winning({key: person.custom_fields.get(name) for key, person in people.items()}, by_key.get(name))
        for name in keys
    }
    return found | {"custom_fields": {name: value for name, value in values.items() if value is not None}}


def _winning(values: dict[UUID, Any], winner: UUID | None) -> Any:
    """The winner's value, else the first that is not empty; the values come in the order of precedence."""
    if winner:
        return values[winner]
    return next((value for value in values.values() if value not in (None, "")), next(iter(values.values())))


def _take(survivor: Contact, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Give the survivor the values; returns ``[before, after]`` of those that changed, custom fields by dotted name."""
    changed = {name: [getattr(survivor, name), value] for name, value in values.items() if name != "custom_fields"}
    mine, new = survivor.custom_fields, values["custom_fields"]
    changed |= {f"custom_fields.{key}": [mine.get(key), new.get(key)] for key in mine | new}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    for name, value in values.items():
        setattr(survivor, name, value)
    survivor.save(update_fields=[*values, "updated_at"])
    return {name: [_plain(value) for value in pair] for name, pair in changed.items()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _make_primary(survivor: Contact, others: Sequence[Contact], winners: dict[str, Any]) -> dict[str, list[str]]:
    """Make the winners' addresses and numbers the primary ones; returns by type the points before and after."""
    changed = {}
    for name, kind in ((name, PRIMARY[name]) for name in PRIMARY.keys() & winners.keys()):
        theirs = ContactPoint.objects.live().filter(contact=winners[name], type=kind, is_primary=True).first()
        mine = list(survivor.points.live().filter(type=kind))
        before = next((point for point in mine if point.is_primary), None)
        after = next((point for point in mine if theirs and _identity(point) == _identity(theirs)), None)
        if before and after and after != before:
            _move_primary(before, after)
            changed[str(kind)] = [str(before.pk), str(after.pk)]
    return changed


def _move_primary(before: ContactPoint, after: ContactPoint) -> None:
    # In this order, for the database allows one primary point of a type at any time.
    for point, is_primary in ((before, False), (after, True)):
        point.is_primary = is_primary
        point.save(update_fields=["is_primary", "updated_at"])


@transaction.atomic
def undo_merge(*, merge_id: UUID, actor: User) -> ContactMerge:
    """Bring the merged contacts back as they were; what changed on the survivor since stays there.

    Taken from the survivor are the values, points, categories, segments and shares that the merge gave it, except
    values and points that were edited since. Interactions and tasks go back with the edits made since; deleted ones
    stay deleted. Locks all of them.

    Raises:
        NotUndoable: undone before, not the survivor's newest merge, the survivor was itself merged since, a merged
            contact is gone for good, or a value that must be unique has another contact by now.
    """
    merge = ContactMerge.objects.get(pk=merge_id)
    people = lock_contacts([merge.survivor_id, *merge.merged_ids])
    merge = ContactMerge.objects.select_for_update().get(pk=merge_id)
    _check_undoable(merge, people)
    survivor, snapshot = people[merge.survivor_id], merge.snapshot
    _give_back_values(survivor, snapshot["values"])
    _give_back_primary(survivor, snapshot["primary"])
    for name, part in reversed(_parts.items()):
        if name in snapshot:
            part.take_back(survivor, snapshot[name])
    _settle_points(survivor)
    _refuse_clashes([people[key] for key in merge.merged_ids])
    Contact.objects.filter(pk__in=merge.merged_ids).update(
        merged_into=None, deleted_at=None, deleted_by=None, updated_at=timezone.now()
    )
    for former, key in snapshot["before"].items():
        Contact.objects.filter(pk=former, merged_into=survivor).update(merged_into=key)
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save(update_fields=["undone_at", "undone_by", "updated_at"])
    return merge


def _check_undoable(merge: ContactMerge, people: dict[UUID, Contact]) -> None:
    if merge.undone_at:
        raise NotUndoable(_("This merge was undone before."))
    later = ContactMerge.objects.filter(survivor=merge.survivor_id, undone_at=None, pk__gt=merge.pk).order_by("-pk")
    if newest := later.first():
        raise NotUndoable(_("Others were merged into this contact since; undo the merge %s first.") % newest.pk)
    if people[merge.survivor_id].merged_into_id:
        raise NotUndoable(_("The contact was itself merged into another one since; undo that merge first."))
    if any(key not in people for key in merge.merged_ids):
        raise NotUndoable(_("A contact that was merged in has been removed for good."))


def _give_back_values(survivor: Contact, values: dict[str, list[Any]]) -> None:
    """Each value that is still the one that the merge gave becomes what it was before."""
    changed = set()
    for name, (before, after) in values.items():
        _custom, _dot, key = name.partition(".")
        if key and survivor.custom_fields.get(key) == after:
            survivor.custom_fields.pop(key, None)
            survivor.custom_fields |= {} if before is None else {key: before}
            changed.add("custom_fields")
        elif not key and _plain(getattr(survivor, name)) == after:
            setattr(survivor, name, _still_there(name, before))
            changed.add(name)
    survivor.save(update_fields=[*changed, "updated_at"])


def _still_there(column: str, value: Any) -> Any:
    """The value, or nothing when it is the key of a row that was deleted since."""
    target = Contact._meta.get_field(column).related_model
    if target is None or value is None:
        return value
    return target._base_manager.filter(pk=value).values_list("pk", flat=True).first()


def _give_back_primary(survivor: Contact, primary: dict[str, list[str]]) -> None:
    points = {str(point.pk): point for point in survivor.points.live()}
    for before, after in primary.values():
        if before in points and after in points and points[after].is_primary:
            _move_primary(points[after], points[before])


def _settle_points(survivor: Contact) -> None:
    """See to it that there is a primary address and number after some have gone."""
    rows = list(survivor.points.live())
    were = {row.pk for row in rows if row.is_primary}
    settle(rows)
    for row in rows:
        if row.is_primary and row.pk not in were:
            row.save(update_fields=["is_primary", "updated_at"])


def _refuse_clashes(contacts: Iterable[Contact]) -> None:
    definitions = custom.definitions()
    for contact in contacts:
        try:
            custom.check_unique(definitions, Contact, contact.pk, contact.custom_fields)
        except ValidationError as error:
            fields = ", ".join(sorted(error.message_dict))
            raise NotUndoable(
                _("Another contact has by now the unique value that %(contact)s had in %(fields)s.")
                % {"contact": contact, "fields": fields}
            ) from error


# What belongs to a contact


def _identity(point: ContactPoint) -> tuple[str, ...]:
    return point.type, point.normalized, point.extension, point.service if point.type == ContactPoint.Type.ID else ""


def _unite_points(survivor: Contact, others: Sequence[Contact]) -> dict[str, str]:
    """Copy the points that the survivor has no equal of; returns whose copy each is."""
    mine, copies = list(survivor.points.live()), {}
    known = {_identity(point) for point in mine}
    theirs = ContactPoint.objects.live().filter(contact__in=others)
    order = {contact.pk: place for place, contact in enumerate(others)}
    for point in sorted(theirs, key=lambda point: order[point.contact_id]):
        if _identity(point) not in known:
            known.add(_identity(point))
            copies[point.pk] = ContactPoint(contact=survivor, **{name: getattr(point, name) for name in COPIED})
    settle([*mine, *copies.values()])
    ContactPoint.objects.bulk_create(copies.values())
    return {str(copy.pk): str(key) for key, copy in copies.items()}


def _take_back_points(survivor: Contact, copies: dict[str, str]) -> None:
    """Remove the copies; those that were edited are the survivor's by now."""
    sources = ContactPoint.objects.in_bulk(copies.values())
    present = survivor.points.live().filter(pk__in=copies)
    unchanged = [copy.pk for copy in present if _is_copy(copy, sources.get(UUID(copies[str(copy.pk)])))]
    survivor.points.filter(pk__in=unchanged).delete()


def _is_copy(copy: ContactPoint, source: ContactPoint | None) -> bool:
    return source is not None and all(getattr(copy, name) == getattr(source, name) for name in COPIED)


def moves(name: str, model: type[models.Model]) -> Part:
    """Rows that move to the survivor as they are; taken back, they go where they came from, with edits made since."""

    def unite(survivor: Contact, others: Sequence[Contact]) -> dict[str, list[str]]:
        rows = model._default_manager.filter(contact__in=others).order_by("pk")
        moved: dict[str, list[str]] = {}
        for key, contact in rows.values_list("pk", "contact"):
            moved.setdefault(str(contact), []).append(str(key))
        if moved:
            rows.update(contact=survivor, updated_at=timezone.now())
        return moved

    def take_back(survivor: Contact, moved: dict[str, list[str]]) -> None:
        for contact, keys in moved.items():
            rows = model._default_manager.filter(pk__in=keys, contact=survivor)
            rows.update(contact=contact, updated_at=timezone.now())

    return Part(name, unite, take_back)


def _links(model: type[models.Model], contact: str, *columns: str) -> Part:
    """Rows that tie a contact to something else: the survivor is tied to all that the others are tied to."""

    def unite(survivor: Contact, others: Sequence[Contact]) -> list[list[Any]]:
        rows = model._default_manager.filter(**{f"{contact}__in": [survivor, *others]})
        tied = list(rows.values_list(f"{contact}_id", *columns))
        mine = {tuple(values) for key, *values in tied if key == survivor.pk}
        new = dict.fromkeys(tuple(values) for _key, *values in tied if tuple(values) not in mine)
        model._default_manager.bulk_create(
            [model(**{contact: survivor}, **dict(zip(columns, values, strict=True))) for values in new]
        )
        return [[_plain(value) for value in values] for values in new]

    def take_back(survivor: Contact, added: list[list[Any]]) -> None:
        if added:
            ties = [Q(**dict(zip(columns, values, strict=True))) for values in added]
            model._default_manager.filter(reduce(or_, ties), **{contact: survivor}).delete()

    return Part(str(model._meta.db_table), unite, take_back)


register(Part("points", _unite_points, _take_back_points))
register(moves("interactions", Interaction))
register(moves("tasks", Task))
register(_links(ContactCategory, "contact", "category_id"))
register(_links(ContactSegment, "contact", "segment_id"))
register(_links(ContactUserShare, "content_object", "user_id", "permission_id"))
register(_links(ContactGroupShare, "content_object", "group_id", "permission_id"))
