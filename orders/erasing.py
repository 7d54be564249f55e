"""What the tables of this app become when a person is erased: orders keep product, money and dates, for the books."""

from __future__ import annotations

from crm_project.privacy import steps
from crm_project.privacy.steps import Part
from customers.models import Customer

from .models import Order, OrderStatusChange


def register() -> None:
    steps.register(
        Part(Order, of={"customer": Customer}, stays=True, keeps=("currency",)),
        Part(OrderStatusChange, of={"order": Order}, stays=True),
    )
