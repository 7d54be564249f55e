"""Reports on large tables are kept for a minute, and say so; all others are of this moment."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import cache
from django.db.models import Model

from crm_project.access.grants import grants_of
from crm_project.database.sizes import is_large

KEPT_SECONDS = 60


def kept(make: Callable[..., Any], *, tables: Iterable[type[Model]], user: Any, **question: Any) -> tuple[Any, bool]:
    """``make(user=…, **question)`` and whether it was made earlier, for the same user with the same rights.

    Only where one of the tables that it reads is large; the size is asked once in a process.
    """
    if not any(is_large(table) for table in tables):
        return make(user=user, **question), False
    rights = grants_of(user)
    named = [sorted(rights.company), sorted(rights.own), rights.group_ids]
    key = _key(make.__module__, make.__name__, user.pk, user.is_superuser, named, sorted(question.items()))
    found = cache.get(key)
    if found is not None:
        return pickle.loads(found), True  # noqa: S301 - our own bytes, from our own cache.
    report = make(user=user, **question)
    cache.set(key, pickle.dumps(report), KEPT_SECONDS)
    return report, False


def _key(*parts: Any) -> str:
    return f"report:{hashlib.sha256(repr(parts).encode()).hexdigest()}"
