"""What this app tells in a contact's timeline: interactions, and changes of the contact and its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position
from crm_project.mail.models import Mail

from .models import Contact, Interaction, Task

TRACKED = {
    # name: event model, column that holds the contact, column that tells one from another
    "contact": ("ContactEvent", "pgh_obj_id", None),
    "contact_point": ("ContactPointEvent", "contact_id", "value"),
    "category": ("ContactCategoryEvent", "contact_id", "category_id"),
    "segment": ("ContactSegmentEvent", "contact_id", "segment_id"),
    "share": ("ContactUserShareEvent", "content_object_id", "user_id"),
    "team_share": ("ContactGroupShareEvent", "content_object_id", "group_id"),
}
HIDDEN_OF_TASKS = {"once", "source_id", "source_at", "closed_by_id", "custom_fields", "contact_id"}


def register() -> None:
    timeline.register("interaction", interactions)
    timeline.register("merge", merges)
    timeline.register("mail", mails)
    for name in TRACKED:
        timeline.register(name, _changes_of(name))
    timeline.register("logged_interaction", _changed_interactions)
    changes.tell(Task, {"contact": "contact", "task": "pk"}, label="title", hidden=HIDDEN_OF_TASKS)


def _changes_of(name: str) -> Callable[[Sequence[UUID], Position | None, int], list[Entry]]:
    from django.apps import apps

    model, column, label = TRACKED[name]
    return partial(_changes, apps.get_model("contacts", model), column, name, label)


def _changes(
    model: Any, column: str, name: str, label: str | None, ids: Sequence[UUID], before: Position | None, limit: int
) -> list[Entry]:
    hidden = {"contact_id", "normalized", "position", "origin"} if name == "contact_point" else ()
    return changes.entries(model, column, ids, before, limit, name=name, label=label, hidden=hidden)


def interactions(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Interactions at the time when they began. One query on the index of a contact's interactions."""
    rows = Interaction.objects.filter(contact__in=ids).order_by("-started_at", "-pk")
    rows = timeline.older(rows, "interaction", "started_at", before)
    return [
        Entry(
            at=row.started_at,
            id=f"interaction-{row.pk}",
            kind="interaction",
            type=row.type,
            summary=row.subject or row.get_type_display(),
            actor=str(row.created_by_id) if row.created_by_id else None,
            door=row.origin,
            data={
                "interaction": str(row.pk),
                "direction": row.direction,
                "body": row.body,
                "note": row.note,
                "duration_s": row.duration_s,
                "outcome": row.outcome,
                "recording_url": row.recording_url,
            },
        )
        for row in rows[:limit]
    ]


def _changed_interactions(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """What was changed of interactions after they were written down, and those that were deleted. One query."""
    told = Interaction.pgh_event_model  # type: ignore[attr-defined]
    labels = ("update", "delete")
    return changes.entries(
        told, "contact_id", ids, before, limit, name="logged_interaction", label="subject", labels=labels
    )


def mails(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Mails to the contacts, at the time when they were written. One query on the index of a contact's mails."""
    rows = Mail.objects.filter(contact_id__in=ids).order_by("-created_at", "-pk")
    rows = timeline.older(rows, "mail", "created_at", before)
    return [
        Entry(
            at=row.created_at,
            id=f"mail-{row.pk}",
            kind="interaction",
            type="email",
            summary=row.subject,
            data={
                "mail": str(row.pk),
                "direction": Interaction.Direction.OUTBOUND.value,
                "body": row.text,
                "note": row.error,
                "to": row.to,
                "state": row.state,
                "purpose": row.purpose,
                "sent_at": row.sent_at and row.sent_at.isoformat(),
            },
        )
        for row in rows[:limit]
    ]


def merges(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Merges into the contacts and their undoing. Two queries.

    Only contacts that are still merged into these are named: others have a story, and viewers, of their own.
    """
    from django.apps import apps

    events: Any = apps.get_model("contacts", "ContactMergeEvent")
    rows = events.objects.filter(survivor__in=ids).select_related("pgh_context").order_by("-pgh_id")
    if before:
        rows = rows.filter(pgh_created_at__lte=before[0])
    named = dict(Contact.objects.filter(merged_into__in=ids).values_list("pk", "name"))
    told = (entry for entry in (_merge(row, named) for row in rows) if before is None or entry.position < before)
    return list(islice(told, limit))


def _merge(row: Any, named: dict[UUID, str]) -> Entry:
    context = row.pgh_context.metadata if row.pgh_context else {}
    others = ", ".join(sorted(named.get(key) or "another contact" for key in row.merged_ids))
    return Entry(
        at=row.pgh_created_at,
        id=f"merge-{row.pgh_id:020d}",
        kind="event",
        type="contact.merge_undone" if row.undone_at else "contact.merged",
        summary=f"Merge with {others} undone" if row.undone_at else f"Merged with {others}",
        actor=context.get("user"),
        door=context.get("door"),
        data={"merge": str(row.id), "merged_ids": [str(key) for key in row.merged_ids]},
    )
