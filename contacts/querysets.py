"""Named questions about contacts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject

from crm_project.access.querysets import OwnedQuerySet, RestrictedQuerySet

from . import phones

MOST_WORDS = 10


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
        """Contacts in whose name, company or contact points every word occurs, or that have this number.

        Case, accents, ё/е and the order of words do not matter. What looks like a telephone number of four or more
        digits is found in any spelling, complete or in part. A trigram index serves words of three or more letters.
        """
        if phones.looks_like_phone(text):
            numbers = [Q(search_text__folded_contains=digits) for digits in phones.spellings(text)]
            return self.filter(reduce(or_, numbers))
        words = text.split()[:MOST_WORDS]
        return self.filter(*(Q(search_text__folded_contains=word) for word in words))


class ContactPointQuerySet(RestrictedQuerySet):
    def live(self) -> Self:
        return self.filter(deleted_at=None)
