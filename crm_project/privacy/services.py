"""Telling a person all that is stored about them, and forgetting them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_project.access.models import User
from crm_project.api.exceptions import CrmError

from .models import Erasure
from .people import Person
from .steps import Model, Rows, steps

# Deletes those of the files which were there at the moment that have one of the traces. Says whether it has looked
# through all of them: a file that is being worked with has to wait.
Sweep = Callable[[Collection[str], dt.datetime], bool]
_sweeps: list[Sweep] = []
LONGEST_REQUEST = dt.timedelta(minutes=1)


class IsErased(CrmError):
    default_code = "is_erased"
    default_detail = "The person of this record was erased; there is nothing to bring back."


def register_sweep(sweep: Sweep) -> None:
    """Have files looked through too; in ``AppConfig.ready()``."""
    _sweeps.append(sweep)


def person_of(ids: Sequence[UUID], *, lock: bool = False) -> Person:
    """The person behind these contacts, as far as the rows of all tables know them. A constant number of queries."""
    person = Person(tuple(ids), is_locked=lock)
    for step in steps():
        step.find(person)
    return person


def told(person: Person) -> dict[Model, Rows]:
    """All rows about the person, by table; tables without any are left out. A constant number of queries."""
    found: dict[Model, dict[Any, Any]] = {}
    for step in steps():
        for model, rows in step.tell(person):
            found.setdefault(model, {}).update({row[model._meta.pk.attname]: row for row in rows})
    return {model: list(rows.values()) for model, rows in found.items() if rows}


def counted(person: Person) -> dict[str, int]:
    """How many rows of each table would be erased, by the table's label."""
    found: dict[str, int] = {}
    for step in steps():
        if step.is_told_only:
            continue
        label = step.model._meta.label_lower
        found[label] = max(found.get(label, 0), step.rows(person).count())
    return {label: count for label, count in found.items() if count}


@transaction.atomic
def erase(*, ids: Sequence[UUID], actor: User | None, door: str) -> Erasure:
    """Forget the person behind these contacts, which the caller has locked. An erased person stays so: a second time
    nothing is done, and the first act is given.

    Rows that the books and figures need stay without the person; the others go. All of it is one transaction, to which
    a job belongs that does the same with files, and once more with rows that requests wrote meanwhile.
    """
    from .tasks import finish_erasure

    if done := erasure_of(ids):
        return done
    person = person_of(ids, lock=True)
    erasure = Erasure(contact_ids=list(ids), erased_by=actor, door=door, traces=person.traces)
    erasure.counts = forget(person)
    erasure.save(force_insert=True)
    finish_erasure.defer(erasure_id=str(erasure.pk))
    return erasure


def forget(person: Person) -> dict[str, int]:
    """Take the person out of every table, the last ones first; how many rows of each had to do with them."""
    found: dict[str, int] = {}
    for step in reversed(steps()):
        if count := step.forget(person):
            label = step.model._meta.label_lower
            found[label] = found.get(label, 0) + count
    return dict(sorted(found.items()))


@transaction.atomic
def finish(erasure_id: UUID, *, now: dt.datetime | None = None) -> bool:
    """Take the person out of the files, and of rows that requests wrote which began before the erasure and ended after;
    whether that is done for good. May be called as often as one likes, in parallel too, and be killed anywhere.
    """
    waiting = Erasure.objects.select_for_update(skip_locked=True, of=("self",)).filter(finished_at=None)
    erasure = waiting.filter(pk=erasure_id).first()
    if erasure is None:
        return False
    now = now or timezone.now()
    person = person_of(erasure.contact_ids, lock=True)
    forget(person)
    traces = {*erasure.traces, *person.traces}
    answers = [sweep(traces, erasure.created_at) for sweep in _sweeps]
    if all(answers) and now - erasure.created_at > LONGEST_REQUEST:
        erasure.traces, erasure.finished_at = [], now
    else:
        erasure.traces = sorted(traces)
    erasure.save(update_fields=["traces", "finished_at", "updated_at"])
    return erasure.finished_at is not None


@transaction.atomic
def begin_again(erasure: Erasure) -> None:
    """Erase the person once more, of whom rows or files were brought back from a backup."""
    Erasure.objects.filter(pk=erasure.pk).update(finished_at=None)
    finish(erasure.pk)


def erasures_since(moment: dt.datetime | None) -> Iterable[Erasure]:
    """Erasures from the moment on, or all; the first ones first."""
    found = Erasure.objects.order_by("pk")
    return (found.filter(created_at__gte=moment) if moment else found).iterator()


def erasure_of(ids: Iterable[UUID]) -> Erasure | None:
    """The act by which one of these contacts was erased. One query."""
    return Erasure.objects.filter(contact_ids__overlap=list(ids)).order_by("pk").first()


def refuse_erased(*ids: UUID) -> None:
    """Raises:
    IsErased: one of these contacts was erased.
    """
    if erasure_of(ids):
        raise IsErased()
