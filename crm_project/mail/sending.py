"""Handing one mail to the mail server, exactly once although the worker may be killed between any two steps.

1. ``claim``: the mail becomes ``sending``. Committed before anything else happens.
2. ``hand_over``: the mail server gets it.
3. ``settle``: ``sent``, or what else came of it.

Killed before 1, the mail is still queued. Killed between 1 and 3, it stays ``sending`` until ``give_up_on_the_lost``
finds it older than any sender can be, and calls it uncertain.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable
from contextlib import suppress as suppress_errors
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from . import hours
from .links import token_of, unsubscribe_url
from .models import Mail, Suppression
from .placeholders import fill_in
from .services import is_suppressed, suppress

State = Mail.State

WAITS = (1, 5, 25, 125, 625)  # Minutes between tries; the last one goes on.
MOST_TRIES = 14  # Then four days have gone by, after which RFC 5321 (4.5.4.1) lets a sender give up.
LOST_AFTER = dt.timedelta(minutes=15)  # No sender lives longer: each answer of a server is waited for at most 30 s.
MOST_AT_ONCE = 10_000
NO_SUCH_MAILBOX = {550, 551, 553}  # RFC 5321 (4.2.3)

# Says why a mail that waits must not go out any more, or nothing. Asked at the last moment before it does.
Guard = Callable[[Mail], str | None]
_guards: dict[str, Guard] = {}

log = structlog.get_logger(__name__)


def register_guard(purpose: str, guard: Guard) -> None:
    """Let an app keep back its mail when what it was written for is over; in ``AppConfig.ready()``."""
    _guards[purpose] = guard


@dataclass(frozen=True)
class Outcome:
    state: str
    error: str = ""
    bounced: bool = False


def send(mail_id: UUID) -> str | None:
    """Send the mail if it is due; the state it is in then, or ``None`` if nothing was to be done."""
    mail = claim(mail_id)
    if mail is None:
        return None
    outcome = hand_over(mail)
    settle(mail, outcome)
    return outcome.state


@transaction.atomic(durable=True)
def claim(mail_id: UUID) -> Mail | None:
    """Make the mail this process's to send; ``None`` when it is not due, not wanted, or another's. Five queries."""
    now = timezone.now()
    due = Mail.objects.select_for_update(skip_locked=True).filter(pk=mail_id, state=State.QUEUED, not_before__lte=now)
    mail = due.first()
    if mail is None:
        return None
    _one_at_a_time(mail.to)
    guard = _guards.get(mail.purpose)
    if is_suppressed(mail.to, mail.purpose):
        mail.state, mail.error = State.SUPPRESSED, "The address gets no such mail."
    elif why := guard and guard(mail):
        mail.state, mail.error = State.CANCELLED, why
    elif (start := hours.allowed_from(now, mail.time_zone, sent_on_day(mail, now))) > now:
        mail.not_before = start
    else:
        mail.state, mail.tries, mail.tried_at = State.SENDING, mail.tries + 1, now
    mail.save(update_fields=["state", "error", "not_before", "tries", "tried_at", "updated_at"])
    return mail if mail.state == State.SENDING else None


def _one_at_a_time(address: str) -> None:
    """Let no other process count this person's mails until ours is counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('mail ' || lower(%s), 0))", [address])


def sent_on_day(mail: Mail, now: dt.datetime) -> int:
    """How many mails went, or may have gone, to the address on the receiver's day. One query on an index."""
    begin, end = hours.day_of(now, mail.time_zone)
    others = Mail.objects.alias(address=Lower("to")).filter(address=mail.to.lower()).exclude(pk=mail.pk)
    went = others.filter(tried_at__gte=begin, tried_at__lt=end)
    return went.filter(state__in=[State.SENDING, State.SENT, State.UNCERTAIN]).count()


def hand_over(mail: Mail) -> Outcome:
    """Give the mail to the mail server; what came of it."""
    backend = get_connection()
    data_begun = False

    def note_data(send_data: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def noted(message: Any) -> Any:
            nonlocal data_begun
            data_begun = True
            return send_data(message)

        return noted

    try:
        backend.open()
        if isinstance(session := getattr(backend, "connection", None), smtplib.SMTP):
            session.data = note_data(session.data)  # type: ignore[assignment, method-assign]
        backend.send_messages([message_of(mail)])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(mail, code, text, bounced=True)
    except smtplib.SMTPDataError as error:
        return _refused(mail, error.smtp_code, error.smtp_error, bounced=error.smtp_code in NO_SUCH_MAILBOX)
    except (smtplib.SMTPException, OSError) as error:
        if data_begun:
            return Outcome(State.UNCERTAIN, f"The connection broke after the mail was handed over: {error}")
        return _later(mail, str(error))
    except ValueError as error:  # Of Python's mail package, which writes it down before the server hears of it.
        return Outcome(State.FAILED, f"This cannot be written as a mail: {error}")
    finally:
        with suppress_errors(smtplib.SMTPException, OSError):  # What was taken over stays so without a good-bye.
            backend.close()
    return Outcome(State.SENT)


def _refused(mail: Mail, code: int, text: bytes | str, *, bounced: bool) -> Outcome:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    if code >= 500:
        return Outcome(State.FAILED, f"{code} {said}", bounced)
    return _later(mail, f"{code} {said}")


def _later(mail: Mail, error: str) -> Outcome:
    """Try again, unless that was done for days: nothing that is down for a while loses a mail."""
    return Outcome(State.QUEUED if mail.tries < MOST_TRIES else State.FAILED, error)


def message_of(mail: Mail) -> EmailMultiAlternatives:
    """The mail as its receiver gets it, secrets and all."""
    message = EmailMultiAlternatives(
        fill_in(mail, mail.subject),
        fill_in(mail, mail.text),
        settings.DEFAULT_FROM_EMAIL,
        [mail.to],
        headers={
            "Message-ID": mail.message_id,
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{unsubscribe_url(token_of(mail))}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    message.attach_alternative(fill_in(mail, mail.html), "text/html")
    return message


@transaction.atomic
def settle(mail: Mail, outcome: Outcome) -> None:
    """Write down what came of it. Who is late finds the mail uncertain, and knows better."""
    now = timezone.now()
    changes: dict[str, Any] = {"state": outcome.state, "error": outcome.error, "updated_at": now}
    if outcome.state == State.SENT:
        changes["sent_at"] = now
    elif outcome.state == State.QUEUED:
        changes["not_before"] = now + dt.timedelta(minutes=WAITS[min(mail.tries, len(WAITS)) - 1])
    claimed = Mail.objects.filter(pk=mail.pk, tried_at=mail.tried_at, state__in=[State.SENDING, State.UNCERTAIN])
    if not claimed.update(**changes):
        return  # Another process has found out, or the receiver was erased.
    if outcome.bounced:
        suppress(address=mail.to, reason=Suppression.Reason.BOUNCED)
    if outcome.error:
        log.warning("mail was not sent", mail=str(mail.pk), state=str(outcome.state), error=outcome.error)


def due() -> list[UUID]:
    """Mails whose time has come, the longest waiting first."""
    queued = Mail.objects.filter(state=State.QUEUED, not_before__lte=timezone.now()).order_by("not_before", "pk")
    return list(queued.values_list("pk", flat=True)[:MOST_AT_ONCE])


def give_up_on_the_lost() -> int:
    """Call mails uncertain whose sender was killed; how many. They are not sent again unless somebody asks for it."""
    lost = Mail.objects.filter(state=State.SENDING, tried_at__lt=timezone.now() - LOST_AFTER)
    return lost.update(
        state=State.UNCERTAIN,
        error="The worker was killed while it sent this mail; it may have gone out.",
        updated_at=timezone.now(),
    )
