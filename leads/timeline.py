"""What leads tell in their own timeline and in that of the contact behind them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position

from .models import Lead, LeadInteraction

PATHS = {"contact": "contact", "lead": "pk"}


def register() -> None:
    changes.tell(Lead, PATHS, label="name", hidden={"normalized_phone", "contact_id", "status_since"})
    timeline.register("lead_interaction", interactions, records=Lead, paths=PATHS)


def interactions(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Interactions with the leads. One query."""
    rows = LeadInteraction.objects.filter(lead__in=ids)
    rows = timeline.older(rows, "lead_interaction", "created_at", before).order_by("-created_at", "-pk")
    return [
        Entry(
            at=row.created_at,
            id=f"lead_interaction-{row.pk}",
            kind="interaction",
            type=row.type,
            summary=row.notes[:100] or row.get_type_display(),
            actor=str(row.created_by_id) if row.created_by_id else None,
            data={
                "lead": str(row.lead_id),
                "notes": row.notes,
                "next_action": row.next_action,
                "next_action_date": row.next_action_date and row.next_action_date.isoformat(),
            },
        )
        for row in rows[:limit]
    ]
