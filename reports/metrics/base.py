"""Every figure that a report may show, defined once: what it asks, how it is counted, and which records it counts.

The records are those of a list of the API, named by the list's own parameters. Reports turn the same parameters into
the condition by which they count, so that a figure and the list behind it cannot mean different things.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.utils.functional import Promise

from reports.periods import Period

COUNT, SUM, MEAN, MEDIAN, RATIO = "count", "sum", "mean", "median", "ratio"


@dataclass(frozen=True)
class Scope:
    """What a report is asked: a period, whose records, and after how many silent days a customer has gone."""

    period: Period
    churn_days: int
    owners: tuple[str, ...] = ()

    def words(self) -> dict[str, str]:
        """What stands for the placeholders of filters."""
        silence = dt.timedelta(self.churn_days)
        return {
            "start": as_text(self.period.start),
            "end": as_text(self.period.end),
            "silent_start": as_text(self.period.start - silence),
            "silent_end": as_text(self.period.end - silence),
        }

    def owned(self) -> dict[str, str]:
        return {"assigned_to": ",".join(self.owners)} if self.owners else {}


def as_text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Metric:
    """One figure; its ``name``, ``question`` and ``formula`` are told in the reader's language.

    ``records`` names the list that shows the records behind it and ``filter`` the list's parameters, in which
    ``{start}`` and ``{end}`` stand for the period, ``{silent_start}`` and ``{silent_end}`` for the same so many days of
    silence earlier. ``moment`` is the column by which records belong to a part of the period. ``value`` says what is
    made of the records: their count, or sum, mean or median of ``column``. A ratio is ``part`` divided by ``whole``.
    """

    key: str
    name: str | Promise
    question: str | Promise
    formula: str | Promise
    records: str = ""
    filter: str = ""
    moment: str = ""
    unit: str = "records"
    value: str = COUNT
    column: str = ""
    part: str = ""
    whole: str = ""
    less_is_better: bool = False

    def parameters(self, scope: Scope, more: Mapping[str, str] | None = None, **words: str) -> dict[str, str]:
        """The parameters of the list that shows exactly the records behind the figure.

        ``words`` stand for placeholders that are not those of the period, ``more`` are parameters that are added.
        """
        return dict(parse_qsl(self.filter.format(**scope.words(), **words))) | scope.owned() | dict(more or {})


@dataclass
class Figure:
    """The value of a metric: how many ``records`` of the list with ``parameters`` it was made of.

    ``value`` is ``None`` where there is nothing to divide by. ``whole`` is what a ratio was divided by, ``previous``
    the same figure of the period that is compared with.
    """

    metric: Metric
    value: Any
    records: int
    parameters: dict[str, str]
    currency: str = ""
    whole: Figure | None = None
    previous: Figure | None = None

    @property
    def list_name(self) -> str:
        """The list that shows the records."""
        return self.metric.records or METRICS[self.metric.part].records

    @property
    def change_percent(self) -> float | None:
        before = self.previous.value if self.previous else None
        return None if not before or self.value is None else round(float((self.value - before) / before * 100), 1)


METRICS: dict[str, Metric] = {}


def register(metrics: Iterable[Metric]) -> None:
    for metric in metrics:
        METRICS[metric.key] = metric


def counted(keys: Iterable[str]) -> list[Metric]:
    """The metrics that are made of records themselves, those behind ratios included, each once."""
    found: dict[str, Metric] = {}
    for key in keys:
        metric = METRICS[key]
        for each in (metric.part, metric.whole) if metric.value == RATIO else (key,):
            found[each] = METRICS[each]
    return list(found.values())
