"""Demo leads of the last three years: on their way, lost and won, with campaigns, steps and interactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from contacts.demo.loading import FEWEST_COMPANIES, PEOPLE_PER_COMPANY, TALKATIVE
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
    share_columns,
    share_rows,
    time_ordered_key,
)
from contacts.demo.surroundings import Surroundings, make_surroundings

from .models import Campaign, Lead, LeadInteraction, LeadStatusChange
from .services.scoring import active_rules, reasons_for, total

Status = Lead.Status
STREAM = 0
CAMPAIGNS = (
    "Spring fair", "Autumn mailing", "Summer webinar", "Partner week", "Выставка «Интерьер»", "Search ads",
    "Новогодняя рассылка", "Referral bonus",
)  # fmt: skip
SOURCES = {"website": 34, "referral": 18, "campaign": 16, "email": 10, "social": 9, "direct": 8, "other": 5}
# How leads end, by the age in days up to which they do.
FATES: list[tuple[int, dict[str, int]]] = [
    (14, {"new": 60, "contacted": 30, "qualified": 10}),
    (90, {"new": 8, "contacted": 18, "qualified": 18, "proposal": 14, "negotiation": 12, "lost": 20, "won": 10}),
    (10_000, {"new": 4, "contacted": 6, "qualified": 4, "proposal": 3, "negotiation": 2, "lost": 55, "won": 26}),
]
ROAD = (Status.NEW, Status.CONTACTED, Status.QUALIFIED, Status.PROPOSAL, Status.NEGOTIATION)
LOST_REASONS = (
    "Price",
    "Bought elsewhere",
    "No budget this year",
    "No answer",
    "Дорого",
    "Выбрали других",
    "Нет бюджета",
)
NOTES = (
    "", "", "", "Asked for a demo.", "Compares us with two others.", "Wants to start next quarter.",
    "Просил прайс-лист.", "Decides together with the purchasing department.", "Перезвонить после праздников.",
)  # fmt: skip
TALKS = (
    ("call", "Discussed needs and budget.", "Send proposal"),
    ("call", "No answer, left a message.", "Call again"),
    ("email", "Sent the price list.", ""),
    ("email", "Sent the proposal.", "Ask what they think of it"),
    ("meeting", "Showed the product; questions about delivery.", "Answer questions"),
    ("note", "Prefers to be written to.", ""),
    ("call", "Обсудили условия поставки.", "Отправить договор"),
)
COLUMNS: Columns = {
    **contact_columns(),
    Lead: (
        "id", "created_at", "updated_at", "assigned_to", "team", "created_by", "deleted_at", "deleted_by",
        "custom_fields", "name", "email", "phone", "normalized_phone", "company", "notes", "contact", "source",
        "campaign", "status", "status_since", "lost_reason", "score", "score_is_manual", "last_contact",
    ),
    LeadStatusChange: ("id", "created_at", "updated_at", "lead", "old", "new", "changed_by"),
    LeadInteraction: (
        "id", "created_at", "updated_at", "lead", "type", "notes", "next_action", "next_action_date", "created_by",
    ),
    **share_columns(Lead),
}  # fmt: skip


def make_leads(seed: int, count: int) -> int:
    """See to it that there are ``count`` demo leads of this seed, and give how many were added."""

    def prepare() -> Callable[[range], Iterable[Row]]:
        around = make_surroundings(seed, max(FEWEST_COMPANIES, count // PEOPLE_PER_COMPANY))
        return Leads(seed, Calendar(count), around).rows

    return load(Lead, seed, count, COLUMNS, prepare)


class Leads:
    def __init__(self, seed: int, calendar: Calendar, around: Surroundings) -> None:
        self.seed, self.calendar, self.around = seed, calendar, around
        self.cast = Cast(Lead, seed, turn=0, mark=".", around=around)
        Campaign.objects.bulk_create([Campaign(name=name) for name in CAMPAIGNS], ignore_conflicts=True)
        self.campaigns = list(Campaign.objects.filter(name__in=CAMPAIGNS).order_by("name"))
        self.rules = active_rules()

    def rows(self, numbers: range) -> Iterator[Row]:
        found = self.cast.find(numbers, set())
        for number in numbers:
            random, at = chance(self.seed, STREAM, number), self.calendar.at(number)
            somebody = found.get(number)
            if somebody is None:
                for made in self.cast.invent(number, at, random):
                    if isinstance(made, Somebody):
                        somebody = made
                    else:
                        yield made
            assert somebody is not None
            yield from self.lead(number, max(at, somebody.since), somebody, random)

    def lead(self, number: int, at: dt.datetime, who: Somebody, random: Random) -> Iterator[Row]:
        key, owner = key_of(self.seed, number, at), self.around.owner(number)
        steps = self.steps(at, random)
        talks = self.talks(number, key, at, steps[-1][1], owner, random)
        yield from talks
        before = ""
        for status, since in steps:
            moment = since.isoformat()
            yield LeadStatusChange, (time_ordered_key(since, random), moment, moment, key, before, status, owner)
            before = status
        yield Lead, self.columns(number, key, at, who, owner, steps, [row[1] for _, row in talks], random)
        yield from share_rows(Lead, self.around, number, key)

    def steps(self, at: dt.datetime, random: Random) -> list[tuple[str, dt.datetime]]:
        """The statuses of a lead and since when; most leads are decided within three months."""
        age = self.calendar.end - at
        fates = next(fates for days, fates in FATES if age.days < days)
        fate = choose(fates, random)
        reached = 1 + int(random.random() * len(ROAD)) if fate == Status.LOST else len(ROAD)
        road = [*ROAD[:reached], fate] if fate in (Status.LOST, Status.WON) else [*ROAD[: ROAD.index(fate) + 1]]
        time = min(age, dt.timedelta(days=90 * random.random() + 1))
        moments = sorted(random.random() for _ in road[1:])
        return [*zip(road, [at, *(at + time * moment for moment in moments)], strict=True)]

    def talks(
        self, number: int, key: str, at: dt.datetime, until: dt.datetime, owner: UUID | None, random: Random
    ) -> list[Row]:
        """Interactions up to the last step, first to last; the last one of a lead that is fresh plans the next."""
        if number > TALKATIVE and number % 10:
            return []
        is_fresh = self.calendar.end - until < dt.timedelta(days=5)
        moments = sorted(at + (until - at) * random.random() for _ in range(int(random.random() * 6)))
        found: list[Row] = []
        for moment in moments:
            kind, notes, action = TALKS[int(random.random() * len(TALKS))]
            date = self.calendar.end + dt.timedelta(days=random.random() * 10 + 1, hours=9)
            is_planned = is_fresh and bool(action) and moment is moments[-1]
            planned = (action, date.isoformat(timespec="minutes")) if is_planned else ("", None)
            stamp = moment.isoformat()
            row = (time_ordered_key(moment, random), stamp, stamp, key, kind, notes, *planned, owner)
            found.append((LeadInteraction, row))
        return found

    def columns(
        self,
        number: int,
        key: str,
        at: dt.datetime,
        who: Somebody,
        owner: UUID | None,
        steps: list[tuple[str, dt.datetime]],
        talks: list[str],
        random: Random,
    ) -> tuple[Any, ...]:
        status, since = steps[-1]
        source = choose(SOURCES, random)
        campaign = self.campaigns[int(random.random() ** 2 * len(self.campaigns))] if source == "campaign" else None
        is_manual, by_hand = random.random() < 0.05, int(random.random() * 101)
        last = talks[-1] if talks else None
        trashed = since.isoformat() if number % 200 == 150 else None
        lead = Lead(
            source=source,
            campaign=campaign,
            email=who.email,
            phone=who.phone,
            company=who.company,
            last_contact=dt.datetime.fromisoformat(last) if last else None,
        )
        score = by_hand if is_manual else total(reasons_for(lead, len(talks), self.rules))
        reason = LOST_REASONS[int(random.random() * len(LOST_REASONS))] if status == Status.LOST else ""
        return (
            key,
            at.isoformat(),
            since.isoformat(),
            owner,
            self.around.team(number),
            owner,
            trashed,
            owner if trashed else None,
            "{}",
            who.name,
            who.email,
            who.phone,
            who.normalized_phone,
            who.company,
            NOTES[int(random.random() * len(NOTES))],
            who.contact,
            source,
            campaign.pk if campaign else None,
            status,
            since.isoformat(),
            reason,
            score,
            is_manual,
            last,
        )
