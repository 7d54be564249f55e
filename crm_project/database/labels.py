"""What columns are called that many tables have.

Said in the models these names would be a migration of every table and of its history, in which nothing changes.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.signals import class_prepared
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

LABELS = {
    "assigned_to": _("assigned to"),
    "attempts": _("attempts"),
    "category": _("category"),
    "changed_by": _("changed by"),
    "contact": _("contact"),
    "converted_by": _("converted by"),
    "created_at": _("created at"),
    "created_by": _("created by"),
    "currency": _("currency"),
    "custom_fields": _("custom fields"),
    "customer": _("customer"),
    "deleted_at": _("deleted at"),
    "deleted_by": _("deleted by"),
    "description": _("description"),
    "enrolled_by": _("enrolled by"),
    "expires_at": _("expires at"),
    "finished_at": _("finished at"),
    "language": _("language"),
    "last_used_at": _("last used at"),
    "lead": _("lead"),
    "merged_into": _("merged into"),
    "name": _("name"),
    "new": _("new"),
    "old": _("old"),
    "order": _("order"),
    "queue_name": _("queue name"),
    "reach": _("reach"),
    "reason": _("reason"),
    "revoked_at": _("revoked at"),
    "scopes": _("scopes"),
    "segment": _("segment"),
    "sequence": _("sequence"),
    "status": _("status"),
    "team": _("team"),
    "theme": _("theme"),
    "time_zone": _("time zone"),
    "undone_at": _("undone at"),
    "undone_by": _("undone by"),
    "updated_at": _("updated at"),
    "user": _("user"),
    "version": _("version"),
}


@receiver(class_prepared)
def name_columns(sender: type[models.Model], **_signal: Any) -> None:
    """Name the columns that a model leaves without a name of their own."""
    for field in sender._meta.local_fields:
        if field._verbose_name is None and field.name in LABELS:  # type: ignore[attr-defined]
            field.verbose_name = LABELS[field.name]
