"""What feedback tells in its own timeline, in those of the order and the customer, and in the contact's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position

from .models import Feedback

PATHS = {"contact": "customer__contact", "customer": "customer", "order": "order", "feedback": "pk"}


def register() -> None:
    changes.tell(Feedback, PATHS, label="category", hidden={"customer_id", "order_id"})
    timeline.register("feedback_answer", answers, records=Feedback, paths=PATHS)


def answers(ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """What customers answered, at the time when they did. One query."""
    rows = Feedback.objects.answered().filter(pk__in=ids)
    rows = timeline.older(rows, "feedback_answer", "responded_at", before).order_by("-responded_at", "-pk")
    return [
        Entry(
            at=row.responded_at,
            id=f"feedback_answer-{row.pk}",
            kind="interaction",
            type="feedback",
            summary=f"{row.rating}/5 {row.comment}".strip()[:100],
            data={
                "customer": str(row.customer_id),
                "rating": row.rating,
                "comment": row.comment,
                "category": row.category,
                "sentiment": row.sentiment,
            },
        )
        for row in rows[:limit]
        if row.responded_at
    ]
