"""Who was erased, by whom and when; nothing of who it was."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track


@track(exclude=["traces"])
class Erasure(BaseModel):
    """One person was erased: the ids of their contacts, which say nothing any more, and how many rows of each table.

    ``traces`` are keyed hashes by which a worker knows the person in files; they go when it has been through all.
    """

    contact_ids = ArrayField(models.UUIDField(), verbose_name=_("contacts"))
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("erased by")
    )
    door = models.CharField(_("door"), max_length=16)
    counts = models.JSONField(_("rows"), default=dict)
    traces = ArrayField(models.CharField(max_length=64), default=list)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        default_permissions = ("view",)
        # Was this contact erased?
        indexes = [GinIndex(fields=["contact_ids"], name="erasure_contacts")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"
