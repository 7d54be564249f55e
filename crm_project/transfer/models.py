"""What was imported and exported, by whom, and how it went."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel

FORMATS = [(name, name.upper()) for name in ("csv", "tsv", "json", "ndjson", "xlsx")]


def import_path(job: ImportJob, filename: str) -> str:
    """Never a name that somebody sent."""
    return f"imports/{job.pk}"


def export_path(job: ExportJob, filename: str) -> str:
    return f"exports/{job.pk}.{job.format}"


class Job(BaseModel):
    """A long piece of work with a file. Its owner sees it, and whoever sees the jobs of the whole company."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.QUEUED, State.RUNNING)
    ENDED = (State.DONE, State.FAILED, State.CANCELLED)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("owner")
    )
    kind = models.CharField(_("records"), max_length=64, help_text=_("Such as contact."))
    door = models.CharField(_("door"), max_length=16, default="api")
    format = models.CharField(_("format"), max_length=8, choices=FORMATS, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    message = models.CharField(_("message"), max_length=1000, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    total = models.PositiveIntegerField(_("rows to be done"), null=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        abstract = True

    @classmethod
    def access_branches(cls, user: Any, verb: str) -> list[Q]:
        return [Q(owner=user.pk)] if verb in {"view", "change"} else []

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran."""
        if self.started_at is None:
            return None
        return max(((self.finished_at or timezone.now()) - self.started_at).total_seconds(), 0.0)

    @property
    def rows_per_second(self) -> float | None:
        return round(self.rows / self.seconds, 1) if self.rows and self.seconds else None

    @property
    def percent(self) -> int | None:
        """How much is done; nothing as long as nobody has counted what there is to do."""
        if self.state == self.State.DONE:
            return 100
        return min(100 * self.rows // self.total, 99) if self.total else None

    @property
    def seconds_left(self) -> int | None:
        """By the speed so far."""
        if self.state != self.State.RUNNING or not self.total or not self.rows_per_second:
            return None
        return max(round((self.total - self.rows) / self.rows_per_second), 0)


class ImportJob(Job):
    """One file that was sent to be imported: its options, how far it is, and its receipt.

    ``rows`` is the sum of the five counts. ``checkpoint`` is the number of rows that are dealt with; it is written in
    the transaction of those rows, so that a job that was killed goes on after the last row that is in.
    """

    file = models.FileField(_("file"), upload_to=import_path, blank=True)
    file_name = models.CharField(_("file name"), max_length=255, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    encoding = models.CharField(_("encoding"), max_length=32, blank=True)
    delimiter = models.CharField(_("delimiter"), max_length=1, blank=True)
    headers = ArrayField(models.TextField(), default=list)
    mapping = models.JSONField(_("mapping"), default=dict)
    ignored_columns = models.JSONField(_("ignored columns"), default=dict)
    options = models.JSONField(_("options"), default=dict)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    checkpoint = models.PositiveIntegerField(default=0)
    ids = ArrayField(models.UUIDField(), default=list)
    preview = models.JSONField(default=list, help_text="Of a dry run, what becomes of the first rows.")

    class Meta(Job.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        # The list of one's own imports, newest first.
        indexes = [models.Index(fields=["owner", "id"], name="import_owner")]

    def __str__(self) -> str:
        return self.file_name or str(self.pk)

    @property
    def is_unfinished(self) -> bool:
        """Whether it stopped before the end of its file."""
        stopped = self.state in (self.State.FAILED, self.State.CANCELLED)
        return stopped and (self.total is None or self.checkpoint < self.total)


class ImportSource(BaseModel):
    """What the columns of files from one place mean, as somebody said it once; ``kind`` is that of the records."""

    kind = models.CharField(_("records"), max_length=64)
    name = models.CharField(_("name"), max_length=100)
    mapping = models.JSONField(_("mapping"), default=dict)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("source of imports")
        verbose_name_plural = _("sources of imports")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                name="import_source_once",
                violation_error_message=_("There is a source of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class UndoJob(Job):
    """An import that is taken back, and the receipt of that: what went, what went back, and what stays.

    ``rows`` of ``total`` are dealt with. ``counts`` has, for each kind of record, how many were ``removed``,
    ``reverted`` (some fields are again what they were) and ``kept`` (made by the import, and used or changed since).
    """

    import_job = models.OneToOneField(ImportJob, models.CASCADE, related_name="undo", verbose_name=_("import"))
    counts = models.JSONField(_("counts"), default=dict)

    class Meta(Job.Meta):
        verbose_name = _("undoing of an import")
        verbose_name_plural = _("undoings of imports")
        # The list of one's own, newest first.
        indexes = [models.Index(fields=["owner", "id"], name="undo_owner")]

    def __str__(self) -> str:
        return str(self.import_job)


class UndoStep(models.Model):
    """A row that the import has made or changed and that the undoing has not come to yet. Gone when it has."""

    job = models.ForeignKey(UndoJob, models.CASCADE, related_name="steps", db_index=False)
    model = models.CharField(max_length=100)
    record = models.CharField(max_length=40)
    is_new = models.BooleanField()
    is_kept = models.BooleanField(default=False)

    class Meta:
        # The next rows of a table; is a row one of those that go?
        indexes = [models.Index(fields=["job", "model", "is_new", "record"], name="undo_step_next")]

    def __str__(self) -> str:
        return f"{self.model} {self.record}"


class UndoConflict(models.Model):
    """What stays as it is although the import has made it: a record, or one field of it."""

    job = models.ForeignKey(UndoJob, models.CASCADE, related_name="conflicts", db_index=False)
    model = models.CharField(max_length=100)
    record = models.CharField(max_length=40)
    label = models.CharField(max_length=255)
    field = models.CharField(max_length=255, blank=True)
    before = models.JSONField(null=True)
    imported = models.JSONField(null=True)
    now = models.JSONField(null=True)
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["pk"]
        # A job's conflicts, first to last.
        indexes = [models.Index(fields=["job", "id"], name="undo_conflict_list")]

    def __str__(self) -> str:
        return f"{self.label} {self.field}: {self.reason}"


class ImportFailure(models.Model):
    """One row that was not taken, as it was given, and why."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="failures", db_index=False)
    line = models.PositiveIntegerField()
    problems = models.JSONField(help_text="A list of {column, value, message}.")
    cells = models.JSONField(help_text="The row as given: a list in the order of the job's headers.")

    class Meta:
        ordering = ["job", "line", "pk"]
        # A job's failures in the order of the file.
        indexes = [models.Index(fields=["job", "line", "id"], name="import_failure_line")]

    def __str__(self) -> str:
        return f"{self.line}: {'; '.join(problem['message'] for problem in self.problems)}"


class ImportSeen(models.Model):
    """A record that a dry run would have made, by a key that later rows of the file may match. Gone when it ends."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="seen", db_index=False)
    key = models.CharField(max_length=16)
    value = models.CharField(max_length=500)
    record = models.UUIDField()

    class Meta:
        # Does a row match a record that an earlier one would have made?
        indexes = [models.Index(fields=["job", "key", "value"], name="import_seen_key")]

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


class ExportJob(Job):
    """One export: who took which records out, and how many. One that a worker wrote has a file for a while."""

    file = models.FileField(_("file"), upload_to=export_path, blank=True)

    columns = ArrayField(models.CharField(max_length=255), default=list, verbose_name=_("columns"))
    filters = models.JSONField(_("filters"), default=dict)

    @property
    def expires_at(self) -> dt.datetime | None:
        """Until when the file that a worker wrote can be fetched; nothing when there is none."""
        if not self.file or self.finished_at is None:
            return None
        return self.finished_at + dt.timedelta(hours=settings.CRM_EXPORT_LINK_HOURS)

    class Meta(Job.Meta):
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        # The list of one's own exports, newest first.
        indexes = [models.Index(fields=["owner", "id"], name="export_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.format}"
