"""Which people and data a call asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from rest_framework import exceptions

from crm_project.access import rules

from ..models import Contact, ContactPoint
from .patterns import searching, translate


def key_of(text: str) -> UUID:
    """The id that a text is; what is no id is not found."""
    try:
        return UUID(text)
    except ValueError as error:
        raise exceptions.NotFound() from error


def told(people: QuerySet) -> QuerySet:
    """The people, oldest first, with all that an answer prints. Three queries."""
    data = Prefetch("points", ContactPoint.objects.order_by("pk"))
    return people.order_by("pk").prefetch_related(data, "segments")


def people(user: Any, asked: dict[str, Any]) -> list[Contact]:
    """The visible people of one page, the deleted ones among them unless ``needExistingRecords`` is asked for.

    Of those whose name fits the pattern and of those with a live datum that does, each set is cut at the page's end
    before they are united: then PostgreSQL may either look the pattern up in a trigram index, or walk along the keys
    and stop when the page is full.
    """
    rows = Contact.objects.order_by("pk")
    if "id" in asked:
        try:
            rows = rows.filter(pk=key_of(asked["id"]))
        except exceptions.NotFound:
            return []
    if "needExistingRecords" in asked:
        rows = rows.live()
    if kinds := of_kinds(asked):
        rows = rows.filter(pk__in=ContactPoint.objects.live().filter(**kinds).values("contact"))
    if pattern := asked.get("search"):
        pattern = translate(pattern)
        fitting = ContactPoint.objects.live().filter(value__iregex=pattern)
        ways = [rows.filter(name__iregex=pattern), rows.filter(pk__in=fitting.values("contact"))]
        with searching():
            keys = _first(ways, user, asked)
    else:
        keys = _first([rows], user, asked)
    return list(told(Contact.objects.filter(pk__in=keys)))


def _first(ways: Sequence[QuerySet], user: Any, asked: dict[str, Any]) -> list[UUID]:
    """The keys of one page of what any of the ways gives."""
    start, end = asked["offset"], asked["offset"] + asked["limit"]
    is_narrowed = asked.keys() > {"offset", "limit"}
    first = [rules.top_k(way, user, end, is_narrowed=is_narrowed).values_list("pk", flat=True)[:end] for way in ways]
    return list(first[0].union(*first[1:]).order_by("pk")[start:end] if len(first) > 1 else first[0][start:end])


def data(user: Any, asked: dict[str, Any]) -> list[ContactPoint]:
    """The visible data of one page, oldest first; deleted ones and those of deleted people unless ``not_deleted``.

    Raises:
        NotFound: no such person or datum is visible.
    """
    rows = ContactPoint.objects.order_by("pk")
    if "contact_id" in asked:
        rows = rows.filter(contact=known(Contact, user, asked["contact_id"]))
    if "id" in asked:
        rows = rows.filter(pk=known(ContactPoint, user, asked["id"]))
    if "value" in asked:
        rows = rows.filter(value=asked["value"])
    if asked.get("not_deleted") == "true":
        rows = rows.live().filter(contact__deleted_at=None)
    rows = rows.filter(**of_kinds(asked))
    start, end = asked["offset"], asked["offset"] + asked["limit"]
    if pattern := asked.get("search"):
        rows = rows.filter(value__iregex=translate(pattern))
        with searching():
            return list(rules.top_k(rows, user, end)[start:end])
    return list(rules.top_k(rows, user, end)[start:end])


def known(model: Any, user: Any, text: str) -> UUID:
    """The id of a record that the user may see, the trash included."""
    key = key_of(text)
    if not model.objects.filter(pk=key).visible_to(user).exists():
        raise exceptions.NotFound()
    return key


def of_kinds(asked: dict[str, Any]) -> dict[str, list[str]]:
    """Conditions on data: of one of the types and for one of the services, as far as any are named."""
    return {f"{name}__in": asked[name] for name in ("type", "service") if asked.get(name)}
