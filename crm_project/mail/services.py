"""Queueing mail, taking it back, and knowing who wants none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from email.utils import parseaddr
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone as clock
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from crm_project.api.exceptions import CrmError

from . import templates
from .links import unsubscribe_url
from .models import LANGUAGES, Mail, Purpose, Suppression

State = Mail.State


class MailInState(CrmError):
    """The mail has gone out, or is on its way."""

    default_code = "mail_in_state"


@transaction.atomic
def queue_mail(
    *,
    template: str,
    to: str,
    purpose: str,
    context: Mapping[str, Any],
    once: str,
    language: str = "",
    timezone: str = "",
    contact_id: UUID | None = None,
    reason: str = "",
    not_before: dt.datetime | None = None,
) -> Mail | None:
    """Write a mail, to be sent when this transaction commits, or later; ``None`` when the receiver does not want it.

    ``once`` names the occasion: the same again gives the mail that was written first. ``timezone`` is the receiver's,
    for their quiet hours. Five queries.

    Raises:
        UnknownTemplate: there is no such template.
        ValidationError: ``to`` is no e-mail address.
    """
    if found := Mail.objects.filter(once=once).first():
        return found
    validate_email(to)
    if is_suppressed(to, purpose):
        return None
    mail = Mail(
        to=to, purpose=Purpose(purpose), template=template, once=once, contact_id=contact_id, reason=reason[:255]
    )
    mail.language = language if language in dict(LANGUAGES) else settings.CRM_MAIL_LANGUAGE
    mail.time_zone = timezone if timezone in available_timezones() else settings.CRM_MAIL_TIME_ZONE
    mail.not_before = not_before or clock.now()
    mail.message_id = f"<{mail.pk}@{_domain()}>"
    written = templates.render(template, mail.language, context, unsubscribe_url=unsubscribe_url())
    mail.subject, mail.text, mail.html = written.subject, written.text, written.html
    Mail.objects.bulk_create([mail], ignore_conflicts=True)
    stored = Mail.objects.get(once=once)
    if stored.pk == mail.pk:
        _defer(stored)
    return stored


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _defer(mail: Mail) -> None:
    """Have the mail sent as soon as this transaction commits. What is not due yet is taken up by the minute."""
    from .tasks import send_mail

    if mail.not_before <= clock.now():
        send_mail.defer(mail_id=str(mail.pk))


def is_suppressed(address: str, purpose: str) -> bool:
    """Whether the address gets no mail of the purpose. One query."""
    return bool(suppressed([address], purpose))


def suppressed(addresses: Collection[str], purpose: str) -> set[str]:
    """Those of the addresses, in small letters, that get no mail of the purpose. One query."""
    folded = {address.strip().lower() for address in addresses}
    known = {address: address for address in folded} | {hidden(address): address for address in folded}
    found = Suppression.objects.filter(address__in=known, purpose__in=["", purpose])
    return {known[address] for address in found.values_list("address", flat=True)}


def hidden(address: str) -> str:
    """What stands on the list in place of the address of somebody who was erased: a keyed hash that looks like one."""
    digest = salted_hmac("crm_project.mail.suppression", address.strip().lower(), algorithm="sha256").hexdigest()
    return f"{digest[:40]}@erased.invalid"


@transaction.atomic
def suppress(*, address: str, purpose: str = "", reason: str) -> None:
    """Send no more mail of the purpose, or none at all, to the address. What waits to be sent to it will not be."""
    row = Suppression(address=address, purpose=purpose, reason=reason)
    row.clean()
    Suppression.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic
def allow(*, address: str, purpose: str) -> None:
    """Take back that somebody has unsubscribed, from this purpose or from all. Addresses that bounced stay out."""
    folded = address.strip().lower()
    Suppression.objects.filter(
        address__in=[folded, hidden(folded)], purpose__in=["", purpose], reason=Suppression.Reason.UNSUBSCRIBED
    ).delete()


@transaction.atomic
def cancel_mail(*, mail: Mail, why: str = "") -> Mail:
    """Do not send a mail that waits.

    Raises:
        MailInState: it waits no longer.
    """
    mail = Mail.objects.select_for_update().get(pk=mail.pk)
    if mail.state == State.CANCELLED:
        return mail
    if mail.state != State.QUEUED:
        raise MailInState(
            _("This mail is %s; only one that is queued can be cancelled.") % mail.get_state_display().lower()
        )
    mail.state, mail.error = State.CANCELLED, why
    mail.save(update_fields=["state", "error", "updated_at"])
    return mail


@transaction.atomic
def send_again(*, mail: Mail) -> Mail:
    """Queue a mail again that failed, was cancelled, or of which nobody knows whether it went out.

    Raises:
        MailInState: it was sent, or will be, or its receiver was erased.
    """
    mail = Mail.objects.select_for_update().get(pk=mail.pk)
    if not mail.to:
        raise MailInState("The person to whom this mail went was erased; it is not sent again.")
    if mail.state not in (State.FAILED, State.UNCERTAIN, State.CANCELLED, State.SUPPRESSED):
        raise MailInState(_("This mail is %s; it is not sent again.") % mail.get_state_display().lower())
    mail.state, mail.error, mail.tries, mail.not_before = State.QUEUED, "", 0, clock.now()
    mail.save(update_fields=["state", "error", "tries", "not_before", "updated_at"])
    _defer(mail)
    return mail


def valid_address(text: str | None) -> bool:
    """Whether mail could be sent there."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
