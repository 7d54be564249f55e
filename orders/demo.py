"""Demo products, and orders of three years: of people who come again and again, come once, or stay away one day."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from uuid import UUID

from contacts.demo.roles import Calendar, Columns, Row, chance, choose, key_of, load, pattern, time_ordered_key
from customers.models import Customer

from .models import Order, OrderCounter, OrderStatusChange, Product
from .services.orders import next_number

PRODUCT_STREAM, ORDER_STREAM, HABIT_STREAM = 2, 3, 0
KINDS = (
    ("Desk", 18_900), ("Chair", 12_900), ("Lamp", 4_900), ("Shelf", 8_900), ("Cabinet", 24_900), ("Screen", 15_900),
    ("Table", 29_900), ("Stool", 5_900), ("Carpet", 9_900), ("Whiteboard", 7_900),
)  # fmt: skip
STYLES = ("Oak", "Walnut", "Steel", "Birch", "Nordic", "Compact", "Studio", "Classic", "Берёза", "Лофт")
CURRENCIES = {"USD": 70, "EUR": 25, "RUB": 5}
RATES = {"USD": 1, "EUR": 1, "RUB": 80}
DEFAULT_PRODUCTS = 40
FEWEST_CUSTOMERS = 80
# How orders stand, by the age in days up to which they do.
FATES: list[tuple[float, dict[str, int]]] = [
    (2, {"pending": 65, "processing": 30, "cancelled": 5}),
    (7, {"pending": 10, "processing": 35, "shipped": 48, "cancelled": 7}),
    (21, {"processing": 4, "shipped": 40, "delivered": 50, "cancelled": 6}),
    (10_000, {"delivered": 94, "cancelled": 6}),
]
ROADS = {
    "pending": ("pending",),
    "processing": ("pending", "processing"),
    "shipped": ("pending", "processing", "shipped"),
    "delivered": ("pending", "processing", "shipped", "delivered"),
    "cancelled": ("pending", "cancelled"),
}
NOTES = ("", "", "", "", "", "Rush delivery", "Call before delivery", "Доставка до 12:00")
PRODUCT_COLUMNS: Columns = {
    Product: (
        "id", "created_at", "updated_at", "sku", "name", "description", "price", "currency", "active", "stock",
    ),
}  # fmt: skip
ORDER_COLUMNS: Columns = {
    Order: (
        "id", "created_at", "updated_at", "assigned_to", "team", "created_by", "deleted_at", "deleted_by",
        "custom_fields", "number", "customer", "product", "quantity", "unit_price", "currency", "total", "status",
        "order_date", "shipping_address", "billing_address", "notes", "holds_stock",
    ),
    OrderStatusChange: ("id", "created_at", "updated_at", "order", "old", "new", "changed_by"),
}  # fmt: skip


def make_products(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo products of this seed, and give how many were added."""

    def rows(numbers: range) -> Iterator[Row]:
        for number in numbers:
            random, at = chance(seed, PRODUCT_STREAM, number), calendar.at(number)
            kind, cents = KINDS[number % len(KINDS)]
            style = STYLES[number // len(KINDS) % len(STYLES)]
            series = "" if number < len(KINDS) * len(STYLES) else f" {number // (len(KINDS) * len(STYLES)) + 1}"
            currency = choose(CURRENCIES, random)
            price = cents * (50 + int(random.random() * 200)) // 100 * RATES[currency]
            stock = 20 + int(random.random() * 400) if number % 4 == 0 else None
            texts = (f"D{seed}-{number:05}", f"{style} {kind.lower()}{series}", f"{kind} of the {style} series.")
            times = (at.isoformat(), at.isoformat())
            yield Product, (key_of(seed, number, at), *times, *texts, money(price), currency, number % 25 != 24, stock)

    calendar = Calendar(count)
    return load(Product, seed, count, PRODUCT_COLUMNS, lambda: rows)


def make_orders(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo orders of this seed, and give how many were added.

    They are those of the demo's customers for the demo's products; where there are none, some are made.
    """
    from customers.demo import make_customers

    def prepare() -> Callable[[range], Iterable[Row]]:
        mine = pattern(seed)
        if not Product.objects.filter(sku__startswith=f"D{seed}-").exists():
            make_products(seed, DEFAULT_PRODUCTS)
        if not demo_customers(mine):
            make_customers(seed, FEWEST_CUSTOMERS)
        return Orders(seed, Calendar(count)).rows

    return load(Order, seed, count, ORDER_COLUMNS, prepare)


def demo_customers(mine: str) -> list[tuple]:
    """All of the demo's customers, in the order in which they came: some hundred bytes for each."""
    customers = Customer.objects.live().extra(where=["id::text LIKE %s"], params=[f"%{mine}%"])
    columns = ("id", "created_at", "assigned_to", "team", "shipping_address", "billing_address")
    return list(customers.order_by("created_at", "pk").values_list(*columns))


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


@dataclass(slots=True)
class Buyer:
    key: UUID
    since: float
    until: float
    appetite: float
    owner: UUID | None
    team: int | None
    addresses: tuple[str, str]


class Orders:
    def __init__(self, seed: int, calendar: Calendar) -> None:
        self.seed, self.calendar = seed, calendar
        self.buyers = [self.buyer(*row) for row in demo_customers(pattern(seed))]
        self.arrivals = [buyer.since for buyer in self.buyers]
        products = Product.objects.filter(sku__startswith=f"D{seed}-", active=True).order_by("sku")
        columns = ("id", "price", "currency", "stock")
        self.products = [
            (key, int(price * 100), currency, stock is not None)
            for key, price, currency, stock in products.values_list(*columns)
        ]

    def buyer(
        self, key: UUID, since: dt.datetime, owner: UUID | None, team: int | None, shipping: str, billing: str
    ) -> Buyer:
        """A third of all customers stay away after a while."""
        random = chance(self.seed, HABIT_STREAM, key.int % (1 << 40))
        begin, end = since.timestamp(), self.calendar.end.timestamp() + 1
        until = begin + (end - begin) * random.random() if random.random() < 0.35 else end
        return Buyer(key, begin, until, random.random() ** 3, owner, team, (shipping or billing, billing))

    def rows(self, numbers: range) -> Iterator[Row]:
        first = next_number()
        OrderCounter.objects.update(last=first + len(numbers) - 1)
        for number in numbers:
            random, at = chance(self.seed, ORDER_STREAM, number), self.calendar.at(number)
            at, buyer = self.meet(at, random)
            yield from self.order(number, first + number - numbers[0], at, buyer, random)

    def meet(self, at: dt.datetime, random: Random) -> tuple[dt.datetime, Buyer]:
        """Who orders at that time: of those who are there, a few far more often than most."""
        moment = at.timestamp()
        there = bisect_right(self.arrivals, moment)
        for _ in range(40 if there else 0):
            buyer = self.buyers[int(random.random() * there)]
            if buyer.until > moment and random.random() < buyer.appetite:
                return at, buyer
        buyer = self.buyers[int(random.random() * len(self.buyers))]
        moment = buyer.since + (buyer.until - buyer.since) * random.random()
        return dt.datetime.fromtimestamp(moment, dt.UTC), buyer

    def order(self, number: int, public: int, at: dt.datetime, buyer: Buyer, random: Random) -> Iterator[Row]:
        draw = random.random
        product, cents, currency, has_stock = self.products[int(draw() ** 2 * len(self.products))]
        quantity = 1 + int(draw() ** 4 * 20)
        age = (self.calendar.end - at).total_seconds() / 86_400
        status = choose(next(fates for days, fates in FATES if age < days), random)
        moments = self.moments(at, len(ROADS[status]), random)
        key, changed = key_of(self.seed, number, at), moments[-1].isoformat()
        trashed = changed if number % 500 == 250 else None
        yield (
            Order,
            (
                key, at.isoformat(), changed, buyer.owner, buyer.team, buyer.owner, trashed,
                buyer.owner if trashed else None, "{}", public, buyer.key, product, quantity, money(cents), currency,
                money(cents * quantity), status, at.isoformat(), *buyer.addresses, NOTES[int(draw() * len(NOTES))],
                has_stock and status != "cancelled",
            ),
        )  # fmt: skip
        before = ""
        for after, moment in zip(ROADS[status], moments, strict=True):
            stamp = moment.isoformat()
            yield OrderStatusChange, (time_ordered_key(moment, random), stamp, stamp, key, before, after, buyer.owner)
            before = after

    def moments(self, at: dt.datetime, count: int, random: Random) -> list[dt.datetime]:
        """The order's steps: days between them, and none in the future."""
        found = [at]
        for _ in range(count - 1):
            found.append(min(found[-1] + dt.timedelta(days=0.1 + 3 * random.random()), self.calendar.end))
        return found
