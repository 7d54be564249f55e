"""What orders tell in their own timeline, in the customer's, and in that of the contact behind the customer."""

from crm_project.history import changes

from .models import Order

PATHS = {"contact": "customer__contact", "customer": "customer", "order": "pk"}


def register() -> None:
    changes.tell(Order, PATHS, label="number", hidden={"customer_id", "holds_stock"})
