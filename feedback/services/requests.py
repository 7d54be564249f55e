"""Asking a customer for feedback."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.mail.services import is_suppressed
from customers.models import Customer
from orders.models import Order

from ..exceptions import AskedTooSoon, NoAddress, OptedOut, RequestOpen
from ..links import hash_of, token_for
from ..mails import PURPOSE, send_request
from ..models import Feedback, Language
from ..words import language_of


@transaction.atomic
def request_feedback(
    *, customer: Customer, actor: User | None, order: Order | None = None, language: str = ""
) -> Feedback:
    """Ask the customer by mail how they liked it. The request belongs to the customer's owner.

    Locks the customer, so that however many ask at once, the customer is asked once.

    Raises:
        NoAddress: the customer has no e-mail address.
        OptedOut: the customer wants no mail of this kind.
        RequestOpen: the customer has been asked and may still answer.
        AskedTooSoon: the last request is younger than ``CRM_FEEDBACK_COOLDOWN_DAYS``.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    now = timezone.now()
    refuse_unreachable(customer)
    refuse_open_request(customer, actor)
    refuse_too_soon(customer, now)
    key = uuid7()
    feedback = Feedback(
        id=key,
        customer=customer,
        order=order,
        assigned_to=customer.assigned_to,
        team=customer.team,
        created_by=actor,
        language=language or language_for(customer),
        token_hash=hash_of(token_for(key)),
        requested_at=now,
        expires_at=now + dt.timedelta(days=settings.CRM_FEEDBACK_LINK_DAYS),
        remind_at=now + dt.timedelta(days=settings.CRM_FEEDBACK_REMINDER_DAYS),
    )
    feedback.save(force_insert=True)
    send_request(feedback)
    return feedback


def refuse_unreachable(customer: Customer) -> None:
    if not customer.email:
        raise NoAddress(_("%s has no e-mail address and cannot be asked.") % customer.name)
    if is_suppressed(customer.email, PURPOSE):
        raise OptedOut(_("%s does not want to be asked for feedback by mail.") % customer.name)


def refuse_open_request(customer: Customer, actor: Any) -> None:
    """First closes a request whose time is over."""
    overdue = customer.feedback.overdue()
    overdue.update(status=Feedback.Status.EXPIRED, remind_at=None, updated_at=timezone.now())
    if waiting := customer.feedback.live().filter(status=Feedback.Status.OPEN).first():
        extra = {"id": str(waiting.pk)} if rules.allows(actor, waiting, "view") else {}
        raise RequestOpen(_("%s has been asked already and has not answered yet.") % customer.name, extra=extra)


def refuse_too_soon(customer: Customer, now: dt.datetime) -> None:
    """What was put into the trash since counts as well: the customer was asked."""
    last = customer.feedback.order_by("-requested_at").values_list("requested_at", flat=True).first()
    allowed_at = last and last + dt.timedelta(days=settings.CRM_FEEDBACK_COOLDOWN_DAYS)
    if last and allowed_at and allowed_at > now:
        raise AskedTooSoon(
            _("%(name)s was asked on %(day)s; ask again from %(allowed)s on.")
            % {"name": customer.name, "day": f"{last:%Y-%m-%d}", "allowed": f"{allowed_at:%Y-%m-%d %H:%M} UTC"},
            wait=math.ceil((allowed_at - now).total_seconds()),
        )


def language_for(customer: Customer) -> str:
    """The language of the customer's last answer, else Russian for a name in Cyrillic, else the default."""
    last = customer.feedback.filter(status=Feedback.Status.ANSWERED).order_by("-responded_at").first()
    if last:
        return last.language
    return Language.RUSSIAN if language_of(customer.name, "") == "ru" else settings.CRM_MAIL_LANGUAGE
