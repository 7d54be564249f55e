"""What orders tell in the timeline of the contact behind the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_project.history import changes, timeline
from crm_project.history.timeline import Entry, Position
from customers.models import Customer


def register() -> None:
    timeline.register("order", order_changes)


def order_changes(contact_ids: Sequence[UUID], before: Position | None, limit: int) -> list[Entry]:
    """Changes of the orders of the contacts' customers. Two queries."""
    from django.apps import apps

    customers = list(Customer.objects.filter(contact__in=contact_ids).values_list("pk", flat=True))
    if not customers:
        return []
    events = apps.get_model("orders", "OrderEvent")
    return changes.entries(events, "customer_id", customers, before, limit, name="order", label="number")
