"""Reports as the API answers them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import starmap
from typing import Any
from urllib.parse import urlencode

from .metrics import Figure, as_text
from .periods import Period
from .records import LISTS
from .services.reporting import Report, Row


# Thousands of figures of one report have the same few parameters.
@lru_cache(10_000)
def in_url(name: str, value: str) -> str:
    return urlencode({name: value})


class Presenter:
    """Writes figures down as JSON, with addresses as the request's host knows them."""

    def __init__(self, request: Any) -> None:
        root = request.build_absolute_uri("/").rstrip("/")
        self.lists = {name: f"{root}{records.path}" for name, records in LISTS.items()}

    def drilldown(self, figure: Figure) -> str:
        parameters = figure.parameters | {"count": "exact"}
        return f"{self.lists[figure.list_name]}?{'&'.join(starmap(in_url, parameters.items()))}"

    def report(self, report: Report, is_kept: bool) -> dict[str, Any]:
        question = report.question
        return {
            "period": self.period(question.period) | {"group_by": question.grain},
            "compared_with": self.period(question.earlier.period) if question.earlier else None,
            "as_of": as_text(report.as_of),
            "is_kept": is_kept,
            "churn_days": question.scope.churn_days,
            "figures": self.figures(report.figures),
            "groups": {name: self.rows(rows) for name, rows in report.groups.items()},
            "series": self.rows(report.series),
        } | {name: self.plain(value) for name, value in report.more.items()}

    def period(self, period: Period) -> dict[str, Any]:
        return {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "time_zone": period.zone.key,
            "start": as_text(period.start),
            "end": as_text(period.end),
        }

    def figures(self, figures: list[Figure]) -> list[dict[str, Any]]:
        return [self.figure(figure) for figure in figures]

    def figure(self, figure: Figure) -> dict[str, Any]:
        found = self.short(figure) | {
            "metric": figure.metric.key,
            "name": str(figure.metric.name),
            "unit": figure.currency or figure.metric.unit,
            "of": self.short(figure.whole) if figure.whole else None,
        }
        if figure.previous:
            found |= {"previous": self.short(figure.previous), "change_percent": figure.change_percent}
        return found

    def short(self, figure: Figure) -> dict[str, Any]:
        return {
            "value": as_json(figure.value),
            "records": figure.records,
            "drilldown": self.drilldown(figure),
        }

    def rows(self, rows: list[Row]) -> list[dict[str, Any]]:
        return [
            {"key": None if row.key is None else str(row.key), "label": row.label, "figures": self.figures(row.figures)}
            | (self.period(row.period) if row.period else {})
            for row in rows
        ]

    def plain(self, value: Any) -> Any:
        """What only some reports have: figures and rows among numbers and texts."""
        if isinstance(value, Figure):
            return self.figure(value)
        if isinstance(value, Row):
            return self.rows([value])[0]
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        if isinstance(value, dict):
            return {name: self.plain(each) for name, each in value.items()}
        return as_json(value)


def as_json(value: Any) -> Any:
    """Money as text, so that nobody's floating point loses a cent."""
    return str(value) if isinstance(value, Decimal) else value
