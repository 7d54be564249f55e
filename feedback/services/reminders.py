"""Reminding who has not answered, and closing what nobody can answer any more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from crm_project.access import rules

from .. import mails
from ..models import Feedback

BATCH = 200
MOST = 1_000  # In one call of the API, whose transaction a web request holds open.


@dataclass
class Processed:
    """What a round did. ``skipped`` are those who have no address or want no mail: they are not reminded again."""

    reminded: int = 0
    skipped: int = 0
    expired: int = 0

    def __add__(self, other: Processed) -> Processed:
        return Processed(self.reminded + other.reminded, self.skipped + other.skipped, self.expired + other.expired)

    @property
    def count(self) -> int:
        return self.reminded + self.skipped + self.expired


def process_reminders(*, user: Any = None, limit: int = MOST) -> Processed:
    """Close requests whose time is over, and remind of those that are due: at most ``limit`` of each.

    With a ``user`` only of those that this user may change. Each batch is a transaction of its own, which takes rows
    that nobody else is working on; so calls in parallel share the work, and a call that dies leaves the rest to the
    next. Six queries a batch, and those of a mail for each reminder.
    """
    total = Processed()
    while total.count < limit:
        done = process_batch(user=user, limit=min(BATCH, limit - total.count))
        total += done
        if not done.count:
            break
    return total


@transaction.atomic
def process_batch(*, user: Any, limit: int) -> Processed:
    expired = _locked(Feedback.objects.live().overdue(), user, limit)
    Feedback.objects.filter(pk__in=[each.pk for each in expired]).update(
        status=Feedback.Status.EXPIRED, remind_at=None, updated_at=timezone.now()
    )
    done = Processed(expired=len(expired))
    for feedback in _locked(Feedback.objects.open().filter(remind_at__lte=Now()).order_by("remind_at"), user, limit):
        done += remind(feedback)
    return done


def _locked(rows: Any, user: Any, limit: int) -> list[Feedback]:
    """Rows that the user may change, locked; those that somebody else has locked are left to them."""
    rows = rows if user is None else rules.visible(rows, user, "change")
    rows = rows.select_related("customer", "order__product").select_for_update(of=("self",), skip_locked=True)
    return list(rows[:limit])


def remind(feedback: Feedback) -> Processed:
    """Send the next reminder and say when the one after it is due, if any is. The row is locked."""
    number, most = feedback.reminders_sent + 1, settings.CRM_FEEDBACK_REMINDERS
    sent = number <= most and mails.send_reminder(feedback, number) is not None
    if sent:
        feedback.reminders_sent = number
    pause = dt.timedelta(days=settings.CRM_FEEDBACK_REMINDER_DAYS)
    feedback.remind_at = Now() + pause if sent and number < most else None
    feedback.save(update_fields=["reminders_sent", "remind_at", "updated_at"])
    return Processed(reminded=int(sent), skipped=int(not sent))
