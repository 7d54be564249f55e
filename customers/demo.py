"""Demo customers: a third of them won leads that were converted, the others came by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from uuid import UUID

from django.db import connection

from contacts.demo.loading import FEWEST_COMPANIES, PEOPLE_PER_COMPANY, TALKATIVE
from contacts.demo.people import company
from contacts.demo.roles import (
    Calendar,
    Cast,
    Columns,
    Row,
    Somebody,
    chance,
    choose,
    contact_columns,
    key_of,
    load,
    pattern,
    share_columns,
    share_rows,
    time_ordered_key,
)
from contacts.demo.surroundings import Surroundings, make_surroundings
from crm_project.database import copying
from leads.models import Lead, LeadStatusChange

from .models import Conversion, Customer, CustomerInteraction

STREAM = 1
STATUSES = {"active": 90, "inactive": 8, "blocked": 2}
TERMS = ("Net 30", "Net 14", "Prepaid", "Due on receipt", "Оплата 30 дней")
TALKS = (
    ("email", "Invoice", "Asked for a copy of the invoice.", "sent", ""),
    ("call", "Satisfaction", "Called after the delivery, all well.", "satisfied", ""),
    ("meeting", "Yearly talk", "Looked at last year; wants better terms.", "open", "Send an offer"),
    ("support", "Damaged parcel", "One of the boxes was wet.", "replaced", ""),
    ("support", "Question about use", "Explained the settings.", "solved", ""),
    ("purchase", "Reorder", "Ordered the same again by phone.", "ordered", ""),
    ("call", "Новый договор", "Обсудили условия на следующий год.", "думают", "Перезвонить"),
    ("other", "Christmas card", "", "", ""),
)
COLUMNS: Columns = {
    **contact_columns(),
    Customer: (
        "id", "created_at", "updated_at", "assigned_to", "team", "created_by", "deleted_at", "deleted_by",
        "custom_fields", "name", "email", "phone", "normalized_phone", "company", "notes", "contact", "lead", "type",
        "status", "billing_address", "shipping_address", "payment_terms", "credit_limit", "tax_id",
    ),
    LeadStatusChange: ("id", "created_at", "updated_at", "lead", "old", "new", "changed_by"),
    Conversion: ("created_at", "updated_at", "lead", "customer", "old_status", "made_customer", "converted_by"),
    CustomerInteraction: (
        "id", "created_at", "updated_at", "customer", "type", "subject", "date", "description", "outcome",
        "next_action", "next_action_date", "created_by",
    ),
    **share_columns(Customer),
}  # fmt: skip
# Some of all times that were won, for others have not become customers yet.
WON = """
    SELECT * FROM (
        SELECT id, status_since, contact_id, name, company, email, phone, normalized_phone, assigned_to_id, team_id
        FROM leads_lead AS lead
        WHERE status = 'won' AND deleted_at IS NULL AND id::text LIKE %s AND right(id::text, 1) > '2' AND NOT EXISTS (
            SELECT FROM customers_customer AS customer
            WHERE lower(customer.email) = lower(lead.email) AND customer.deleted_at IS NULL
        )
        ORDER BY right(id::text, 12) LIMIT %s
    ) AS won ORDER BY id
"""


def make_customers(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo customers of this seed, and give how many were added."""

    def prepare() -> Callable[[range], Iterable[Row]]:
        around = make_surroundings(seed, max(FEWEST_COMPANIES, count // PEOPLE_PER_COMPANY))
        return Customers(seed, Calendar(count), around).rows

    return load(Customer, seed, count, COLUMNS, prepare)


@dataclass(slots=True)
class Won:
    """A lead that is about to become a customer."""

    id: str
    owner: UUID | None
    team: int | None
    who: Somebody


class Customers:
    def __init__(self, seed: int, calendar: Calendar, around: Surroundings) -> None:
        self.seed, self.calendar, self.around = seed, calendar, around
        self.cast = Cast(Customer, seed, turn=1, mark="-", around=around)

    def rows(self, numbers: range) -> Iterator[Row]:
        won = self.won(len(numbers) // 3)
        taken = {each.who.email.lower() for each in won}
        found = self.cast.find([number for number in numbers if number % 3], taken)
        steps = []
        for number in numbers:
            random, at = chance(self.seed, STREAM, number), self.calendar.at(number)
            if won and not number % 3:
                lead = won.pop(0)
                since = min(lead.who.since + dt.timedelta(days=random.random() * 5), self.calendar.end)
                steps.append((lead.id, "converted", since.isoformat()))
                yield from self.converted(number, since, lead, random)
                continue
            somebody = found.get(number)
            if somebody is None:
                for made in self.cast.invent(number, at, random):
                    if isinstance(made, Somebody):
                        somebody = made
                    else:
                        yield made
            assert somebody is not None
            owner, team = self.around.owner(number), self.around.team(number)
            key = key_of(self.seed, number, at := max(at, somebody.since))
            yield from self.customer(number, key, at, somebody, owner, team, None, random)
        if steps:
            copying.update(Lead, ("status", "status_since"), steps)

    def won(self, limit: int) -> list[Won]:
        """The demo's won leads that are no customers yet, the oldest first."""
        with connection.cursor() as cursor:
            cursor.execute(WON, [f"%{pattern(self.seed)}%", limit])
            return [
                Won(str(key), owner, team, Somebody(str(contact), since, *texts))
                for key, since, contact, *texts, owner, team in cursor.fetchall()
            ]

    def converted(self, number: int, at: dt.datetime, lead: Won, random: Random) -> Iterator[Row]:
        key, moment = key_of(self.seed, number, at), at.isoformat()
        yield LeadStatusChange, (time_ordered_key(at, random), moment, moment, lead.id, "won", "converted", lead.owner)
        yield Conversion, (moment, moment, lead.id, key, "won", True, lead.owner)
        yield from self.customer(number, key, at, lead.who, lead.owner, lead.team, lead.id, random)

    def customer(
        self,
        number: int,
        key: str,
        at: dt.datetime,
        who: Somebody,
        owner: UUID | None,
        team: int | None,
        lead: str | None,
        random: Random,
    ) -> Iterator[Row]:
        changed = at + (self.calendar.end - at) * random.random() ** 2
        is_business = bool(who.company) and random.random() < 0.8
        address = company(self.seed, int(random.random() * len(self.around.companies))).address
        trashed = changed.isoformat() if number % 200 == 151 else None
        yield (
            Customer,
            (
                key, at.isoformat(), changed.isoformat(), owner, team, owner, trashed, owner if trashed else None, "{}",
                who.name, who.email, who.phone, who.normalized_phone, who.company, "", who.contact, lead,
                "business" if is_business else "individual", choose(STATUSES, random), address,
                address if random.random() < 0.7 else "", TERMS[int(random.random() * len(TERMS))],
                10_000 * (10 + int(random.random() * 40)) if is_business and number % 5 == 0 else None,
                f"{int(random.random() * 10**10):010d}" if is_business else "",
            ),
        )  # fmt: skip
        if number <= TALKATIVE or number % 20 == 0:
            yield from self.talks(key, at, owner, random)
        yield from share_rows(Customer, self.around, number, key)

    def talks(self, key: str, at: dt.datetime, owner: UUID | None, random: Random) -> Iterator[Row]:
        """Interactions since then; of those of the last days some plan the next."""
        end = self.calendar.end
        for date in sorted(at + (end - at) * random.random() for _ in range(int(random.random() * 7))):
            kind, subject, text, outcome, action = TALKS[int(random.random() * len(TALKS))]
            stamp, due = date.isoformat(timespec="seconds"), end + dt.timedelta(days=1 + random.random() * 10, hours=9)
            is_planned = bool(action) and end - date < dt.timedelta(14)
            planned = (action, due.isoformat(timespec="minutes")) if is_planned else ("", None)
            yield (
                CustomerInteraction,
                (
                    time_ordered_key(date, random), stamp, stamp, key, kind, subject, stamp, text, outcome, *planned,
                    owner,
                ),
            )  # fmt: skip
