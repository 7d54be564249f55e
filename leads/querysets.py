"""Named questions about leads."""

from __future__ import annotations

from typing import Self

from contacts.people import PersonQuerySet

CLOSED = ("converted", "lost", "won")


class LeadQuerySet(PersonQuerySet):
    def open(self) -> Self:
        return self.exclude(status__in=CLOSED)
