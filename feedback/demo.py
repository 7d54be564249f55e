"""Demo feedback: what customers of the demo said of their orders, and who has not answered yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from contacts.demo.roles import Calendar, Columns, Row, chance, choose, key_of, load, pattern
from orders.models import Order

from .links import hash_of, token_for
from .models import Feedback
from .themes.refreshing import refresh_soon
from .words import language_of, sentiment_of

STREAM = 4
ANSWERED_PERCENT = 62
LINK_DAYS = 30
RATINGS = {"5": 42, "4": 28, "3": 13, "2": 10, "1": 7}
# By subject: what the pleased say and what the others say, in English and in Russian.
SAID: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "delivery": {
        "en": (
            ("The courier came on time and carried it upstairs.", "Delivery was a day early, well packed."),
            ("The delivery came four days late.", "The courier left the parcel in the rain.", "The parcel was torn."),
        ),
        "ru": (
            ("Курьер приехал вовремя, спасибо.", "Доставка быстрая, упаковано хорошо."),
            ("Доставка опоздала на четыре дня.", "Курьер оставил посылку под дождём.", "Посылку привезли рваной."),
        ),
    },
    "product": {
        "en": (
            ("Solid wood, well made.", "The quality of the wood is excellent.", "Sturdy, easy to assemble."),
            ("One of the screws was missing.", "The wood has scratches.", "Poor quality, the drawer broke in a week."),
        ),
        "ru": (
            ("Качество дерева отличное.", "Сделано крепко, собрать легко.", "Хорошее качество, дерево настоящее."),
            ("Не хватило шурупов для сборки.", "На дереве царапины.", "Качество плохое, ящик сломался через неделю."),
        ),
    },
    "support": {
        "en": (
            ("Support answered in ten minutes.", "The support agent was patient and knew the answer."),
            ("Nobody answers the phone in support.", "I waited three days for an answer of your support."),
        ),
        "ru": (
            ("Поддержка ответила за десять минут.", "Оператор поддержки терпеливо всё объяснил."),
            ("До поддержки не дозвониться.", "Три дня ждал ответа поддержки."),
        ),
    },
    "price": {
        "en": (
            ("Good value for the price.", "The discount made the price fair."),
            ("Too expensive for what it is.", "The price went up since last year.", "The discount was not applied."),
        ),
        "ru": (
            ("Хорошая цена за такое качество.", "Со скидкой цена честная."),
            ("Слишком дорого, цена выросла.", "Скидку не применили.", "Цена выше, чем у других."),
        ),
    },
}  # fmt: skip
COLUMNS: Columns = {
    Feedback: (
        "id", "created_at", "updated_at", "assigned_to", "team", "created_by", "custom_fields", "customer", "order",
        "status", "language", "token_hash", "requested_at", "expires_at", "reminders_sent", "responded_at", "rating",
        "comment", "category", "sentiment",
    ),
}  # fmt: skip


def make_feedback(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo requests for feedback of this seed, and give how many were added.

    They are about orders of the demo that were delivered; where there are none, there is no feedback either. Nobody is
    mailed, and nobody who has not answered will be reminded.
    """

    def prepare() -> Callable[[range], Iterable[Row]]:
        return Voices(seed, Calendar(count)).rows

    if not delivered(seed).exists():
        return 0
    added = load(Feedback, seed, count, COLUMNS, prepare)
    if added:
        refresh_soon()
    return added


def delivered(seed: int) -> Any:
    """The demo's delivered orders, oldest first."""
    orders = Order.objects.live().filter(status=Order.Status.DELIVERED, customer__deleted_at=None)
    return orders.extra(where=["orders_order.id::text LIKE %s"], params=[f"%{pattern(seed)}%"]).order_by("pk")


class Voices:
    def __init__(self, seed: int, calendar: Calendar) -> None:
        self.seed, self.calendar = seed, calendar
        columns = ("pk", "order_date", "customer_id", "customer__name", "assigned_to_id", "team_id")
        self.orders = list(delivered(seed).values_list(*columns))
        waiting = Feedback.objects.live().filter(status=Feedback.Status.OPEN)
        self.waiting = set(waiting.values_list("customer", flat=True))

    def rows(self, numbers: range) -> Iterator[Row]:
        for number in numbers:
            yield Feedback, self.row(number, chance(self.seed, STREAM, number))

    def row(self, number: int, random: Random) -> tuple:
        order, ordered, customer, name, owner, team = self.orders[int(random.random() * len(self.orders))]
        asked = min(ordered + dt.timedelta(days=3 + 4 * random.random()), self.calendar.end)
        expires = asked + dt.timedelta(days=LINK_DAYS)
        key, language = key_of(self.seed, number, asked), language_of(name, default="en")
        answer = self.answer(asked, language, random)
        status = "answered" if answer[0] else "expired"
        if status == "expired" and expires > self.calendar.end and customer not in self.waiting:
            self.waiting.add(customer)
            status = "open"
        if status == "expired":
            expires = min(expires, self.calendar.end)
        changed = (answer[0] or (asked if status == "open" else expires)).isoformat()
        return (
            key, asked.isoformat(), changed, owner, team, owner, "{}", customer, order, status, language,
            hash_of(token_for(UUID(key))), asked.isoformat(), expires.isoformat(), int(random.random() * 3), *answer,
        )  # fmt: skip

    def answer(self, asked: dt.datetime, language: str, random: Random) -> tuple:
        """When they answered, with what rating and comment, on which subject, and how it sounds."""
        if random.random() * 100 >= ANSWERED_PERCENT:
            return None, None, "", "", ""
        responded = min(asked + dt.timedelta(days=9 * random.random() ** 2), self.calendar.end)
        rating, subject = int(choose(RATINGS, random)), list(SAID)[int(random.random() * len(SAID))]
        pleased, others = SAID[subject][language]
        said = pleased if rating > 3 else others
        comment = said[int(random.random() * len(said))] if random.random() < 0.7 else ""
        return responded, rating, comment, subject, sentiment_of(rating, comment, language)
