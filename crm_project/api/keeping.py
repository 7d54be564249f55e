"""Reports on large tables are kept for a minute, and say so; all others are of this moment.

Nobody waits longer than ``PATIENCE`` for a report to be counted. One that takes longer is left to a worker; whoever
asks meanwhile gets the last one, which says how old it is, or is told to ask again. Whoever asks for what is being
counted waits for it instead of counting it as well. What is kept is shared by all processes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Model, Q
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language, gettext_lazy, override
from procrastinate.exceptions import AlreadyEnqueued

from crm_project.access import rules
from crm_project.access.grants import grants_of
from crm_project.access.models import User
from crm_project.database.sizes import is_large

from .errors import sqlstate
from .exceptions import Unavailable
from .models import KeptReport

KEPT = dt.timedelta(seconds=60)
FORGOTTEN = dt.timedelta(hours=1)
PATIENCE = 4.0
# The database gave up a statement, or waiting for a lock, because it took too long.
TOO_LONG = {"57014", "55P03"}
SEAL = 32


class BeingCounted(Unavailable):
    """A worker counts the report, which takes too long to wait for."""

    default_detail = gettext_lazy("This report takes long to count; it is being counted. Ask again in a moment.")
    default_code = "being_counted"
    wait = 5


@dataclass(frozen=True)
class Recipe:
    """What it takes to count a report again: ``make(user=…, **question)`` in a language."""

    make: Callable[..., Any]
    user: Any
    question: dict[str, Any]
    language: str | None

    def name(self, user: User) -> str:
        """The same for all who get the same report, by the same code: those who see every record, and else only the
        user; always with the same rights.
        """
        rights = grants_of(user)
        who = None if rules.sees_everything(user) else (user.pk, rights.group_ids)
        named = (user.is_superuser, sorted(rights.company), sorted(rights.own))
        what = (_code_of(self.make.__module__), self.make.__name__, sorted(self.question.items()), self.language)
        return hashlib.sha256(repr((who, named, what)).encode()).hexdigest()

    def report(self, user: User) -> Any:
        return self.make(user=user, **self.question)


@cache
def _code_of(module: str) -> str:
    """A name for the code of the package of a module, so that nobody reads what other code has kept."""
    package = Path(str(sys.modules[module.partition(".")[0]].__file__)).parent
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(package.rglob("*.py")))).hexdigest()


def kept(
    make: Callable[..., Any],
    *,
    tables: Iterable[type[Model]],
    user: Any,
    patience: float | None = None,
    **question: Any,
) -> tuple[Any, bool]:
    """``make(user=…, **question)`` and whether it was counted earlier, for whoever gets the same.

    Only where one of the tables that it reads is large is anything kept. Both have to survive being pickled.

    Raises:
        BeingCounted: it takes longer than ``patience``, in seconds, and there is no earlier one.
    """
    if not any(is_large(table) for table in tables):
        return make(user=user, **question), False
    recipe = Recipe(make, user.pk, question, get_language())
    name = recipe.name(user)
    stored = look_up(name)
    if report := fresh(stored):
        return report, True
    try:
        with transaction.atomic(), within(PATIENCE if patience is None else patience):
            return count(name, recipe, user)
    except OperationalError as error:
        if sqlstate(error) not in TOO_LONG:
            raise
    leave_to_worker(name, recipe)
    report = opened(stored.report) if stored and stored.report else None
    if report is None:
        raise BeingCounted()
    return report, True


def look_up(name: str) -> KeptReport | None:
    """What is kept, with ``is_fresh``, by the clock of the database."""
    is_fresh = ExpressionWrapper(Q(counted_at__gt=Now() - KEPT), BooleanField())
    return KeptReport.objects.filter(pk=name).annotate(is_fresh=is_fresh).first()


def fresh(stored: Any) -> Any:
    return opened(stored.report) if stored is not None and stored.is_fresh else None


def count(name: str, recipe: Recipe, user: User) -> tuple[Any, bool]:
    """The report, counted unless somebody else has just done so. Waits for who is at it; in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    if report := fresh(look_up(name)):
        return report, True
    report = recipe.report(user)
    keep(name, recipe, report=sealed(report), counted_at=Now())
    return report, False


def keep(name: str, recipe: Recipe, **columns: Any) -> None:
    row = KeptReport(name=name, recipe=sealed(recipe), kept_at=Now(), **columns)
    KeptReport.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["recipe", "kept_at", *columns]
    )


@transaction.atomic
def leave_to_worker(name: str, recipe: Recipe) -> None:
    from .tasks import count_report

    keep(name, recipe)
    with suppress(AlreadyEnqueued), transaction.atomic():
        count_report.configure(queueing_lock=f"count_report {name}").defer(name=name)


@transaction.atomic
def count_again(name: str) -> None:
    """Count what somebody could not wait for; forget it when they have other rights now. May run twice, and at once."""
    stored = KeptReport.objects.filter(pk=name).first()
    if stored is None:
        return
    recipe = opened(stored.recipe)
    user = User.objects.filter(pk=recipe.user, is_active=True).first() if recipe else None
    if user is None or recipe.name(user) != name:
        stored.delete()
        return
    with override(recipe.language):
        count(name, recipe, user)


def forget_old() -> int:
    """Delete what nobody has asked for lately; how many there were."""
    return KeptReport.objects.filter(kept_at__lt=Now() - FORGOTTEN).delete()[0]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have the database cancel whatever is not done in so many seconds, all statements together; in a transaction."""
    ends = time.monotonic() + seconds

    def limit(milliseconds: str) -> None:
        connection.connection.execute("SELECT set_config('statement_timeout', %s, true)", [milliseconds])

    def limited(execute: Any, sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        limit(str(max(1, int((ends - time.monotonic()) * 1000))))
        return execute(sql, parameters, many, context)

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        (before,) = cursor.fetchone()
    with connection.execute_wrapper(limited):
        yield
    limit(before)


def sealed(value: Any) -> bytes:
    data = pickle.dumps(value)
    return _seal(data) + data


def opened(stored: bytes | memoryview) -> Any:
    """What was sealed; nothing, where the bytes are not ours."""
    seal, data = bytes(stored[:SEAL]), bytes(stored[SEAL:])
    if not constant_time_compare(seal, _seal(data)):
        return None
    return pickle.loads(data)  # noqa: S301 - our own bytes, by their seal.


def _seal(data: bytes) -> bytes:
    return salted_hmac("kept report", data, algorithm="sha256").digest()
