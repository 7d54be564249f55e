"""The columns of contact files, in and out: for the admin, the API and the commands alike."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from import_export.fields import Field

from crm_project.access import rules
from crm_project.database.lookups import ASKED, first_of_each
from crm_project.transfer.columns import Source
from crm_project.transfer.headers import Vocabulary
from crm_project.transfer.resources import MOST_MATCHES, Draft
from crm_project.transfer.rows import Cells, Incoming, as_uuid, load_list

from . import phones, points
from .columns import VOCABULARY, compose_name, split_list
from .exporting import SOURCES, annotated
from .importing import ContactDraft, Point, empty_draft, load_drafts, write_drafts
from .models import Category, Contact, ContactCategory, ContactPoint, ContactSegment, Organization, Segment
from .owned_resource import TEXT, OwnedResource
from .services.contacts import LONGEST_NAME
from .services.naming import find, find_or_make, tidy

NOT_STORED = "Contacts have no such field; a mapping to a custom field keeps it."
OWN = "The CRM sets this itself."
UNSTORED = {
    **dict.fromkeys(["website", "street", "city", "state", "postal_code", "country"], NOT_STORED),
    **dict.fromkeys(["origin", "created_at", "updated_at", "created_by", "merged_into"], OWN),
}
TEXTS = {"name": TEXT, "job_title": TEXT, "external_id": TEXT, "company": TEXT, "description": None}
DEFAULT_SERVICE = {"mail": "mail", "phone": "phone"}
MEMBERS = {"categories": Category, "segments": Segment}
# A number may be followed by its extension behind a semicolon (RFC 3966), which otherwise parts numbers.
EXTENSION_PART = re.compile(r";\s*(?=ext)", re.IGNORECASE)


def split_phones(value: Any) -> list[str]:
    return split_list(EXTENSION_PART.sub(" ", value) if isinstance(value, str) else value)


def split_emails(value: Any) -> list[str]:
    return split_list(value, commas=True)


class ContactResource(OwnedResource):
    """Contacts. ``email`` and ``phone`` are the primary points; ``contact_points`` has them when values are not all.

    On a match, what a row does not say stays, and what it lists (points, categories, segments) is added to what is
    there: an import never takes anything away.
    """

    email = Field(column_name="email")
    phone = Field(column_name="phone")
    other_emails = Field(column_name="other_emails")
    other_phones = Field(column_name="other_phones")
    company = Field(column_name="company")
    contact_points = Field(column_name="contact_points")

    class Meta:
        model = Contact
        fields = [
            *["id", "name", "email", "phone", "other_emails", "other_phones", "company", "job_title", "contact_type"],
            *["categories", "segments", "description", "external_id", "contact_points"],
            *["assigned_to", "team", "origin", "created_at", "updated_at"],
        ]

    vocabulary = VOCABULARY
    match_keys = ("id", "external_id", "email", "phone")
    unstored = UNSTORED
    # Whom records belong to and when they came is another matter in another database.
    optional_columns = ("assigned_to", "team", "origin", "created_at", "updated_at")

    @classmethod
    def get_written_models(cls) -> Sequence[type[Model]]:
        return [Contact, ContactPoint, ContactCategory, ContactSegment]

    def full_vocabulary(self) -> Vocabulary:
        vocabulary = super().full_vocabulary()
        more: dict[str, list[str]] = {name: [] for name in ("other_emails", "other_phones", "contact_points")}
        return replace(vocabulary, targets={**vocabulary.targets, **more})

    # Import

    def read(self, cells: Cells, row: Incoming) -> None:
        values = row.values
        for name, limit in TEXTS.items():
            if text := cells.text(name, limit, strip=name != "description"):
                values[name] = text
        if company := values.get("company"):
            values["company"] = tidy(company)
        self._read_id(cells, row)
        if kind := cells.choice("contact_type", Contact.Type.choices):
            values["contact_type"] = kind
        for name in MEMBERS:
            if entries := list(dict.fromkeys(entry for _, entry in cells.lists(name, split_list, TEXT))):
                values[name] = entries
        values["points"] = given = self._read_points(cells)
        self._read_name(cells, values)
        self.read_custom_fields(cells, values)
        self.read_owners(cells, values)
        keys = row.keys
        for kind, key in (("mail", "email"), ("phone", "phone")):
            if found := [point.normalized for point in given if point.type == kind]:
                keys[key] = list(dict.fromkeys(found))
        if "external_id" in values:
            keys["external_id"] = [values["external_id"]]

    def _read_id(self, cells: Cells, row: Incoming) -> None:
        if not (text := cells.text("id")):
            return
        try:
            row.keys["id"] = [str(UUID(text))]
        except ValueError:
            header = cells.header("id")
            is_said = header in self.options.mapping or "id" in self.options.match
            if is_said or "external_id" in row.values or len(text) > TEXT:
                cells.refuse(
                    _("This is not an id of this CRM; another system's ids go to “external_id”."), header, text
                )
            else:
                row.values["external_id"] = text

    def _read_points(self, cells: Cells) -> list[Point]:
        """Those of ``contact_points`` first, as they stand; of the others those that are not among them."""
        given: list[Point] = []
        for header, value in cells.all("contact_points"):
            given += self._read_point_list(cells, header, value)
        present = {point.key for point in given}
        primaries = {point.type for point in given if point.is_primary}
        for target, kind, split in (
            ("email", "mail", split_emails),
            ("other_emails", "mail", split_emails),
            ("phone", "phone", split_phones),
            ("other_phones", "phone", split_phones),
        ):
            for header, value in cells.lists(target, split, 500):
                point = cells.check(header, value, partial(self._point, kind, value))
                if point and point.key not in present:
                    present.add(point.key)
                    point.is_primary = kind not in primaries
                    primaries.add(kind)
                    given.append(point)
        return given

    def _point(self, kind: str, value: str, region: str | None = None) -> Point:
        points.check(kind, value)
        normalized, extension = points.normalize(kind, value, region or self.options.region)
        return Point(kind, DEFAULT_SERVICE.get(kind, ""), value.strip(), normalized, extension)

    def _read_point_list(self, cells: Cells, header: str, value: Any) -> Iterator[Point]:
        """A list of objects as the API has it; ``region`` says where a national number is from."""
        entries = load_list(value)
        if not isinstance(entries, list):
            cells.refuse(_("This must be a list of contact points: [{“type”: “phone”, “value”: “…”}]."), header, value)
            return
        for entry in entries:
            if problem := point_problem(entry):
                cells.refuse(problem, header, entry)
                continue
            clean = partial(self._point, entry["type"], entry["value"], entry.get("region"))
            if point := cells.check(header, entry["value"], clean):
                point.service = entry.get("service") or point.service
                point.label = entry.get("label") or ""
                point.is_primary = entry.get("is_primary") is True
                point.is_explicit = True
                if not point.service:
                    cells.refuse(_("An account needs its service, such as “telegram”."), header, entry)
                yield point

    def _read_name(self, cells: Cells, values: dict[str, Any]) -> None:
        self.read_name_parts(cells, values)
        if "name" not in values:
            reached: dict[str, str] = {}
            for point in values["points"]:
                reached.setdefault(point.type, point.value)
            nickname, company = cells.text("nickname", 255), values.get("company", "")
            email, phone = reached.get("mail", ""), reached.get("phone") or reached.get("id", "")
            fallback = compose_name(nickname=nickname, company=company, email=email, phone=phone)
            values["fallback_name"] = fallback[:LONGEST_NAME]
            values["is_company"] = bool(company) and not nickname

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        asked = {row.values["company"] for row in rows if "company" in row.values}
        found = self._named(Organization, asked, make, created_by=self.user)
        for row in rows:
            if "company" in row.values:
                row.values["organization"] = found.get(row.values["company"])
        self._resolve_categories(rows, make)
        self._resolve_segments(rows, make)
        super().resolve(rows, make=make)

    @staticmethod
    def _named(model: Any, names: set[str], make: bool, **columns: Any) -> dict[str, UUID]:
        if not names:
            return {}
        return find_or_make(model, sorted(names), **columns) if make else find(model, names)

    def _resolve_categories(self, rows: Sequence[Incoming], make: bool) -> None:
        found = self._named(Category, {name for row in rows for name in row.values.get("categories", ())}, make)
        for row in rows:
            if names := row.values.get("categories"):
                row.values["categories"] = {found.get(name, name): name for name in names}

    def _resolve_segments(self, rows: Sequence[Incoming], make: bool) -> None:
        """Static segments by name or id; missing ones are made by those who may."""
        names = {name for row in rows for name in row.values.get("segments", ())}
        if not names:
            return
        may_make = rules.may(self.user, Segment, "add")
        found: dict[str, UUID] = self._named(Segment, names, make and may_make)
        ids = {name: key for name in names if (key := as_uuid(name)) and name not in found}
        kinds = dict(Segment.objects.filter(pk__in=[*found.values(), *ids.values()]).values_list("pk", "kind"))
        found |= {name: key for name, key in ids.items() if key in kinds}
        for row in rows:
            for name in row.values.get("segments", ()):
                if name not in found and (not may_make or name in ids):
                    row.refuse(_("There is no segment “%s”, and you may not make one.") % name, "segments", name)
                elif kinds.get(found.get(name)) == Segment.Kind.DYNAMIC:
                    row.refuse(_("The segment “%s” is dynamic: its filter says who is in it.") % name, "segments", name)
            if row.values.get("segments"):
                row.values["segments"] = {found.get(name, name): name for name in row.values["segments"]}

    def find(self, key: str, values: Sequence[str]) -> Iterable[tuple[str, UUID]]:
        contacts = rules.each_visible(Contact.objects.live(), self.user)
        if key == "id":
            return [(str(pk), pk) for pk in contacts.filter(pk__in=values).values_list("pk", flat=True)]
        if key == "external_id":
            found = contacts.filter(external_id=ASKED).exclude(external_id="")
        else:
            kind = ContactPoint.Type.MAIL if key == "email" else ContactPoint.Type.PHONE
            found = contacts.filter(points__normalized=ASKED, points__type=kind, points__deleted_at=None)
        return first_of_each(values, found, MOST_MATCHES)

    def load(self, ids: Iterable[UUID], *, lock: bool) -> dict[UUID, Draft]:
        return load_drafts(self, ids, lock=lock)  # type: ignore[return-value]

    def new(self, row: Incoming) -> ContactDraft:
        return empty_draft(self, row)

    def write(self, drafts: Sequence[Draft]) -> None:
        write_drafts(self, drafts)  # type: ignore[arg-type]

    # Export

    def sources(self) -> dict[str, Source]:
        return super().sources() | SOURCES

    def export_rows(self, queryset: QuerySet, columns: Sequence[str]) -> Generator[list[Any]]:
        return super().export_rows(annotated(queryset, columns), columns)


def point_problem(entry: Any) -> str | None:
    """What is wrong with the form of one entry of ``contact_points``, in a sentence."""
    if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
        return _("A contact point is an object with “type” and “value”.")
    if len(entry["value"]) > 500:
        return _("The value of a contact point has 500 characters at most.")
    for name, choices in (("type", ContactPoint.Type.values), ("service", [*ContactPoint.Service.values, "", None])):
        if entry.get(name) not in choices:
            return _("The %(name)s of a contact point is one of: %(choices)s.") % {
                "name": name,
                "choices": ", ".join(filter(None, choices)),
            }
    if not isinstance(label := entry.get("label") or "", str) or len(label) > 50:
        return _("The label of a contact point is text of 50 characters at most.")
    region = entry.get("region")
    if region is not None and region not in phones.phonenumbers.SUPPORTED_REGIONS:
        return _("The region of a contact point is a country's code of two letters, such as US.")
    return None
