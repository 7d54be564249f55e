"""Contacts as rows of an export: every value that an import understands, so that nothing is lost on the way back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import phonenumbers
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, JSONField, OuterRef, QuerySet

from crm_project.transfer.columns import Source

from . import phones, points
from .models import Category, ContactPoint, Segment

POINT = ("type", "service", "value", "normalized", "extension", "label", "is_primary")
LISTS = {"categories": "_categories", "segments": "_segments"}


# What would part a value, or make it something else.
PARTS = re.compile(r"[;\r\n]|:::|^\* |^\[|^\s|\s$")
PARTS_MAIL = re.compile(rf"{PARTS.pattern}|,")


class ToJsonb(Func):
    function = "to_jsonb"
    output_field = JSONField()


class JsonArray(Func):
    function = "jsonb_build_array"
    output_field = JSONField()


def annotated(queryset: QuerySet, columns: Sequence[str]) -> QuerySet:
    """The contacts with the lists that the columns need, in the same query."""
    named = {
        name: ArraySubquery(model.objects.filter(contacts=OuterRef("pk")).values("name"))
        for name, model in (("_categories", Category), ("_segments", Segment))
    }
    annotations: dict[str, Any] = {alias: named[alias] for column, alias in LISTS.items() if column in columns}
    if not {*POINT_SOURCES}.isdisjoint(columns):
        rows = ContactPoint.objects.live().filter(contact=OuterRef("pk")).values(row=JsonArray(*map(F, POINT)))
        annotations["_points"] = ToJsonb(ArraySubquery(rows))
    return queryset.annotate(**annotations)


def values_of(rows: Sequence[Sequence[Any]], kind: str, *, is_primary: bool) -> list[str]:
    return [row[2] for row in rows if row[0] == kind and row[6] is is_primary and is_cell(row)]


def is_cell(point: Sequence[Any]) -> bool:
    """Whether the value alone, in a cell, is read as this one value."""
    return not (PARTS_MAIL if point[0] == "mail" else PARTS).search(point[2])


def full_points(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]] | None:
    """All of a contact's points, when their values alone would not tell everything; else nothing."""
    seen = set()
    for row in rows:
        type, service, value, normalized, extension, label, _is_primary = row
        key = (type, normalized, extension)
        if label or service != type or key in seen or not is_cell(row) or _region_of(type, value, normalized):
            return [_full_point(*each) for each in rows]
        seen.add(key)
    return None


def _full_point(
    type: str, service: str, value: str, normalized: str, extension: str, label: str, is_primary: bool
) -> dict[str, Any]:
    more = {"label": label, "region": _region_of(type, value, normalized), "is_primary": is_primary}
    return {"type": type, "service": service, "value": value, **{name: each for name, each in more.items() if each}}


def _region_of(type: str, value: str, normalized: str) -> str | None:
    """The region that a national number must be read in, where the configured ones would read another number."""
    if type != "phone" or value.startswith("+") or not normalized.startswith("+"):
        return None
    number = phones.split_extension(value)[0]
    digits = ""
    for region in phones.regions_for():
        if normalized.startswith(f"+{phonenumbers.country_code_for_region(region)}"):
            return None  # No region before this one would read the number, so it is read as it was.
        digits = digits or phones.digits_of(number)
        if phones.may_be_of(region, number, digits):
            break
    if points.normalize(type, value)[0] == normalized:
        return None
    return phonenumbers.region_code_for_number(phonenumbers.parse(normalized))


def first_of(rows: Sequence[Sequence[Any]], kind: str) -> str | None:
    return next(iter(values_of(rows, kind, is_primary=True)), None)


POINT_SOURCES: dict[str, Source] = {
    "contact_points": ("_points", full_points),
    "email": ("_points", partial(first_of, kind="mail")),
    "phone": ("_points", partial(first_of, kind="phone")),
    "other_emails": ("_points", partial(values_of, kind="mail", is_primary=False)),
    "other_phones": ("_points", partial(values_of, kind="phone", is_primary=False)),
}
SOURCES: dict[str, Source] = {
    "company": ("organization__name", None),
    **{column: (alias, None) for column, alias in LISTS.items()},
    **POINT_SOURCES,
}
