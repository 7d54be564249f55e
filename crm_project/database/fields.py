"""Column types that every table shares."""

from django.db import models
from uuid_utils.compat import uuid7


class UUIDv7(models.Func):
    """PostgreSQL's ``uuidv7()``; servers before 18 get it from the first migration of this app."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


def uuid7_key() -> models.UUIDField:
    """A UUIDv7 primary key (RFC 9562), whose order is the order of creation.

    Python's default serves the ORM and ``bulk_create``; the database default serves ``COPY`` and raw SQL.
    """
    return models.UUIDField(primary_key=True, default=uuid7, db_default=UUIDv7(), editable=False)
