"""A row on its way in: its cells by field, what is wrong with it, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from crm_project.suggest import nearest

from . import formulas
from .reading.table import find_flaw

SHOWN_CHARACTERS = 200
KEPT_CHARACTERS = 10_000


@dataclass(slots=True)
class Problem:
    """Why a row is not taken: the column as the file calls it, the start of its value, and a sentence."""

    message: str
    column: str | None = None
    value: str | None = None

    def as_json(self) -> dict[str, str | None]:
        return {"column": self.column, "value": self.value, "message": self.message}


class RowRefused(Exception):
    """A row that was read well cannot be written."""

    def __init__(self, message: str, column: str | None = None, value: Any = None) -> None:
        super().__init__(message)
        self.problem = Problem(message, column, None if value is None else shown(value))


class Kind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)
class Incoming:
    """One row, validated: ``values`` by field, ``keys`` by what it may be matched."""

    line: int
    cells: list[Any]
    values: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, message: str, target: str | None = None, value: Any = None) -> None:
        """Note a problem with the column that holds this field."""
        self.problems.append(Problem(message, target, None if value is None else shown(value)))


@dataclass(slots=True)
class Outcome:
    """What became of a row. ``changes`` has the value before and after of each field that changed."""

    kind: Kind
    row: Incoming
    record: UUID | None = None
    label: str = ""
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What would become of the row, for a preview; long values are cut."""
        return {
            "line": self.row.line,
            "outcome": self.kind.value,
            "id": str(self.record) if self.record else None,
            "label": self.label,
            "changes": {name: [previewed(before), previewed(after)] for name, (before, after) in self.changes.items()},
        }


class Cells:
    """The cells of one row by field; reading one that makes no sense notes a problem and gives nothing."""

    def __init__(self, values: Mapping[str, Any], columns: Mapping[str, list[str]], restore: bool) -> None:
        self.problems: list[Problem] = []
        self._values = values
        self._columns = columns
        self._restore = restore

    def all(self, target: str, *, strip: bool = True) -> Iterable[tuple[str, Any]]:
        """(header, value) of each column of the field that is not empty."""
        for header in self._columns.get(target, ()):
            value = self._values.get(header)
            if isinstance(value, str):
                if self._restore:
                    value = formulas.restore(value)
                if strip:
                    value = value.strip()
            if value is not None and value != "":
                yield header, value

    def texts(self, target: str, limit: int | None = None, *, strip: bool = True) -> Iterable[tuple[str, str]]:
        for header, value in self.all(target, strip=strip):
            if isinstance(value, str):
                text = value
            elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
                text = str(value)
            else:
                self.refuse(_("This must be text."), header, value)
                continue
            if limit is not None and len(text) > limit:
                self.refuse(
                    _("This has %(count)s characters; at most %(limit)s fit.")
                    % {"count": format(len(text), ","), "limit": format(limit, ",")},
                    header,
                    text,
                )
            else:
                yield header, text

    def text(self, target: str, limit: int | None = None, *, strip: bool = True) -> str:
        """The text of the field's column; blank text is none."""
        return next((text for _header, text in self.texts(target, limit, strip=strip) if text.strip()), "")

    def lists(self, target: str, split: Callable[[Any], list[str]], limit: int) -> Iterable[tuple[str, str]]:
        """(header, entry) for cells with several entries: a list, a JSON list as text, or text that ``split`` cuts."""
        for header, value in self.all(target):
            given = load_list(value)
            if isinstance(given, (bool, dict)) or (isinstance(given, list) and not all(map(is_plain, given))):
                self.refuse(_("This must be text, or a list of texts."), header, value)
                continue
            entries = [str(each).strip() for each in given] if isinstance(given, list) else split(given)
            for entry in filter(None, entries):
                if len(entry) > limit:
                    self.refuse(
                        _("“%(start)s…” has more than %(limit)s characters.") % {"start": entry[:50], "limit": limit},
                        header,
                        entry,
                    )
                else:
                    yield header, entry

    def choice(self, target: str, choices: Iterable[tuple[Any, Any]]) -> str | None:
        """The choice whose value or label the field's column has, in any case."""
        if not (text := self.text(target)):
            return None
        known = {str(word).casefold(): value for value, label in choices for word in (value, label)}
        if text.casefold() not in known:
            listed = ", ".join(dict.fromkeys(known.values()))
            guess = nearest(text, known)
            hint = _(" Did you mean “%s”?") % known[guess] if guess else ""
            self.refuse(
                _("This must be one of: %(choices)s.%(hint)s") % {"choices": listed, "hint": hint},
                self.header(target),
                text,
            )
        return known.get(text.casefold())

    def value(self, target: str, field: serializers.Field) -> Any:
        """What the API's field makes of the field's column; ``None`` when it is empty or refused, which is noted."""
        for header, value in self.all(target):
            if isinstance(field, (serializers.DecimalField, serializers.IntegerField)):
                given = plain_number(value)
            else:
                given = value
            try:
                return field.run_validation(given)
            except exceptions.ValidationError as error:
                self.refuse(" ".join(map(str, error.detail)), header, value)
        return None

    def read_key(self, row: Incoming) -> None:
        """The id of the record in this CRM, for kinds of records that keep no ids of other systems."""
        if not (text := self.text("id")):
            return
        if key := as_uuid(text):
            row.keys["id"] = [str(key)]
        else:
            message = _("This is not an id of this CRM; choose another field for the column, or leave it out.")
            self.refuse(message, self.header("id"), text)

    def header(self, target: str) -> str | None:
        return next(iter(self._columns.get(target, ())), None)

    def refuse(self, message: str, header: str | None = None, value: Any = None) -> None:
        self.problems.append(Problem(message, header, None if value is None else shown(value)))

    def check(self, header: str, value: Any, clean: Callable[[], Any]) -> Any:
        """What ``clean`` gives; ``None`` when it refuses, which is noted."""
        try:
            return clean()
        except ValidationError as error:
            self.refuse(" ".join(error.messages), header, value)
        return None


def load_list(value: Any) -> Any:
    """The list that a cell holds as JSON; any other value as it is."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            loaded = json.loads(value, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            return value
        return value if find_flaw({"": loaded}, None) else loaded
    return value


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def plain_number(value: Any) -> Any:
    """A number as programs write it, from how spreadsheets do: ``1 299,00`` and ``1,299.00`` are 1299.00.

    A single comma is a decimal one, so that ``1,299`` is never taken for a thousand times as much.
    """
    if not isinstance(value, str):
        return value
    text = "".join(value.split())
    thousands = "," if text.rfind(",") < text.rfind(".") else "."
    return text.replace(thousands, "").replace(",", ".") if "," in text else text


def is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, Decimal)) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """A value as a report shows it: text, cut."""
    return as_text(value)[:SHOWN_CHARACTERS]


def previewed(value: Any) -> Any:
    """A value as a preview has it: a list stays one, nothing stays nothing, the rest is text."""
    if isinstance(value, (list, tuple)):
        return [previewed(each) for each in value]
    return value if value is None or isinstance(value, bool) else shown(value)


def as_text(value: Any) -> str:
    """A value as the cell of a text file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def kept(value: Any) -> Any:
    """A cell as it is stored to be mended: text is cut only when it is absurdly long."""
    text = as_text(value)
    return text[:KEPT_CHARACTERS]
