"""Doing one step for one lead."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction

from contacts.models import Task
from contacts.services.tasks import open_task
from crm_project.mail.models import LANGUAGES, Purpose
from crm_project.mail.services import queue_mail, valid_address
from crm_project.mail.templates import UnknownTemplate

from ..exceptions import StatusNotAllowed
from ..models import Lead
from ..services.status import change_status
from .models import NurtureAction, NurtureEnrollment, NurtureStep

Kind = NurtureStep.Kind


@transaction.atomic
def perform(*, step: NurtureStep, enrollment: NurtureEnrollment, now: dt.datetime) -> NurtureAction:
    """Do the step and write down that it is done. The enrollment is locked, so nobody else is at it."""
    action = NurtureAction(enrollment=enrollment, step=step, kind=step.kind)
    match step.kind:
        case Kind.MAIL:
            _mail(step, enrollment, action)
        case Kind.TASK:
            _task(step, enrollment, action, now)
        case Kind.SCORE:
            _score(step, enrollment)
        case Kind.STATUS:
            _status(step, enrollment, action)
    action.save(force_insert=True)
    return action


def _once(step: NurtureStep, enrollment: NurtureEnrollment) -> str:
    return f"nurture {enrollment.pk} {step.pk}"


def _mail(step: NurtureStep, enrollment: NurtureEnrollment, action: NurtureAction) -> None:
    lead, manner = enrollment.lead, manner_of(enrollment.lead)
    if not valid_address(lead.email):
        action.note = "The lead has no address for mail."
        return
    try:
        with transaction.atomic():
            mail = queue_mail(
                template=step.template,
                to=lead.email or "",
                purpose=Purpose.NURTURING,
                context=context_of(lead),
                once=_once(step, enrollment),
                contact_id=lead.contact_id,
                reason=f"Step {step.position} of the sequence “{enrollment.sequence.name}”",
                language=manner.language,
                timezone=manner.timezone,
            )
    except UnknownTemplate:
        action.note = f"There is no mail template “{step.template}”."
        return
    action.mail_id = mail.pk if mail else None
    action.note = "" if mail else "The lead wants no mail."


class Manner(NamedTuple):
    language: str
    timezone: str


def manner_of(lead: Lead) -> Manner:
    """Language and time zone of a lead: its custom fields of these names, or its contact's."""
    known = {**lead.contact.custom_fields, **lead.custom_fields}
    language, zone = str(known.get("language") or ""), str(known.get("time_zone") or "")
    return Manner(
        language if language in dict(LANGUAGES) else settings.CRM_MAIL_LANGUAGE,
        zone if zone in available_timezones() else settings.CRM_MAIL_TIME_ZONE,
    )


def context_of(lead: Lead) -> dict[str, Any]:
    """What a template of a sequence may say."""
    owner = lead.assigned_to
    return {
        "name": lead.name,
        "first_name": lead.name.split()[0] if lead.name.split() else "",
        "company": lead.company,
        "owner": (owner.get_full_name() or owner.get_username()) if owner else "",
        "owner_email": owner.email if owner else "",
    }


def _task(step: NurtureStep, enrollment: NurtureEnrollment, action: NurtureAction, now: dt.datetime) -> None:
    lead = enrollment.lead
    task = open_task(
        once=_once(step, enrollment),
        title=step.title,
        description=f"{lead.name}: step {step.position} of the sequence “{enrollment.sequence.name}”.",
        assigned_to=lead.assigned_to,
        team=lead.team,
        contact=lead.contact,
        due_at=now + step.delay,
        kind=Task.Kind.NURTURING,
        source_id=lead.pk,
    )
    action.task_id = task.pk


def _score(step: NurtureStep, enrollment: NurtureEnrollment) -> None:
    """Add the points; from then on the score is one that was set, and rules leave it alone."""
    lead = Lead.objects.select_for_update().get(pk=enrollment.lead_id)
    lead.score, lead.score_is_manual = max(0, min(100, lead.score + (step.points or 0))), True
    lead.save(update_fields=["score", "score_is_manual", "updated_at"])


def _status(step: NurtureStep, enrollment: NurtureEnrollment, action: NurtureAction) -> None:
    try:
        change_status(lead=enrollment.lead, status=step.status, actor=None, lost_reason="")
    except StatusNotAllowed as error:
        action.note = str(error.detail)[:255]
