"""What the tables of this app become when a person is erased.

The contact stays as a row without the person, for leads, customers and orders refer to it; what belongs to it goes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from crm_project.privacy import steps
from crm_project.privacy.people import ERASED, Person
from crm_project.privacy.steps import Part

from .models import (
    Category,
    Contact,
    ContactCategory,
    ContactGroupShare,
    ContactMerge,
    ContactPoint,
    ContactSegment,
    ContactUserShare,
    Interaction,
    Organization,
    Task,
    TaskGroupShare,
    TaskUserShare,
)

OF_CONTACT = {"contact": Contact}
# Into the trash, where nothing finds, asks, counts or matches them any more.
GONE = {"deleted_at": Coalesce("deleted_at", Now())}
A_MOMENT = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class People(Part):
    """The contacts themselves, whose ids are known."""

    def belonging(self, model: Any, person: Person) -> QuerySet:
        return model._base_manager.filter(**{"pk__in" if model is Contact else "pgh_obj__in": person.ids})


@dataclass(frozen=True)
class Merges(Part):
    """Merges of the contact with others. Where one was undone, the other's history has for a while both in it."""

    def belonging(self, model: Any, person: Person) -> QuerySet:
        ids = list(person.ids)
        return model._base_manager.filter(Q(survivor__in=ids) | Q(merged_ids__overlap=ids))

    def forget(self, person: Person) -> int:
        undone = self.rows(person).exclude(survivor__in=person.ids)
        for survivor, begin, end in undone.values_list("survivor", "created_at", "undone_at"):
            span = begin - A_MOMENT, (end or begin) + A_MOMENT
            for model, column in ((Contact, "pgh_obj"), (ContactPoint, "contact")):
                events = steps.history_of(model)
                mixed = events.objects.filter(**{column: survivor}, pgh_created_at__range=span)
                mixed.update(**PARTS[model].blank(events))
        return super().forget(person)


@dataclass(frozen=True)
class Named(Part):
    """Companies and categories that were made in passing, by writing the name of the person's: nobody else has them,
    and nobody has said anything else of them. ``through`` is what ties contacts to them.
    """

    through: Any = None
    column: str = ""
    whose: str = "contact"

    def find(self, person: Person) -> None:
        events, contacts = steps.history_of(self.model), steps.history_of(Contact)
        ties = self.through._base_manager.filter(**{self.column: OuterRef("pk")})
        told = Q(**{name: "" for name in ("domain", "phone", "address", "notes") if hasattr(self.model, name)})
        same_write = contacts.objects.filter(pgh_obj__in=person.ids, pgh_context=OuterRef("pgh_context"))
        made = events.objects.filter(pgh_obj=OuterRef("pk"), pgh_label="insert").filter(Exists(same_write))
        found = self.model._base_manager.filter(Exists(made), told)
        found = found.filter(Exists(ties)).exclude(Exists(ties.exclude(**{f"{self.whose}__in": person.ids})))
        person.keys[self.model] = list(found.values_list("pk", flat=True))


PARTS: dict[Any, steps.Step] = {
    part.model: part
    for part in (
        People(
            Contact,
            keeps=("search_text",),  # It follows from the others.
            stays=True,
            values={"name": ERASED, "organization": None},
            besides=GONE,
            known_by=("name",),
        ),
        Part(ContactPoint, of=OF_CONTACT, known_by=("value", "normalized")),
        Part(Interaction, of=OF_CONTACT),
        Part(Task, of=OF_CONTACT),
        Part(TaskUserShare, of={"content_object": Task}),
        Part(TaskGroupShare, of={"content_object": Task}),
        Part(ContactCategory, of=OF_CONTACT),
        Part(ContactSegment, of=OF_CONTACT),
        Part(ContactUserShare, of={"content_object": Contact}),
        Part(ContactGroupShare, of={"content_object": Contact}),
        Merges(ContactMerge),
        Named(Category, through=ContactCategory, column="category"),
        Named(Organization, through=Contact, column="organization", whose="pk"),
    )
}


def register() -> None:
    steps.register(*PARTS.values())
