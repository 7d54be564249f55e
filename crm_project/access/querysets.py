"""Querysets that know who is asking and what is in the trash."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from . import rules


class RestrictedQuerySet(models.QuerySet):
    def visible_to(self, user: Any, verb: str = "view") -> Self:
        """Only the rows that ``rules.visible`` lets this user do the verb to."""
        return rules.visible(self, user, verb)  # type: ignore[return-value]


class OwnedQuerySet(RestrictedQuerySet):
    def live(self) -> Self:
        return self.filter(deleted_at=None)

    def trashed(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def owned_by(self, user: Any) -> Self:
        """The rows that are assigned to the user; that does not say who may see them."""
        return self.filter(assigned_to=user)
