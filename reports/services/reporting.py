"""What the reports have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from ..counting import PART, Counted, count
from ..metrics import Figure
from ..periods import Period
from ..questions import Question
from ..records import DIMENSIONS, label


@dataclass
class Row:
    """The figures of one key of a column, or of one part of the period."""

    key: Any
    label: str
    figures: list[Figure]
    period: Period | None = None


@dataclass
class Report:
    """``figures`` of everything, ``groups`` of them by column, ``series`` by part of the period."""

    question: Question
    figures: list[Figure]
    groups: dict[str, list[Row]] = field(default_factory=dict)
    series: list[Row] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    as_of: dt.datetime = field(default_factory=timezone.now)


def key_figures(
    found: Counted, keys: Sequence[str], *, user: Any, question: Question, of_now: Sequence[str] = ()
) -> list[Figure]:
    """The figures of everything, with those that they are compared with; ``of_now`` have no earlier period."""
    figures = found.figures(keys)
    if question.earlier:
        earlier = count([key for key in keys if key not in of_now], user=user, scope=question.earlier)
        before = {(figure.metric.key, figure.currency): figure for figure in earlier.figures(keys)}
        for figure in figures:
            figure.previous = before.get((figure.metric.key, figure.currency))
    return figures


def rows_by(found: Counted, name: str, keys: Sequence[str], user: Any) -> list[Row]:
    """One row for each key of a dimension such as ``leads.status``, the largest first by the first figure."""
    list_name, _dot, column = name.partition(".")
    dimension = DIMENSIONS[list_name][column]
    present = found.keys(name)
    names = dimension.labels(user, [key for key in present if key not in (None, "")])
    rows = [Row(key, label(dimension, names, key), found.figures(keys, name, key)) for key in present]
    rows = [row for row in rows if any(figure.records for figure in row.figures)]
    return sorted(rows, key=lambda row: (-float(row.figures[0].value or 0), row.label))


def rows_of_parts(found: Counted, keys: Sequence[str], parts: Sequence[Period]) -> list[Row]:
    """One row for each part of the period, first to last."""
    return [
        Row(part.first.isoformat(), part.first.isoformat(), found.figures(keys, PART, number), part)
        for number, part in enumerate(parts, 1)
    ]
