"""Recording what customers answer, by whatever way they do it."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from contacts.services.tasks import open_task
from crm_project.access.models import User

from .. import mails
from ..exceptions import AlreadyAnswered
from ..links import hash_of, is_genuine
from ..models import Feedback
from ..themes.refreshing import refresh_soon
from ..words import language_of, sentiment_of

FOLLOW_UP_AFTER = dt.timedelta(days=1)


def valid_request(token: str) -> Feedback | None:
    """The open request of a link, with its customer; ``None`` for a link that is forged, used, expired or withdrawn.

    One query. Nothing tells these cases apart.
    """
    request = Feedback.objects.open().select_related("customer").filter(token_hash=hash_of(token)).first()
    return request if request is not None and is_genuine(token, request.pk) else None


@transaction.atomic
def record_answer(
    *, feedback: Feedback, actor: User | None, rating: int, comment: str = "", category: str = "", language: str = ""
) -> Feedback:
    """Write down the answer to a request, also one whose link has expired. Locks the row; the first answer counts.

    Reminders stop, also those that wait to be sent. A low rating gives the owner a task.

    Raises:
        AlreadyAnswered: there is an answer.
    """
    feedback = Feedback.objects.select_for_update(of=("self",)).select_related("customer").get(pk=feedback.pk)
    if feedback.status == Feedback.Status.ANSWERED:
        raise AlreadyAnswered(_("This feedback was answered on %s.") % f"{feedback.responded_at:%Y-%m-%d}")
    feedback.status, feedback.responded_at, feedback.remind_at = Feedback.Status.ANSWERED, timezone.now(), None
    feedback.rating, feedback.comment, feedback.category = rating, comment.strip(), category.strip().lower()
    feedback.language = language_of(feedback.comment, default=language or feedback.language)
    feedback.sentiment = sentiment_of(rating, feedback.comment, feedback.language)
    feedback.save(
        update_fields=[
            "status",
            "responded_at",
            "remind_at",
            "rating",
            "comment",
            "category",
            "language",
            "sentiment",
            "updated_at",
        ]
    )
    mails.cancel_waiting(feedback)
    if feedback.comment:
        refresh_soon()
    if rating <= settings.CRM_FEEDBACK_LOW_RATING:
        open_follow_up(feedback, actor)
    return feedback


def open_follow_up(feedback: Feedback, actor: User | None) -> None:
    """A task for the owner to speak with an unhappy customer, in the owner's language. Once for each answer."""
    customer, owner = feedback.customer, feedback.assigned_to
    with override(owner.language if owner else settings.LANGUAGE_CODE):
        title = _("Unhappy customer: %(name)s gave %(rating)d of 5") % {
            "name": customer.name,
            "rating": feedback.rating,
        }
    open_task(
        once=f"feedback:{feedback.pk}",
        title=title,
        description=feedback.comment,
        assigned_to=owner,
        team=feedback.team,
        contact=customer.contact,
        due_at=timezone.now() + FOLLOW_UP_AFTER,
        kind="feedback",
        source_id=feedback.pk,
        actor=actor,
    )
