"""Named questions about contacts and tasks."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import Func, JSONField, TextField

from crm_project.access.querysets import OwnedQuerySet, RestrictedQuerySet

from .search import searched


class CompanyName(Func):
    """As a subquery it is asked for the rows of the page only; a join is made before the rows are sorted and cut."""

    arity = 1
    output_field = TextField()
    template = "(SELECT name FROM contacts_organization WHERE id = %(expressions)s)"


class PartsOfContact(Func):
    """What belongs to the contact of a row, as JSON.

    Written in SQL, because Django takes longer to write such subqueries than PostgreSQL to answer them.
    """

    arity = 1
    output_field = JSONField()


class Points(PartsOfContact):
    template = """(
        SELECT coalesce(json_agg(json_build_object('id', id, 'type', type, 'service', service, 'value', value,
            'normalized', normalized, 'extension', extension, 'label', label, 'origin', origin,
            'is_primary', is_primary) ORDER BY is_primary DESC, position, id), '[]')::text
        FROM contacts_contactpoint WHERE contact_id = %(expressions)s AND deleted_at IS NULL
    )"""


class CategoryNames(PartsOfContact):
    template = """(
        SELECT coalesce(json_agg(category.name ORDER BY folded_name, category.id), '[]')::text
        FROM contacts_contactcategory JOIN contacts_category AS category ON category.id = category_id
        WHERE contact_id = %(expressions)s
    )"""


class Segments(PartsOfContact):
    template = """(
        SELECT coalesce(json_agg(json_build_object('id', segment.id, 'name', segment.name)
            ORDER BY folded_name, segment.id), '[]')::text
        FROM contacts_contactsegment JOIN contacts_segment AS segment ON segment.id = segment_id
        WHERE contact_id = %(expressions)s
    )"""


class ContactQuerySet(OwnedQuerySet):
    def for_list(self) -> Self:
        """Contacts with all that an answer prints: company, points, categories and segments, in one query."""
        return self.defer("search_text").annotate(
            company_name=CompanyName("organization_id"),
            point_rows=Points("pk"),
            category_names=CategoryNames("pk"),
            segment_rows=Segments("pk"),
        )

    def search(self, text: str) -> Self:
        """Contacts that a person who types this means: see ``searched``."""
        return searched(self, text)


class ContactPointQuerySet(RestrictedQuerySet):
    def live(self) -> Self:
        return self.filter(deleted_at=None)


class TaskQuerySet(OwnedQuerySet):
    def open(self) -> Self:
        return self.live().filter(status="open")

    def overdue(self, now: dt.datetime) -> Self:
        return self.open().filter(due_at__lt=now)

    def search(self, text: str) -> Self:
        return self.filter(title__icontains=text)
