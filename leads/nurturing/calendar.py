"""What sequences would do, day by day, on a virtual clock: nothing is written, sent or promised.

Leads that reply, convert or unsubscribe on the way cannot be foreseen; quiet hours and the cap per day can.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, QuerySet
from django.utils import timezone

from crm_project.access.models import User
from crm_project.mail import hours, templates
from crm_project.mail.services import valid_address

from ..models import Lead
from ..querysets import CLOSED
from .enrolling import candidates, unwanted
from .models import NurtureEnrollment, NurtureSequence, NurtureStep
from .processing import done_of, in_scope, leads_of, left, steps_of
from .steps import Kind, context_of, manner_of
from .stopping import State, why

MOST_LEADS = 2_000
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Entry:
    """One step of one lead; ``what`` is the mail's subject, the task's title, the points or the new status."""

    at: dt.datetime
    lead: Lead
    sequence: NurtureSequence
    position: int
    kind: str
    what: str

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label)


@dataclass
class Calendar:
    """Entries by time; ``is_cut`` says that there are more leads or entries than are told."""

    entries: list[Entry] = field(default_factory=list)
    is_cut: bool = False


@dataclass(order=True)
class Walk:
    """One lead on its way: when its next step is due, and the steps that are left."""

    at: dt.datetime
    order: int
    lead: Lead = field(compare=False)
    sequence: NurtureSequence = field(compare=False)
    steps: list[NurtureStep] = field(compare=False)


def calendar(
    *, actor: User | None, days: int, sequence: NurtureSequence | None = None, leads: Sequence[Lead] | None = None
) -> Calendar:
    """What a run now, and those of the next days, would do for the leads of this user."""
    now = timezone.now()
    found = Calendar()
    walks = _walks(actor, sequence, leads, now)
    found.is_cut = len(walks) > MOST_LEADS
    walks = walks[:MOST_LEADS]
    heapq.heapify(walks)
    until, mails, subjects = now + dt.timedelta(days=days), Counter[Any](), Subjects()
    while walks and walks[0].at <= until and len(found.entries) < MOST_ENTRIES:
        walk = heapq.heappop(walks)
        if _take(walk, found.entries, mails, subjects):
            heapq.heappush(walks, walk)
    found.is_cut = found.is_cut or len(found.entries) >= MOST_ENTRIES
    found.entries = sorted((entry for entry in found.entries if entry.at <= until), key=lambda entry: entry.at)
    return found


def _walks(
    actor: User | None, sequence: NurtureSequence | None, leads: Sequence[Lead] | None, now: dt.datetime
) -> list[Walk]:
    """Every lead that is on a sequence or would join one, with the steps that are left."""
    scope = in_scope(actor, sequence, None if leads is None else [lead.pk for lead in leads])
    active = scope.filter(state=State.ACTIVE).annotate(why=why()).filter(why="").order_by("due_at", "pk")
    rows = list(active.select_related("sequence", "lead__contact", "lead__assigned_to")[: MOST_LEADS + 1])
    joining = _joining(actor, sequence, leads, MOST_LEADS + 1 - len(rows))
    steps = steps_of({row.sequence_id for row in rows} | {each.pk for each, _lead in joining})
    done = done_of(row.pk for row in rows)
    walks = [
        Walk(max(row.due_at, now), number, row.lead, row.sequence, left(steps[row.sequence_id], done[row.pk]))
        for number, row in enumerate(rows)
    ]
    return walks + [
        Walk(now, number, lead, each, list(steps[each.pk]))
        for number, (each, lead) in enumerate(joining, start=len(walks))
    ]


def _joining(
    actor: User | None, sequence: NurtureSequence | None, leads: Sequence[Lead] | None, limit: int
) -> list[tuple[NurtureSequence, Lead]]:
    def with_people(queryset: QuerySet) -> QuerySet:
        return queryset.select_related("contact", "assigned_to").order_by("pk")[:limit]

    if leads is not None:
        if sequence is None:
            return []
        named = Lead.objects.live().filter(pk__in=[lead.pk for lead in leads]).exclude(status__in=CLOSED)
        known = NurtureEnrollment.objects.filter(sequence=sequence).values("lead")
        return [(sequence, lead) for lead in with_people(named.exclude(pk__in=known).filter(~Exists(unwanted())))]
    running = NurtureSequence.objects.filter(is_active=True).select_related("segment")
    each_sequence = running.filter(pk=sequence.pk) if sequence else running
    return [(each, lead) for each in each_sequence for lead in with_people(candidates(each, leads_of(actor)))]


def _take(walk: Walk, entries: list[Entry], mails: Counter[Any], subjects: Subjects) -> bool:
    """Tell the lead's steps up to the next wait; whether there is anything after it."""
    while walk.steps:
        step = walk.steps.pop(0)
        if step.kind == Kind.WAIT:
            walk.at += step.delay
            return bool(walk.steps)
        at, what = walk.at, ""
        match step.kind:
            case Kind.MAIL if not valid_address(walk.lead.email):
                continue
            case Kind.MAIL:
                at, what = _mail_time(walk, mails), subjects.of(step.template, walk.lead)
            case Kind.TASK:
                what = step.title
            case Kind.SCORE:
                what = f"{step.points:+}"
            case Kind.STATUS:
                what = step.status
        entries.append(Entry(at, walk.lead, walk.sequence, step.position, step.kind, what))
        if step.status in CLOSED:
            return False
    return False


def _mail_time(walk: Walk, mails: Counter[Any]) -> dt.datetime:
    """When the mail would go: at once, after the quiet hours, or on the first day that has room for it."""
    zone = manner_of(walk.lead).timezone
    at = hours.after_quiet(walk.at, zone)
    address = (walk.lead.email or "").lower()
    while mails[address, hours.day_of(at, zone)] >= settings.CRM_MAIL_DAILY_CAP:
        at = hours.after_quiet(hours.day_of(at, zone)[1], zone)
    mails[address, hours.day_of(at, zone)] += 1
    return at


class Subjects:
    """Subjects of mails to leads; each template is read once."""

    def __init__(self) -> None:
        self.sources: dict[tuple[str, str], dict[str, str] | None] = {}

    def of(self, key: str, lead: Lead) -> str:
        language = manner_of(lead).language
        if (key, language) not in self.sources:
            try:
                self.sources[key, language] = templates.sources(key, language)
            except templates.UnknownTemplate:
                self.sources[key, language] = None
        sources = self.sources[key, language]
        return templates.subject_of(sources, language, context_of(lead)) if sources else f"({key}?)"


def count_by_day(entries: Sequence[Entry]) -> dict[dt.date, int]:
    """How many mails would go out on each day of the present time zone."""
    return dict(Counter(timezone.localdate(entry.at) for entry in entries if entry.kind == Kind.MAIL))
