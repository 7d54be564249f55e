"""Does health tell who will buy again? Customers whose future is known, judged at a day on which it was not.

``python -m bench.health [NAME …]`` writes them into the database of ``DATABASE_URL``, judges, and takes all back.
The populations are drawn, so that drop-out is known:

- *irregular*: the BG/NBD model with the parameters that Fader, Hardie and Lee estimated from the CDNOW data (“Counting
  Your Customers” the Easy Way, Marketing Science 24 (2), 2005, table 2: r = 0.243, α = 4.414 weeks, a = 0.793,
  b = 2.426): gaps are exponential at a rate that is gamma distributed, and after each order a customer leaves with a
  probability that is beta distributed. 39 weeks are seen, 39 weeks are the future, as in that paper.
- *regular*: each customer has a rhythm of 10 to 120 days, of which gaps stray by a fifth, and leaves after each order
  with a probability of 2 to 20 %. 52 weeks are seen, 26 are the future.
- *mixed*: the same with rhythms from a week to ten months, evenly on a logarithmic scale, as of offices that
  buy paper and families that buy furniture. 104 weeks are seen, 52 are the future.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

WEEK = 7.0


@dataclass(frozen=True)
class Population:
    """``draw(random)`` gives the days, from the customer's first one on, on which they order."""

    name: str
    seen_days: int
    future_days: int
    draw: Callable[[random.Random], Iterator[float]]


def irregular(chance: random.Random) -> Iterator[float]:
    rate, leaves = chance.gammavariate(0.243, 1 / 4.414), chance.betavariate(0.793, 2.426)
    day = 0.0
    while True:
        yield day
        if chance.random() < leaves:
            return
        day += WEEK * chance.expovariate(rate) if rate > 1e-9 else 1e9
        if day > 1_000:
            return


def regular(chance: random.Random) -> Iterator[float]:
    return rhythmic(chance, chance.uniform(10, 120))


def mixed(chance: random.Random) -> Iterator[float]:
    return rhythmic(chance, math.exp(chance.uniform(math.log(7), math.log(300))))


def rhythmic(chance: random.Random, rhythm: float) -> Iterator[float]:
    leaves = chance.uniform(0.02, 0.2)
    day = 0.0
    while day < 1_000:
        yield day
        if chance.random() < leaves:
            return
        day += rhythm * max(0.2, chance.gauss(1, 0.2))


POPULATIONS = [
    Population("irregular", 273, 273, irregular),
    Population("regular", 364, 182, regular),
    Population("mixed", 728, 364, mixed),
]


@dataclass(frozen=True)
class Judged:
    """A customer at the cut: what was said of them, and whether they bought again."""

    health: float
    silence: float
    frequency: int
    bought: bool


def auc(judged: list[Judged], score: Callable[[Judged], float]) -> float:
    """The probability that one who bought again has a higher score than one who did not, a tie counting half.

    By the sum of mid-ranks (Mann and Whitney, 1947).
    """
    ranked = sorted(judged, key=score)
    total, position = 0.0, 0
    while position < len(ranked):
        end = position
        while end < len(ranked) and score(ranked[end]) == score(ranked[position]):
            end += 1
        total += (position + end + 1) / 2 * sum(each.bought for each in ranked[position:end])
        position = end
    good = sum(each.bought for each in judged)
    return (total - good * (good + 1) / 2) / (good * (len(judged) - good))


def judge(population: Population, count: int, seed: int = 1) -> list[Judged]:
    """Write so many customers with their orders until the cut, which is now, and compute their health as of then."""
    from django.db import connection
    from django.utils import timezone

    from contacts.models import Contact
    from customers.models import Customer
    from customers.standing.health import COLUMNS, health_sql
    from orders.models import Order, Product

    chance, now = random.Random(seed), timezone.now()
    person = Contact.objects.create(name="Bench")
    product = Product.objects.create(sku=f"BENCH-{population.name}", name="Bench", price=Decimal("10.00"))
    customers = Customer.objects.bulk_create(Customer(name=f"Bench {each}", contact=person) for each in range(count))
    number = (Order.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    orders, known = [], {}
    for customer in customers:
        # Everybody comes in the first third of what is seen, as the customers of the CDNOW cohort did.
        start = chance.uniform(0, population.seen_days / 3)
        days = [start + day for day in population.draw(chance)]
        seen = [day for day in days if day < population.seen_days]
        future = [day for day in days if population.seen_days <= day < population.seen_days + population.future_days]
        known[customer.pk] = (population.seen_days - seen[-1], len(seen), bool(future))
        for day in seen:
            total = product.price
            at = now - dt.timedelta(population.seen_days - day)
            orders.append(
                Order(
                    number=number, customer=customer, product=product, quantity=1, unit_price=total, total=total,
                    currency=product.currency, status=Order.Status.DELIVERED, order_date=at,
                )
            )  # fmt: skip
            number += 1
    Order.objects.bulk_create(orders, batch_size=5_000)
    sql, parameters = health_sql(Customer.objects.filter(contact=person), now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer, orders_order")  # As autovacuum would have, had it been given time.
        cursor.execute(sql, parameters)
        found = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    return [Judged(row["health"], *known[row["customer_id"]]) for row in found]


SCORES: dict[str, Callable[[Judged], float]] = {
    "health": lambda each: each.health,
    "recency alone": lambda each: -each.silence,
    "frequency alone": lambda each: each.frequency,
}


def main(names: list[str], count: int = 5_000) -> None:
    import django

    django.setup()
    from django.db import transaction

    for population in POPULATIONS:
        if names and population.name not in names:
            continue
        with transaction.atomic():
            judged = judge(population, count)
            transaction.set_rollback(True)
        again = sum(each.bought for each in judged) / len(judged)
        figures = ", ".join(f"{name} {auc(judged, score):.3f}" for name, score in SCORES.items())
        print(f"{population.name}: {len(judged)} customers, {again:.0%} bought again; AUC: {figures}")


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
    main(sys.argv[1:])
