"""Keyset paging: page 10,000 costs what page 1 costs, and no row is missed or repeated while others write."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db.models import Count, F, QuerySet, Window
from django.db.models.expressions import RawSQL
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.database.sizes import is_large
from crm_project.suggest import nearest

from .counting import Counter
from .parsers import refuse_unstorable

COUNTS = ("bounded", "exact")
ARRIVED = {"created_at_after", "created_at_before"}


@dataclass(frozen=True)
class Order:
    """A public name for an order, ``-name`` for descending, and the columns that make it total."""

    name: str
    columns: tuple[str, ...]

    @property
    def descending(self) -> bool:
        return self.name.startswith("-")

    def by(self, backwards: bool = False) -> list[str]:
        sign = "-" if self.descending != backwards else ""
        return [sign + column for column in self.columns]

    def typed(self, model: Any, values: list[Any]) -> list[Any]:
        """The values of a cursor as those of the columns.

        Raises:
            ValidationError: a value is none of its column.
        """
        fields = [model._meta.get_field(column) for column in self.columns]
        try:
            return [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        except (ValidationError, ValueError, TypeError, OverflowError) as error:
            raise exceptions.ValidationError({"cursor": ["This is not a cursor of this list."]}) from error

    def beyond(self, queryset: QuerySet, typed: list[Any], backwards: bool) -> QuerySet:
        """The rows that come after a row with these values, or before it when going backwards."""
        if len(self.columns) == 1:
            lookup = "lt" if self.descending != backwards else "gt"
            return queryset.filter(**{f"{self.columns[0]}__{lookup}": typed[0]})
        comparison = TupleLessThan if self.descending != backwards else TupleGreaterThan
        return queryset.filter(comparison(Tuple(*map(F, self.columns)), tuple(typed)))


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: after (or before) the row with these values in this order."""

    order: str
    values: list[Any]
    backwards: bool = False

    def encode(self) -> str:
        text = json.dumps([self.order, self.backwards, self.values], separators=(",", ":"), default=str)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: Order) -> Cursor:
        try:
            name, backwards, values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            fits = isinstance(values, list) and len(values) == len(order.columns) and isinstance(backwards, bool)
            fits = fits and None not in values
            refuse_unstorable(values)
        except (ValueError, TypeError, RecursionError, exceptions.ValidationError):
            fits, name = False, None
        if not fits or name != order.name:
            raise exceptions.ValidationError(
                {"cursor": ["This is not a cursor of this list in this order; take it from “next” or “previous”."]}
            )
        return cls(name, values, backwards)


def _collected(rows: QuerySet, limit: int) -> QuerySet:
    """The first rows of all that are found. OFFSET keeps PostgreSQL from walking along the list in search of them."""
    sql, values = rows.order_by().values("pk").query.sql_with_params()
    (name,) = rows.query.order_by
    end = f"ORDER BY id {'DESC' if str(name).startswith('-') else 'ASC'} LIMIT {limit}"
    first = RawSQL(f"SELECT id FROM ({sql} OFFSET 0) AS found (id) {end}", values)
    return rows.model._default_manager.filter(pk__in=first).order_by(name)


def _is_indexed(model: Any, column: str) -> bool:
    return any(index.fields[:1] == [column] for index in model._meta.indexes)


class KeysetPagination(BasePagination):
    """``page_size``, ``cursor``, ``ordering`` and ``count``; the view names its orders in ``orderings``.

    Costs one query for the page and one or two for the count, whatever the depth and however much the user may see.
    Only who asks for an exact count waits until all rows are counted.
    """

    page_size = 50
    max_page_size = 500
    parameters = ("page_size", "cursor", "ordering", "count")
    count: int
    count_is_exact: bool

    def paginate_queryset(self, queryset: QuerySet, request: Any, view: Any = None) -> list[Any]:
        self.request, self.view = request, view
        size, order = self.get_page_size(request), self.get_order(request, view, queryset.model)
        is_exact = self.wants_exact_count(request)
        text = request.query_params.get("cursor", "")
        cursor = Cursor.decode(text, order) if text else None
        backwards = bool(cursor and cursor.backwards)
        beyond = order.typed(queryset.model, cursor.values) if cursor else []
        rows = queryset.order_by(*order.by(backwards))
        counter = Counter(queryset, request.user, request.query_params, is_by_key=order.columns == ("id",))
        if counter.are_rare() and not cursor:
            page = self.get_page_of_rare(rows, size)
        elif counter.are_few():
            page = self.get_page_of_few(rows, beyond, size, counter)
        else:
            page = self.get_page_in_order(order.beyond(rows, beyond, backwards) if cursor else rows, size, counter)
            if is_large(queryset.model) and len(page) <= size and not cursor:
                self.count, self.count_is_exact = len(page), True
            elif is_exact:
                self.count, self.count_is_exact = rules.visible(queryset, request.user).order_by().count(), True
            else:
                self.count, self.count_is_exact = counter.count()
        more = len(page) > size
        del page[size:]
        if backwards:
            page.reverse()
        view.prepare(page)
        self.next = self.link(order, page[-1:], False) if (more or backwards) else None
        self.previous = self.link(order, page[:1], True) if (more if backwards else cursor) else None
        return page

    def is_filtered(self) -> bool:
        return not self.request.query_params.keys() <= {*self.parameters}

    def get_page_of_rare(self, rows: QuerySet, size: int) -> list[Any]:
        """One row more than the page has, and the count. To be counted, all are read, and not looked for in order."""
        found = self.view.with_columns(rules.each_visible(rows, self.request.user))
        page = list(found.annotate(rows_found=Window(Count("*")))[: size + 1])
        self.count, self.count_is_exact = page[0].rows_found if page else 0, True
        return page

    def get_page_of_few(self, rows: QuerySet, beyond: list[Any], size: int, counter: Counter) -> list[Any]:
        """One row more than the page has, and the count, whatever the cursor. Only keys are sorted and counted."""
        keys: list[Any] = []
        self.count, self.count_is_exact = 0, True
        order: list[Any] = [*rows.query.order_by]
        change = counter.change() if counter.is_dear() else None
        with suppress(EmptyResultSet):
            keys, self.count = rules.first_of_few(
                rows.order_by(), self.request.user, order, beyond, size + 1, is_filtered=self.is_filtered()
            )
        counter.keep(self.count, change)
        return list(self.view.with_columns(rows.model._default_manager.filter(pk__in=keys)).order_by(*order))

    def get_page_in_order(self, rows: QuerySet, size: int, counter: Counter) -> list[Any]:
        """One row more than the page has, mostly the first ones that are met on a walk along an index."""
        if counter.are_of_past():
            first = _collected(rows, size + 1)
        else:
            is_narrowed = self.is_filtered() or str(rows.query.order_by[0]).removeprefix("-") != "id"
            user, are_many = self.request.user, counter.were_many()
            first = rules.top_k(rows, user, size + 1, is_narrowed=is_narrowed, are_many=are_many)
        return list(self.view.with_columns(first)[: size + 1])

    def get_page_size(self, request: Any) -> int:
        text = request.query_params.get("page_size", str(self.page_size))
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= self.max_page_size:
            raise exceptions.ValidationError({"page_size": [f"A whole number from 1 to {self.max_page_size}."]})
        return int(text)

    def get_order(self, request: Any, view: Any, model: Any) -> Order:
        name = request.query_params.get("ordering") or view.default_ordering
        columns = view.orderings.get(name.removeprefix("-"))
        if columns is None:
            choices = [sign + known for known in view.orderings for sign in ("", "-")]
            guess = nearest(name, choices)
            hint = f" Did you mean “{guess}”?" if guess else ""
            raise exceptions.ValidationError({"ordering": [f"One of: {', '.join(choices)}.{hint}"]})
        if columns == ("id",) and request.query_params.keys() & ARRIVED and _is_indexed(model, "created_at"):
            columns = ("created_at", "id")
        return Order(name, columns)

    def wants_exact_count(self, request: Any) -> bool:
        text = request.query_params.get("count", COUNTS[0])
        if text not in COUNTS:
            raise exceptions.ValidationError({"count": [f"One of: {', '.join(COUNTS)}."]})
        return text == COUNTS[1]

    def link(self, order: Order, rows: list[Any], backwards: bool) -> str | None:
        if not rows:
            return None
        cursor = Cursor(order.name, [getattr(rows[0], column) for column in order.columns], backwards)
        parameters = self.request.query_params.copy()
        parameters["cursor"] = cursor.encode()
        return f"{self.request.build_absolute_uri(self.request.path)}?{urlencode(sorted(parameters.items()))}"

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.count,
                "count_is_exact": self.count_is_exact,
                "next": self.next,
                "previous": self.previous,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True, "example": None}
        return {
            "type": "object",
            "required": ["count", "count_is_exact", "next", "previous", "results"],
            "properties": {
                "count": {
                    "type": "integer",
                    "example": 1,
                    "description": "Visible rows; an estimate beyond 10,000, unless `count=exact` was asked.",
                },
                "count_is_exact": {"type": "boolean", "example": True},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = [sign + name for name in getattr(view, "orderings", {}) for sign in ("", "-")]
        return [
            {
                "name": "page_size",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page starts; taken from “next” or “previous”.",
                "schema": {"type": "string"},
            },
            {
                "name": "ordering",
                "in": "query",
                "description": "The order of the rows; “-” means descending.",
                "schema": {"type": "string", "enum": orders, "default": getattr(view, "default_ordering", None)},
            },
            {
                "name": "count",
                "in": "query",
                "description": "How rows are counted: `bounded` counts to 10,000 and estimates beyond, for a minute, "
                "`exact` counts all of them, which on large tables takes time, and is a 503 where it takes too long.",
                "schema": {"type": "string", "enum": [*COUNTS], "default": COUNTS[0]},
            },
        ]
