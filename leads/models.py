"""Possible buyers, where they came from and how far they are on their way."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from contacts.people import PersonModel
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track

from .querysets import LeadQuerySet

# Whoever changes a status, by whatever way, starts its time; who brings a time along, such as a backfill, keeps it.
STATUS_SINCE = pgtrigger.Trigger(
    name="status_since",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
    func="""
        IF NEW.status_since = OLD.status_since THEN NEW.status_since = clock_timestamp(); END IF;
        RETURN NEW;
    """,
)


@track()
class Campaign(BaseModel):
    """An effort that brings leads: an ad, a fair, a mailing."""

    class Status(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("campaign", "Planned")
        ACTIVE = "active", pgettext_lazy("campaign", "Active")
        FINISHED = "finished", pgettext_lazy("campaign", "Finished")

    name = models.CharField(_("name"), max_length=255)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    description = models.TextField(_("description"), blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD", help_text="ISO 4217")

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], name="campaign_name_unique", violation_error_message=_("This name is taken already.")
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
                violation_error_message=_("The campaign ends before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@track(exclude=["search_text"])
class Lead(PersonModel):
    """Somebody who may buy."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        CONTACTED = "contacted", _("Contacted")
        QUALIFIED = "qualified", _("Qualified")
        PROPOSAL = "proposal", _("Proposal")
        NEGOTIATION = "negotiation", _("Negotiation")
        CONVERTED = "converted", _("Converted")
        LOST = "lost", _("Lost")
        WON = "won", _("Won")

    class Source(models.TextChoices):
        CAMPAIGN = "campaign", _("Campaign")
        WEBSITE = "website", _("Website")
        REFERRAL = "referral", _("Referral")
        DIRECT = "direct", _("Direct")
        SOCIAL = "social", _("Social network")
        EMAIL = "email", _("E-mail")
        OTHER = "other", _("Other")

    source = models.CharField(_("source"), max_length=8, choices=Source, default=Source.OTHER, db_default=Source.OTHER)
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("campaign")
    )
    status = models.CharField(_("status"), max_length=11, choices=Status, default=Status.NEW, db_default=Status.NEW)
    status_since = models.DateTimeField(
        _("in this status since"), default=timezone.now, db_default=Now(), editable=False
    )
    lost_reason = models.CharField(_("reason for the loss"), max_length=255, blank=True, default="", db_default="")
    score = models.PositiveSmallIntegerField(
        _("score"), default=0, db_default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    score_is_manual = models.BooleanField(_("score set by hand"), default=False, db_default=False)
    last_contact = models.DateTimeField(_("last contact"), null=True, blank=True)

    objects = LeadQuerySet.as_manager()

    class Meta(PersonModel.Meta):
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            *PersonModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(score__lte=100),
                name="lead_score_in_bounds",
                violation_error_message=_("A score is a whole number from 0 to 100."),
            ),
        ]
        indexes = [
            *PersonModel.Meta.indexes,
            # ?last_contact_after= and ?last_contact_before=
            models.Index(
                fields=["last_contact", "id"],
                name="lead_by_contact",
                condition=Q(deleted_at=None, last_contact__isnull=False),
            ),
            # ?ordering=score
            models.Index(fields=["score", "id"], name="lead_by_score", condition=Q(deleted_at=None)),
            # ?created_at_after= and ?created_at_before=
            # Reports: leads that came in a period, and leads that reached a status in a period, from the index alone.
            models.Index(
                fields=["created_at", "id"],
                include=["status", "status_since", "source", "assigned_to", "campaign"],
                name="lead_by_arrival",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["status", "status_since"],
                include=["created_at", "source", "assigned_to", "campaign"],
                name="lead_by_status_since",
                condition=Q(deleted_at=None),
            ),
        ]
        triggers = [*PersonModel.Meta.triggers, STATUS_SINCE]


@track(parent="content_object")
class LeadUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one lead."""

    content_object = models.ForeignKey(Lead, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class LeadGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one lead."""

    content_object = models.ForeignKey(Lead, models.CASCADE, related_name="group_shares")


@track()
class LeadStatusChange(BaseModel):
    """One step of a lead from one status to another, for the time that it spent in each."""

    access_parent = "lead"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="status_changes", db_index=False)
    old = models.CharField(max_length=11, choices=Lead.Status, blank=True)
    new = models.CharField(max_length=11, choices=Lead.Status)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        indexes = [
            # A lead's steps, first to last: how far it came and how long it stayed, from the index alone.
            models.Index(fields=["lead", "id"], include=["new", "created_at"], name="lead_steps"),
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


@track(parent="lead")
class LeadInteraction(BaseModel):
    """A call, e-mail, meeting or note with a lead, and what is to be done next."""

    class Type(models.TextChoices):
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        NOTE = "note", _("Note")

    access_parent = "lead"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="interactions", db_index=False)
    type = models.CharField(_("type"), max_length=7, choices=Type)
    notes = models.TextField(_("notes"), blank=True)
    next_action = models.CharField(_("next action"), max_length=500, blank=True)
    next_action_date = models.DateTimeField(_("date of the next action"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("interaction with a lead")
        verbose_name_plural = _("interactions with leads")
        indexes = [
            # A lead's interactions, newest first.
            models.Index(fields=["lead", "id"], name="lead_interaction_list"),
            # Follow-ups that are due.
            models.Index(
                fields=["next_action_date"], name="lead_interaction_due", condition=Q(next_action_date__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.created_at:%Y-%m-%d}"


@track()
class ScoreRule(BaseModel):
    """Points that a lead gets when something is true of it; the sum, cut to 0–100, is its score."""

    class Kind(models.TextChoices):
        SOURCE = "source", _("It came from the source")
        CAMPAIGN = "campaign", _("It came by the campaign")
        FILLED = "filled", _("The field is filled")
        INTERACTIONS = "interactions", _("It had so many interactions or more")
        RECENT = "recent", _("The last contact was so many days ago or less")

    FIELDS = ("email", "phone", "company", "notes")

    kind = models.CharField(_("when"), max_length=12, choices=Kind)
    value = models.CharField(_("what"), max_length=255, help_text=_("A source, campaign or field; a number."))
    points = models.SmallIntegerField(_("points"), validators=[MinValueValidator(-100), MaxValueValidator(100)])
    is_active = models.BooleanField(_("in use"), default=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("score rule")
        verbose_name_plural = _("score rules")
        ordering = ["kind", "value", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="score_rule_once",
                violation_error_message=_("There is a rule for this already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value} ({self.points:+})"

    def clean(self) -> None:
        """The value must fit the kind, or the rule could never be true."""
        choices = {self.Kind.SOURCE: Lead.Source.values, self.Kind.FILLED: self.FIELDS}.get(self.Kind(self.kind))
        if choices and self.value not in choices:
            raise ValidationError({"value": _("One of: %s.") % ", ".join(choices)})
        counts = self.kind in (self.Kind.INTERACTIONS, self.Kind.RECENT)
        if counts and not (self.value.isascii() and self.value.isdecimal() and 0 < int(self.value) < 10_000):
            raise ValidationError({"value": _("A whole number from 1 to 9999.")})


class AssignmentTurn(models.Model):
    """Whose turn it was last in a team whose leads are dealt out in turn; its row is the lock of the deal."""

    team = models.OneToOneField("auth.Group", models.CASCADE, primary_key=True, related_name="+")
    last_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return str(self.team_id)


from .nurturing.models import NurtureAction, NurtureEnrollment, NurtureSequence, NurtureStep  # noqa: E402, F401
