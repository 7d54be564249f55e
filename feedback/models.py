"""What customers were asked, what they said, and the themes that run through it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from crm_project.access.models import OwnedModel
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track
from customers.models import Customer
from orders.models import Order

from .querysets import FeedbackQuerySet

LIVE = Q(deleted_at=None)


class Language(models.TextChoices):
    """In which we speak with customers about feedback."""

    ENGLISH = "en", _("English")
    RUSSIAN = "ru", _("Russian")


@track(parent="customer", exclude=["token_hash", "remind_at"])
class Feedback(OwnedModel):
    """One request for feedback and the answer to it. It belongs to the customer's owner, also after a handover."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        EXPIRED = "expired", _("Expired")

    class Sentiment(models.TextChoices):
        POSITIVE = "positive", _("Positive")
        NEUTRAL = "neutral", _("Neutral")
        NEGATIVE = "negative", _("Negative")

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="feedback", db_index=False, verbose_name=_("customer")
    )
    order = models.ForeignKey(
        Order, models.SET_NULL, null=True, blank=True, related_name="feedback", verbose_name=_("order")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    token_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    requested_at = models.DateTimeField(_("requested at"))
    expires_at = models.DateTimeField(_("expires at"))
    remind_at = models.DateTimeField(_("next reminder"), null=True, blank=True)
    reminders_sent = models.PositiveSmallIntegerField(_("reminders sent"), default=0)
    responded_at = models.DateTimeField(_("responded at"), null=True, blank=True)
    rating = models.PositiveSmallIntegerField(
        _("rating"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("From 1, very bad, to 5, very good."),
    )
    comment = models.TextField(_("comment"), blank=True, max_length=5_000)
    category = models.CharField(_("category"), max_length=50, blank=True)
    sentiment = models.CharField(_("sentiment"), max_length=8, choices=Sentiment, blank=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta(OwnedModel.Meta):
        verbose_name = _("feedback")
        verbose_name_plural = pgettext_lazy("plural", "feedback")
        default_permissions = ("add", "change", "delete", "view", "share")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                name="feedback_one_open_request",
                condition=LIVE & Q(status="open"),
                violation_error_message=_("This customer has an open request already."),
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)),
                name="feedback_rating_in_range",
                violation_error_message=_("A rating is from 1 to 5."),
            ),
            models.CheckConstraint(
                condition=Q(status="answered", rating__isnull=False, responded_at__isnull=False)
                | (~Q(status="answered") & Q(rating__isnull=True, responded_at__isnull=True)),
                name="feedback_answered_has_answer",
                violation_error_message=_("An answer has a rating and a time, and only an answer."),
            ),
        ]
        indexes = [
            # The list of who sees everything, newest first, and its count.
            models.Index(fields=["id"], name="feedback_live", condition=LIVE),
            # One branch each of the list of who sees own, team's and shared feedback, and what they see of the trash.
            models.Index(fields=["assigned_to", "id"], name="feedback_owner", include=["deleted_at"]),
            models.Index(
                fields=["team", "id"], name="feedback_team", include=["deleted_at"], condition=Q(team__isnull=False)
            ),
            models.Index(fields=["id"], name="feedback_trash", condition=Q(deleted_at__isnull=False)),
            # A customer's feedback, newest first: the timeline, and when they were asked last.
            models.Index(fields=["customer", "id"], name="feedback_customer"),
            # ?status= and ?rating=
            models.Index(fields=["status", "id"], name="feedback_status", condition=LIVE),
            models.Index(fields=["rating", "id"], name="feedback_rating", condition=LIVE & Q(rating__isnull=False)),
            # Periods of the analytics, and the newest answers.
            models.Index(fields=["requested_at"], name="feedback_by_request", condition=LIVE),
            models.Index(
                fields=["responded_at", "id"], name="feedback_by_answer", condition=LIVE & Q(responded_at__isnull=False)
            ),
            # Reminders that are due, and links whose time is over.
            models.Index(fields=["remind_at"], name="feedback_due", condition=LIVE & Q(status="open")),
            models.Index(fields=["expires_at"], name="feedback_expiring", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5" if self.rating else str(self.get_status_display())


@track(parent="content_object")
class FeedbackUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one feedback."""

    content_object = models.ForeignKey(Feedback, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class FeedbackGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one feedback."""

    content_object = models.ForeignKey(Feedback, models.CASCADE, related_name="group_shares")


class FeedbackRound(BaseModel):
    """Asking many customers at once: those who fit parameters of their list, as far as the owner may ask them.

    Customers are taken in the order of their keys; ``reached`` is the last one that was dealt with, written in the
    transaction of the requests, so that nobody is asked twice. ``refused`` counts by reason who was not asked, and
    names the first of each. ``message`` says why a round has failed, with those asked that had been until then.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("owner")
    )
    filter = models.JSONField(_("customers"), default=dict)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.QUEUED, editable=False)
    asked = models.PositiveIntegerField(_("asked"), default=0, editable=False)
    refused = models.JSONField(_("not asked"), default=dict, editable=False)
    reached = models.UUIDField(null=True, editable=False)
    message = models.CharField(_("message"), max_length=1000, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("round of requests")
        verbose_name_plural = _("rounds of requests")
        # The list of one's own rounds, newest first.
        indexes = [models.Index(fields=["owner", "id"], name="feedback_round_owner")]

    def __str__(self) -> str:
        return ", ".join(f"{name}={text}" for name, text in self.filter.items())

    @classmethod
    def access_branches(cls, user: Any, verb: str) -> list[Q]:
        return [Q(owner=user.pk)] if verb == "view" else []


@track()
class Theme(BaseModel):
    """Something that many comments are about. Found anew by each run, which knows it again by its terms.

    What staff decided stays: a label that they gave, that a theme is hidden, and that it is a part of another one.
    """

    label = models.CharField(_("label"), max_length=100)
    label_is_manual = models.BooleanField(_("labelled by hand"), default=False, editable=False)
    language = models.CharField(_("language"), max_length=2, choices=Language, editable=False)
    terms = models.JSONField(_("terms"), default=dict, editable=False, help_text=_("Word stems with their weight."))
    is_hidden = models.BooleanField(_("hidden"), default=False)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="parts", verbose_name=_("merged into")
    )
    feedback = models.ManyToManyField(Feedback, through="FeedbackTheme", related_name="themes")

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("theme")
        verbose_name_plural = _("themes")
        default_permissions = ("change", "view")
        ordering = ["label", "pk"]

    def __str__(self) -> str:
        return self.label

    @property
    def heaviest_terms(self) -> list[str]:
        """The stems, heaviest first."""
        return sorted(self.terms, key=lambda term: (-self.terms[term], term))


class FeedbackTheme(BaseModel):
    """That a comment is about a theme, and how much: the weight is from 0 to 1."""

    access_parent = "feedback"

    feedback = models.ForeignKey(Feedback, models.CASCADE, related_name="theme_links", db_index=False)
    theme = models.ForeignKey(Theme, models.CASCADE, related_name="feedback_links")
    weight = models.FloatField()

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        constraints = [models.UniqueConstraint(fields=["feedback", "theme"], name="feedback_theme_once")]

    def __str__(self) -> str:
        return f"{self.feedback_id} → {self.theme_id}"


class ThemeRun(models.Model):
    """The last search for themes. Its one row is the lock of the search."""

    finished_at = models.DateTimeField(null=True)
    comments = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return str(self.finished_at)
