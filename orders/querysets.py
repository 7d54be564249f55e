"""Named questions about orders."""

from __future__ import annotations

from typing import Self

from crm_project.access.querysets import OwnedQuerySet

OPEN = ("pending", "processing", "shipped")


class OrderQuerySet(OwnedQuerySet):
    def open(self) -> Self:
        """Neither delivered nor cancelled: what a credit limit counts."""
        return self.live().filter(status__in=OPEN)
