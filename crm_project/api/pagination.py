"""Keyset paging: page 10,000 costs what page 1 costs, and no row is missed or repeated while others write."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db.models import Count, F, QuerySet, Window
from django.db.models.expressions import Col, RawSQL
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.database import changes
from crm_project.database.sizes import has_grown, is_large
from crm_project.suggest import nearest

from .parsers import refuse_unstorable

COUNT_EXACT_TO = 10_000
COUNTS = ("bounded", "exact")
EXPECTED_TO_BE_MORE = 3 * COUNT_EXACT_TO
EXPECTED_TO_BE_FEW = COUNT_EXACT_TO
EXPECTED_OF_PAST = 10 * COUNT_EXACT_TO
ESTIMATE_SECONDS = 60
DEAR = 1_000  # So many rows take longer to count than it takes to ask whether anything has changed.
PAST = dt.timedelta(days=31)
ARRIVED = {"created_at_after", "created_at_before"}
RARE = re.compile(r"(?:\d\D*){7}|[^\s@]{3}@[^\s@]+\.\w\w")  # Is in a telephone number or an address.


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
        except (ValidationError, ValueError, TypeError) as error:
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


def _ends_long_ago(parameters: Any) -> bool:
    """Whether a filter names a time in the past until which something happened."""
    long_ago = f"{timezone.now() - PAST:%Y-%m-%d}"
    return any(name.endswith("_before") and text < long_ago for name, text in parameters.items())


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
        self.request, user = request, request.user
        size = self.get_page_size(request)
        order, is_exact = self.get_order(request, view, queryset.model), self.wants_exact_count(request)
        text = request.query_params.get("cursor", "")
        cursor = Cursor.decode(text, order) if text else None
        backwards = bool(cursor and cursor.backwards)
        beyond = order.typed(queryset.model, cursor.values) if cursor else []
        is_filtered = not request.query_params.keys() <= {*self.parameters}
        rows = queryset.order_by(*order.by(backwards))
        counter = Counter(
            queryset,
            user,
            searched=request.query_params.get("search", ""),
            is_of_past=order.columns == ("id",) and _ends_long_ago(request.query_params),
        )
        if counter.are_rare() and not cursor:
            page = self.get_page_of_rare(view, rows, size)
        elif counter.are_few():
            change = counter.change() if (counter.expected or 0) > DEAR and not counter.is_of_past else None
            page = self.get_page_of_few(view, rows, beyond, size, is_filtered)
            counter.keep(self.count, change)
        else:
            if cursor:
                rows = order.beyond(rows, beyond, backwards)
            is_narrowed = is_filtered or order.columns != ("id",)
            first = (
                _collected(rows, size + 1)
                if counter.are_of_past()
                else rules.top_k(rows, user, size + 1, is_narrowed=is_narrowed, are_many=counter.were_many())
            )
            found = view.with_columns(first)
            page = list(found[: size + 1])
            if is_large(queryset.model) and len(page) <= size and not cursor:
                self.count, self.count_is_exact = len(page), True
            elif is_exact:
                self.count, self.count_is_exact = rules.visible(queryset, user).order_by().count(), True
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

    def get_page_of_rare(self, view: Any, rows: QuerySet, size: int) -> list[Any]:
        """One row more than the page has, and the count. To be counted, all are read, and not looked for in order."""
        found = view.with_columns(rules.each_visible(rows, self.request.user)).annotate(rows_found=Window(Count("*")))
        page = list(found[: size + 1])
        self.count, self.count_is_exact = page[0].rows_found if page else 0, True
        return page

    def get_page_of_few(self, view: Any, rows: QuerySet, beyond: list[Any], size: int, is_filtered: bool) -> list[Any]:
        """One row more than the page has, and the count, whatever the cursor. Only keys are sorted and counted."""
        keys: list[Any] = []
        self.count, self.count_is_exact = 0, True
        order: list[Any] = [*rows.query.order_by]
        with suppress(EmptyResultSet):
            keys, self.count = rules.first_of_few(
                rows.order_by(), self.request.user, order, beyond, size + 1, is_filtered=is_filtered
            )
        return list(view.with_columns(rows.model._default_manager.filter(pk__in=keys)).order_by(*order))

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


class Counter:
    """How many rows of a list somebody sees: exact to 10,000, beyond that as the planner expects from its samples.

    One query, two of a large table. An estimate holds for a minute, in which it costs none.
    """

    def __init__(self, queryset: QuerySet, user: Any, searched: str, is_of_past: bool) -> None:
        self.queryset, self.user = queryset.order_by(), user
        self.searched, self.is_of_past = searched, is_of_past
        self.model, self.ways = queryset.model, rules.branches(user, queryset.model)
        self.is_large = is_large(self.model)

    @cached_property
    def asked(self) -> tuple[str, Any]:
        """What is counted; nothing of a small table, or when it is known that there are no rows."""
        with suppress(EmptyResultSet):
            if self.is_large:
                return self.queryset.values("pk").query.sql_with_params()
        return "", ()

    @cached_property
    def key(self) -> str:
        """What is counted, and for whom."""
        if not self.asked[0]:
            return ""
        asked = repr((self.user.pk, self.ways, *self.asked))
        return f"count:{blake2b(asked.encode(), digest_size=16).hexdigest()}"

    @cached_property
    def kept(self) -> tuple[int, bool] | None:
        """What was counted within the last minute, if it still holds: an estimate, or since which nothing changed."""
        count, change = self.last_count
        if count is None or (change is not None and change != changes.last()):
            return None
        return count, change is not None

    @cached_property
    def last_count(self) -> tuple[int | None, int | None]:
        """What was counted within the last minute, and after which change, if it was exact."""
        return (cache.get(self.key) if self.key else None) or (None, None)

    def were_many(self) -> bool:
        """Whether thousands were counted a moment ago, whatever changed since."""
        return (self.last_count[0] or 0) > DEAR

    @cached_property
    def found(self) -> int | None:
        """How many rows, whoever sees them, the planner expects of a large table, where its samples tell."""
        if self.is_of_past and self.last_count[0]:
            return self.last_count[0]
        is_sampled = self.is_large and _is_sampled(self.queryset.query.where)
        return planned_rows(self.queryset.values("pk")) if is_sampled else None

    @property
    def expected(self) -> int | None:
        """How many rows the user is expected to see: no estimate is that wrong where all that is found is seen."""
        return self.found if self.ways is None else None

    def are_rare(self) -> bool:
        """Whether something is searched of which a large table can only have a few."""
        return self.is_large and bool(RARE.search(self.searched))

    def are_few(self) -> bool:
        """Whether so few rows may be shown that the first of them are found and all are counted at once.

        Of who sees many, only a search is worth the query that it takes to know, one of a trigram index for each word,
        and a time long ago, which lies far down in a list in the order of time.
        """
        if self.ways is not None and (not self.ways or rules.sees_few(self.user, self.model, "view", self.ways)):
            return bool(self.ways)
        if not rules.is_asked_by_row(self.model) or not (self.is_of_past or (self.searched and not self.kept)):
            return False
        few = EXPECTED_OF_PAST if self.is_of_past and self.ways is not None else EXPECTED_TO_BE_FEW
        return bool(self.found and self.found <= few)

    def are_of_past(self) -> bool:
        """Whether rows of long ago are shown to who sees everything, not so many that they could not be sorted."""
        return self.is_of_past and 0 < (self.expected or 0) <= EXPECTED_OF_PAST

    def count(self) -> tuple[int, bool]:
        """The number, and whether it is exact."""
        if self.ways == []:
            return 0, True
        if self.kept:
            return self.kept
        count = self.expected
        if count is None or count < EXPECTED_TO_BE_MORE:
            change = self.change()
            count = rules.count_up_to(self.queryset, self.user, COUNT_EXACT_TO + 1, is_narrowed=bool(self.searched))
            if count <= COUNT_EXACT_TO:
                self.keep(count, change)
                return count, True
            has_grown(self.model)
            count = max(count, planned_rows(rules.each_way(self.queryset, self.ways)))
        self.keep(count)
        return count, False

    def change(self) -> int | None:
        """The last change before what is counted now, if what is counted can be kept until the next one."""
        return changes.last_if_settled() if self.key and changes.tell(self.asked[0]) else None

    def keep(self, count: int, change: int | None = None) -> None:
        """Keep a count that was dear: an estimate for a minute, an exact one as long as nothing changes in that."""
        if (count > COUNT_EXACT_TO or (change is not None and count > DEAR)) and self.key:
            cache.set(self.key, (count, None if count > COUNT_EXACT_TO else change), ESTIMATE_SECONDS)


def _is_sampled(condition: Any) -> bool:
    """Whether a condition only compares columns: about what is computed from them the planner guesses."""
    if hasattr(condition, "children"):
        return all(map(_is_sampled, condition.children))
    return isinstance(getattr(condition, "lhs", None), Col)


def planned_rows(queryset: QuerySet) -> int:
    """How many rows PostgreSQL expects, from its statistics; nothing is read."""
    plan = queryset.explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0
