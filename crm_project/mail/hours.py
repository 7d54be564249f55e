"""When somebody may be written to: outside their quiet hours, and not too often in a day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings


def day_of(moment: dt.datetime, time_zone: str) -> tuple[dt.datetime, dt.datetime]:
    """When the receiver's day of this moment begins and when it ends."""
    midnight = moment.astimezone(ZoneInfo(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return _utc(midnight), _utc(midnight + dt.timedelta(days=1))


def after_quiet(moment: dt.datetime, time_zone: str) -> dt.datetime:
    """The moment itself, or the end of the quiet hours that it lies in. Hours are those of the receiver's clock."""
    if settings.CRM_QUIET_HOURS is None:
        return moment
    begin, end = settings.CRM_QUIET_HOURS
    local = moment.astimezone(ZoneInfo(time_zone))
    if not is_quiet(local.hour, begin, end):
        return moment
    over = local.replace(hour=end, minute=0, second=0, microsecond=0, fold=0)
    return _utc(over if local.hour < end else over + dt.timedelta(days=1))


def is_quiet(hour: int, begin: int, end: int) -> bool:
    return begin <= hour < end if begin < end else hour >= begin or hour < end


def allowed_from(moment: dt.datetime, time_zone: str, sent_today: int) -> dt.datetime:
    """The first moment from this one on at which a mail may go, when so many went on the receiver's day already."""
    moment = after_quiet(moment, time_zone)
    if sent_today >= settings.CRM_MAIL_DAILY_CAP:
        moment = after_quiet(day_of(moment, time_zone)[1], time_zone)
    return moment


def _utc(local: dt.datetime) -> dt.datetime:
    """Clock times that a change of the clocks skips are those an hour later, as ``zoneinfo`` has it."""
    return local.astimezone(dt.UTC)
