"""Contacts as rows of an export: every value that an import understands, so that nothing is lost on the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import phonenumbers
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, JSONField, OuterRef, QuerySet

from . import phones, points
from .models import Category, ContactPoint, CustomField, Segment

CUSTOM = "custom_fields."
ROWS_AT_A_TIME = 2_000
POINT = ("type", "service", "value", "normalized", "extension", "label", "is_primary")
POINT_KINDS = {"email": "mail", "phone": "phone", "other_emails": "mail", "other_phones": "phone"}
LISTS = {"categories": "_categories", "segments": "_segments"}
PATHS = {"company": "organization__name", "assigned_to": "assigned_to__username", "team": "team__name"}


# What would part a value, or make it something else.
PARTS = re.compile(r"[;\r\n]|:::|^\* |^\[|^\s|\s$")
PARTS_MAIL = re.compile(rf"{PARTS.pattern}|,")


class ToJsonb(Func):
    function = "to_jsonb"
    output_field = JSONField()


class JsonArray(Func):
    function = "jsonb_build_array"
    output_field = JSONField()


def export_rows(queryset: QuerySet, columns: Sequence[str], fields: Sequence[CustomField]) -> Generator[list[Any]]:
    """The contacts' values in the order of the columns; lists and numbers keep their types.

    One query, whose rows come by a server-side cursor some thousand at a time; needs a transaction.
    """
    named = {
        name: ArraySubquery(model.objects.filter(contacts=OuterRef("pk")).values("name"))
        for name, model in (("_categories", Category), ("_segments", Segment))
    }
    rows = ContactPoint.objects.live().filter(contact=OuterRef("pk")).values(row=JsonArray(*map(F, POINT)))
    needs_points = not {*POINT_KINDS, "contact_points"}.isdisjoint(columns)
    annotations: dict[str, Any] = {alias: named[alias] for column, alias in LISTS.items() if column in columns}
    if needs_points:
        annotations["_points"] = ToJsonb(ArraySubquery(rows))
    others = {*POINT_KINDS, "contact_points"}
    plain = [name for name in columns if name not in others and not name.startswith(CUSTOM)]
    paths = {name: LISTS.get(name) or PATHS.get(name, name) for name in plain}
    if any(name.startswith(CUSTOM) for name in columns):
        paths["custom_fields"] = "custom_fields"
    if needs_points:
        paths["_points"] = "_points"
    wanted = list(dict.fromkeys(paths.values())) or ["pk"]
    makers = [_maker(name, {path: wanted.index(path) for path in wanted}, paths) for name in columns]
    found = queryset.annotate(**annotations).values_list(*wanted).iterator(chunk_size=ROWS_AT_A_TIME)
    with closing(found) as cursor:
        for row in cursor:
            yield [make(row) for make in makers]


def _maker(name: str, places: dict[str, int], paths: dict[str, str]) -> Callable[[Sequence[Any]], Any]:
    if name.startswith(CUSTOM):
        at, key = places["custom_fields"], name.removeprefix(CUSTOM)
        return lambda row: row[at].get(key)
    if name == "contact_points":
        at = places["_points"]
        return lambda row: full_points(row[at])
    if kind := POINT_KINDS.get(name):
        at = places["_points"]
        if name.startswith("other_"):
            return lambda row: values_of(row[at], kind, is_primary=False)
        return lambda row: next(iter(values_of(row[at], kind, is_primary=True)), None)
    at = places[paths[name]]
    return lambda row: row[at]


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
