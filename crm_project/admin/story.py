"""Timeline entries for people: with names for keys, labels for columns, and what was before each change."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
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
PUBLIC = {User, Group}  # Whose names every member of staff reads, to hand records over and to share them.
HIDDEN_COLUMNS = {"deleted_by_id", "created_by_id"}
VERBS = {"created": gettext_lazy("added"), "changed": gettext_lazy("changed"), "deleted": gettext_lazy("removed")}
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


def tell(entries: Sequence[Entry], tables: Mapping[str, type[models.Model]], user: Any) -> list[Told]:
    """The entries for this user, who reads the names of records only where they may see them.

    ``tables`` names the model behind the first part of an event's type, such as ``contact`` of ``contact.changed``.
    One query for the users and one for each other kind of record that the changes mention.
    """
    names = _names(entries, tables, user)
    return [_told(entry, tables, names) for entry in entries]


def _column(entry: Entry, tables: Mapping[str, type[models.Model]], name: str) -> Any:
    table = tables.get(entry.type.partition(".")[0])
    try:
        return table and table._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _names(entries: Sequence[Entry], tables: Mapping[str, type[models.Model]], user: Any) -> dict[Any, str]:
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for entry in entries:
        wanted[User].add(entry.actor)
        for name, values in entry.changes.items():
            column = _column(entry, tables, name)
            if column is not None and column.is_relation:
                wanted[column.related_model] |= set(values)
    names: dict[Any, str] = {}
    for model, keys in wanted.items():
        rows = model._default_manager.filter(pk__in=keys - {None})
        if model not in PUBLIC:
            rows = rules.visible(rows, user)
        names |= {str(row.pk): name_of(row) if isinstance(row, User) else str(row) for row in rows}
    return names


def _told(entry: Entry, tables: Mapping[str, type[models.Model]], names: dict[Any, str]) -> Told:
    kind, _dot, verb = entry.type.partition(".")
    told = Told(
        at=entry.at,
        actor=names.get(entry.actor) or _("System"),
        door=entry.door or "",
        title=entry.summary,
        icon=ICONS.get(verb or kind, "history"),
    )
    if entry.kind == "interaction":
        told.text = "\n".join(filter(None, (entry.data.get("body"), entry.data.get("note"))))
        return told
    table = tables.get(kind)
    if table is None:
        return told
    for name, (before, after) in entry.changes.items():
        if name in HIDDEN_COLUMNS:
            continue
        column = _column(entry, tables, name)
        if name == "custom_fields":
            told.changes += _of_dict(before or {}, after or {})
        else:
            label = capfirst(str(column.verbose_name)) if column is not None else name
            told.changes.append(Change(label, _shown(column, before, names), _shown(column, after, names)))
    told.title = f"{capfirst(str(table._meta.verbose_name))} {VERBS.get(verb, verb)}"
    if verb != "changed":
        told.changes = [change for change in told.changes if change.after != "–" or change.before != "–"]
    return told


def _of_dict(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [Change(key, _shown(None, before.get(key), {}), _shown(None, after.get(key), {})) for key in keys]


def _shown(column: Any, value: Any, names: dict[Any, str]) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if column is not None and column.is_relation:
        return names.get(str(value)) or _("(not visible)")
    if column is not None and column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(column, models.DateTimeField) and (moment := parse_datetime(str(value))):
        return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return Truncator(text).chars(LONGEST)
