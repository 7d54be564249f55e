"""The charts of the start page: the figures of reports, arranged to be drawn, read as tables and taken away as CSV."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customers.services import Segments
from leads.models import Lead

from .metrics import METRICS, Figure
from .services.reporting import Report, Row

COLUMNS, BARS = "columns", "bars"


@dataclass
class Point:
    """``value`` is a number to draw, ``text`` how it is written, ``url`` where its records are."""

    value: Any
    text: str
    url: str = ""


@dataclass
class Chart:
    """``rows`` are a label with a point for each of the ``series``; ``kind`` says whether they stand or lie."""

    key: str
    title: str
    question: str
    kind: str
    series: list[str]
    rows: list[tuple[str, list[Point]]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(point.value for _label, points in self.rows for point in points)


def written(value: Any, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        amount = number_format(value, 2, use_l10n=True, force_grouping=True)
        return amount if unit == "money" else f"{amount} {unit}"
    if isinstance(value, float):
        amount = number_format(value, 1 if unit == "percent" else 2, use_l10n=True)
        if unit == "days":
            return _("%s days") % amount
        return f"{amount} %" if unit == "percent" else str(amount)
    return str(number_format(value, force_grouping=True))


def records_url(figure: Figure) -> str:
    """The page with exactly the records that the figure is made of."""
    return _records(figure.list_name, figure.parameters | {"figure": figure.metric.key})


def _records(name: str, parameters: dict[str, str]) -> str:
    return f"{reverse('report-records', args=[name])}?{urlencode(parameters)}"


def point(figure: Figure | None) -> Point:
    if figure is None:
        return Point(0, "–")
    unit = figure.currency or figure.metric.unit
    return Point(figure.value or 0, written(figure.value, unit), records_url(figure))


@dataclass
class Tile:
    """One key figure; ``mood`` says whether its change is good or bad news."""

    name: str
    question: str
    text: str
    url: str
    change: float | None = None
    before: str = ""
    mood: str = ""


def tile(figure: Figure) -> Tile:
    metric, change = figure.metric, figure.change_percent
    return Tile(
        f"{metric.name}, {figure.currency}" if figure.currency else str(metric.name),
        f"{metric.question} {metric.formula}",
        written(figure.value, metric.unit),
        records_url(figure),
        change,
        written(figure.previous.value, metric.unit) if figure.previous else "",
        ("good" if (change > 0) != metric.less_is_better else "bad") if change else "",
    )


def charts_of(report: Report, segments: Segments | None) -> list[Chart]:
    """The charts of the dashboard's report; those about segments only for who may see customers."""
    found = [
        *money_charts(report),
        over_time("leads", _("Leads"), ("leads_new", "leads_converted"), report),
        over_time("customers", _("New customers and orders"), ("customers_new", "orders"), report),
        funnel(report),
        bars("sources", _("Where new leads come from"), report.groups.get("source", []), "leads_new"),
        bars("stages", _("Open leads by stage"), by_stage(report.groups.get("stage", [])), "leads_open"),
        bars("order_status", _("Orders by status"), report.groups.get("order_status", []), "orders"),
        *top_charts(report),
    ]
    if segments:
        found += [
            of_segments(segments, "buyers", _("Segments of buyers")),
            of_segments(segments, "health", _("Health of customers")),
        ]
    return found


def money_charts(report: Report) -> list[Chart]:
    """Revenue over time, a chart for each currency."""
    currencies = sorted({each.currency for row in report.series for each in row.figures if each.currency})
    return [
        over_time(f"revenue_{each.lower()}", f"{METRICS['revenue'].name}, {each}", ("revenue",), report, each)
        for each in currencies
    ]


def over_time(key: str, title: str, metrics: tuple[str, ...], report: Report, currency: str = "") -> Chart:
    question = " ".join(str(METRICS[name].question) for name in metrics)
    chart = Chart(key, title, question, COLUMNS, [str(METRICS[name].name) for name in metrics])
    for row in report.series:
        there = {each.metric.key: each for each in row.figures if each.currency == currency}
        chart.rows.append((part_name(row, report.question.grain), [point(there.get(name)) for name in metrics]))
    return chart


def part_name(row: Row, grain: str) -> str:
    first: dt.date = row.period.first if row.period else dt.date.min
    if grain in ("day", "week"):
        return date_format(first, pgettext("format of a date", "j M"))
    return str(first.year) if grain == "year" else date_format(first, pgettext("format of a date", "M Y"))


def bars(key: str, title: str, rows: list[Row], metric: str) -> Chart:
    chart = Chart(key, title, str(METRICS[metric].question), BARS, [str(METRICS[metric].name)])
    chart.rows = [(row.label, [point(row.figures[0])]) for row in rows]
    return chart


def by_stage(rows: list[Row]) -> list[Row]:
    """In the order in which leads go through them, instead of the largest first."""
    return sorted(rows, key=lambda row: Lead.Status.values.index(row.key))


def funnel(report: Report) -> Chart:
    chart = Chart("funnel", _("Funnel of new leads"), _("How far did they come?"), BARS, [_("Leads")])
    for stage in report.more["funnel"]:
        share = "" if stage["percent"] is None else f" · {written(stage['percent'], 'percent')}"
        reached = point(stage["figure"])
        chart.rows.append(
            (str(Lead.Status(stage["stage"]).label), [Point(reached.value, reached.text + share, reached.url)])
        )
    return chart


def top_charts(report: Report) -> list[Chart]:
    found: dict[str, Chart] = {}
    for row in report.more["top_customers"]:
        currency = row.figures[0].currency
        title = _("Best customers, %s") % currency
        chart = found.setdefault(
            currency,
            Chart(f"top_{currency.lower()}", title, _("Who bought most?"), BARS, [str(METRICS["revenue"].name)]),
        )
        chart.rows.append((row.label, [point(row.figures[0])]))
    return list(found.values())


def of_segments(segments: Segments, kind: str, title: str) -> Chart:
    chart = Chart(kind, title, _("How many customers are where?"), BARS, [_("Customers")])
    for each in segments.segments:
        if each.kind == kind:
            url = _records("customers", each.parameters)
            chart.rows.append((each.name, [Point(each.count, written(each.count, ""), url)]))
    return chart
