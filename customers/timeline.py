"""What customers tell in their own timeline and in that of the contact behind them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position

from .models import Customer, CustomerInteraction

PATHS = {"contact": "contact", "customer": "pk"}


def register() -> None:
    changes.tell(Customer, PATHS, label="name", hidden={"normalized_phone", "contact_id", "lead_id"})
    timeline.register("customer_interaction", interactions, records=Customer, paths=PATHS)
    # What was said to the lead that became the customer belongs to the customer's story.
    for name in ("lead", "lead_interaction"):
        timeline.tell_also(name, "customer", "conversions__customer")


def interactions(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Interactions with the customers, at their date. One query."""
    rows = CustomerInteraction.objects.filter(customer__in=ids)
    rows = timeline.older(rows, "customer_interaction", "date", before).order_by("-date", "-pk")
    return [
        Entry(
            at=row.date,
            id=f"customer_interaction-{row.pk}",
            kind="interaction",
            type=row.type,
            summary=row.subject,
            actor=str(row.created_by_id) if row.created_by_id else None,
            data={
                "customer": str(row.customer_id),
                "description": row.description,
                "outcome": row.outcome,
                "next_action": row.next_action,
                "next_action_date": row.next_action_date and row.next_action_date.isoformat(),
            },
        )
        for row in rows[:limit]
    ]
