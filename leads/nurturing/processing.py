"""Doing what is due, in batches that parallel processes share among them: each step of each lead is done once.

An enrollment is locked while its steps are done; who comes second skips it. What was done is written down in the same
transaction, under a key that is unique, and mails and tasks have such keys too.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.history.context import because_of

from ..models import Lead
from ..querysets import CLOSED
from .enrolling import enrol, enrol_who_fit
from .models import NurtureAction, NurtureEnrollment, NurtureSequence, NurtureStep
from .steps import Kind, perform
from .stopping import State, stop, stop_what_is_over, why

BATCH = 50
AT_ONCE = 200  # So many leads are worked on while somebody waits for the answer; workers do the rest.

log = structlog.get_logger(__name__)


@dataclass
class Report:
    """What a run did. ``refused`` are leads that did not join, with the reason; ``is_complete`` says no more is due."""

    enrolled: int = 0
    processed: int = 0
    done: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    refused: dict[UUID, str] = field(default_factory=dict)
    is_complete: bool = True


def leads_of(actor: User | None) -> QuerySet:
    """The leads that may be led on by this user, all for the machine. In the trash is told by ``why``, not here."""
    leads = Lead.objects.all()
    return leads if actor is None else rules.visible(leads, actor, "change")


def in_scope(
    actor: User | None, sequence: NurtureSequence | None, lead_ids: Iterable[UUID] | None
) -> QuerySet[NurtureEnrollment]:
    """Enrollments on running sequences that a run may work on."""
    running = NurtureSequence.objects.filter(is_active=True)
    found = NurtureEnrollment.objects.filter(sequence__in=running.order_by().values("pk"))
    if sequence is not None:
        found = found.filter(sequence=sequence)
    if lead_ids is not None:
        found = found.filter(lead__in=list(lead_ids))
    if actor is not None and not rules.reaches_all(actor, Lead, "change"):
        found = found.filter(lead__in=leads_of(actor).values("pk"))
    return found


def process(
    *,
    actor: User | None = None,
    sequence: NurtureSequence | None = None,
    leads: Sequence[Lead] | None = None,
    origin: str = NurtureEnrollment.Origin.API,
    limit: int | None = None,
) -> Report:
    """Stop what is over, let join who fits or is named, and do all steps that are due; ``limit`` bounds the leads."""
    report = Report()
    scope = in_scope(actor, sequence, None if leads is None else [lead.pk for lead in leads])
    with because_of(door="nurturing"):
        report.stopped.update(stop_what_is_over(scope))
        if sequence is not None and leads is not None:
            report.enrolled, report.refused = enrol(sequence=sequence, leads=leads, actor=actor, origin=origin)
        elif leads is None:
            report.enrolled = join(actor=actor, sequence=sequence, limit=limit or 100_000)
        _work(scope, report, limit)
    return report


def join(*, actor: User | None, sequence: NurtureSequence | None, limit: int) -> int:
    """Let the leads join that fit the rules of running sequences; how many. A rule that is broken is logged."""
    running = NurtureSequence.objects.filter(is_active=True).select_related("segment")
    joined = 0
    for each in running.filter(pk=sequence.pk) if sequence else running:
        try:
            joined += enrol_who_fit(sequence=each, leads=leads_of(actor), actor=actor, limit=limit - joined)
        except exceptions.ValidationError as error:
            log.error("the rule of a nurture sequence does not work", sequence=each.name, error=str(error.detail))
    return joined


def _work(scope: QuerySet[NurtureEnrollment], report: Report, limit: int | None) -> None:
    now = timezone.now()
    while limit is None or report.processed < limit:
        if not _batch(scope, report, now, min(BATCH, (limit or BATCH + report.processed) - report.processed)):
            return
    report.is_complete = not _due(scope, now).exists()


def _due(scope: QuerySet[NurtureEnrollment], now: dt.datetime) -> QuerySet[NurtureEnrollment]:
    return scope.filter(state=State.ACTIVE, due_at__lte=now)


@transaction.atomic
def _batch(scope: QuerySet[NurtureEnrollment], report: Report, now: dt.datetime, size: int) -> int:
    """Do what is due for some leads that nobody else is at; how many there were."""
    due = _due(scope, now).select_for_update(skip_locked=True).order_by("due_at", "pk")
    keys = list(due.values_list("pk", flat=True)[:size])
    rows = NurtureEnrollment.objects.filter(pk__in=keys).annotate(why=why())
    related = ("sequence", "lead__contact", "lead__assigned_to", "lead__team")
    steps, done = steps_of({row.sequence_id for row in rows}), done_of(keys)
    for enrollment in rows.select_related(*related).order_by("due_at", "pk"):
        if enrollment.why:
            report.stopped[enrollment.why] += stop([enrollment.pk], enrollment.why)
        else:
            _advance(enrollment, left(steps[enrollment.sequence_id], done[enrollment.pk]), now, report)
    report.processed += len(keys)
    return len(keys)


def steps_of(sequence_ids: Iterable[UUID]) -> dict[UUID, list[NurtureStep]]:
    """The steps of each sequence in their order. One query."""
    found: dict[UUID, list[NurtureStep]] = defaultdict(list)
    for step in NurtureStep.objects.filter(sequence__in=list(sequence_ids)).order_by("position", "pk"):
        found[step.sequence_id].append(step)
    return found


def done_of(enrollment_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """The steps that were done for each enrollment. One query."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    rows = NurtureAction.objects.filter(enrollment__in=list(enrollment_ids), step__isnull=False)
    for enrollment, step in rows.values_list("enrollment", "step"):
        found[enrollment].add(step)
    return found


def left(steps: list[NurtureStep], done: set[UUID]) -> list[NurtureStep]:
    """The steps after the last one that was done, however they were moved about, added and deleted since."""
    last = max((index for index, step in enumerate(steps) if step.pk in done), default=-1)
    return steps[last + 1 :]


def _advance(enrollment: NurtureEnrollment, steps: list[NurtureStep], now: dt.datetime, report: Report) -> None:
    """Do the steps up to and with the next one that waits."""
    for step in steps:
        action = perform(step=step, enrollment=enrollment, now=now)
        report.done[step.kind if not action.note else "skipped"] += 1
        if step.kind == Kind.WAIT:
            enrollment.due_at = now + step.delay
            enrollment.save(update_fields=["due_at", "updated_at"])
            return
        if step.status in CLOSED:
            return  # The next round finds that it is over.
    enrollment.state, enrollment.ended_at = State.FINISHED, now
    enrollment.save(update_fields=["state", "ended_at", "updated_at"])
    report.finished += 1
