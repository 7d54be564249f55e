"""When a lead is led no further: one condition, asked in bulk, for each step, and of each mail before it goes out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Interaction
from crm_project.mail.models import Mail, Purpose, Suppression

from ..models import LeadInteraction
from .models import NurtureAction, NurtureEnrollment

Reason, State = NurtureEnrollment.Reason, NurtureEnrollment.State


def why() -> Case:
    """Why an enrollment is over, or an empty text: an expression for a queryset of enrollments.

    A reply is whatever was written down with the lead since, and with its contact, unless we were the ones who spoke.
    """
    since = {"created_at__gt": OuterRef("created_at")}
    with_lead = LeadInteraction.objects.filter(lead=OuterRef("lead"), **since)
    with_contact = Interaction.objects.filter(
        contact=OuterRef("lead__contact"), started_at__gt=OuterRef("created_at"), **since
    ).exclude(direction=Interaction.Direction.OUTBOUND)
    unwanted = Suppression.objects.filter(
        address=Lower(OuterRef("lead__email")), purpose__in=["", Purpose.NURTURING.value]
    )
    return Case(
        When(lead__deleted_at__isnull=False, then=Value(Reason.DELETED.value)),
        When(lead__status__in=["converted", "lost", "won"], then=F("lead__status")),
        When(Exists(with_lead) | Exists(with_contact), then=Value(Reason.REPLIED.value)),
        When(Exists(unwanted), then=Value(Reason.UNSUBSCRIBED.value)),
        default=Value(""),
        output_field=CharField(),
    )


@transaction.atomic
def stop_what_is_over(enrollments: QuerySet) -> dict[str, int]:
    """Stop the active ones of the enrollments that are over; how many, by reason. What others hold is left to them."""
    over = enrollments.filter(state=State.ACTIVE).annotate(why=why()).exclude(why="")
    keys = list(over.order_by("pk").values_list("pk", flat=True))
    locked = NurtureEnrollment.objects.select_for_update(skip_locked=True).filter(pk__in=keys, state=State.ACTIVE)
    mine = set(locked.order_by("pk").values_list("pk", flat=True))
    by_reason = defaultdict(list)
    for key, reason in NurtureEnrollment.objects.filter(pk__in=mine).annotate(why=why()).values_list("pk", "why"):
        by_reason[reason].append(key)
    return {reason: stop(keys, reason) for reason, keys in by_reason.items() if reason}


def stop(keys: list[UUID], reason: str) -> int:
    """Stop these enrollments, which are locked, and take back their mails that wait."""
    now = timezone.now()
    rows = NurtureEnrollment.objects.filter(pk__in=keys)
    stopped = rows.update(state=State.STOPPED, stop_reason=reason, ended_at=now, updated_at=now)
    mails = NurtureAction.objects.filter(enrollment__in=keys, mail_id__isnull=False).values("mail_id")
    Mail.objects.filter(pk__in=mails, state=Mail.State.QUEUED).update(
        state=Mail.State.CANCELLED, error=_sentence(reason), updated_at=now
    )
    return stopped


@transaction.atomic
def stop_by_hand(*, enrollment: NurtureEnrollment) -> NurtureEnrollment:
    """Lead the lead no further on this sequence; what has ended stays as it is."""
    enrollment = NurtureEnrollment.objects.select_for_update().get(pk=enrollment.pk)
    if enrollment.state == State.ACTIVE:
        stop([enrollment.pk], Reason.BY_STAFF)
        enrollment.refresh_from_db()
    return enrollment


def guard(mail: Any) -> str | None:
    """Why a mail of a sequence that waits must not go out any more. One query."""
    found = (
        NurtureEnrollment.objects.filter(Q(actions__mail_id=mail.pk))
        .annotate(why=why())
        .values_list("state", "stop_reason", "why", "sequence__is_active")
        .first()
    )
    if found is None:
        return None
    state, stop_reason, reason, is_running = found
    if state == State.STOPPED or reason:
        return _sentence(stop_reason or reason)
    return None if is_running else _("The sequence is not running.")


def _sentence(reason: str) -> str:
    return _("The sequence has ended for this lead: %s.") % Reason(reason).label.lower()
