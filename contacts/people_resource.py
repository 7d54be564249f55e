"""The files of leads and customers: one row is one person in that role, behind whom stands one contact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from crm_project.access import rules
from crm_project.database import copying
from crm_project.database.lookups import ASKED, first_of_each
from crm_project.transfer.headers import Vocabulary
from crm_project.transfer.resources import MOST_MATCHES, Draft
from crm_project.transfer.rows import Cells, Incoming, RowRefused

from . import phones, points
from .columns import VOCABULARY
from .models import Contact, ContactPoint, Origin
from .owned_resource import NAME_PARTS, OwnedResource, refuse_handover
from .people import PersonModel
from .services.naming import tidy
from .services.people import contacts_for

OWN = "The CRM sets this itself."
UNSTORED = dict.fromkeys(["contact_id", "created_by", "created_at", "updated_at"], OWN)
PERSON_TARGETS = ("name", *NAME_PARTS, "email", "phone", "company")
PERSON_COLUMNS = ("name", "email", "phone", "company", "notes", "assigned_to", "team")


def vocabulary_of(nouns: Sequence[str], targets: dict[str, list[str]]) -> Vocabulary:
    """The headers of contacts that a person in a role has too, those that begin with the role's nouns, and its own."""
    shared = {name: VOCABULARY.targets[name] for name in PERSON_TARGETS}
    own = {name: [*(f"{noun} {name}" for noun in nouns), *headers] for name, headers in targets.items()}
    return Vocabulary(
        targets={
            "id": [],
            **own,
            **shared,
            "name": [*nouns, *(f"{noun} Name" for noun in nouns), *shared["name"]],
            "notes": VOCABULARY.targets["description"],
            "assigned_to": [],
            "team": [],
        },
        ignored=VOCABULARY.ignored,
        qualifiers=VOCABULARY.qualifiers,
        readings={header: VOCABULARY.readings[header] for header in ("Имя", "Name")},
    )


@dataclass(slots=True)
class PersonDraft(Draft):
    """A person as they are going to be, as a row of the model that is not saved yet."""

    resource: PersonResource
    record: Any
    is_new: bool
    may_be_assigned: bool = True
    is_begun: bool = False
    changed: set[str] = field(default_factory=set)

    @property
    def id(self) -> UUID:  # type: ignore[override]
        return self.record.pk

    @property
    def label(self) -> str:  # type: ignore[override]
        return self.record.name

    def apply(self, row: Incoming, *, fill: bool) -> dict[str, tuple[Any, Any]]:
        is_first = self.is_new and not self.is_begun
        if is_first:
            self.refuse_incomplete(row)
        changes = self.changes(row.values, fill=fill and not is_first)
        refuse_handover(changes, may_be_assigned=self.may_be_assigned)
        self.refuse(changes, row.values)
        given = row.values.get("custom_fields")
        custom = self.resource.custom_changes(self.id, self.record.custom_fields, given, fill=fill, is_first=is_first)
        if "email" in changes:
            self.resource.email_owners[row.keys["email"][0]] = self.id
        # From here on nothing refuses any more.
        self.is_begun = True
        self.take({name: after for name, (_, after) in changes.items()}, row.values)
        self.record.custom_fields = {**self.record.custom_fields, **custom}
        self.changed |= changes.keys() | ({"custom_fields"} if custom else set())
        if is_first:  # What a new person has by default, no row has changed.
            changes = {name: (None, row.values[name]) for name in self.resource.columns if name in row.values}
        return changes | {f"custom_fields.{key}": (None, value) for key, value in custom.items()}

    def changes(self, values: dict[str, Any], *, fill: bool) -> dict[str, tuple[Any, Any]]:
        """The values before and after of each column that the row changes."""
        found = {}
        for name, column in self.resource.columns.items():
            if name not in values:
                continue
            before, after = getattr(self.record, column), values[name]
            same = before == after or (name == "email" and before and before.lower() == after.lower())
            if not same and not (fill and before not in (None, "")):
                found[name] = (before, after)
        return found

    def refuse_incomplete(self, row: Incoming) -> None:
        """A new person needs what the API asks for; only one with an id, as own exports have, may lack an address."""
        noun = self.resource.noun()
        if "name" not in row.values:
            raise RowRefused(_("A %s needs a name.") % noun, "name")
        if "email" not in row.values and "id" not in row.keys:
            raise RowRefused(_("A %s needs an e-mail address.") % noun, "email")

    def refuse(self, changes: dict[str, tuple[Any, Any]], values: dict[str, Any]) -> None:
        """Raise ``RowRefused`` for a change that a rule forbids."""
        if "email" in changes:
            self.resource.refuse_taken_email(values["email"], self.id)

    def take(self, values: dict[str, Any], given: dict[str, Any]) -> None:
        """Write the values that change onto the record; ``given`` is the whole row."""
        for name, value in values.items():
            setattr(self.record, self.resource.columns[name], value)
        if "phone" in values:
            self.record.normalized_phone = given["normalized_phone"]


class PersonResource(OwnedResource):
    """Leads or customers. On a match, what a row does not say stays as it is."""

    match_keys = ("id", "email", "phone")
    draft_class: ClassVar[type[PersonDraft]] = PersonDraft
    texts: ClassVar[tuple[str, ...]] = ("name", "company", "notes")
    choices: ClassVar[tuple[str, ...]] = ("status",)
    own_columns: ClassVar[tuple[str, ...]] = ()
    computed_columns: ClassVar[tuple[str, ...]] = ("normalized_phone",)
    related: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.email_owners: dict[str, UUID] = {}
        fields = [self.get_model()._meta.get_field(name) for name in (*PERSON_COLUMNS, *self.own_columns)]
        self.attributes = [field.attname for field in fields]  # type: ignore[union-attr]
        # What a row may say, and the attribute of the record that holds it: an id, or the related record itself.
        self.columns = {
            field.name: field.name if field.name in self.related else attribute
            for field, attribute in zip(fields, self.attributes, strict=True)
        }

    @classmethod
    def get_written_models(cls) -> Sequence[type[Model]]:
        return [cls.get_model(), Contact, ContactPoint]

    # Reading

    def read(self, cells: Cells, row: Incoming) -> None:
        values, model = row.values, self.get_model()
        for name in self.texts:
            limit = model._meta.get_field(name).max_length  # type: ignore[union-attr]
            if text := cells.text(name, limit, strip=limit is not None):
                values[name] = text
        if company := values.get("company"):
            values["company"] = tidy(company)
        self.read_name_parts(cells, values)
        for name in self.choices:
            if choice := cells.choice(name, model._meta.get_field(name).choices):  # type: ignore[union-attr,arg-type]
                values[name] = choice
        cells.read_key(row)
        self._read_email(cells, row)
        self._read_phone(cells, row)
        self.read_custom_fields(cells, values)
        self.read_owners(cells, values)

    def _read_email(self, cells: Cells, row: Incoming) -> None:
        if text := cells.text("email", 254):
            cells.check(cells.header("email") or "email", text, partial(points.check, "mail", text))
            row.values["email"], row.keys["email"] = text, [text.lower()]

    def _read_phone(self, cells: Cells, row: Incoming) -> None:
        """A number of the import's country that would be read as another one later is kept in international form."""
        if text := cells.text("phone", phones.LONGEST):
            cells.check(cells.header("phone") or "phone", text, partial(points.check, "phone", text))
            number = phones.parse(text, self.options.region)
            if number.is_valid and phones.parse(text) != number:
                text = f"{number.normalized} ext. {number.extension}" if number.extension else number.normalized
            row.values["phone"], row.values["normalized_phone"] = text, number.normalized
            row.keys["phone"] = [number.normalized]

    # Looking up

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        super().resolve(rows, make=make)
        emails = {row.keys["email"][0] for row in rows if "email" in row.keys}
        self.email_owners = dict(self._by_email(emails)) if emails else {}

    def _by_email(self, emails: Iterable[str]) -> Any:
        """Live people with these addresses in small letters, whoever may see them."""
        people = self.get_model()._default_manager.filter(deleted_at=None).annotate(folded=Lower("email"))
        return people.filter(folded__in=list(emails)).values_list("folded", "pk")

    def refuse_taken_email(self, email: str, record: UUID) -> None:
        if self.email_owners.get(email.lower(), record) == record:
            return
        noun = self.noun()
        hint = "" if "email" in self.options.match else _(" To change that %s, match by email.") % noun
        raise RowRefused(
            _("Another %(noun)s has this e-mail address.%(hint)s") % {"noun": noun, "hint": hint}, "email", email
        )

    def find(self, key: str, values: Sequence[str]) -> Iterable[tuple[str, UUID]]:
        if key == "email":
            return rules.visible(self._by_email(values), self.user)
        people = rules.each_visible(self.get_model()._default_manager.filter(deleted_at=None), self.user)
        if key == "phone":
            found = people.filter(normalized_phone=ASKED).exclude(normalized_phone="")
            return first_of_each(values, found, MOST_MATCHES)
        return [(str(pk), pk) for pk in people.filter(pk__in=values).values_list("pk", flat=True)]

    def load(self, ids: Iterable[UUID], *, lock: bool) -> dict[UUID, Draft]:
        """Two queries at most for any number: what is locked joins nothing."""
        people: Any = self.get_model()._default_manager.filter(pk__in=list(ids)).order_by("pk")
        if lock:  # Who waited for it may find it in the trash.
            people = people.filter(deleted_at=None)
            list(people.select_for_update().values_list("pk"))
        return {each.pk: self._draft_of(each) for each in people.select_related(*self.related or [None])}

    def _draft_of(self, record: Any) -> PersonDraft:
        owned = rules.belongs_to(self.user, type(record), "change", record.assigned_to_id, record.team_id)
        return self.draft_class(self, record, is_new=False, may_be_assigned=owned)

    def new(self, row: Incoming) -> Draft:
        assert self.user is not None
        owner = UUID(self.options.owner) if self.options.owner else self.user.pk
        key = UUID(row.keys["id"][0]) if "id" in row.keys else uuid7()
        return self.draft_class(self, self.get_model()(pk=key, assigned_to_id=owner), is_new=True)

    # Writing

    def write(self, drafts: Sequence[Draft]) -> None:
        people: list[PersonDraft] = [draft for draft in drafts if isinstance(draft, PersonDraft)]
        new = [draft for draft in people if draft.is_new]
        changed = [draft for draft in people if draft.changed and not draft.is_new]
        moved = [draft for draft in changed if draft.changed & {"email", "phone"}]
        assert self.user is not None
        reached = [draft.record for draft in [*new, *moved]]
        contacts_for(reached, actor=self.user, origin=Origin.IMPORT, region=self.options.region)
        self.complete([*new, *changed])
        model = self.get_model()
        columns: tuple[str, ...] = (*self.attributes, *self.computed_columns, "custom_fields")
        if changed:
            copying.update(model, columns, ((draft.id, *_values(draft.record, columns)) for draft in changed))
        if new:
            columns = ("id", "contact_id", *columns)
            rows = ((*_values(draft.record, columns), self.user.pk) for draft in new)
            copying.copy(model, (*columns, "created_by"), rows)

    def complete(self, drafts: Sequence[PersonDraft]) -> None:
        """Set what follows from the other columns, before the records are stored."""


def _values(record: PersonModel, columns: Iterable[str]) -> Iterable[Any]:
    for name in columns:
        value = getattr(record, name)
        yield json.dumps(value) if name == "custom_fields" else value
