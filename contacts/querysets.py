"""Named questions about contacts."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from crm_project.access.querysets import OwnedQuerySet, RestrictedQuerySet

from .search import searched


class ContactQuerySet(OwnedQuerySet):
    def for_list(self) -> Self:
        """Contacts with all that an answer prints: organisation, points, categories and segments, in one query."""
        from .models import Category, ContactPoint, Segment

        points = ContactPoint.objects.live().filter(contact=OuterRef("pk"))
        fields = ("id", "type", "service", "value", "normalized", "extension", "label", "origin", "is_primary")
        return self.select_related("organization").annotate(
            point_rows=ArraySubquery(points.values(json=JSONObject(**{name: F(name) for name in fields}))),
            category_names=ArraySubquery(Category.objects.filter(contacts=OuterRef("pk")).values("name")),
            segment_rows=ArraySubquery(
                Segment.objects.filter(contacts=OuterRef("pk")).values(json=JSONObject(id=F("id"), name=F("name")))
            ),
        )

    def search(self, text: str) -> Self:
        """Contacts that a person who types this means: see ``searched``."""
        return searched(self, text)


class ContactPointQuerySet(RestrictedQuerySet):
    def live(self) -> Self:
        return self.filter(deleted_at=None)
