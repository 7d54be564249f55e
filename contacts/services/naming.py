"""Organisations and categories are called by name and made when nobody made them before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection

from ..models import NamedModel

Named = TypeVar("Named", bound=NamedModel)


def tidy(name: str) -> str:
    return " ".join(name.split())


def find(model: type[NamedModel], names: Iterable[str]) -> dict[str, UUID]:
    """Ids by name as given, for the names that exist in any case, spacing and accents. One query."""
    wanted = {name: tidy(name) for name in names}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT given, found.id FROM unnest(%s::text[], %s::text[]) AS asked (given, tidy)"
            f" JOIN {model._meta.db_table} AS found ON found.folded_name = crm_fold(tidy)",
            [list(wanted), list(wanted.values())],
        )
        return dict(cursor.fetchall())


def find_or_make(model: type[Named], names: Iterable[str], **columns: object) -> dict[str, UUID]:
    """Ids by name as given; names that do not exist are made. One query, three when something is new.

    Of several spellings the first is kept. Two transactions that make the same name at once both get the one that
    came first; both go by the alphabet, lest each wait for the other.
    """
    wanted = [name for name in names if tidy(name)]
    if not wanted:
        return {}
    found = find(model, wanted)
    missing = {tidy(name).casefold(): tidy(name) for name in reversed(wanted) if name not in found}
    if missing:
        rows = [model(name=name, **columns) for _folded, name in sorted(missing.items())]
        model._default_manager.bulk_create(rows, ignore_conflicts=True)
        found = find(model, wanted)
    return found
