"""What customers tell in the timeline of the contact behind them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position

from .models import CustomerInteraction


def register() -> None:
    timeline.register("customer", customer_changes)
    timeline.register("customer_interaction", interactions)


def customer_changes(contact_ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    from django.apps import apps

    return changes.entries(
        apps.get_model("customers", "CustomerEvent"),
        "contact_id",
        contact_ids,
        before,
        limit,
        name="customer",
        label="name",
        hidden={"normalized_phone"},
    )


def interactions(contact_ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Interactions with the contacts' customers, at their date. One query."""
    rows = CustomerInteraction.objects.filter(customer__contact__in=contact_ids, customer__deleted_at=None)
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
