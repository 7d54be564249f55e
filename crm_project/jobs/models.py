"""The queue's jobs for the admin, and the errors of those that failed, which the queue itself does not keep."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob


class Job(ProcrastinateJob):
    """A job of the queue, to look at; it is changed by ``services`` alone."""

    class Status(models.TextChoices):
        TODO = "todo", _("Queued")
        DOING = "doing", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        ABORTED = "aborted", _("Stopped")

    class Meta:
        proxy = True
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"

    @property
    def name(self) -> str:
        return self.task_name.rpartition(".")[2]


class JobError(models.Model):
    """How one try of a job ended. Goes with its job, which the queue deletes by its own SQL: hence no foreign key."""

    id = models.BigAutoField(primary_key=True)
    job_id = models.BigIntegerField(db_index=True)
    at = models.DateTimeField(auto_now_add=True)
    error = models.TextField()

    def __str__(self) -> str:
        return self.error.strip().rpartition("\n")[2]
