"""The base of every table."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from . import labels  # noqa: F401 - Listens to each model that is made.
from .fields import uuid7_key

BUMP_VERSION = pgtrigger.Trigger(
    name="bump_version",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
        NEW.version = OLD.version + 1;
        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;
        RETURN NEW;
    """,
)


class BaseModel(models.Model):
    """UUIDv7 key, times in UTC, and a version that the database raises on each change, whoever makes it.

    The version is what ``ETag`` and ``If-Match`` compare.
    """

    id = uuid7_key()
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
        ordering = ["-pk"]
        triggers = [BUMP_VERSION]
