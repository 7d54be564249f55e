"""One story of a contact, told by every app that knows something about it.

An app registers a *source* in its ``AppConfig.ready()``. A source gives the newest entries before a moment; the
timeline merges what all sources give, newest first. Nothing of one app is known to another.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan

Position = tuple[dt.datetime, str]
Rows = TypeVar("Rows", bound=QuerySet)


@dataclass(frozen=True)
class Entry:
    """One thing that happened: ``kind`` is ``interaction`` or ``event``, ``type`` what of its kind it was."""

    at: dt.datetime
    id: str
    kind: str
    type: str
    summary: str
    actor: str | None = None
    door: str | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def position(self) -> Position:
        return self.at, self.id


Source = Callable[[Sequence[UUID], Position | None, int], Iterable[Entry]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Add a source: ``source(contact_ids, before, limit)`` gives at most ``limit`` entries, newest first.

    ``before`` is the position of the last entry already seen; the entries given are strictly older.
    """
    _sources[name] = source


def source_count() -> int:
    """How many sources tell the timeline; each costs a query or two."""
    return len(_sources)


def timeline(contact_ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """The newest entries before a position, from all sources, each of which costs a constant number of queries."""
    stories = [source(contact_ids, before, limit) for source in _sources.values()]
    return list(islice(heapq.merge(*stories, key=lambda entry: entry.position, reverse=True), limit))


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
