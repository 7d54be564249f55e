"""Rate limits, counted by one atomic statement in the database, so that they are exact for any number of processes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.throttling import BaseThrottle

from crm_project.access.models import ApiKey

COUNT = """
    INSERT INTO api_ratecounter AS counter (name, "window", count) VALUES (%s, %s, 1)
    ON CONFLICT (name) DO UPDATE SET
        count = CASE WHEN counter."window" = excluded."window" THEN counter.count + 1 ELSE 1 END,
        "window" = excluded."window"
    RETURNING count
"""
NOTE_USE = "WITH noted AS (UPDATE access_apikey SET last_used_at = %s WHERE id = %s)"


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds."""

    limit: int
    seconds: int

    @property
    def remaining_seconds(self) -> int:
        return math.ceil(self.seconds - time.time() % self.seconds)

    def count(self, name: str, used: ApiKey | None = None) -> int:
        """Count one more and say how many it were in the running window; the same statement notes a key's use."""
        noted = (timezone.now(), used.pk) if used else ()
        statement = NOTE_USE + COUNT if used else COUNT
        with connection.cursor() as cursor:
            cursor.execute(statement, (*noted, name, int(time.time() // self.seconds)))
            return cursor.fetchone()[0]


def rate(text: str) -> Rate:
    """``"6000/60"`` means 6,000 in 60 seconds."""
    limit, _, seconds = text.partition("/")
    return Rate(int(limit), int(seconds))


def client_address(request: Any) -> str:
    """The address of who asks; forwarded headers count only when so many trusted proxies are configured."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    proxies = settings.CRM_TRUSTED_PROXIES
    if proxies and len(hops) >= proxies:
        return hops[-proxies][:45]
    return request.META.get("REMOTE_ADDR") or "unknown"


def count_wrong_key(request: Any) -> None:
    """Slow down who tries keys: past the limit every further wrong key of the address is a 429."""
    limit = rate(settings.CRM_WRONG_KEY_RATE)
    if limit.count(f"wrong-key {client_address(request)}") > limit.limit:
        raise exceptions.Throttled(limit.remaining_seconds)


class KeyThrottle(BaseThrottle):
    """Requests per API key (or signed-in user); a view may add rates of its own by ``throttle_scope``."""

    def allow_request(self, request: Any, view: Any) -> bool:
        key = request.auth if isinstance(request.auth, ApiKey) else None
        holder = key.pk if key else request.user.pk
        if holder is None:
            return True
        self.rate = rate(settings.CRM_RATE_LIMIT)
        used = self.rate.count(f"key {holder}", key if key and key.seems_unused else None)
        request._request.rate_limit = (self.rate, max(self.rate.limit - used, 0))
        if used > self.rate.limit:
            return False
        if scope := settings.CRM_SCOPED_RATES.get(getattr(view, "throttle_scopes", {}).get(view.action, "")):
            self.rate = rate(scope)
            return self.rate.count(f"{view.throttle_scopes[view.action]} {request.user.pk}") <= self.rate.limit
        return True

    def wait(self) -> float:
        return self.rate.remaining_seconds
