"""Writing demo contacts by ``COPY``, ten thousand in a transaction, so that millions take minutes."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.utils import timezone

from crm_project.access import rules
from crm_project.database.copying import copy
from crm_project.history.context import announce, because_of

from ..models import (
    Contact,
    ContactCategory,
    ContactGroupShare,
    ContactPoint,
    ContactSegment,
    ContactUserShare,
    Interaction,
)
from .people import Person, person, random_for
from .surroundings import LANGUAGES, Surroundings, make_surroundings

CHUNK = 10_000
PEOPLE_PER_COMPANY = 20
FEWEST_COMPANIES = 40
DAYS = 730  # How far the demo's past reaches back from today.
TALKATIVE = 10_000  # All of the first so many contacts have interactions, one in twenty of the others.

COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    # What belongs to a contact comes before it: then the triggers make its search text once.
    ContactPoint: (
        "id", "created_at", "updated_at", "contact", "type", "service", "value", "normalized", "extension", "label",
        "origin", "is_primary", "position",
    ),
    ContactCategory: ("contact", "category"),
    ContactSegment: ("contact", "segment"),
    Interaction: (
        "id", "created_at", "updated_at", "contact", "type", "direction", "subject", "body", "note", "started_at",
        "duration_s", "outcome", "recording_url", "external_id", "details", "origin", "created_by",
    ),
    Contact: (
        "id", "created_at", "updated_at", "assigned_to", "team", "created_by", "deleted_at", "deleted_by",
        "custom_fields", "name", "description", "contact_type", "job_title", "organization", "origin", "external_id",
    ),
    ContactUserShare: ("user", "permission", "content_object"),
    ContactGroupShare: ("group", "permission", "content_object"),
}  # fmt: skip

TALKS = {
    "en": (
        ("call", "inbound", "Asked for the price list", "Wants a quote for 40 pieces.", "interested"),
        ("call", "outbound", "Follow-up", "Left a message.", "no answer"),
        ("email", "outbound", "Offer", "Sent the offer with the new conditions.", ""),
        ("meeting", "", "Visit", "Showed the new range; they compare with two others.", "next step agreed"),
        ("message", "inbound", "Delivery date", "Can it come a week earlier?", ""),
        ("note", "", "Prefers e-mail", "Not to be called before ten.", ""),
    ),
    "ru": (
        ("call", "inbound", "Спросили прайс-лист", "Нужен счёт на 40 штук.", "интерес"),
        ("call", "outbound", "Напоминание", "Не дозвонились, перезвонить завтра.", "нет ответа"),
        ("email", "outbound", "Предложение", "Отправили договор с новыми условиями.", ""),
        ("meeting", "", "Встреча в офисе", "Показали новую линейку, думают до пятницы.", "договорились"),
        ("message", "inbound", "Срок поставки", "Можно ли на неделю раньше?", ""),
        ("note", "", "Лучше писать", "До десяти не звонить.", ""),
    ),
}
ORIGINS = {"call": "app_connect", "message": "eadesk", "email": "api", "meeting": "admin", "note": "admin"}


def make_contacts(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo contacts of this seed, and give how many were added.

    Ten thousand are committed at once; the next call goes on where one was cut short. Their external ids tell them.
    """
    first = _last_number(seed) + 1
    if first > count:
        return 0
    with because_of(door="command") as context:
        surroundings = make_surroundings(seed, max(FEWEST_COMPANIES, count // PEOPLE_PER_COMPANY))
        loader = Loader(seed, count, surroundings)
        for start in range(first, count + 1, CHUNK):
            with transaction.atomic():
                announce(context)
                loader.write(range(start, min(start + CHUNK, count + 1)))
    return count - first + 1


def _last_number(seed: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(substring(external_id FROM '\\d+$')::int) FROM contacts_contact WHERE external_id LIKE %s",
            [f"demo-{seed}-%"],
        )
        return cursor.fetchone()[0] or 0


class Loader:
    def __init__(self, seed: int, count: int, around: Surroundings) -> None:
        self.seed, self.count, self.around = seed, count, around
        self.end = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.start = self.end - dt.timedelta(days=DAYS)
        self.permissions = {verb: rules.permission_id(Contact, verb) for verb in ("view", "change")}

    def write(self, numbers: range) -> None:
        rows: dict[type[models.Model], list[tuple]] = defaultdict(list)
        for number in numbers:
            for model, row in self.rows(number):
                rows[model].append(row)
        for model, columns in COLUMNS.items():
            copy(model, columns, rows[model])

    def rows(self, number: int) -> Iterator[tuple[type[models.Model], tuple]]:
        """Everything about one contact, as rows for ``COLUMNS``."""
        random = random_for(self.seed, 2, number)
        who = person(self.seed, number, len(self.around.companies))
        at = self.start + (self.end - self.start) * ((number - 0.5) / self.count)
        key, owner, origin = (
            time_ordered_key(at, random),
            self.around.owner(number),
            ("api", "import", "admin")[number % 3],
        )
        yield from self.points(key, at, who, origin, random)
        for category in {int(random.random() ** 2 * len(self.around.categories)) for _ in range(number % 3)}:
            yield ContactCategory, (key, self.around.categories[category])
        if number % 8 == 0:
            yield ContactSegment, (key, self.around.segments[number // 8 % len(self.around.segments)])
        if number <= TALKATIVE or number % 20 == 0:
            yield from self.interactions(key, at, who, owner, random)
        yield Contact, self.contact(number, key, at, who, owner, origin, random)
        yield from self.shares(number, key)

    def contact(
        self, number: int, key: str, at: dt.datetime, who: Person, owner: UUID | None, origin: str, random: Random
    ) -> tuple:
        changed = at + (self.end - at) * random.random() ** 2
        trashed = number % 200 == 150
        return (
            key,
            at.isoformat(),
            changed.isoformat(),
            owner,
            self.around.team(number),
            owner,
            changed.isoformat() if trashed else None,
            owner if trashed else None,
            json.dumps(self.custom_fields(who, random), ensure_ascii=False),
            who.name,
            "",
            "company" if who.is_company else "person",
            who.job_title,
            None if who.company is None else self.around.companies[who.company],
            origin,
            f"demo-{self.seed}-{number}",
        )

    def shares(self, number: int, key: str) -> Iterator[tuple[type[models.Model], tuple]]:
        for kind, holder, verb in self.around.shares(number):
            model: type[models.Model] = ContactUserShare if kind == "user" else ContactGroupShare
            yield model, (holder, self.permissions[verb], key)

    def points(
        self, key: str, at: dt.datetime, who: Person, origin: str, random: Random
    ) -> Iterator[tuple[type[models.Model], tuple]]:
        moment, seen = at.isoformat(), set()
        for position, reach in enumerate(who.reaches):
            is_primary = reach.type in {"mail", "phone"} and reach.type not in seen
            seen.add(reach.type)
            yield (
                ContactPoint,
                (
                    time_ordered_key(at, random), moment, moment, key, reach.type, reach.service, reach.value,
                    reach.normalized, reach.extension, reach.label, origin, is_primary, position,
                ),
            )  # fmt: skip

    def custom_fields(self, who: Person, random: Random) -> dict[str, Any]:
        draw = random.random
        values: dict[str, Any] = {}
        if draw() < 0.3 and not who.is_company:
            day = dt.date(1950, 1, 1) + dt.timedelta(days=int(draw() * 20_000))
            values["birthday"] = day.isoformat()
        if draw() < 0.5:
            values["language"] = LANGUAGES.get(who.locale.language, "Other")
        if draw() < 0.2:
            values["loyalty_points"] = int(draw() ** 3 * 10_000)
        if draw() < 0.1:
            values["newsletter"] = draw() < 0.7
        return values

    def interactions(
        self, key: str, at: dt.datetime, who: Person, owner: UUID | None, random: Random
    ) -> Iterator[tuple[type[models.Model], tuple]]:
        talks = TALKS.get(who.locale.language, TALKS["en"])
        for started in sorted(at + (self.end - at) * random.random() for _ in range(int(random.random() * 9))):
            kind, direction, subject, body, outcome = talks[int(random.random() * len(talks))]
            moment = started.isoformat(timespec="seconds")
            seconds = 30 + int(random.random() ** 2 * 1_800) if kind in {"call", "meeting"} else None
            yield (
                Interaction,
                (
                    time_ordered_key(started, random), moment, moment, key, kind, direction, subject, body, "", moment,
                    seconds, outcome, "", "", "{}", ORIGINS[kind], owner,
                ),
            )  # fmt: skip


def time_ordered_key(at: dt.datetime, random: Random) -> str:
    """A UUIDv7 of that moment (RFC 9562, section 5.7)."""
    milliseconds, bits = f"{int(at.timestamp() * 1000):012x}", f"{random.getrandbits(74):019x}"
    variant = "89ab"[int(bits[0], 16) & 3]
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7{bits[1:4]}-{variant}{bits[4:7]}-{bits[7:19]}"
