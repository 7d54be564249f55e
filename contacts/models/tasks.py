"""What somebody has to do by when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from crm_project.access.models import OwnedModel
from crm_project.history.tracking import track

from ..querysets import TaskQuerySet
from .people import LIVE, Contact

OPEN = Q(status="open")


@track(parent="contact")
class Task(OwnedModel):
    """Something to be done by its owner.

    A machine that makes one names in ``source_id`` the record that it follows from, and in ``source_at`` for which
    date of that record, when the task is to move with it.
    """

    class Kind(models.TextChoices):
        FOLLOW_UP = "follow_up", _("Follow-up")
        NURTURING = "nurturing", _("Nurturing")
        FEEDBACK = "feedback", _("Feedback")
        OTHER = "other", _("Other")

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("task", "Open")
        DONE = "done", pgettext_lazy("task", "Done")
        CANCELLED = "cancelled", pgettext_lazy("task", "Cancelled")

    title = models.CharField(_("task"), max_length=500)
    description = models.TextField(_("description"), blank=True, default="", db_default="")
    contact = models.ForeignKey(
        Contact,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="tasks",
        db_index=False,
        verbose_name=_("contact"),
    )
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.OPEN, db_default=Status.OPEN)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.OTHER, db_default=Kind.OTHER)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("closed by"),
    )
    escalated_at = models.DateTimeField(_("escalated at"), null=True, blank=True, editable=False)
    escalated_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("escalated to"),
    )
    source_id = models.UUIDField(null=True, blank=True, editable=False)
    source_at = models.DateTimeField(null=True, blank=True, editable=False)
    once = models.CharField(max_length=255, null=True, blank=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta(OwnedModel.Meta):
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        default_permissions = ("add", "change", "delete", "view", "share")
        constraints = [
            models.UniqueConstraint(fields=["once"], name="task_once"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, status="open") | (~OPEN & Q(closed_at__isnull=False)),
                name="task_closed_unless_open",
                violation_error_message=_("An open task has not been closed; a closed one has a time of closing."),
            ),
        ]
        indexes = [
            # The list, whole and by its branches, newest first.
            models.Index(fields=["id"], name="task_live", condition=LIVE),
            models.Index(fields=["assigned_to", "id"], name="task_owner", condition=LIVE),
            models.Index(fields=["team", "id"], name="task_team", condition=LIVE & Q(team__isnull=False)),
            models.Index(fields=["id"], name="task_trash", condition=Q(deleted_at__isnull=False)),
            # ?ordering=due_at, whole and of one owner; what is open and overdue.
            models.Index(fields=["due_at", "id"], name="task_by_due", condition=LIVE),
            models.Index(fields=["assigned_to", "due_at", "id"], name="task_owner_open", condition=LIVE & OPEN),
            # A contact's tasks, and their merge.
            models.Index(fields=["contact"], name="task_contact", condition=Q(contact__isnull=False)),
            # What was escalated to somebody.
            models.Index(
                fields=["escalated_to", "due_at", "id"],
                name="task_escalated",
                condition=LIVE & OPEN & Q(escalated_to__isnull=False),
            ),
            # The tasks that follow from a record.
            models.Index(fields=["source_id"], name="task_source", condition=Q(source_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_overdue(self) -> bool:
        return self.status == self.Status.OPEN and self.due_at < timezone.now()


@track(parent="content_object")
class TaskUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one task."""

    content_object = models.ForeignKey(Task, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class TaskGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one task."""

    content_object = models.ForeignKey(Task, models.CASCADE, related_name="group_shares")
