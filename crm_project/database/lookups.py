"""Looking many values up at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

ASKED = RawSQL("asked.value", ())


def first_of_each(values: Sequence[str], rows: QuerySet, most: int) -> list[tuple[str, Any]]:
    """(value, key) of the rows that have one of these texts, ``most`` for each text; ``rows`` compares with ``ASKED``.

    One query. Where an index has what is compared, it reads hardly more rows of a value than it gives, however many
    have it.
    """
    try:
        sql, parameters = rows.order_by("pk").values_list("pk").distinct()[:most].query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT asked.value, hit.* FROM unnest(%s::text[]) AS asked (value) CROSS JOIN LATERAL ({sql}) AS hit",
            [list(values), *parameters],
        )
        return cursor.fetchall()
