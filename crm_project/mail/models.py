"""What is to be mailed and what became of it, what staff wrote in place of a template, and who wants no mail."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_project.access.models import validate_time_zone
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track

LANGUAGES = [("en", "English"), ("ru", "Русский")]


class Purpose(models.TextChoices):
    """What mail is for: people say no to one of these, or to all."""

    FEEDBACK = "feedback", _("Questions for feedback")
    NURTURING = "nurturing", _("News and offers")
    DIGEST = "digest", _("Summaries of what is to be done")


class Mail(BaseModel):
    """One message to one person. Its text is made when it is queued, but for the secrets in its links (see
    ``placeholders``), which are filled in when it goes out; ``state`` says how far it is.

    ``sending`` is committed before the mail server hears of the message. Who finds it there when the sender must be
    dead makes it ``uncertain``: it may have gone out, so it is not sent again unless somebody asks for it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        UNCERTAIN = "uncertain", _("Uncertain")
        FAILED = "failed", _("Failed")
        SUPPRESSED = "suppressed", _("Not wanted")
        CANCELLED = "cancelled", _("Cancelled")

    to = models.EmailField(_("to"), max_length=254)
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose)
    template = models.CharField(_("template"), max_length=64)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES)
    time_zone = models.CharField(_("time zone of the receiver"), max_length=64, validators=[validate_time_zone])
    subject = models.CharField(_("subject"), max_length=500)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    message_id = models.CharField(_("Message-ID"), max_length=255)
    error = models.TextField(_("error"), blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    contact_id = models.UUIDField(_("contact"), null=True)
    reason = models.CharField(_("why"), max_length=255, blank=True)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    tried_at = models.DateTimeField(_("last tried"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    once = models.CharField(_("key"), max_length=255, unique=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            # What is due, by the minute.
            models.Index(fields=["not_before"], name="mail_due", condition=Q(state="queued")),
            # What a dead worker has left behind.
            models.Index(fields=["tried_at"], name="mail_in_flight", condition=Q(state="sending")),
            # A contact's timeline, newest first.
            models.Index(fields=["contact_id", "created_at", "id"], name="mail_timeline"),
            # How many mails somebody got today; the search of the admin.
            models.Index(Lower("to"), "tried_at", name="mail_by_address"),
        ]

    def __str__(self) -> str:
        return self.subject


@track()
class Template(BaseModel):
    """What staff wrote: in place of a template that comes with the CRM, whose ``key`` it has, or a new one."""

    key = models.CharField(
        _("key"),
        max_length=64,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*\Z", _("Small letters, digits and _; a letter first."))],
    )
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose, default=Purpose.NURTURING)
    name = models.CharField(_("name"), max_length=255)
    subject = models.CharField(_("subject"), max_length=500)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, help_text=_("Empty: made from the text."))

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("mail template")
        verbose_name_plural = _("mail templates")
        ordering = ["key", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "language"],
                name="mail_template_once",
                violation_error_message=_("There is a template with this key in this language."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    def clean(self) -> None:
        """What cannot be rendered is refused here, so that no mail fails for it later."""
        from .templates import check

        if errors := check({name: getattr(self, name) for name in ("subject", "text", "html")}):
            raise ValidationError(errors)


@track()
class Suppression(BaseModel):
    """An address that wants no mail of a purpose, or none at all, or that does not exist."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("The mail server refused the address")
        BY_STAFF = "by_staff", _("Asked a member of staff")

    address = models.EmailField(_("address"), max_length=254)
    purpose = models.CharField(
        _("purpose"), max_length=16, choices=[("", _("All mail")), *Purpose.choices], blank=True, default=""
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, default=Reason.BY_STAFF)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("address without mail")
        verbose_name_plural = _("addresses without mail")
        constraints = [
            models.UniqueConstraint(
                fields=["address", "purpose"],
                name="mail_suppression_once",
                violation_error_message=_("This address is on the list already."),
            ),
            models.CheckConstraint(
                condition=Q(address=Lower("address")),
                name="mail_suppression_folded",
                violation_error_message=_("The address must be in small letters."),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = self.address.strip().lower()
