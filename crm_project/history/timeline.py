"""One story of a contact, told by every app that knows something about it; and those of leads, customers and orders.

An app registers a *source* in its ``AppConfig.ready()``. A source gives the newest entries before a moment; the
timeline merges what all sources give, newest first. Nothing of one app is known to another.

A source that tells of records with rights of their own, such as leads, names their model: only of those that the
asking user may see is told.
"""

from __future__ import annotations

import base64
import datetime as dt
import heapq
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.utils import timezone
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.api.parsers import UNSTORABLE

Position = tuple[dt.datetime, str]
Rows = TypeVar("Rows", bound=QuerySet)


@dataclass(frozen=True)
class Entry:
    """One thing that happened: ``kind`` is ``interaction`` or ``event``, ``type`` what of its kind it was.

    ``record`` is the key of the record that an event changed.
    """

    at: dt.datetime
    id: str
    kind: str
    type: str
    summary: str
    actor: str | None = None
    door: str | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    record: str = ""

    @property
    def position(self) -> Position:
        return self.at, self.id


Source = Callable[[Sequence[UUID], Position | None, int], Iterable[Entry]]


@dataclass(frozen=True)
class Registered:
    tell: Source
    records: type[Model] | None
    paths: dict[str, str]


_sources: dict[str, Registered] = {}


def register(
    name: str, source: Source, *, records: type[Model] | None = None, paths: Mapping[str, str] | None = None
) -> None:
    """Add a source: ``source(ids, before, limit)`` gives at most ``limit`` entries, newest first.

    ``before`` is the position of the last entry already seen; the entries given are strictly older. The ids are those
    of contacts; or of ``records``, and ``paths`` says by which lookup these belong to a record of each kind that has a
    timeline: ``{"contact": "customer__contact", "customer": "customer", "order": "pk"}``.
    """
    _sources[name] = Registered(source, records, dict(paths or {}))


def tell_also(name: str, kind: str, path: str) -> None:
    """Have a source of an earlier app tell in the timeline of a later app's kind of record too."""
    _sources[name].paths[kind] = path


def source_count() -> int:
    """How many sources tell the timeline; each costs a query or two."""
    return len(_sources)


def timeline(
    ids: Sequence[UUID], before: Position | None, limit: int, *, user: Any, kind: str = "contact"
) -> list[Entry]:
    """The newest entries before a position, of what the user may see, from all sources that tell of the kind.

    Costs one query for each other kind of record that belongs to these, and a constant number for each source.
    """
    found: dict[Any, Sequence[UUID]] = {}
    stories = []
    for source in _sources.values():
        if source.records is None:
            keys: Sequence[UUID] = ids if kind == "contact" else ()
        elif path := source.paths.get(kind):
            if (source.records, path) not in found:
                rows = source.records._base_manager.filter(**{f"{path}__in": ids})
                found[source.records, path] = list(rules.seen_of(rows, user))
            keys = found[source.records, path]
        else:
            keys = ()
        if keys:
            stories.append(source.tell(keys, before, limit))
    return list(islice(heapq.merge(*stories, key=lambda entry: entry.position, reverse=True), limit))


def encode_position(position: Position) -> str:
    text = json.dumps([position[0].isoformat(), position[1]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(text: str) -> Position | None:
    """Raises ``ValidationError`` for what ``encode_position`` has not made."""
    if not text:
        return None
    try:
        at, entry = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        position = dt.datetime.fromisoformat(at), str(entry)
        if timezone.is_naive(position[0]) or UNSTORABLE.search(position[1]):
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise exceptions.ValidationError({"cursor": ["This is not a cursor of a history."]}) from error
    return position


def older(rows: Rows, name: str, column: str, before: Position | None) -> Rows:
    """The rows of a source that come before a position; the ids of its entries are ``name-UUID``.

    Entries are ordered by time and then by id, so that at one moment those of other sources come before or after.
    """
    if before is None:
        return rows
    at, position = before
    if position.startswith(f"{name}-"):
        with suppress(ValueError):
            key = UUID(position.removeprefix(f"{name}-"))
            return rows.filter(TupleLessThan(Tuple(F(column), F("id")), (at, key)))
    return rows.filter(**{f"{column}__lte" if f"{name}-" < position else f"{column}__lt": at})
