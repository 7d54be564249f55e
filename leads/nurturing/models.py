"""Sequences of steps, the leads that are on them, and what was done for each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Segment
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track


@track()
class NurtureSequence(BaseModel):
    """Steps that a lead is led along. With a segment or a filter, leads that fit both join by themselves."""

    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(
        _("running"), default=True, help_text=_("One that is not running does nothing and sends nothing.")
    )
    segment = models.ForeignKey(
        Segment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("segment"),
        help_text=_("Leads join by themselves when their contact belongs to it."),
    )
    filter = models.JSONField(_("filter"), default=dict, blank=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("nurture sequence")
        verbose_name_plural = _("nurture sequences")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="nurture_sequence_name_unique",
                violation_error_message=_("This name is taken already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@track(parent="sequence")
class NurtureStep(BaseModel):
    """One thing to do for a lead; which columns it needs follows from its kind."""

    class Kind(models.TextChoices):
        WAIT = "wait", _("Wait")
        MAIL = "mail", _("Send a mail")
        TASK = "task", _("Make a task")
        SCORE = "score", _("Change the score")
        STATUS = "status", _("Change the status")

    # Columns that a kind needs, and those that it may have besides.
    NEEDED = {Kind.MAIL: "template", Kind.TASK: "title", Kind.SCORE: "points", Kind.STATUS: "status"}
    ALLOWED = {Kind.WAIT: {"days", "hours"}, Kind.TASK: {"days", "hours"}}
    # What a machine may make of a lead; to be won or converted takes somebody.
    STATUSES = ("new", "contacted", "qualified", "proposal", "negotiation", "lost")

    access_parent = "sequence"

    sequence = models.ForeignKey(NurtureSequence, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("what"), max_length=6, choices=Kind)
    days = models.PositiveSmallIntegerField(
        _("days"), default=0, validators=[MaxValueValidator(366)], help_text=_("To wait, or until the task is due.")
    )
    hours = models.PositiveSmallIntegerField(_("hours"), default=0, validators=[MaxValueValidator(23)])
    template = models.CharField(_("mail template"), max_length=64, blank=True)
    title = models.CharField(_("title of the task"), max_length=255, blank=True)
    points = models.SmallIntegerField(
        _("points"), null=True, blank=True, validators=[MinValueValidator(-100), MaxValueValidator(100)]
    )
    status = models.CharField(_("status"), max_length=11, blank=True, choices=[(each, each) for each in STATUSES])

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["sequence", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "position"],
                name="nurture_step_position",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message=_("Two steps cannot have the same position."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_kind_display()}"

    @property
    def delay(self) -> dt.timedelta:
        return dt.timedelta(days=self.days, hours=self.hours)

    def clean(self) -> None:
        """What the kind needs must be there, and nothing that it would not use."""
        kind = self.Kind(self.kind)
        errors: dict[str, Any] = {}
        allowed = self.ALLOWED.get(kind, set()) | {self.NEEDED.get(kind)}
        for name in ("days", "hours", "template", "title", "points", "status"):
            value = getattr(self, name)
            if name == self.NEEDED.get(kind) and value in (None, ""):
                errors[name] = _("This step needs it.")
            elif name not in allowed and value not in (None, "", 0):
                errors[name] = _("This step has no use for it.")
        if kind == self.Kind.WAIT and not self.delay:
            errors["days"] = _("How long to wait, in days or hours.")
        if errors:
            raise ValidationError(errors)


@track(parent="lead")
class NurtureEnrollment(BaseModel):
    """A lead on a sequence, on which it is once at most. ``due_at`` is when its next step is to be done."""

    class State(models.TextChoices):
        ACTIVE = "active", _("On its way")
        FINISHED = "finished", _("Finished")
        STOPPED = "stopped", _("Stopped")

    class Reason(models.TextChoices):
        REPLIED = "replied", _("Replied")
        CONVERTED = "converted", _("Converted")
        LOST = "lost", _("Lost")
        WON = "won", _("Won")
        UNSUBSCRIBED = "unsubscribed", _("Wants no mail")
        DELETED = "deleted", _("In the trash")
        BY_STAFF = "by_staff", _("Stopped by staff")

    class Origin(models.TextChoices):
        RULE = "rule", _("By segment or filter")
        API = "api", "API"
        ADMIN = "admin", _("By hand")

    access_parent = "lead"

    sequence = models.ForeignKey(
        NurtureSequence, models.CASCADE, related_name="enrollments", verbose_name=_("sequence")
    )
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="nurturing", verbose_name=_("lead"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE, editable=False)
    stop_reason = models.CharField(_("why it stopped"), max_length=12, choices=Reason, blank=True, editable=False)
    origin = models.CharField(_("how it came"), max_length=5, choices=Origin, default=Origin.API, editable=False)
    due_at = models.DateTimeField(_("next step due"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("lead on a sequence")
        verbose_name_plural = _("leads on sequences")
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "lead"],
                name="nurture_enrollment_once",
                violation_error_message=_("The lead is or was on this sequence."),
            )
        ]
        indexes = [
            # What is due.
            models.Index(fields=["due_at", "id"], name="nurture_enrollment_due", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.lead} · {self.sequence}"


class NurtureAction(BaseModel):
    """A step that was done for a lead, once: with the mail or the task that it made, or why it made none."""

    access_parent = "enrollment"

    enrollment = models.ForeignKey(NurtureEnrollment, models.CASCADE, related_name="actions", db_index=False)
    step = models.ForeignKey(NurtureStep, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=6, choices=NurtureStep.Kind)
    mail_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)
    note = models.CharField(max_length=255, blank=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        ordering = ["pk"]
        constraints = [
            # Also the index for what was done for a lead.
            models.UniqueConstraint(fields=["enrollment", "step"], name="nurture_action_once")
        ]
        indexes = [
            # For whom a mail was written, asked before it is sent.
            models.Index(fields=["mail_id"], name="nurture_action_mail", condition=Q(mail_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d}"
