"""The mails that feedback sends, and taking them back when they are not wanted any more."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from crm_project.mail import placeholders, templates
from crm_project.mail.models import Mail
from crm_project.mail.services import cancel_mail, queue_mail

from .links import HIDDEN_TOKEN, survey_url, token_for
from .models import Feedback

PURPOSE = "feedback"
REQUEST, REMINDER = "feedback_request", "feedback_reminder"
RATINGS = [1, 2, 3, 4, 5]
EXAMPLE = {
    "name": "Jane Smith",
    "product": "Premium plan",
    "days": 30,
    "url": "https://crm.example.com/survey/abc",
    "links": [{"rating": rating, "url": f"https://crm.example.com/survey/abc?rating={rating}"} for rating in RATINGS],
}


def register() -> None:
    for key, name in ((REQUEST, _("Request for feedback")), (REMINDER, _("Reminder of a request for feedback"))):
        templates.register(templates.MailTemplate(key=key, purpose=PURPOSE, name=name, example=EXAMPLE))
    placeholders.register(HIDDEN_TOKEN, token_of)


def send_request(feedback: Feedback) -> Mail | None:
    return _queue(feedback, REQUEST, 0)


def send_reminder(feedback: Feedback, number: int) -> Mail | None:
    """The reminder of this number, from 1 on; ``None`` when the customer has no address or does not want it."""
    return _queue(feedback, REMINDER, number) if feedback.customer.email else None


def _queue(feedback: Feedback, template: str, number: int) -> Mail | None:
    customer, url = feedback.customer, survey_url(HIDDEN_TOKEN)
    return queue_mail(
        template=template,
        to=customer.email or "",
        purpose=PURPOSE,
        context={
            "name": customer.name,
            "product": feedback.order.product.name if feedback.order else "",
            "days": (feedback.expires_at - feedback.requested_at).days,
            "url": url,
            "links": [{"rating": rating, "url": f"{url}?rating={rating}"} for rating in RATINGS],
        },
        once=_occasion(feedback, number),
        language=feedback.language,
        contact_id=customer.contact_id,
        reason=f"feedback {feedback.pk}",
    )


def _occasion(feedback: Feedback, number: int) -> str:
    return f"{PURPOSE}:{feedback.pk}:{number}"


def token_of(mail: Mail) -> str | None:
    """The token of the request that a mail is about; ``None`` for mails about something else."""
    purpose, _colon, rest = mail.once.partition(":")
    return token_for(UUID(rest.partition(":")[0])) if purpose == PURPOSE else None


def cancel_waiting(feedback: Feedback) -> None:
    """Send nothing more about a request that is answered or withdrawn, though it be queued. One query, or a few."""
    occasions = [_occasion(feedback, number) for number in range(feedback.reminders_sent + 1)]
    for mail in Mail.objects.select_for_update().filter(once__in=occasions, state=Mail.State.QUEUED):
        cancel_mail(mail=mail, why="The request for feedback was answered or withdrawn.")
