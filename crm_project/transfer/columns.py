"""Records as rows: the values of chosen columns, read with flat memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from django.db.models import QuerySet

ROWS_AT_A_TIME = 2_000

# Where a column's value is found, as ``values_list`` has it, and what is made of it, if it is not the value itself.
Source = tuple[str, Callable[[Any], Any] | None]


def column_values(queryset: QuerySet, columns: Sequence[str], sources: Mapping[str, Source]) -> Generator[list[Any]]:
    """The records' values in the order of the columns; lists and numbers keep their types.

    A column that has no source is found under its own name. One query, whose rows come by a server-side cursor some
    thousand at a time; needs a transaction.
    """
    found: list[Source] = [sources.get(name, (name, None)) for name in columns]
    paths = list(dict.fromkeys(path for path, _make in found)) or ["pk"]
    places = [(paths.index(path), make) for path, make in found]
    rows: Any = queryset.values_list(*paths).iterator(chunk_size=ROWS_AT_A_TIME)
    with closing(rows) as cursor:
        for row in cursor:
            yield [make(row[at]) if make else row[at] for at, make in places]
