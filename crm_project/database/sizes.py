"""How large tables are, as far as it decides how to ask them."""

from django.db import connection
from django.db.models import Model

LARGE = 20_000
_known: dict[type[Model], bool] = {}


def is_large(model: type[Model]) -> bool:
    """Whether the table has so many rows that it pays to plan before asking. One query, once in a process."""
    if model not in _known:
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
            _known[model] = cursor.fetchone()[0] >= LARGE
    return _known[model]


def has_grown(model: type[Model]) -> None:
    """Somebody has seen more than a few rows of a table that may have been small when this process began."""
    _known[model] = True
