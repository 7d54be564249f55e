"""Next actions that are due become tasks, and tasks that nobody does become known to a manager.

Everything here may run twice, in parallel, or be killed anywhere. One run waits for another; each effect has a key or
a condition in the database that lets it happen once.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from contacts.models import Task
from contacts.services import follow_up_key, move_task
from crm_project.access import roles, rules
from crm_project.access.models import User

from .digests import PEOPLE, queue_digests
from .promises import promised_to_customers, promised_to_leads, without_task

BATCH = 1_000
LOCK = 5_871_140_023  # The advisory lock that one run holds at a time.
ESCALATING = (Task.Kind.FOLLOW_UP, Task.Kind.FEEDBACK)


@dataclass
class Outcome:
    """What one batch did: tasks made, moved to a new date, cancelled and escalated, digests queued; whether it left
    something.
    """

    created: list[UUID] = field(default_factory=list)
    moved: int = 0
    cancelled: int = 0
    escalated: int = 0
    mailed: int = 0
    more: bool = False


@transaction.atomic
def start_followups(*, actor: User) -> Outcome:
    """Process a batch for the actor; when there is more, a worker does the rest."""
    from ..tasks import process_followups as job

    outcome = process_followups(actor=actor)
    if outcome.more:
        with suppress(AlreadyEnqueued), transaction.atomic():
            job.defer()
    return outcome


@transaction.atomic
def process_followups(*, actor: User | None = None, now: dt.datetime | None = None) -> Outcome:
    """One batch of follow-ups: those of the records that the actor may change, or all.

    Due dates of next actions become tasks, once each; open tasks move with dates that were changed and are cancelled
    with those that are gone; what is overdue for ``CRM_FOLLOWUP_ESCALATE_DAYS`` is escalated; people get their digest.
    Costs a constant number of queries for a batch, one for each manager to whom something is escalated, and those of
    each digest.
    """
    now, outcome = now or timezone.now(), Outcome()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    settle(actor, outcome)
    for promises, whole in ((promised_to_leads(), "lead"), (promised_to_customers(), "customer")):
        make_tasks(promises.filter(next_action_date__lte=now), whole, actor, outcome)
    escalate(now, actor, outcome)
    queued = queue_digests(now=now, actor=actor)
    outcome.mailed, outcome.more = len(queued), outcome.more or len(queued) == PEOPLE
    return outcome


def mine(rows: Any, actor: User | None) -> Any:
    return rows if actor is None else rules.visible(rows, actor, "change")


# Tasks that follow


def settle(actor: User | None, outcome: Outcome) -> None:
    """Move or cancel the open tasks whose date is no longer that of their interaction, whoever changed it."""
    dates = [
        Subquery(promised.filter(pk=OuterRef("source_id")).values("next_action_date"))
        for promised in (promised_to_leads(), promised_to_customers())
    ]
    tasks = mine(Task.objects.open().filter(source_at__isnull=False), actor)
    left = tasks.annotate(at=Coalesce(*dates)).filter(Q(at=None) | ~Q(at=F("source_at")))
    found = list(left.order_by("pk").select_for_update(of=("self",))[:BATCH])
    for task in found:
        if move_task(task=task, at=task.at):
            outcome.moved += 1
        else:
            outcome.cancelled += 1
    outcome.more |= len(found) == BATCH


def make_tasks(interactions: QuerySet, whole: str, actor: User | None, outcome: Outcome) -> None:
    """A task for each due interaction that has had none for this date."""
    rows = mine(without_task(interactions), actor)
    rows = rows.select_related(f"{whole}__assigned_to", "created_by").order_by("next_action_date", "pk")
    tasks = [task_for(row, getattr(row, whole)) for row in rows[:BATCH]]
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    keys = [task.pk for task in tasks]
    outcome.created += Task.objects.filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)
    outcome.more |= len(tasks) == BATCH


def task_for(interaction: Any, person: Any) -> Task:
    """For the owner of the lead or customer, else for whoever promised it; the team sees it in any case."""
    at, able = interaction.next_action_date, (person.assigned_to, interaction.created_by)
    return Task(
        title=interaction.next_action or _("Follow up with %s") % person.name,
        description=getattr(interaction, "notes", "") or getattr(interaction, "description", ""),
        contact_id=person.contact_id,
        due_at=at,
        kind=Task.Kind.FOLLOW_UP,
        assigned_to=next((user for user in able if user and user.is_active), None),
        team_id=person.team_id,
        source_id=interaction.pk,
        source_at=at,
        once=follow_up_key(interaction.pk, at),
    )


# Tasks that nobody does


def escalate(now: dt.datetime, actor: User | None, outcome: Outcome) -> None:
    """Name a manager to each task that is overdue for too long."""
    if not settings.CRM_FOLLOWUP_ESCALATE_DAYS:
        return
    overdue = Task.objects.overdue(now - dt.timedelta(days=settings.CRM_FOLLOWUP_ESCALATE_DAYS))
    tasks = mine(overdue.filter(kind__in=ESCALATING, escalated_at=None), actor)
    found = list(tasks.order_by("due_at", "pk").select_for_update(of=("self",))[:BATCH])
    by_manager: dict[UUID, list[UUID]] = defaultdict(list)
    managers = Managers()
    for task in found if managers.everybody else ():
        by_manager[managers.of(task)].append(task.pk)
    for manager, keys in by_manager.items():
        rows = Task.objects.filter(pk__in=keys)
        outcome.escalated += rows.update(escalated_at=now, escalated_to=manager, updated_at=timezone.now())


class Managers:
    """Who answers for a task: a manager in its team, else any manager; among several whoever has the fewest to answer
    for. The task's own owner only when there is no other. Three queries.
    """

    def __init__(self) -> None:
        managers = User.objects.filter(is_active=True, groups__name=roles.MANAGER).order_by("pk")
        self.everybody: list[UUID] = list(managers.values_list("pk", flat=True))
        self.in_team: dict[int, list[UUID]] = defaultdict(list)
        members = User.groups.through._default_manager.filter(user__in=self.everybody)
        for user, group in members.values_list("user", "group"):
            self.in_team[group].append(user)
        counts = Task.objects.open().filter(escalated_to__in=self.everybody).values("escalated_to")
        self.load = Counter(dict(counts.annotate(number=Count("pk")).values_list("escalated_to", "number")))

    def of(self, task: Task) -> UUID:
        near = self.in_team.get(task.team_id or 0, self.everybody)
        candidates = others(near, task) or others(self.everybody, task) or near
        chosen = min(candidates, key=lambda manager: (self.load[manager], manager))
        self.load[chosen] += 1
        return chosen


def others(managers: Sequence[UUID], task: Task) -> set[UUID]:
    """Who is not the owner of the task."""
    return {*managers} - {task.assigned_to_id}
