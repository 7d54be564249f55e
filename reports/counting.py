"""From metrics to figures: one query for each list and column of time, whatever the number of figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, FloatField, Func, Value

from crm_project.access import rules
from crm_project.database.cube import Cell, Rows, WidthBucket, cube
from orders.buying import HABITS
from orders.models import Order

from .metrics import COUNT, MEAN, MEDIAN, METRICS, RATIO, SUM, Figure, Metric, Scope, counted
from .periods import Period
from .records import DIMENSIONS, LISTS

PART = "part"
CENT = Decimal("0.01")
IN_CURRENCIES = ("money", "spenders")
AGGREGATES = {
    SUM: 'coalesce(sum("{column}") FILTER (WHERE "{flag}"), 0)',
    MEAN: 'avg("{column}") FILTER (WHERE "{flag}")',
    MEDIAN: 'percentile_cont(0.5) WITHIN GROUP (ORDER BY "{column}") FILTER (WHERE "{flag}")',
}


class Days(Func):
    """The days from one moment to another, with fractions: ``Days(later, earlier)``."""

    template = "(extract(epoch FROM %(expressions)s)::float8 / 86400.0)"
    arg_joiner = " - "
    output_field = FloatField()


COLUMNS = {"days": Days("status_since", "created_at"), "total": F("total"), "rating": F("rating")}


@dataclass
class Counted:
    """Figures by dimension and key, then by metric and currency; those of everything are under ``(None, None)``.

    A dimension is a column of a list, such as ``leads.status``.
    """

    cells: dict[tuple[str | None, Any], dict[tuple[str, str], Figure]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def keys(self, dimension: str) -> list[Any]:
        return [key for name, key in self.cells if name == dimension]

    def figures(self, wanted: Iterable[str], dimension: str | None = None, key: Any = None) -> list[Figure]:
        """The figures of these metrics in this order; money once for each currency that there is."""
        cell = self.cells.get((dimension, key), {})
        return [figure for name in wanted for figure in self._of(METRICS[name], cell)]

    def _of(self, metric: Metric, cell: Mapping[tuple[str, str], Figure]) -> list[Figure]:
        name = metric.part if metric.value == RATIO else metric.key
        found = [cell[each] for each in sorted(cell) if each[0] == name]
        if metric.value != RATIO:
            return found
        return [ratio(metric, part, cell.get((metric.whole, part.currency))) for part in found]


def ratio(metric: Metric, part: Figure, whole: Figure | None) -> Figure:
    value: Any = None
    if whole and whole.value:
        value = money(part.value / whole.value) if metric.unit == "money" else percent(part.value, whole.value)
    return Figure(metric, value, part.records, part.parameters, part.currency, whole=whole)


def money(value: Any) -> Decimal:
    return Decimal(value).quantize(CENT)


def percent(part: Any, whole: Any) -> float:
    return round(float(part) / float(whole) * 100, 1)


def count(
    keys: Iterable[str],
    *,
    user: Any,
    scope: Scope,
    groups: Mapping[str, Iterable[str]] | None = None,
    series: Iterable[str] = (),
    parts: Sequence[Period] = (),
) -> Counted:
    """The figures of these metrics.

    They are those of everything; those by the dimensions of ``groups``, such as ``leads.status``, each with the metrics
    that are wanted by it; and those of ``series`` by ``parts`` of the period. Costs one query for each list and column
    of time, and one for each median and each metric that has no moment.
    """
    wanted = {name: {metric.key for metric in counted(each)} for name, each in (groups or {}).items()}
    over_time = {metric.key for metric in counted(series)}
    tables: dict[tuple[str, str], list[Metric]] = defaultdict(list)
    for metric in counted(keys):
        tables[_table_of(metric)].append(metric)
    found = Counted()
    for (kind, _key), metrics in tables.items():
        mine = {metric.key for metric in metrics}
        dimensions = [name for name, each in wanted.items() if each & mine]
        Table(kind, metrics, user, scope, dimensions, parts if over_time & mine else ()).count_into(found)
    return found


def _table_of(metric: Metric) -> tuple[str, str]:
    """Metrics of one table are counted by one query: of a list, by a column of time, or else each by itself.

    What customers bought is known only when their orders are grouped, so they are tables of their own; and so are
    medians, for which rows have to be sorted.
    """
    if metric.records == "customers" and metric.moment != "created_at":
        return ("spenders" if metric.unit == "spenders" else "buyers"), "first_order"
    if metric.value == MEDIAN or not metric.moment:
        return metric.records, metric.key
    return metric.records, metric.moment


@dataclass
class Table:
    """What is counted by one query."""

    kind: str
    metrics: list[Metric]
    user: Any
    scope: Scope
    asked: Sequence[str]
    parts: Sequence[Period]

    @property
    def moment(self) -> str:
        """The column of time that the metrics have, if any."""
        return next((metric.moment for metric in self.metrics if metric.moment), "")

    @property
    def records(self) -> Any:
        return LISTS["customers" if self.is_of_buyers else self.kind]

    @property
    def is_of_buyers(self) -> bool:
        return self.kind in ("buyers", "spenders")

    @property
    def within(self) -> str | None:
        """Money is never added up across currencies."""
        return "currency" if self.kind in ("orders", "spenders") else None

    @property
    def dimensions(self) -> dict[str, Any]:
        known = {} if self.kind == "spenders" else DIMENSIONS.get(self.records.name, {})
        wanted = (name.removeprefix(f"{self.records.name}.") for name in self.asked)
        return {f"by_{name}": known[name] for name in wanted if name in known}

    @property
    def is_of_one(self) -> bool:
        """Whether all rows are records of the only metric, by whose filter they are found."""
        return len(self.metrics) == 1 and not self.is_of_buyers

    def flags(self) -> dict[str, Any]:
        """For each metric whether a row is one of its records, by the filters of the list."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            parameters = {} if self.is_of_one else metric.parameters(self.scope)
            if self.is_of_buyers:
                parameters = {name: text for name, text in parameters.items() if name in HABITS}
            test = self.records.condition(parameters)
            found[f"is_{metric.key}"] = ExpressionWrapper(test, BooleanField()) if test else Value(True)
        return found

    def columns(self) -> dict[str, Any]:
        """The values of rows that metrics are made of, and the part of the period in which a row lies."""
        found = {f"of_{metric.key}": COLUMNS[metric.column] for metric in self.metrics if metric.column}
        if self.has_parts:
            found[PART] = WidthBucket(self.moment, [part.start for part in self.parts])
        return found

    @property
    def has_parts(self) -> bool:
        return bool(self.parts) and bool(self.moment)

    def by(self) -> dict[str, Any]:
        return {name: F(dimension.column) for name, dimension in self.dimensions.items()}

    def rows(self) -> Rows:
        """The records of the metrics; those of one alone by its filter, for which there may be an index."""
        rows = self.records.visible(self.user).filter(self.records.condition(self.scope.owned()))
        if self.is_of_one:
            rows = rows.filter(self.records.condition(self.metrics[0].parameters(self.scope)))
        else:
            period = self.scope.period
            rows = rows.filter(**{f"{self.moment}__gte": period.start, f"{self.moment}__lt": period.end})
        within = [self.within] if self.within else []
        return Rows.of(rows.values(*within, **self.by(), **self.flags(), **self.columns()))

    def buyers(self) -> Rows:
        """Customers with what they bought, from the orders before the end of the period.

        Orders are grouped before customers are joined to them, so that an index on them has all that it takes.
        """
        orders: Any = rules.visible(Order.objects.sold(), self.user).filter(order_date__lt=self.scope.period.end)
        bought = orders.by_customer(*[self.within] if self.within else []).annotate(**self.flags(), **self.columns())
        if not self.by():
            return Rows.of(self.records.behind(bought, "customer", user=self.user, owned=self.scope.owned()))
        customers = self.records.visible(self.user).filter(self.records.condition(self.scope.owned()))
        seen = customers.order_by().values(shown=F("pk"), **self.by())
        return Rows.of(bought).joined(Rows.of(seen), "left_side.customer = right_side.shown")

    def count_into(self, found: Counted) -> None:
        rows = self.buyers() if self.is_of_buyers else self.rows()
        measures = {}
        for metric in self.metrics:
            names = {"column": f"of_{metric.key}", "flag": f"is_{metric.key}"}
            measures[f"records {metric.key}"] = 'count(*) FILTER (WHERE "{flag}")'.format(**names)
            if metric.value != COUNT:
                measures[f"value {metric.key}"] = AGGREGATES[metric.value].format(**names)
        dimensions = [*self.dimensions, *([PART] if self.has_parts else [])]
        for cell in cube(rows, dimensions=dimensions, measures=measures, within=self.within):
            for metric in self.metrics:
                self.add(found, metric, cell)
        self.fill(found)

    def fill(self, found: Counted) -> None:
        """Nothing is a figure too: of everything, and of the parts of the period in which there was nothing."""
        for metric in self.metrics:
            if metric.unit not in IN_CURRENCIES:
                nothing = {COUNT: 0}.get(metric.value)
                found.cells[None, None].setdefault(
                    (metric.key, ""), Figure(metric, nothing, 0, metric.parameters(self.scope))
                )
            currencies = [currency for name, currency in found.cells[None, None] if name == metric.key]
            for number, part in enumerate(self.parts if metric.moment else [], 1):
                for currency in currencies:
                    empty: Any = {COUNT: 0, SUM: money(0)}.get(metric.value)
                    parameters = metric.parameters(replace(self.scope, period=part), self.of_currency(currency))
                    found.cells[PART, number].setdefault(
                        (metric.key, currency), Figure(metric, empty, 0, parameters, currency)
                    )

    def of_currency(self, currency: str) -> dict[str, str]:
        return {"orders_currency" if self.is_of_buyers else "currency": currency} if currency else {}

    def add(self, found: Counted, metric: Metric, cell: Cell) -> None:
        scope, more = self.scope, {}
        place: tuple[str | None, Any] = (None, None)
        if cell.dimension == PART:
            if not metric.moment or not 1 <= cell.key <= len(self.parts):
                return
            scope, place = replace(scope, period=self.parts[cell.key - 1]), (PART, cell.key)
        elif cell.dimension:
            dimension = self.dimensions[cell.dimension]
            more, place = dimension.parameters(cell.key), (f"{self.records.name}.{dimension.key}", cell.key)
        currency = cell.within if metric.unit in IN_CURRENCIES else ""
        more = more | self.of_currency(currency)
        records = cell.measured[f"records {metric.key}"]
        value = records if metric.value == COUNT else shown(metric, cell.measured[f"value {metric.key}"])
        there = found.cells[place].get((metric.key, currency))
        if there is not None:  # Orders of several currencies are counted together.
            there.value, there.records = there.value + value, there.records + records
            return
        found.cells[place][metric.key, currency] = Figure(
            metric, value, records, metric.parameters(scope, more), currency
        )


def shown(metric: Metric, value: Any) -> Any:
    """Money to the cent, days to the hundredth; what there is no value of stays ``None``."""
    if value is None:
        return None
    return money(value) if metric.unit == "money" else round(float(value), 2)
