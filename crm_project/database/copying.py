"""Writing many rows by PostgreSQL's ``COPY``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows of the named columns; the database's defaults and triggers do the rest.

    What the database refuses is raised as Django's exceptions, as from any other statement.
    """
    name = connection.ops.quote_name
    names = ", ".join(_column(model, column) for column in columns)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {name(model._meta.db_table)} ({names}) FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row(row)


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    assert field.column
    return connection.ops.quote_name(field.column)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write the named columns of rows that exist; each row begins with its key. One statement for all of them."""
    table, key = connection.ops.quote_name(model._meta.db_table), _column(model, model._meta.pk.name)
    names = [_column(model, column) for column in columns]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS changed_rows")
        columns_of_table = f"SELECT {', '.join([key, *names])} FROM {table} WITH NO DATA"
        cursor.execute(f"CREATE TEMP TABLE changed_rows ON COMMIT DROP AS {columns_of_table}")
        with connection.wrap_database_errors, cursor.copy("COPY changed_rows FROM STDIN") as stream:
            for row in rows:
                stream.write_row(row)
        values = ", ".join(f"{each} = changed_rows.{each}" for each in names)
        cursor.execute(f"UPDATE {table} SET {values} FROM changed_rows WHERE {table}.{key} = changed_rows.{key}")


def analyse(*kinds: type[models.Model]) -> None:
    """Gather the planner's statistics of these tables anew, after many rows were added."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(connection.ops.quote_name(kind._meta.db_table) for kind in kinds)}")
