"""Running an import to its end, from wherever it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.errors import is_retryable, sqlstate
from crm_project.database import copying
from crm_project.history.context import announce, because_of

from ..engine import CHUNK_ROWS, Engine
from ..models import ImportFailure, ImportJob, ImportSeen
from ..options import Options
from ..reading import Table, UnreadableFile
from ..resources import SHOWN_ROWS, resource_of
from ..rows import Kind, Outcome, kept
from .files import note_columns, open_import

State = ImportJob.State
COUNTS = [kind.value for kind in Kind]
# What a run writes of its job; a request to stop it is somebody else's.
RUN_FIELDS = [
    *[
        *COUNTS,
        "rows",
        "checkpoint",
        "total",
        "ids",
        "preview",
        "state",
        "message",
        "started_at",
        "finished_at",
        "heartbeat_at",
    ],
    *["format", "encoding", "delimiter", "headers", "mapping", "ignored_columns", "updated_at"],
]
CHUNK_TRIES, WHOLE_TRIES = 5, 2
UNIQUE_VIOLATION = "23505"
Progress = Callable[[ImportJob], None]


class Stopped(Exception):
    """This run ends: the job was cancelled, has ended, or another process is at it."""


class Cancelled(Stopped):
    """Somebody asked this job to stop."""


def run_import(
    job: ImportJob, *, on_progress: Progress | None = None, should_stop: Callable[[], bool] | None = None
) -> None:
    """Import the file from where the job is, to its end. May be called twice, in parallel, and be killed anywhere.

    Each chunk is one transaction with the job's counts and checkpoint. An all-or-nothing import is tried as a dry run
    first and then written in one transaction; it and a dry run begin anew when they were killed.
    """
    try:
        _Run(job, on_progress, should_stop).run()
    except Cancelled:
        _end(job, State.CANCELLED)
    except Stopped:
        job.refresh_from_db()
    except UnreadableFile as error:
        _end(job, State.FAILED, error.message)
    except ValidationError as error:
        _end(job, State.FAILED, " ".join(error.messages))


def _end(job: ImportJob, state: str, message: str = "") -> None:
    job.state, job.message, job.finished_at = state, message[:1000], timezone.now()
    job.save(update_fields=["state", "message", "finished_at", "updated_at"])


@dataclass
class _Run:
    job: ImportJob
    on_progress: Progress | None
    should_stop: Callable[[], bool] | None
    in_one: bool = False
    analysed: int = 0

    def run(self) -> None:
        job = self.job
        self.options = Options.from_json(job.options)
        self._begin()
        with job.file.open("rb") as file:
            table = open_import(job, file)
            if job.total is None:
                # Counting reads the whole file, so that one that is broken at its end is refused before any row is in.
                job.total = sum(1 for _ in table)
            resource = resource_of(job.kind)(user=self._user(), options=self.options)
            self.engine = Engine(resource, table, self._remembered if self.options.dry_run else None)
            note_columns(job, table, self.engine)
            with transaction.atomic():
                self._lock()  # Another process may have been at it since it was begun.
                self._save()
            with because_of(user=str(job.owner_id), door="import", job=str(job.pk)) as self.context:
                self._import(table)

    def _begin(self) -> None:
        """Take the job: what cannot go on from a checkpoint begins anew."""
        job = self.job
        with transaction.atomic():
            self._lock()
            if self.options.dry_run or self.options.atomic:
                job.failures.all().delete()
                job.seen.all().delete()
                job.preview = []
                self._set_counts(dict.fromkeys(COUNTS, 0), 0, [])
            job.state, job.started_at = State.RUNNING, job.started_at or timezone.now()
            self._save()

    def _save(self) -> None:
        """Write how far the job is; within one great transaction only at its end, lest the job be locked."""
        self.job.heartbeat_at = timezone.now()
        if not self.in_one:
            self.job.save(update_fields=RUN_FIELDS)

    def _import(self, table: Table) -> None:
        if self.options.atomic and not self.options.dry_run:
            self._import_whole(table)
        else:
            for chunk in self.engine.chunks(islice(table, self.job.checkpoint, None)):
                self._chunk(chunk, write=not self.options.dry_run)
            with transaction.atomic():
                self._lock()
                self._finish()

    def _import_whole(self, table: Table) -> None:
        job, resource = self.job, self.engine.resource
        self.engine.remembered = self._remembered
        for chunk in self.engine.chunks(table):
            self._chunk(chunk, write=False)
        if job.failed:
            counts = dict.fromkeys(COUNTS, 0) | {"failed": job.failed, "skipped": job.rows - job.failed}
            self._set_counts(counts, job.checkpoint, [])
            self._finish()
            return
        self.engine, self.in_one = Engine(resource, table), True
        self._set_counts(dict.fromkeys(COUNTS, 0), 0, [])
        with transaction.atomic():
            for chunk in self.engine.chunks(table):
                self._chunk(chunk, write=True)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            if job.failed:
                raise ValidationError(
                    _("Records changed while the file was checked; nothing was imported. Send it again.")
                )
            self.in_one = False
            self._finish()

    def _finish(self) -> None:
        job = self.job
        job.seen.all().delete()
        if self.options.atomic and job.failed:
            message = _("Nothing was imported: %(failed)s of %(rows)s rows have problems.") % {
                "failed": format(job.failed, ","),
                "rows": format(job.rows, ","),
            }
            job.state, job.message = State.FAILED, message
        else:
            job.state = State.DONE
        job.finished_at = timezone.now()
        self._save()

    def _chunk(self, chunk: Sequence[Any], *, write: bool) -> None:
        if self.should_stop and self.should_stop():
            raise Stopped
        for tried in range(1, CHUNK_TRIES + 1):
            rows = self.engine.read(chunk)
            before = self._state()
            try:
                with transaction.atomic():
                    self._take(rows, write)
                break
            except (OperationalError, IntegrityError) as error:
                # Within a larger transaction only the whole can be tried again, by whoever began it; but where somebody
                # else was faster with a value that must be unique, this chunk will find it.
                is_taken = sqlstate(error) == UNIQUE_VIOLATION
                if tried == CHUNK_TRIES or not (is_taken or (is_retryable(error) and not connection.in_atomic_block)):
                    raise
                self._restore(before)
                if tried == WHOLE_TRIES and len(chunk) > 1:
                    # The fewer rows, the less there is that somebody can be faster with, until it is one row's turn.
                    half = len(chunk) // 2
                    self._chunk(chunk[:half], write=write)
                    self._chunk(chunk[half:], write=write)
                    return
                time.sleep(0.05 * tried)
        if write:
            self._analyse()
        if self.on_progress:
            self.on_progress(self.job)

    def _analyse(self) -> None:
        """Let the planner know how tables have grown, each time that it is fourfold.

        Plans that were made for small tables, those of triggers among them, are kept until then; on an empty database
        an import took five times as long with them.
        """
        if self.job.checkpoint >= max(4 * self.analysed, CHUNK_ROWS):
            self.analysed = self.job.checkpoint
            copying.analyse(*self.engine.resource.get_written_models())

    def _state(self) -> dict[str, Any]:
        return {name: getattr(self.job, name) for name in (*COUNTS, "rows", "checkpoint", "ids")}

    def _restore(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self.job, name, value)

    def _take(self, rows: Sequence[Any], write: bool) -> None:
        job = self.job
        self._lock()
        self.engine.resource.user = self._user()
        if write:
            announce(self.context)
            with connection.cursor() as cursor:
                # Of imports of the same people at once, be it as contacts, leads or customers, one finds what the other
                # has made. They take turns, a chunk each.
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('import', 0))")
        outcomes = self.engine.take(rows, write=write)
        self._keep_failures(outcomes)
        if self.engine.remembered:
            self._remember(outcomes)
        counts = {kind: getattr(job, kind) for kind in COUNTS}
        for outcome in outcomes:
            counts[outcome.kind] += 1
        if self.options.dry_run and len(job.preview) < SHOWN_ROWS:
            shown = [outcome.as_json() for outcome in outcomes if outcome.kind is not Kind.FAILED]
            job.preview = [*job.preview, *shown[: SHOWN_ROWS - len(job.preview)]]
        small = (job.total or 0) <= settings.CRM_IMPORT_INLINE_ROWS and write
        ids = [outcome.record for outcome in outcomes if outcome.record and outcome.kind != Kind.SKIPPED]
        self._set_counts(counts, job.checkpoint + len(rows), [*job.ids, *ids] if small else [])
        self._save()

    def _set_counts(self, counts: dict[str, int], checkpoint: int, ids: list[UUID]) -> None:
        for kind, count in counts.items():
            setattr(self.job, kind, count)
        self.job.rows, self.job.checkpoint = sum(counts.values()), checkpoint
        self.job.ids = list(dict.fromkeys(ids))

    def _lock(self) -> None:
        """Be the only one at this job until the transaction ends, and see that it is still to be done."""
        job = self.job
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [str(job.pk)])
            if not cursor.fetchone()[0]:
                raise Stopped
        stored = ImportJob.objects.values("state", "checkpoint", "cancel_requested_at").get(pk=job.pk)
        if stored["state"] in ImportJob.ENDED:
            raise Stopped
        if stored["cancel_requested_at"]:
            raise Cancelled
        if stored["checkpoint"] != job.checkpoint and not self.in_one:
            raise Stopped

    def _user(self) -> User:
        """Who imports, as they are now: rights that were taken away count from the next chunk."""
        job = self.job
        user = User.objects.filter(pk=job.owner_id, is_active=True).first() if job.owner_id else None
        model = resource_of(job.kind).get_model()
        if user is None or not all(rules.may(user, model, verb) for verb in ("import", "add")):
            raise ValidationError(
                _("%(name)s may not import %(kind)s.")
                % {"name": job.owner or _("Nobody"), "kind": model._meta.verbose_name_plural}
            )
        return user

    def _keep_failures(self, outcomes: Sequence[Outcome]) -> None:
        rows = [
            (
                self.job.pk,
                outcome.row.line,
                json.dumps([problem.as_json() for problem in outcome.row.problems]),
                json.dumps([kept(cell) for cell in outcome.row.cells]),
            )
            for outcome in outcomes
            if outcome.kind is Kind.FAILED
        ]
        if rows:
            copying.copy(ImportFailure, ("job", "line", "problems", "cells"), rows)

    def _remember(self, outcomes: Sequence[Outcome]) -> None:
        rows = [
            (self.job.pk, key, value, outcome.record)
            for outcome in outcomes
            if outcome.kind in {Kind.CREATED, Kind.UPDATED}
            for key in self.options.match
            for value in outcome.row.keys.get(key, ())
        ]
        if rows:
            copying.copy(ImportSeen, ("job", "key", "value", "record"), rows)

    def _remembered(self, key: str, values: Sequence[str]) -> Iterator[tuple[str, UUID]]:
        return self.job.seen.filter(key=key, value__in=values).values_list("value", "record").iterator()
