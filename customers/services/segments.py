"""The segments of customers: how many are in each, how many came and went, and what they bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, QuerySet, Sum, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.api.exceptions import sentences
from crm_project.api.filters import Asked, filtered
from crm_project.database.cube import Rows, cube

from ..filters import CustomerFilterSet
from ..models import BuyerSegment, Customer, SavedSegment, Standing, StandingRules


@dataclass(frozen=True)
class Revenue:
    """What customers bought, which an app that sells registers.

    ``orders(user, since)`` gives the orders since then that count and that the user may see, with ``customer``,
    ``currency`` and ``total``; ``parameters(since)`` are those by which the list of orders, ``route``, shows the same.
    """

    orders: Callable[[Any, dt.datetime], QuerySet]
    route: str
    parameters: Callable[[dt.datetime], dict[str, str]]


_revenue: list[Revenue] = []


def register_revenue(revenue: Revenue) -> None:
    _revenue[:] = [revenue]


@dataclass
class Segment:
    """``parameters`` of the list of customers show its members. ``joined`` and ``left`` are of the last thirty days,
    and ``None`` for kinds whose past is not known. ``revenue`` is that of the window, by currency. ``problem`` says why
    nobody is in a saved segment whose filter fits no more.
    """

    kind: str
    key: str
    name: str
    parameters: dict[str, str]
    description: str = ""
    count: int = 0
    joined: int | None = None
    left: int | None = None
    revenue: dict[str, Decimal] = field(default_factory=dict)
    problem: str = ""


@dataclass
class Segments:
    """``since`` is the beginning of the window."""

    rules: StandingRules
    computed_at: dt.datetime | None
    segments: list[Segment]
    since: dt.datetime
    as_of: dt.datetime = field(default_factory=timezone.now)


def segments_of(*, user: Any) -> Segments:
    """All segments with what the user may see of them. Eight queries, however many are saved."""
    rules_now = StandingRules.current()
    customers = rules.visible(Customer.objects.live(), user)
    found = [*_of_buyers(), *_of_bands(), *_of_choices("type", Customer.Type), *_of_choices("status", Customer.Status)]
    by_place = {(segment.kind, segment.key): segment for segment in found}
    since = timezone.now() - dt.timedelta(rules_now.window_days)
    orders = _revenue[0].orders(user, since)
    _count(by_place, customers)
    _move(by_place, customers)
    _add_revenue(by_place, customers, orders)
    computed = Standing.objects.aggregate(at=Max("segment_at"))["at"] if found else None
    return Segments(rules_now, computed, found + _saved(customers, orders, user), since)


def revenue_list(segments: Segments, segment: Segment, currency: str) -> tuple[str, dict[str, str]]:
    """The route of the list of the orders whose totals are the segment's revenue in a currency, and its parameters."""
    revenue = _revenue[0]
    of_customers = {f"customer_{name}": text for name, text in segment.parameters.items()}
    return revenue.route, revenue.parameters(segments.since) | {"currency": currency} | of_customers


def _of_buyers() -> list[Segment]:
    named = [
        Segment("buyers", each.key, each.name, {"segment": each.key}, each.description, joined=0, left=0)
        for each in BuyerSegment.objects.all()
    ]
    nobody = Segment("buyers", "none", _("No buyers"), {"segment": "none"}, _("Bought nothing in the window."))
    return [*named, nobody]


def _of_bands() -> list[Segment]:
    return [Segment("health", band, str(band.label), {"health": band}) for band in Standing.Band]


def _of_choices(kind: str, choices: Any) -> list[Segment]:
    return [Segment(kind, choice, str(choice.label), {kind: choice}) for choice in choices]


COLUMNS = {"buyers": "standing__segment", "health": "standing__band", "type": "type", "status": "status"}
MISSING = {"buyers": "none", "health": Standing.Band.UNKNOWN}


def _place(cell: Any) -> tuple[str, str]:
    kind = cell.dimension.removeprefix("by_")
    return kind, cell.key or MISSING.get(kind, "")


def _count(by_place: dict[tuple[str, str], Segment], customers: QuerySet) -> None:
    rows = customers.values(**{f"by_{kind}": F(column) for kind, column in COLUMNS.items()})
    cells = cube(Rows.of(rows), dimensions=[f"by_{kind}" for kind in COLUMNS], measures={"count": "count(*)"})
    for cell in cells:
        if cell.dimension and _place(cell) in by_place:
            by_place[_place(cell)].count += cell.measured["count"]


def _move(by_place: dict[tuple[str, str], Segment], customers: QuerySet) -> None:
    """Who is in another segment of buyers than thirty days ago."""
    moved = customers.exclude(standing=None).exclude(standing__segment=F("standing__segment_before")).order_by()
    pairs = moved.values_list("standing__segment", "standing__segment_before").annotate(count=Count("pk"))
    for now, before, count in pairs:
        for key, name in ((now, "joined"), (before, "left")):
            segment = by_place.get(("buyers", key or "none"))
            if segment:
                setattr(segment, name, (getattr(segment, name) or 0) + count)


def _add_revenue(by_place: dict[tuple[str, str], Segment], customers: QuerySet, orders: QuerySet) -> None:
    """Orders are added up before their customers are looked up, so that each is looked up once."""
    spent = orders.order_by().values("currency", buyer=F("customer")).annotate(spent=Sum("total"))
    places = customers.order_by().values(shown=F("pk"), **{f"by_{kind}": F(column) for kind, column in COLUMNS.items()})
    rows = Rows.of(spent).joined(Rows.of(places), "left_side.buyer = right_side.shown")
    names = [f"by_{kind}" for kind in COLUMNS]
    for cell in cube(rows, dimensions=names, measures={"sum": "sum(spent)"}, within="currency"):
        if cell.dimension and (segment := by_place.get(_place(cell))):
            segment.revenue[cell.within] = segment.revenue.get(cell.within, Decimal(0)) + cell.measured["sum"]


def _saved(customers: QuerySet, orders: QuerySet, user: Any) -> list[Segment]:
    """Segments that were saved, all counted at once: three queries, and those to look up what filters name."""
    stored = list(rules.visible(SavedSegment.objects.all(), user))
    found = [Segment("saved", str(each.pk), each.name, {"segment": str(each.pk)}, each.description) for each in stored]
    asked, counted, sold = Asked(user, in_segment=True), [], []
    for number, each in enumerate(stored):
        try:
            members = filtered(CustomerFilterSet, each.filter, customers, asked).order_by()
        except exceptions.ValidationError as error:
            found[number].problem = " ".join(sentences(error))
            continue
        counted.append(Rows.of(members.values(place=Value(number))))
        of_members = orders.filter(customer__in=members.values("pk"))
        sold.append(Rows.of(of_members.values("currency", "total", place=Value(number))))
    for cell in cube(Rows.united(counted), dimensions=["place"], measures={"count": "count(*)"}):
        if cell.dimension:
            found[cell.key].count = cell.measured["count"]
    for cell in cube(Rows.united(sold), dimensions=["place"], measures={"sum": "sum(total)"}, within="currency"):
        if cell.dimension:
            found[cell.key].revenue[cell.within] = cell.measured["sum"]
    return found
