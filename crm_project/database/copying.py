"""Writing many rows by PostgreSQL's ``COPY``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows of the named columns; the database's defaults and triggers do the rest."""
    name = connection.ops.quote_name
    names = ", ".join(name(model._meta.get_field(column).column) for column in columns)  # type: ignore[union-attr]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {name(model._meta.db_table)} ({names}) FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row(row)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write the named columns of rows that exist; each row begins with its key. One statement for all of them."""
    name = connection.ops.quote_name
    table, key = name(model._meta.db_table), name(model._meta.pk.column)  # type: ignore[union-attr]
    names = [name(model._meta.get_field(column).column) for column in columns]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS changed_rows")
        cursor.execute(
            f"CREATE TEMP TABLE changed_rows ON COMMIT DROP AS SELECT {', '.join([key, *names])} FROM {table} WITH NO DATA"
        )
        with cursor.copy("COPY changed_rows FROM STDIN") as stream:
            for row in rows:
                stream.write_row(row)
        values = ", ".join(f"{each} = changed_rows.{each}" for each in names)
        cursor.execute(f"UPDATE {table} SET {values} FROM changed_rows WHERE {table}.{key} = changed_rows.{key}")
