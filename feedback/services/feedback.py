"""Filing, handing over and removing feedback."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from contacts import custom_fields as custom
from crm_project.access.models import User
from crm_project.access.services import check_handover

from .. import mails
from ..models import Feedback
from .requests import refuse_open_request


@transaction.atomic
def update_feedback(*, feedback: Feedback, actor: User, **changes: Any) -> Feedback:
    """Change what is given: category, owner, team, custom fields; what the customer said stays. Locks the row.

    Raises:
        HandoverRefused: who it is only shared with may not assign it to somebody.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    Feedback.objects.select_for_update().get(pk=feedback.pk)
    check_handover(record=feedback, actor=actor, changes=changes)
    if "category" in changes:
        changes["category"] = changes["category"].strip().lower()
    if "custom_fields" in changes:
        changes["custom_fields"] = custom.clean_for("feedback", Feedback, feedback, changes["custom_fields"])
    for name, value in changes.items():
        setattr(feedback, name, value)
    if changes:
        feedback.save(update_fields=[*changes, "updated_at"])
    return feedback


@transaction.atomic
def delete_feedback(*, feedback: Feedback, actor: User) -> None:
    """Move it to the trash. A request that is open is thereby withdrawn: its link ends and no mail follows."""
    feedback = Feedback.objects.select_for_update().get(pk=feedback.pk)
    feedback.deleted_at, feedback.deleted_by = timezone.now(), actor
    feedback.save(update_fields=["deleted_at", "deleted_by", "updated_at"])
    mails.cancel_waiting(feedback)


@transaction.atomic
def restore_feedback(*, feedback: Feedback, actor: User) -> None:
    """Take it out of the trash; the link of an open request works again until it expires.

    Raises:
        RequestOpen: the customer was asked anew in the meantime.
    """
    feedback = Feedback.objects.select_for_update().get(pk=feedback.pk)
    if feedback.status == Feedback.Status.OPEN:
        refuse_open_request(feedback.customer, actor)
    feedback.deleted_at = feedback.deleted_by = None
    feedback.save(update_fields=["deleted_at", "deleted_by", "updated_at"])
