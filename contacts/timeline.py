"""What this app tells in a contact's timeline: interactions, and changes of the contact and its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position

from .models import Interaction

TRACKED = {
    # name: event model, column that holds the contact, column that tells one from another
    "contact": ("ContactEvent", "pgh_obj_id", None),
    "contact_point": ("ContactPointEvent", "contact_id", "value"),
    "category": ("ContactCategoryEvent", "contact_id", "category_id"),
    "segment": ("ContactSegmentEvent", "contact_id", "segment_id"),
}


def register() -> None:
    timeline.register("interaction", interactions)
    for name in TRACKED:
        timeline.register(name, _changes_of(name))


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
