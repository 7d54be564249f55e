"""Timeline entries for people: with names for keys, labels for columns, and what was before each change."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.history.timeline import Entry

from .lists import name_of

LONGEST = 200
PUBLIC = {User, Group, Permission}  # Whose names every member of staff reads, to hand records over, say.
HIDDEN_COLUMNS = {"deleted_by_id", "created_by_id", "merged_into_id"}
TITLES = {
    "created": gettext_lazy("%s added"),
    "changed": gettext_lazy("%s changed"),
    "deleted": gettext_lazy("%s removed"),
}
DOORS = {
    "api": gettext_lazy("API"),
    "admin": gettext_lazy("admin"),
    "import": gettext_lazy("import"),
    "command": gettext_lazy("command"),
    "app_connect": "App Connect",
    "eadesk": "Eadesk",
    "survey": gettext_lazy("survey page"),
    "unsubscribe": gettext_lazy("unsubscribe page"),
    "nurturing": gettext_lazy("nurturing"),
    "worker": gettext_lazy("automatic"),
}
NOTHING = "–"
TEXTS = ("body", "note", "notes", "description", "outcome", "next_action")  # Of interactions, as their sources tell.
ICONS = {
    "call": "call",
    "message": "chat",
    "email": "mail",
    "meeting": "groups",
    "note": "sticky_note_2",
    "created": "add_circle",
    "changed": "edit",
    "deleted": "remove_circle",
}


@dataclass(frozen=True)
class Table:
    """The model behind the first part of an event's type, such as ``contact`` of ``contact.changed``.

    A part of a record of the kind ``part_of`` is told by one column, ``value``, and called after its column ``label``
    or its kind.
    """

    model: type[models.Model]
    value: str = ""
    label: str = ""
    part_of: str = ""


@dataclass
class Change:
    label: str
    before: str
    after: str


@dataclass
class Told:
    """One entry as a page shows it."""

    at: dt.datetime
    actor: str
    door: str
    title: str
    icon: str
    text: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        what = "; ".join(f"{change.label}: “{change.before}” → “{change.after}”" for change in self.changes)
        at = formats.date_format(timezone.localtime(self.at), "SHORT_DATETIME_FORMAT")
        return f"{at} · {self.actor} · {self.title}" + (f" · {what}" if what else "")


class Teller:
    """Tells entries to a user, who reads the names of records only where they may see them.

    Costs one query for the users and one for each other kind of record that the changes mention. ``labels`` names the
    keys of ``custom_fields``; records of another kind than ``about``, whose story it is, are called by their names.
    """

    def __init__(
        self, user: Any, tables: Mapping[str, Table], labels: Mapping[str, str] | None = None, about: str = ""
    ) -> None:
        self.user, self.tables, self.labels, self.about = user, tables, labels or {}, about or next(iter(tables))

    def tell(self, entries: Sequence[Entry]) -> list[Told]:
        """Changes of one record that were made together, in one transaction, are told as one."""
        self.names = self.find_names(entries)
        together = groupby(entries, lambda entry: (entry.at, entry.actor) if entry.kind == "event" else entry.id)
        return [self.told(part) for _key, group in together for part in self.by_record(group)]

    def by_record(self, entries: Iterable[Entry]) -> Iterable[list[Entry]]:
        found: dict[Any, list[Entry]] = defaultdict(list)
        for entry in entries:
            kind = entry.type.partition(".")[0]
            table = self.tables.get(kind)
            found[(table.part_of, "") if table and table.part_of else (kind, entry.record)].append(entry)
        return found.values()

    def subject(self, entry: Entry) -> str:
        """What the record is called that the entry is about, where its source says so."""
        return entry.summary.partition("“")[2].partition("”")[0]

    def column(self, entry: Entry, name: str) -> Any:
        table = self.tables.get(entry.type.partition(".")[0])
        try:
            return table and table.model._meta.get_field(name)
        except FieldDoesNotExist:
            return None

    def find_names(self, entries: Sequence[Entry]) -> dict[str, str]:
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for entry in entries:
            wanted[User].add(entry.actor)
            for name, values in entry.changes.items():
                column = self.column(entry, name)
                if column is not None and column.is_relation:
                    wanted[column.related_model] |= set(values)
        names: dict[str, str] = {}
        for model, keys in wanted.items():
            rows = model._default_manager.filter(pk__in=keys - {None})
            if model not in PUBLIC:
                rows = rules.visible(rows, self.user)
            names |= {str(row.pk): name_of(row) if isinstance(row, User) else str(row) for row in rows}
        return names

    def told(self, entries: list[Entry]) -> Told:
        first = entries[0]
        told = Told(
            at=first.at,
            actor=self.names.get(str(first.actor)) or _("System"),
            door=str(DOORS.get(first.door or "", first.door or "")),
            title=first.summary,
            icon=ICONS.get(first.type, "history"),
        )
        if first.kind == "interaction":
            texts = [first.data.get(name) for name in TEXTS]
            told.text = "\n".join(text for text in texts if text and text != told.title)
            return told
        if special := next((entry for entry in entries if entry.type.partition(".")[2] not in TITLES), None):
            told.title = special.summary
            return told
        wholes = [entry for entry in entries if self.is_whole(entry)]
        telling = (entry for entry in wholes if not entry.type.endswith(".changed"))  # Added, and changed at once.
        whole = next(telling, wholes[0] if wholes else first)
        kind, _dot, verb = whole.type.partition(".")
        if kind not in self.tables:
            return told
        name = self.subject(whole)
        if not self.is_whole(whole):
            kind, verb, name = self.tables[kind].part_of, "changed", ""
        called = capfirst(str(self.tables[kind].model._meta.verbose_name))
        if name and kind != self.about:
            called = _("%(kind)s “%(name)s”") % {"kind": called, "name": name}
        told.title = str(TITLES[verb]) % called
        told.icon = ICONS[verb]
        entries.sort(key=self.is_whole, reverse=True)
        told.changes = [change for entry in entries for change in self.changes(entry)]
        return told

    def is_whole(self, entry: Entry) -> bool:
        """Whether the entry is about the record itself, not about a part of it."""
        table = self.tables.get(entry.type.partition(".")[0])
        return table is not None and not table.value

    def changes(self, entry: Entry) -> list[Change]:
        kind, _dot, verb = entry.type.partition(".")
        if kind not in self.tables:
            return []
        table, found = self.tables[kind], []
        shown = {name: values for name, values in entry.changes.items() if name not in HIDDEN_COLUMNS}
        if table.value and verb != "changed":
            return [self.part(entry, table, verb)]
        subject = f"{self.subject(entry)} · " if table.value else ""
        for name, (before, after) in shown.items():
            column = self.column(entry, name)
            if name == "custom_fields":
                found += self.of_dict(before or {}, after or {})
                continue
            label = capfirst(str(column.verbose_name)) if column is not None else name
            found.append(Change(subject + label, self.text(column, before), self.text(column, after)))
        return [change for change in found if change.before != change.after]

    def part(self, entry: Entry, table: Table, verb: str) -> Change:
        at = 0 if verb == "deleted" else 1
        label = capfirst(str(self.column(entry, table.value).verbose_name))
        if table.label in entry.changes:
            label = self.text(self.column(entry, table.label), entry.changes[table.label][at])
        value = self.text(self.column(entry, table.value), entry.changes.get(table.value, [None, None])[at])
        return Change(label, value, NOTHING) if verb == "deleted" else Change(label, NOTHING, value)

    def of_dict(self, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return [
            Change(self.labels.get(key, key), self.text(None, before.get(key)), self.text(None, after.get(key)))
            for key in keys
        ]

    def text(self, column: Any, value: Any) -> str:
        if value in (None, "", []):
            return NOTHING
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if column is not None and column.is_relation:
            return self.names.get(str(value)) or _("(not visible)")
        if column is not None and column.choices:
            return str(dict(column.flatchoices).get(value, value))
        if isinstance(column, models.DateTimeField) and (moment := parse_datetime(str(value))):
            return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return Truncator(text).chars(LONGEST)
