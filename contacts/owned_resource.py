"""What the files of contacts, leads and customers have in common: ids, owners, and the fields that staff define."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils.translation import gettext as _

from crm_project.access import rules
from crm_project.access.grants import grants_of
from crm_project.access.models import User
from crm_project.transfer.columns import Source
from crm_project.transfer.headers import Vocabulary, nearest
from crm_project.transfer.resources import CrmResource
from crm_project.transfer.rows import Cells, Incoming, RowRefused, as_uuid, load_list

from . import custom_fields as custom
from .columns import compose_name, split_list
from .models import CustomField

CUSTOM = "custom_fields."
TEXT = 255
NAME_PARTS = {
    "first_name": "first",
    "middle_name": "middle",
    "last_name": "last",
    "name_prefix": "prefix",
    "name_suffix": "suffix",
}


class OwnedResource(CrmResource):
    """Records that belong to somebody and have ``custom_fields``; the kind's name is that of their custom fields."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._definitions: list[CustomField] | None = None
        self.unique_owners: dict[tuple[str, str], set[UUID]] = {}

    @classmethod
    def noun(cls) -> str:
        return str(cls.get_model()._meta.verbose_name)

    @property
    def definitions(self) -> list[CustomField]:
        if self._definitions is None:
            self._definitions = custom.definitions(self.kind())
        return self._definitions

    def full_vocabulary(self) -> Vocabulary:
        vocabulary = super().full_vocabulary()
        more: dict[str, list[str]] = {"custom_fields": []}
        more |= {f"{CUSTOM}{field.key}": [field.key, field.label] for field in self.definitions}
        return replace(vocabulary, targets={**vocabulary.targets, **more})

    def label_of(self, name: str) -> str:
        labels = {f"{CUSTOM}{each.key}": each.label for each in self.definitions}
        return labels.get(name) or super().label_of(name)

    def all_columns(self) -> list[str]:
        own = list(self._meta.fields)
        at = own.index(self.optional_columns[0])
        return [*own[:at], *(f"{CUSTOM}{field.key}" for field in self.definitions), *own[at:]]

    def sources(self) -> dict[str, Source]:
        """Where the columns of an export are found; those of custom fields, and names of owners in place of ids."""
        return {
            "assigned_to": ("assigned_to__username", None),
            "team": ("team__name", None),
            **{f"{CUSTOM}{field.key}": ("custom_fields", methodcaller("get", field.key)) for field in self.definitions},
        }

    # Reading

    def read_name_parts(self, cells: Cells, values: dict[str, Any]) -> None:
        """Where no column has the whole name, it is made of its parts."""
        if "name" in values:
            return
        parts = {part: cells.text(name, TEXT) for name, part in NAME_PARTS.items()}
        if any(parts[part] for part in ("first", "middle", "last")):
            values["name"] = compose_name(**parts)
            if len(values["name"]) > TEXT:
                cells.refuse(_("The parts of the name are longer than 255 characters together."), None, values["name"])

    def read_owners(self, cells: Cells, values: dict[str, Any]) -> None:
        for name in ("assigned_to", "team"):
            if text := cells.text(name, 320):
                values[name] = text

    def read_custom_fields(self, cells: Cells, values: dict[str, Any]) -> None:
        given: dict[str, Any] = {}
        known = {field.key: field for field in self.definitions}
        for header, value in cells.all("custom_fields"):
            if not isinstance(value, dict):
                cells.refuse(_("This must be an object of keys and values."), header, value)
                continue
            for key, inner in value.items():
                if key in known:
                    self._clean_custom(cells, known[key], f"{CUSTOM}{key}", inner, given)
                else:
                    guess = nearest(key, known)
                    hint = _(" Did you mean “%s”?") % guess if guess else ""
                    cells.refuse(
                        _("There is no custom field “%(key)s”.%(hint)s") % {"key": key[:60], "hint": hint},
                        f"{CUSTOM}{key[:60]}",
                        inner,
                    )
        for field in known.values():
            for header, value in cells.all(f"{CUSTOM}{field.key}", strip=False):
                self._clean_custom(cells, field, header, value, given)
        if given:
            values["custom_fields"] = given

    def _clean_custom(self, cells: Cells, field: CustomField, header: str, value: Any, given: dict[str, Any]) -> None:
        if field.type == CustomField.Type.MULTI_CHOICE:
            given_list = load_list(value)
            value = split_list(given_list) if isinstance(given_list, str) else given_list
        if (cleaned := cells.check(header, value, partial(custom.clean_value, field, value))) is not None:
            given[field.key] = cleaned

    # Looking up

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        self._resolve_owners(rows)
        self._lock_unique_values(rows, lock=make)

    def _resolve_owners(self, rows: Sequence[Incoming]) -> None:
        """Whom the records belong to. Who works with own records only, keeps to themselves and their teams."""
        names = {row.values["assigned_to"] for row in rows if "assigned_to" in row.values}
        teams = {row.values["team"] for row in rows if "team" in row.values}
        model = self.get_model()
        everybody, many = rules.reaches_all(self.user, model, "change"), model._meta.verbose_name_plural
        users = self._users(names) if names else {}
        groups = self._teams(teams) if teams else {}
        assert self.user is not None
        for row in rows:
            if name := row.values.get("assigned_to"):
                row.values["assigned_to"] = users.get(name.casefold())
                if row.values["assigned_to"] is None:
                    row.refuse(_("There is no active user “%s”.") % name, "assigned_to", name)
                elif not everybody and row.values["assigned_to"] != self.user.pk:
                    row.refuse(_("You may not assign %s to other people.") % many, "assigned_to", name)
            if name := row.values.get("team"):
                row.values["team"] = groups.get(name.casefold())
                if row.values["team"] is None:
                    row.refuse(_("There is no team “%s”.") % name, "team", name)
                elif not everybody and row.values["team"] not in grants_of(self.user).group_ids:
                    row.refuse(_("You may not assign %s to a team that you are not in.") % many, "team", name)

    @staticmethod
    def _users(names: set[str]) -> dict[str, UUID]:
        ids = [key for name in names if (key := as_uuid(name))]
        asked = Q(username__in=names) | Q(pk__in=ids)
        for name in names:
            if "@" in name:
                asked |= Q(email__iexact=name)
        rows = User.objects.filter(asked, is_active=True).values_list("pk", "username", "email")
        return {str(word).casefold(): pk for pk, username, email in rows for word in (email, pk, username) if word}

    @staticmethod
    def _teams(names: set[str]) -> dict[str, int]:
        ids = [int(name) for name in names if name.isdecimal() and len(name) < 10]
        rows = Group.objects.filter(Q(name__in=names) | Q(pk__in=ids), role=None).values_list("pk", "name")
        return {str(word).casefold(): pk for pk, name in rows for word in (pk, name)}

    def _lock_unique_values(self, rows: Sequence[Incoming], *, lock: bool) -> None:
        given = {
            (field.key, json.dumps(value)): value
            for field in self.definitions
            if field.unique
            for row in rows
            if (value := row.values.get("custom_fields", {}).get(field.key)) is not None
        }
        values = [(key, value) for (key, _), value in given.items()]
        self.unique_owners = custom.owners(self.get_model(), values, entity=self.kind(), lock=lock) if values else {}

    def taken(self, ids: Sequence[UUID]) -> set[UUID]:
        return set(self.get_model()._default_manager.filter(pk__in=ids).values_list("pk", flat=True))

    def changeable(self, ids: Iterable[UUID]) -> set[UUID]:
        model = self.get_model()
        if rules.reaches_all(self.user, model, "change"):
            return set(ids)
        asked = model._default_manager.filter(pk__in=list(ids))
        return set(rules.visible(asked, self.user, "change").values_list("pk", flat=True))

    # What drafts ask

    def custom_changes(
        self, record: UUID, stored: Mapping[str, Any], given: Mapping[str, Any] | None, *, fill: bool, is_first: bool
    ) -> dict[str, Any]:
        """The custom values that change, with the defaults of a new record.

        Raises:
            RowRefused: one is missing, or another record has one that must be unique.
        """
        changes = {
            key: value
            for key, value in (given or {}).items()
            if stored.get(key) != value and not (fill and key in stored)
        }
        if is_first:
            changes = self.defaults() | changes
        if is_first or changes:
            for each in self.definitions:
                if each.required and each.key not in changes and each.key not in stored:
                    raise RowRefused(_("“%s” is required.") % each.label, f"{CUSTOM}{each.key}")
        self._claim(record, changes)
        return changes

    def defaults(self) -> dict[str, Any]:
        return {each.key: each.default for each in self.definitions if each.default is not None}

    def _claim(self, record: UUID, changes: dict[str, Any]) -> None:
        keys = [each.key for each in self.definitions if each.unique and each.key in changes]
        unique = [(key, json.dumps(changes[key])) for key in keys]
        for key, value in unique:
            if self.unique_owners.get((key, value), set()) - {record}:
                message = _("Another %s has this value, which must be unique.") % self.noun()
                raise RowRefused(message, f"{CUSTOM}{key}", changes[key])
        for name in unique:
            self.unique_owners.setdefault(name, set()).add(record)


def refuse_handover(changes: Iterable[str], *, may_be_assigned: bool) -> None:
    """A record that was only shared with somebody is not theirs to assign."""
    if not may_be_assigned and (name := next((name for name in ("assigned_to", "team") if name in changes), None)):
        raise RowRefused(_("It is shared with you; only its owner or a manager may assign it."), name)
