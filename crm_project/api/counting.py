"""How many rows a list has, and whether there are so few that all of them can be found and counted at once."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from django.db.models.expressions import Col
from django.utils import timezone

from crm_project.access import rules
from crm_project.database import changes
from crm_project.database.sizes import has_grown, is_large

COUNT_EXACT_TO = 10_000
EXPECTED_TO_BE_MORE = 3 * COUNT_EXACT_TO
EXPECTED_TO_BE_FEW = COUNT_EXACT_TO
EXPECTED_OF_PAST = 10 * COUNT_EXACT_TO
ESTIMATE_SECONDS = 60
DEAR = 1_000  # So many rows take longer to count than it takes to ask whether anything has changed.
PAST = dt.timedelta(days=31)
RARE = re.compile(r"(?:\d\D*){7}|[^\s@]{3}@[^\s@]+\.\w\w")  # Is in a telephone number or an address.


class Counter:
    """How many rows of a list somebody sees: exact to 10,000, beyond that as the planner expects from its samples.

    One query, two of a large table. An estimate holds for a minute, in which it costs none.
    """

    def __init__(self, queryset: QuerySet, user: Any, parameters: Mapping[str, str], *, is_by_key: bool) -> None:
        self.queryset, self.user = queryset.order_by(), user
        self.searched, self.is_of_past = parameters.get("search", ""), is_by_key and _ends_long_ago(parameters)
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
        if self.is_of_past and self.ways is None and self.last_count[0]:
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

    def is_dear(self) -> bool:
        """Whether a page of few is expected to count so many that the next one had better not."""
        return (self.expected or 0) > DEAR and not self.is_of_past

    def keep(self, count: int, change: int | None = None) -> None:
        """Keep a count that was dear: an estimate for a minute, an exact one as long as nothing changes in that."""
        if (count > COUNT_EXACT_TO or (change is not None and count > DEAR)) and self.key:
            cache.set(self.key, (count, None if count > COUNT_EXACT_TO else change), ESTIMATE_SECONDS)


def _ends_long_ago(parameters: Mapping[str, str]) -> bool:
    """Whether a filter names a time in the past until which something happened."""
    long_ago = f"{timezone.now() - PAST:%Y-%m-%d}"
    return any(name.endswith("_before") and text < long_ago for name, text in parameters.items())


def _is_sampled(condition: Any) -> bool:
    """Whether a condition only compares columns: about what is computed from them the planner guesses."""
    if hasattr(condition, "children"):
        return all(map(_is_sampled, condition.children))
    return isinstance(getattr(condition, "lhs", None), Col)


def planned_rows(queryset: QuerySet) -> int:
    """How many rows PostgreSQL expects, from its statistics; nothing is read."""
    plan = queryset.explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0
