"""Contacts as an import makes and changes them, many at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from crm_project.access import rules
from crm_project.database import copying
from crm_project.transfer.resources import Draft
from crm_project.transfer.rows import Incoming, RowRefused

from .models import Contact, ContactCategory, ContactPoint, ContactSegment, Origin
from .owned_resource import refuse_handover

if TYPE_CHECKING:
    from .resources import ContactResource

PLAIN = ("name", "description", "job_title", "external_id", "contact_type", "assigned_to", "team")
COLUMNS = (*PLAIN, "organization", "custom_fields")
POINT_COLUMNS = ("contact", "type", "service", "value", "normalized", "extension", "label", "is_primary", "position")
PRIMARY_KINDS = ("mail", "phone")


@dataclass(slots=True)
class Point:
    """A contact point; ``is_explicit`` when the file says more of it than its value."""

    type: str
    service: str
    value: str
    normalized: str
    extension: str = ""
    label: str = ""
    is_primary: bool = False
    position: int = 0
    id: UUID | None = None
    is_explicit: bool = False

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What equal points have in common; accounts of different services are different."""
        return self.type, self.service if self.type == "id" else "", self.normalized, self.extension


@dataclass(slots=True)
class ContactDraft(Draft):
    id: UUID
    is_new: bool
    resource: ContactResource
    columns: dict[str, Any]
    company: str = ""
    points: list[Point] = field(default_factory=list)
    members: dict[str, dict[Any, str]] = field(default_factory=lambda: {"categories": {}, "segments": {}})
    joined: dict[str, set[Any]] = field(default_factory=lambda: {"categories": set(), "segments": set()})
    changed_points: dict[UUID, Point] = field(default_factory=dict)
    demoted: set[UUID] = field(default_factory=set)
    is_changed: bool = False
    is_begun: bool = False
    may_be_assigned: bool = True

    @property
    def label(self) -> str:  # type: ignore[override]
        return self.columns["name"] or _("(no name)")

    def apply(self, row: Incoming, *, fill: bool) -> dict[str, tuple[Any, Any]]:
        values = row.values
        is_first = self.is_new and not self.is_begun
        if is_first:
            self._begin(values)
        changes = self._columns(values, fill)
        # It may refuse, so it comes before anything is taken over.
        custom_fields = self.resource.custom_changes(
            self.id, self.columns["custom_fields"], values.get("custom_fields"), fill=fill, is_first=is_first
        )
        self.is_begun = True
        for name, (_before, after) in changes.items():
            self.columns[name] = after
        if custom_fields:
            self.columns["custom_fields"] = {**self.columns["custom_fields"], **custom_fields}
        self.is_changed = self.is_changed or bool(changes or custom_fields)
        found = {name: change for name, change in changes.items() if name != "organization"}
        found |= {f"custom_fields.{key}": (None, value) for key, value in custom_fields.items()}
        if "organization" in changes:
            found["company"] = self.company, values["company"]
            self.company = values["company"]
        found |= self._take_points(values["points"], fill, is_first)
        for kind in self.members:
            found |= self._join(kind, values.get(kind) or {}, fill)
        return found

    def _begin(self, values: dict[str, Any]) -> None:
        if not values.get("name") and not values.get("fallback_name"):
            raise RowRefused(_("The row has no name, company, e-mail or phone."))
        values.setdefault("name", values.get("fallback_name"))
        if values.get("is_company"):
            values.setdefault("contact_type", Contact.Type.COMPANY)

    def _columns(self, values: dict[str, Any], fill: bool) -> dict[str, tuple[Any, Any]]:
        changes = {}
        for name in PLAIN:
            if name in values and values[name] != self.columns[name] and not (fill and self.columns[name]):
                changes[name] = (self.columns[name], values[name])
        refuse_handover(changes, may_be_assigned=self.may_be_assigned)
        if "company" in values and not (fill and self.company):
            before, after = self.columns["organization"], values["organization"]
            if before != after or (after is None and values["company"] != self.company):
                changes["organization"] = (before, after)
        return changes

    def _take_points(self, given: Sequence[Point], fill: bool, is_first: bool) -> dict[str, tuple[Any, Any]]:
        """Add the points that the contact has not; of those it has, only what the file says explicitly counts.

        The row that makes the contact may list equal points, as an export of a contact that has them does.
        """
        kinds = {point.type for point in self.points}
        known: dict[tuple[str, ...], Point] = {point.key: point for point in self.points}
        known |= {(*point.key, point.value): point for point in self.points}
        added: dict[str, list[str]] = {}
        for point in given:
            if (mine := known.get((*point.key, point.value)) or known.get(point.key)) and not is_first:
                if point.is_explicit and not fill:
                    added |= self._rewrite(mine, point)
                continue
            if fill and point.type in kinds and not is_first:
                continue
            point.position = len(self.points)
            self.points.append(point)
            known[point.key] = known[*point.key, point.value] = point
            added.setdefault(POINT_FIELDS[point.type], []).append(point.value)
            if point.is_primary:
                self._promote(point)
        self._settle()
        return {name: (None, values if len(values) > 1 else values[0]) for name, values in added.items()}

    def _rewrite(self, mine: Point, given: Point) -> dict[str, list[str]]:
        before = (mine.service, mine.label, mine.is_primary)
        mine.service, mine.label = given.service, given.label or mine.label
        if given.is_primary:
            self._promote(mine)
        if before == (mine.service, mine.label, mine.is_primary):
            return {}
        if mine.id:
            self.changed_points[mine.id] = mine
        return {POINT_FIELDS[mine.type]: [mine.value]}

    def _promote(self, chosen: Point) -> None:
        for point in self.points:
            if point.type == chosen.type and point is not chosen and point.is_primary:
                point.is_primary = False
                if point.id:
                    self.demoted.add(point.id)
                    self.changed_points[point.id] = point
        chosen.is_primary = True
        if chosen.id:
            self.changed_points[chosen.id] = chosen

    def _settle(self) -> None:
        """One primary address and one primary number, if there are any."""
        for kind in PRIMARY_KINDS:
            same = [point for point in self.points if point.type == kind]
            if same and not any(point.is_primary for point in same):
                self._promote(same[0])

    def _join(self, kind: str, given: dict[Any, str], fill: bool) -> dict[str, tuple[Any, Any]]:
        mine = self.members[kind]
        new = {} if fill and mine else {key: name for key, name in given.items() if key not in mine}
        if not new:
            return {}
        before = list(mine.values())
        mine.update(new)
        self.joined[kind] |= new.keys()
        return {kind: (before, list(mine.values()))}


POINT_FIELDS = {"mail": "email", "phone": "phone", "id": "contact_points"}


def empty_draft(resource: ContactResource, row: Incoming) -> ContactDraft:
    """A contact that is not there yet, with the id that the row gives."""
    assert resource.user is not None
    columns = dict.fromkeys(("name", "description", "job_title", "external_id"), "")
    owner = resource.options.owner
    return ContactDraft(
        id=UUID(row.keys["id"][0]) if "id" in row.keys else uuid7(),
        is_new=True,
        resource=resource,
        columns={
            **columns,
            "contact_type": Contact.Type.PERSON,
            "assigned_to": UUID(owner) if owner else resource.user.pk,
            "team": None,
            "organization": None,
            "custom_fields": {},
        },
    )


def load_drafts(resource: ContactResource, ids: Iterable[UUID], *, lock: bool) -> dict[UUID, ContactDraft]:
    """The contacts as they are now. Five queries for any number, one more to lock them."""
    contacts = Contact.objects.filter(pk__in=list(ids)).order_by("pk")
    if lock:  # Who waited for it may find it merged away or in the trash.
        contacts = contacts.live()
        list(contacts.select_for_update().values_list("pk"))
    attributes = ("id", *PLAIN, "organization", "custom_fields", "organization__name")
    drafts = {}
    for key, *values, company in contacts.values_list(*attributes):
        columns = dict(zip(COLUMNS, values, strict=True))
        drafts[key] = ContactDraft(
            id=key,
            is_new=False,
            resource=resource,
            columns=columns,
            company=company or "",
            may_be_assigned=rules.belongs_to(resource.user, Contact, "change", columns["assigned_to"], columns["team"]),
        )
    names = ("type", "service", "value", "normalized", "extension", "label", "is_primary", "position", "id")
    for contact, *values in ContactPoint.objects.live().filter(contact__in=[*drafts]).values_list("contact", *names):
        drafts[contact].points.append(Point(*values))
    for kind, through, group in (("categories", ContactCategory, "category"), ("segments", ContactSegment, "segment")):
        rows = through.objects.filter(contact__in=[*drafts]).values_list("contact", group, f"{group}__name")
        for contact, key, name in rows:
            drafts[contact].members[kind][key] = name
    return drafts


def write_drafts(resource: ContactResource, drafts: Sequence[ContactDraft]) -> None:
    """Store the contacts; those that are new after what belongs to them, so that each is written once."""
    new = [draft for draft in drafts if draft.is_new]
    changed = [draft for draft in drafts if draft.is_changed and not draft.is_new]
    if demoted := [key for draft in drafts for key in draft.demoted]:
        ContactPoint.objects.filter(pk__in=demoted).update(is_primary=False)
    copying.copy(ContactPoint, (*POINT_COLUMNS, "origin"), _new_points(drafts))
    changed_points = [point for draft in drafts for point in draft.changed_points.values()]
    if changed_points:
        rows = ((point.id, point.service, point.label, point.is_primary) for point in changed_points)
        copying.update(ContactPoint, ("service", "label", "is_primary"), rows)
    for kind, through, group in (("categories", ContactCategory, "category"), ("segments", ContactSegment, "segment")):
        if joined := [(draft.id, key) for draft in drafts for key in draft.joined[kind]]:
            copying.copy(through, ("contact", group), joined)
    if new:
        assert resource.user is not None
        extra = (Origin.IMPORT.value, resource.user.pk)
        copying.copy(
            Contact, ("id", *COLUMNS, "origin", "created_by"), ((draft.id, *_stored(draft), *extra) for draft in new)
        )
    if changed:
        copying.update(Contact, COLUMNS, ((draft.id, *_stored(draft)) for draft in changed))


def _new_points(drafts: Sequence[ContactDraft]) -> Iterable[Sequence[Any]]:
    for draft in drafts:
        for point in draft.points:
            if point.id is None:
                yield (
                    draft.id,
                    point.type,
                    point.service,
                    point.value,
                    point.normalized,
                    point.extension,
                    point.label,
                    point.is_primary,
                    point.position,
                    Origin.IMPORT.value,
                )


def _stored(draft: ContactDraft) -> Iterable[Any]:
    for name in COLUMNS:
        value = draft.columns[name]
        yield json.dumps(value) if name == "custom_fields" else value
