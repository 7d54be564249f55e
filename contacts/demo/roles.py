"""Demo contacts in their roles: whoever is to be a demo lead or customer."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from crm_project.access import rules
from crm_project.database.copying import copy
from crm_project.history.context import announce, because_of

from ..models import Contact, ContactPoint
from ..people import PersonModel
from .loading import CHUNK, COLUMNS, time_ordered_key
from .people import Person, person, random_for
from .people import company as named
from .surroundings import Surroundings

PAST_DAYS = 1_095  # How far the demo's business reaches back from today.
NEW_PEOPLE = 100_000_000  # People are numbered from here on who were no demo contacts before.
Row = tuple[type[models.Model], tuple]
Columns = dict[type[models.Model], tuple[str, ...]]

# Demo contacts with an address that nobody in the role has yet.
FREE = """
    SELECT contact.external_id, contact.id, contact.created_at, contact.name, coalesce(organization.name, ''),
        mail.value, coalesce(phone.value, ''), coalesce(phone.normalized, '')
    FROM contacts_contact AS contact
    JOIN contacts_contactpoint AS mail
        ON mail.contact_id = contact.id AND mail.type = 'mail' AND mail.is_primary AND mail.deleted_at IS NULL
    LEFT JOIN contacts_contactpoint AS phone
        ON phone.contact_id = contact.id AND phone.type = 'phone' AND phone.is_primary AND phone.deleted_at IS NULL
    LEFT JOIN contacts_organization AS organization ON organization.id = contact.organization_id
    WHERE contact.external_id = ANY(%s) AND contact.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM {table} WHERE lower(email) = lower(mail.value) AND deleted_at IS NULL)
"""


@dataclass(slots=True)
class Somebody:
    """A person as their role knows them, and the contact behind; ``since`` is when we first heard of them."""

    contact: str
    since: dt.datetime
    name: str
    company: str
    email: str
    phone: str
    normalized_phone: str


def key_of(kind_seed: int, number: int, at: dt.datetime) -> str:
    """A UUIDv7 of that moment in which a demo record of the seed is told by its number."""
    milliseconds = f"{int(at.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}{pattern(kind_seed)}{number:012x}"


def pattern(seed: int) -> str:
    return f"-7de0-8{seed % 4096:03x}-"


def last_number(model: type[models.Model], seed: int) -> int:
    """The number of the last demo record of this seed, zero when there is none. Reads all keys of the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(('x' || right(id::text, 12))::bit(48)::bigint) FROM {model._meta.db_table}"
            " WHERE id::text LIKE %s",
            [f"%{pattern(seed)}%"],
        )
        return cursor.fetchone()[0] or 0


def load(
    model: type[models.Model],
    seed: int,
    count: int,
    columns: Columns,
    prepare: Callable[[], Callable[[range], Iterable[Row]]],
) -> int:
    """See to it that there are ``count`` demo records, and give how many were added; ten thousand at once.

    ``prepare`` gives the function that tells all rows of some numbers; they are written in the order of ``columns``.
    """
    first = last_number(model, seed) + 1
    if first > count:
        return 0
    with because_of(door="command") as context:
        rows_of = prepare()
        for start in range(first, count + 1, CHUNK):
            with transaction.atomic():
                announce(context)
                rows: dict[type[models.Model], list[tuple]] = defaultdict(list)
                for kind, row in rows_of(range(start, min(start + CHUNK, count + 1))):
                    rows[kind].append(row)
                for kind, names in columns.items():
                    if rows[kind]:
                        copy(kind, names, rows[kind])
    return count - first + 1


class Calendar:
    """When the record of each number came: more and more of them up to the end of yesterday, for business grows."""

    def __init__(self, count: int, days: int = PAST_DAYS) -> None:
        self.count = count
        self.end = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.start = self.end - dt.timedelta(days=days)

    def at(self, number: int) -> dt.datetime:
        return self.start + (self.end - self.start) * ((number - 0.5) / self.count) ** 0.5


@dataclass
class Cast:
    """Finds somebody for each number of a role: a demo contact while there is one for it, else somebody new.

    ``turn`` parts the contacts among the roles; ``mark`` keeps the addresses of new people apart from all others.
    """

    model: type[PersonModel]
    seed: int
    turn: int
    mark: str
    around: Surroundings

    def find(self, numbers: Sequence[int], taken: set[str]) -> dict[int, Somebody]:
        """Whoever there is among the demo contacts; addresses in ``taken`` are gone, and new ones are added to it."""
        wanted = {f"demo-{self.seed}-{2 * number + self.turn}": number for number in numbers}
        found = {}
        with connection.cursor() as cursor:
            cursor.execute(FREE.format(table=self.model._meta.db_table), [[*wanted]])
            for external_id, key, since, *texts in sorted(cursor.fetchall()):
                somebody = Somebody(str(key), since, *texts)
                if somebody.email.lower() not in taken:
                    taken.add(somebody.email.lower())
                    found[wanted[external_id]] = somebody
        return found

    def invent(self, number: int, at: dt.datetime, random: Random) -> Iterator[Row | Somebody]:
        """The rows of a contact who is nobody yet, and then the person."""
        who = person(self.seed, NEW_PEOPLE * (1 + self.turn) + number, len(self.around.companies))
        key, moment, owner = time_ordered_key(at, random), at.isoformat(), self.around.owner(number)
        somebody = Somebody(key, at, who.name, "", self._address(who, number), "", "")
        phone = next((reach for reach in who.reaches if reach.type == "phone"), None)
        if phone:
            somebody.phone, somebody.normalized_phone = phone.value, phone.normalized
        company = None if who.company is None else self.around.companies[who.company]
        somebody.company = "" if who.company is None else named(self.seed, who.company).name
        points = [("mail", somebody.email, somebody.email.lower(), "")]
        points += [("phone", phone.value, phone.normalized, phone.extension)] if phone else []
        for position, (kind, value, normalized, extension) in enumerate(points):
            reach = (key, kind, kind, value, normalized, extension, "", "api", True, position)
            yield ContactPoint, (time_ordered_key(at, random), moment, moment, *reach)
        yield (
            Contact,
            (
                key, moment, moment, owner, self.around.team(number), owner, None, None, "{}", who.name, "",
                "company" if who.is_company else "person",
                who.job_title, company, "api", "",
            ),
        )  # fmt: skip
        yield somebody

    def _address(self, who: Person, number: int) -> str:
        mail = next((reach.value for reach in who.reaches if reach.type == "mail"), "someone@mail.example")
        local, _, domain = mail.lower().partition("@")
        tag = f"{number}" if self.seed == 1 else f"{number}x{self.seed}"
        return f"{local}{self.mark}{tag}@{domain}"


def contact_columns() -> Columns:
    return {kind: COLUMNS[kind] for kind in (ContactPoint, Contact)}


def share_rows(model: Any, around: Surroundings, number: int, key: str) -> Iterator[Row]:
    """The demo's shares of an owned record, as rows of guardian's tables."""
    kinds = {"user": model._meta.get_field("user_shares"), "group": model._meta.get_field("group_shares")}
    for kind, holder, verb in around.shares(number):
        yield kinds[kind].related_model, (holder, rules.permission_id(model, verb), key)


def share_columns(model: Any) -> Columns:
    shares = {"user": "user_shares", "group": "group_shares"}
    return {
        model._meta.get_field(name).related_model: (kind, "permission", "content_object")
        for kind, name in shares.items()
    }


def choose(weights: Mapping[str, int], random: Random) -> str:
    """One of the choices, as often as its part of the sum of weights."""
    return random.choices([*weights], [*weights.values()])[0]


def chance(seed: int, stream: int, number: int) -> Random:
    """The chance of one record, apart from that of contacts."""
    return random_for(seed + 1_000_000, stream, number)
