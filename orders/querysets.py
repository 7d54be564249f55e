"""Named questions about orders."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Count, Max, Min

from crm_project.access.querysets import OwnedQuerySet

OPEN = ("pending", "processing", "shipped")
SOLD = (*OPEN, "delivered")


class OrderQuerySet(OwnedQuerySet):
    def open(self) -> Self:
        """Neither delivered nor cancelled: what a credit limit counts."""
        return self.live().filter(status__in=OPEN)

    def sold(self) -> Self:
        """Not cancelled: what revenue and the habits of buyers are made of."""
        return self.live().filter(status__in=SOLD)

    def by_customer(self, *columns: str) -> Any:
        """One row for each customer who bought: ``first_order``, ``last_order``, ``order_count``, and ``columns``."""
        return (
            self.order_by()
            .values("customer", *columns)
            .annotate(first_order=Min("order_date"), last_order=Max("order_date"), order_count=Count("*"))
        )
