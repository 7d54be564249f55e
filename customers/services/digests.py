"""One mail a day to whoever has something to do: what is overdue, what today brings, what was escalated to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from contacts.models import Contact, Task
from crm_project.access import rules
from crm_project.access.models import User
from crm_project.mail.links import public_url
from crm_project.mail.models import Mail, Purpose
from crm_project.mail.services import queue_mail, suppressed, valid_address
from crm_project.mail.templates import MailTemplate

from .promises import promised_to_customers, promised_to_leads, without_task

PEOPLE = 50  # Digests of one batch.
LINES = 20  # Of one section; the rest is a number.
LONGEST_DAY = dt.timedelta(hours=25)
LINE = {"title": "Send the proposal", "person": "Grace Hopper", "url": "https://crm.example.com/admin/"}
TEMPLATE = MailTemplate(
    "followup_digest",
    Purpose.DIGEST,
    gettext_lazy("What is to be done today"),
    {
        "name": "Mia",
        "day": dt.date(2026, 1, 31),
        "count": 3,
        "overdue": {"lines": [LINE | {"at": dt.datetime(2026, 1, 28, 9, tzinfo=dt.UTC)}], "more": 0},
        "today": {"lines": [LINE | {"at": dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC)}], "more": 2},
        "escalated": {"lines": [LINE | {"at": dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC), "owner": "Jim"}], "more": 0},
        "list_url": "https://crm.example.com/admin/contacts/task/",
    },
)


def queue_digests(*, now: dt.datetime, actor: User | None = None) -> list[Mail]:
    """Queue the digests of today, by each receiver's calendar, that are not queued yet: of ``PEOPLE`` at most.

    For everybody, or for who may not change all tasks for themselves only. Seven queries to know whose are missing,
    and some fifteen for each of those.
    """
    queued: list[Mail] = []
    for user in missing(now, actor):
        with timezone.override(user.time_zone):
            if mail := queue_digest(user, now):
                queued.append(mail)
        if len(queued) == PEOPLE:
            break
    return queued


def missing(now: dt.datetime, actor: User | None) -> list[User]:
    """Who may have something to do and has no digest of today yet, and wants one."""
    everybody = actor is None or rules.reaches_all(actor, Task, "change")
    keys = busy(now) if everybody or actor is None else {actor.pk}
    active = User.objects.filter(pk__in=keys, is_active=True).order_by("pk")
    users = [user for user in active if valid_address(user.email)]
    unwanted = suppressed([user.email for user in users], Purpose.DIGEST)
    users = [user for user in users if user.email.lower() not in unwanted]
    done = Mail.objects.filter(once__in=[key_of(user, now) for user in users]).values_list("once", flat=True)
    written = set(done)
    return [user for user in users if key_of(user, now) not in written]


def busy(now: dt.datetime) -> set[UUID]:
    """Who has an open task or a next action by the end of the day, wherever they are. Four queries."""
    until = now + LONGEST_DAY
    tasks = Task.objects.open().filter(due_at__lt=until)
    found: set[UUID | None] = set()
    for rows, owner in (
        (tasks, "assigned_to"),
        (tasks, "escalated_to"),
        (promised_to_leads().filter(next_action_date__range=(now, until)), "lead__assigned_to"),
        (promised_to_customers().filter(next_action_date__range=(now, until)), "customer__assigned_to"),
    ):
        found |= set(rows.order_by().values_list(owner, flat=True).distinct())
    return {key for key in found if key}


def key_of(user: User, now: dt.datetime) -> str:
    return f"digest:{user.pk}:{now.astimezone(ZoneInfo(user.time_zone)).date()}"


def queue_digest(user: User, now: dt.datetime) -> Mail | None:
    """The user's digest; ``None`` when there is nothing to tell. Runs in their time zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + dt.timedelta(days=1)
    own = Task.objects.open().owned_by(user).order_by("due_at", "pk")
    overdue = own.filter(due_at__lt=midnight)
    today = own.filter(due_at__gte=midnight, due_at__lt=tomorrow)
    escalated = Task.objects.open().filter(escalated_to=user).filter(~Q(pk__in=own.values("pk")))
    sections = {
        "overdue": section(overdue, user),
        "today": section(today, user, promised(user, now, tomorrow)),
        "escalated": section(escalated.select_related("assigned_to").order_by("due_at", "pk"), user),
    }
    count = sum(len(each["lines"]) + each["more"] for each in sections.values())
    if not count:
        return None
    return queue_mail(
        template=TEMPLATE.key,
        to=user.email,
        purpose=Purpose.DIGEST,
        context={
            "name": user.first_name or user.get_username(),
            "day": midnight.date(),
            "count": count,
            "list_url": public_url(reverse("admin:contacts_task_changelist")),
            **sections,
        },
        once=key_of(user, now),
        language=user.language,
        timezone=user.time_zone,
        reason="Tasks that are due",
    )


def promised(user: User, now: dt.datetime, tomorrow: dt.datetime) -> Iterator[dict[str, Any]]:
    """Next actions of the user's leads and customers that become tasks later today."""
    for rows, whole in ((promised_to_leads(), "lead"), (promised_to_customers(), "customer")):
        today = rows.filter(next_action_date__gt=now, next_action_date__lt=tomorrow, **{f"{whole}__assigned_to": user})
        for row in without_task(today).select_related(whole).order_by("next_action_date", "pk")[:LINES]:
            person = getattr(row, whole)
            yield {"title": row.next_action, "person": person.name, "at": row.next_action_date}


def section(tasks: QuerySet, user: User, besides: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """The first lines, by time, and how many more there are. Names are told of contacts that the user sees."""
    rows = list(tasks[: LINES + 1])
    more = tasks.count() - LINES if len(rows) > LINES else 0
    rows = rows[:LINES]
    seen = rules.seen(user, Contact, {row.contact_id for row in rows} - {None})
    names = dict(Contact.objects.filter(pk__in=seen).values_list("pk", "name")) if seen else {}
    lines = [
        {
            "title": row.title,
            "person": names.get(row.contact_id, ""),
            "at": timezone.localtime(row.due_at),
            "url": public_url(reverse("admin:contacts_task_change", args=[row.pk])),
            "owner": row.assigned_to.get_full_name() or row.assigned_to.get_username() if row.assigned_to else "",
        }
        for row in rows
    ]
    return {"lines": sorted([*lines, *besides], key=lambda line: line["at"]), "more": more}
