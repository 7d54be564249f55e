"""Counting rows by several columns in one pass: PostgreSQL's ``GROUPING SETS`` around a query of the ORM.

See https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-GROUPING-SETS
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateTimeField, Func, IntegerField, QuerySet, Value


@dataclass(frozen=True)
class Cell:
    """What was measured of the rows whose ``dimension`` is ``key``; of all rows, where it is ``None``."""

    dimension: str | None
    key: Any
    within: Any
    measured: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """A query as SQL; ``None`` where the ORM knows without asking that there are no rows."""

    sql: str | None
    parameters: tuple[Any, ...] = ()

    @classmethod
    def of(cls, queryset: QuerySet) -> Rows:
        try:
            sql, parameters = queryset.order_by().query.sql_with_params()
        except EmptyResultSet:
            return cls(None)
        return cls(sql, tuple(parameters))

    @classmethod
    def united(cls, parts: Iterable[Rows]) -> Rows:
        """The rows of all of them, which have the same columns."""
        given = [part for part in parts if part.sql is not None]
        if not given:
            return cls(None)
        sql = " UNION ALL ".join(f"({part.sql})" for part in given)
        return cls(sql, tuple(each for part in given for each in part.parameters))

    def joined(self, other: Rows, condition: str) -> Rows:
        """The columns of both, of rows ``left_side`` and ``right_side`` that fit the condition."""
        if self.sql is None or other.sql is None:
            return Rows(None)
        sql = f"SELECT * FROM ({self.sql}) AS left_side JOIN ({other.sql}) AS right_side ON {condition}"
        return Rows(sql, (*self.parameters, *other.parameters))


def cube(
    rows: Rows, *, dimensions: Sequence[str], measures: Mapping[str, str], within: str | None = None
) -> list[Cell]:
    """The measures, SQL aggregates over columns of the rows, of all rows and of those of each key of each dimension.

    With ``within`` a column, such as the currency, everything is measured for each of its values. One query.
    """
    names = list(measures)
    if rows.sql is None:
        return [] if within else [Cell(None, None, None, dict.fromkeys(names, 0))]
    quote = connection.ops.quote_name
    columns = [quote(name) for name in dimensions]
    base = f"{quote(within)}, " if within else ""
    sets = ", ".join([f"({base.rstrip(', ')})", *(f"({base}{column})" for column in columns)])
    selected = [
        f"GROUPING({', '.join(columns)})" if columns else "0",
        quote(within) if within else "NULL",
        *columns,
        *measures.values(),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(selected)} FROM ({rows.sql}) AS counted GROUP BY GROUPING SETS ({sets})",
            rows.parameters,
        )
        return [_cell(row, list(dimensions), names) for row in cursor.fetchall()]


def _cell(row: Sequence[Any], dimensions: list[str], names: list[str]) -> Cell:
    """``GROUPING`` has a bit for each dimension, the first one highest, that is 0 for the one that the row is of."""
    bits, within, *rest = row
    keys, values = rest[: len(dimensions)], rest[len(dimensions) :]
    measured = dict(zip(names, values, strict=True))
    for number, dimension in enumerate(reversed(dimensions)):
        if not bits >> number & 1:
            return Cell(dimension, keys[len(dimensions) - 1 - number], within, measured)
    return Cell(None, None, within, measured)


class WidthBucket(Func):
    """The number, from 1, of the part in which a moment lies; ``starts`` are the parts' first moments."""

    function = "width_bucket"
    output_field = IntegerField()

    def __init__(self, moment: Any, starts: Sequence[Any]) -> None:
        super().__init__(moment, Value(list(starts), ArrayField(DateTimeField())))
