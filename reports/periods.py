"""Periods of reports: days of a time zone, their parts, and what they are compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

GRAINS = ("day", "week", "month", "quarter", "year")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
MOST_PARTS = 400


def month_of(day: dt.date, later: int = 0) -> dt.date:
    """The first day of the month that is so many months after the day's."""
    years, months = divmod(day.month - 1 + later, 12)
    return dt.date(day.year + years, months + 1, 1)


def beginning(day: dt.date, grain: str) -> dt.date:
    """The first day of the week (a Monday), month, quarter or year in which the day lies."""
    if grain == "day":
        return day
    if grain == "week":
        return day - dt.timedelta(day.weekday())
    return month_of(day, -((day.month - 1) % MONTHS[grain]))


def after(day: dt.date, grain: str) -> dt.date:
    """The first day of the part that follows the one in which the day lies."""
    first = beginning(day, grain)
    if grain in MONTHS:
        return month_of(first, MONTHS[grain])
    return first + dt.timedelta({"day": 1, "week": 7}[grain])


@dataclass(frozen=True)
class Period:
    """The days from ``first`` to ``last``, both included, in a time zone."""

    first: dt.date
    last: dt.date
    zone: ZoneInfo

    def moment(self, day: dt.date) -> dt.datetime:
        """When a day begins, in UTC. Where clocks skip midnight it begins with the first moment after."""
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)

    @property
    def start(self) -> dt.datetime:
        return self.moment(self.first)

    @property
    def end(self) -> dt.datetime:
        """The first moment after the period."""
        return self.moment(self.last + dt.timedelta(1))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def parts(self, grain: str) -> Iterator[Period]:
        """The weeks, months, … of the period; the first and the last are cut where the period begins and ends."""
        day = self.first
        while day <= self.last:
            following = after(day, grain)
            yield replace(self, first=day, last=min(following - dt.timedelta(1), self.last))
            day = following

    def grain(self) -> str:
        """The parts in which a period of this length is readable."""
        return "day" if self.days <= 31 else "week" if self.days <= 182 else "month"

    def before(self) -> Period:
        """As many days, right before."""
        return replace(self, first=self.first - dt.timedelta(self.days), last=self.first - dt.timedelta(1))

    def year_before(self) -> Period:
        return replace(self, first=year_earlier(self.first), last=year_earlier(self.last))


def year_earlier(day: dt.date) -> dt.date:
    """The same day of the year before; for the 29th of February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
