"""Reports that took long are kept for a minute, and say so; all others are of this moment."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from crm_project.access.grants import grants_of

KEPT_SECONDS = 60
LONG_SECONDS = 0.2


def kept(make: Callable[..., Any], *, user: Any, **question: Any) -> tuple[Any, bool]:
    """``make(user=…, **question)`` and whether it was made earlier, for the same user with the same rights."""
    rights = grants_of(user)
    named = [sorted(rights.company), sorted(rights.own), rights.group_ids]
    key = _key(make.__module__, make.__name__, user.pk, user.is_superuser, named, sorted(question.items()))
    found = cache.get(key)
    if found is not None:
        return pickle.loads(found), True  # noqa: S301 - our own bytes, from our own cache.
    began = time.monotonic()
    report = make(user=user, **question)
    if time.monotonic() - began > LONG_SECONDS:
        cache.set(key, pickle.dumps(report), KEPT_SECONDS)
    return report, False


def _key(*parts: Any) -> str:
    return f"report:{hashlib.sha256(repr(parts).encode()).hexdigest()}"
