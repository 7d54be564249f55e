"""What a report is asked: its parameters, checked, with what they mean when they are left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from rest_framework import exceptions

from crm_project.api.filters import NONE
from crm_project.suggest import nearest
from customers.models import StandingRules

from .metrics import Scope
from .periods import GRAINS, MOST_PARTS, Period

DAYS = 90
PARAMETERS = ("from", "to", "tz", "group_by", "assigned_to", "compare")
COMPARE = ("previous", "year")
EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(2200, 1, 1)


@dataclass(frozen=True)
class Question:
    """``grain`` are the parts of the period, ``dimensions`` the columns by which records are told apart."""

    scope: Scope
    grain: str
    dimensions: tuple[str, ...]
    compare: str = ""

    @property
    def period(self) -> Period:
        return self.scope.period

    @property
    def earlier(self) -> Scope | None:
        """What the figures are compared with."""
        if not self.compare:
            return None
        period = self.period.before() if self.compare == "previous" else self.period.year_before()
        return replace(self.scope, period=period)


def read(parameters: Mapping[str, str], *, user: Any, dimensions: tuple[str, ...]) -> Question:
    """The question that the parameters of a request ask.

    Raises:
        ValidationError: a parameter is wrong; the messages name it.
    """
    errors: dict[str, list[str]] = {}

    def checked(name: str, reader: Any, otherwise: Any) -> Any:
        text = parameters.get(name, "").strip()
        try:
            return reader(text) if text else otherwise
        except ValueError as error:
            errors[name] = [str(error)]
            return otherwise

    zone = checked("tz", _zone, ZoneInfo(user.time_zone))
    today = timezone.now().astimezone(zone).date()
    last = checked("to", _day, today)
    first = checked("from", _day, last - dt.timedelta(DAYS - 1))
    if first > last and not errors:
        errors["from"] = [_("The period begins after its end.")]
        first = last
    period = Period(first, last, zone)
    grain, chosen = checked("group_by", lambda text: _groups(text, dimensions), ("", ()))
    grain = grain or period.grain()
    if sum(1 for _part in period.parts(grain)) > MOST_PARTS:
        errors["group_by"] = [_("The period has more than %s parts; choose larger ones.") % MOST_PARTS]
    owners = checked("assigned_to", lambda text: _owners(text, user), ())
    compare = checked("compare", lambda text: _one_of(text, COMPARE), "")
    if errors:
        raise exceptions.ValidationError(errors)
    return Question(Scope(period, StandingRules.current().churn_days, owners), grain, chosen or dimensions, compare)


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text in known:
        return text
    guess = nearest(text, list(known))
    hint = _(" Did you mean “%s”?") % guess if guess else ""
    raise ValueError(
        _("“%(value)s” is not one of: %(known)s.%(hint)s")
        % {"value": text[:50], "known": ", ".join(known), "hint": hint}
    )


def _zone(text: str) -> ZoneInfo:
    if text in available_timezones():
        return ZoneInfo(text)
    guess = nearest(text, sorted(available_timezones()))
    raise ValueError(_("A time zone such as Europe/Paris.") + (_(" Did you mean “%s”?") % guess if guess else ""))


def _day(text: str) -> dt.date:
    """A day; of a time its day, as it was written."""
    try:
        day = parse_date(text[:10]) if len(text) == 10 or text[10:11] in ("T", " ") else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day < LATEST:
        raise ValueError(
            _("A day such as 2026-01-31, from %(first)s to %(last)s.")
            % {"first": EARLIEST.year, "last": LATEST.year - 1}
        )
    return day


def _groups(text: str, dimensions: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    chosen = [_one_of(part.strip(), (*GRAINS, *dimensions)) for part in text.split(",") if part.strip()]
    grains = [part for part in chosen if part in GRAINS]
    if len(grains) > 1:
        raise ValueError(_("Only one of: %s.") % (", ".join(GRAINS)))
    return (grains[0] if grains else ""), tuple(part for part in chosen if part in dimensions)


def _owners(text: str, user: Any) -> tuple[str, ...]:
    found = []
    for part in (each.strip() for each in text.split(",")):
        if part in ("", NONE):
            found += [part] if part else []
        elif part == "me":
            found.append(str(user.pk))
        else:
            try:
                found.append(str(UUID(part)))
            except ValueError as error:
                raise ValueError(
                    _("“%(value)s” is not a user's id, “me” or “%(none)s”.") % {"value": part[:50], "none": NONE}
                ) from error
    return tuple(sorted(set(found)))
