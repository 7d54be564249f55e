"""What somebody has to do, from its making to its end."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access.models import User
from crm_project.access.services import check_handover

from ..exceptions import TaskIsClosed
from ..models import Contact, Task

NOT_ESCALATED = {"escalated_at": None, "escalated_to": None}


def follow_up_key(source_id: UUID, at: dt.datetime) -> str:
    """The ``once`` of the task that follows from a record for one of its dates."""
    return f"follow_up:{source_id}:{at.astimezone(dt.UTC).isoformat()}"


def open_task(
    *,
    once: str,
    title: str,
    assigned_to: User | None,
    due_at: dt.datetime,
    kind: str,
    team: Group | None = None,
    contact: Contact | None = None,
    description: str = "",
    source_id: UUID | None = None,
    source_at: dt.datetime | None = None,
    actor: User | None = None,
) -> Task:
    """The task of the key ``once``, made unless there is one: the same key again gives the first task back.

    That holds for parallel calls too, which wait for each other, and for a task that is closed or in the trash.
    ``source_id`` names the record that the task follows from; with ``source_at``, a date of that record, ``move_task``
    makes it follow when the date changes. Two queries.
    """
    task = Task(
        once=once,
        title=title[:500],
        description=description,
        contact=contact,
        due_at=due_at,
        kind=kind,
        assigned_to=assigned_to,
        team=team,
        source_id=source_id,
        source_at=source_at,
        created_by=actor,
    )
    Task.objects.bulk_create([task], ignore_conflicts=True)
    return Task.objects.get(once=once)


def create_task(*, actor: User, **columns: Any) -> Task:
    """Make a task; its owner is the actor unless somebody else is named."""
    columns.setdefault("assigned_to", actor)
    return Task.objects.create(created_by=actor, **columns)


@transaction.atomic
def update_task(*, task: Task, actor: User, **changes: Any) -> Task:
    """Change what is given. Locks the row. A new owner or a later date gives it a new chance before it escalates."""
    Task.objects.select_for_update().get(pk=task.pk)
    check_handover(record=task, actor=actor, changes=changes)
    if changes.keys() & {"assigned_to", "due_at"}:
        changes |= NOT_ESCALATED
    return _save(task, **changes)


@transaction.atomic
def close_task(*, task: Task, actor: User | None, status: str = Task.Status.DONE) -> Task:
    """Say that the task is done, or cancelled; a second time changes nothing. Locks the row.

    Raises:
        TaskIsClosed: it has ended in the other way.
    """
    stored = Task.objects.select_for_update().get(pk=task.pk)
    if stored.status == status:
        return stored
    refuse_closed(stored)
    return _save(stored, status=status, closed_at=timezone.now(), closed_by=actor)


@transaction.atomic
def reopen_task(*, task: Task) -> Task:
    """Take up again what was done or cancelled; an open task stays as it is. Locks the row."""
    stored = Task.objects.select_for_update().get(pk=task.pk)
    if stored.status == Task.Status.OPEN:
        return stored
    return _save(stored, status=Task.Status.OPEN, closed_at=None, closed_by=None)


@transaction.atomic
def snooze_task(*, task: Task, until: dt.datetime) -> Task:
    """Put the task off until a moment to come, which becomes its due date. Locks the row.

    Raises:
        TaskIsClosed: there is nothing to put off.
        ValidationError: the moment has passed.
    """
    stored = Task.objects.select_for_update().get(pk=task.pk)
    refuse_closed(stored)
    if until <= timezone.now():
        raise ValidationError({"until": _("A moment to come.")})
    return _save(stored, due_at=until, **NOT_ESCALATED)


@transaction.atomic
def move_tasks(*, source_id: UUID, at: dt.datetime | None) -> None:
    """Let the open task that follows from a record keep up with its date; with none it is cancelled. Locks the row."""
    followers = Task.objects.open().filter(source_id=source_id, source_at__isnull=False)
    for task in followers.select_for_update():
        move_task(task=task, at=at)


def move_task(*, task: Task, at: dt.datetime | None) -> bool:
    """Move the locked task to the date, or cancel it, when there is none or one that was followed up before.

    A task that is cancelled so sets its key free, so that the date, should it come back, gets a task again. Returns
    whether the task is still open.
    """
    if at == task.source_at:
        return True
    key = follow_up_key(task.source_id, at) if at and task.source_id else None
    if key is None or Task.objects.filter(once=key).exists():
        now = timezone.now()
        _save(task, status=Task.Status.CANCELLED, closed_at=now, closed_by=None, once=None, source_at=None)
        return False
    _save(task, due_at=at, source_at=at, once=key, **NOT_ESCALATED)
    return True


def delete_task(*, task: Task, actor: User) -> None:
    """Move the task to the trash; a second time changes nothing."""
    now = timezone.now()
    Task.objects.live().filter(pk=task.pk).update(deleted_at=now, deleted_by=actor, updated_at=now)


def restore_task(*, task: Task) -> None:
    """Take the task out of the trash; a second time changes nothing."""
    trashed = Task.objects.trashed().filter(pk=task.pk)
    trashed.update(deleted_at=None, deleted_by=None, updated_at=timezone.now())


def refuse_closed(task: Task) -> None:
    if task.status != Task.Status.OPEN:
        state = task.get_status_display().lower()
        raise TaskIsClosed(_("The task “%(title)s” is %(state)s.") % {"title": task.title, "state": state})


def _save(task: Task, **changes: Any) -> Task:
    for name, value in changes.items():
        setattr(task, name, value)
    task.save(update_fields=[*changes, "updated_at"])
    return task
