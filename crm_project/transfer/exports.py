"""Exports: records as a file that is made while it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from tempfile import TemporaryFile
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.access.querysets import OwnedQuerySet
from crm_project.api.filters import Asked, refuse_unknown_parameters, says_true

from . import formulas, writing
from .models import ExportJob, ImportJob
from .resources import LINE_COLUMN, REASON_COLUMN, CrmResource, filters_of, resource_of, suggestion

State = ExportJob.State
CHECKED_ROWS = 2_000
OPTIONS = ("format", "columns", "background")  # What the address of an export takes besides filters.
# A reader may be slow, but not forever; and the first rows of a filtered export may have to be sorted.
SECONDS_BETWEEN = 1
PROGRESS = """
    UPDATE transfer_exportjob SET state = 'running', rows = %s, total = %s, started_at = %s, heartbeat_at = now()
    WHERE id = %s
"""
TIMEOUTS = "SET LOCAL idle_in_transaction_session_timeout = '10min'; SET LOCAL statement_timeout = '60s'"


class RightsTaken(Exception):
    """Whoever exports may no longer do so."""


def chosen_columns(resource: CrmResource, text: str) -> list[str]:
    """The columns of a comma list; without one, those that an import into an empty database gives back exactly.

    Raises:
        ValidationError: with the nearest name for a column that does not exist.
    """
    known = resource.all_columns()
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if "all" in names:
        return known
    problems = [
        _("There is no column “%s”.") % (name[:60]) + suggestion(name, known) for name in names if name not in known
    ]
    if problems:
        raise ValidationError({"columns": problems})
    return names or resource.column_names()


def records_of(kind: str, user: User, given: dict[str, str]) -> QuerySet:
    """The records that the list shows this user with these filters, oldest first.

    Raises:
        ValidationError: DRF's, for a filter that the list does not know or understand.
    """
    filters = filters_of(kind)
    refuse_unknown_parameters(given, [*filters.get_filters(), *filters.families])
    records: Any = resource_of(kind).get_model()._default_manager.all()
    if isinstance(records, OwnedQuerySet):
        records = records.trashed() if says_true(given.get("trashed")) else records.live()
    found = filters(given, records, request=Asked(user))
    if not found.is_valid():
        raise exceptions.ValidationError(found.errors)
    return rules.visible(found.qs, user).order_by("pk")


@transaction.atomic
def defer_export(job: ExportJob) -> None:
    """Leave the file to a worker, which writes it where it can be fetched for a while."""
    from .tasks import run_export

    job.state, job.started_at = State.QUEUED, None
    job.save(update_fields=["state", "started_at", "updated_at"])
    run_export.defer(job_id=str(job.pk))


def run_export(job: ExportJob) -> None:
    """Write the file of a deferred export. May be called twice, in parallel, and be killed anywhere: the file is made
    anew, and counts when it is whole.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [str(job.pk)])
        is_mine = cursor.fetchone()[0]
        job.refresh_from_db()
        if not is_mine or job.has_ended:
            return
        job.state, job.rows, job.started_at = State.RUNNING, 0, timezone.now()
        try:
            _write_file(job)
        except (RightsTaken, exceptions.ValidationError) as error:
            job.state, job.finished_at = State.FAILED, timezone.now()
            job.message = str(error)[:1000] or _("The right to export was taken away.")
            job.save()


def _write_file(job: ExportJob) -> None:
    def owner() -> User | None:
        return User.objects.filter(pk=job.owner_id, is_active=True).first() if job.owner_id else None

    user, resource = owner(), resource_of(job.kind)
    if user is None or not rules.may(user, resource.get_model(), "export"):
        raise RightsTaken
    filters = {name: value for name, value in job.filters.items() if name not in OPTIONS}
    queryset = records_of(job.kind, user, filters)
    job.total = queryset.count()
    with TemporaryFile() as file:
        pieces = stream(job, resource(user=user), queryset, lambda: rules.may(owner(), resource.get_model(), "export"))
        file.writelines(pieces)
        file.seek(0)
        job.file.save(str(job.pk), File(file), save=False)
    job.save(update_fields=["file", "started_at", "total", "updated_at"])


def start_export(
    *,
    actor: User,
    resource: CrmResource,
    format: str,
    columns: Sequence[str],
    filters: dict[str, str],
    door: str = "api",
    total: int | None = None,
) -> ExportJob:
    """Record that somebody takes records out, before the first one leaves. ``total`` is how many, if that is known."""
    return ExportJob.objects.create(
        owner=actor,
        kind=resource.kind(),
        door=door,
        format=format,
        columns=list(columns),
        filters=filters,
        total=total,
        state=State.RUNNING,
        started_at=timezone.now(),
    )


def stream(
    job: ExportJob,
    resource: CrmResource,
    queryset: QuerySet,
    is_allowed: Callable[[], bool],
    on_progress: Callable[[ExportJob], None] | None = None,
) -> Generator[bytes]:
    """The file in pieces, from one snapshot of the database by a server-side cursor; memory stays flat.

    Ends in the middle when ``is_allowed`` turns false. How far it is is written now and then, state and count at the
    end.
    """
    state, message = State.CANCELLED, ""
    try:
        with transaction.atomic(), closing(_Progress(job, on_progress)) as progress:
            with connection.cursor() as cursor:
                cursor.execute(TIMEOUTS)
            # The cursor must be closed while its transaction is there.
            with closing(resource.export_rows(queryset, job.columns)) as rows:
                yield from writing.write(job.format, job.columns, _counted(job, rows, is_allowed, progress))
        state = State.DONE
    except RightsTaken:
        state, message = State.FAILED, _("The right to export was taken away.")
        raise
    finally:
        job.state, job.message, job.finished_at = state, message, timezone.now()
        job.save(update_fields=["state", "message", "rows", "finished_at", "updated_at"])


def _counted(job: ExportJob, rows: Iterable[Any], is_allowed: Callable[[], bool], progress: _Progress) -> Iterator[Any]:
    for row in rows:
        if job.rows % CHECKED_ROWS == 0:
            if not is_allowed():
                raise RightsTaken
            progress.tell()
        job.rows += 1
        yield row
    progress.tell()


class _Progress:
    """Writes how far an export is, by a connection of its own: the rows are read in a transaction, which hides it.

    That connection is made when an export takes more than a moment.
    """

    def __init__(self, job: ExportJob, on_progress: Callable[[ExportJob], None] | None) -> None:
        self.job = job
        self.on_progress = on_progress
        self.last = time.monotonic()
        self.connection: BaseDatabaseWrapper | None = None

    def tell(self) -> None:
        if self.on_progress:
            self.on_progress(self.job)
        if time.monotonic() - self.last < SECONDS_BETWEEN:
            return
        self.connection = self.connection or connections.create_connection(DEFAULT_DB_ALIAS)
        job = self.job
        with self.connection.cursor() as cursor:
            cursor.execute(PROGRESS, [job.rows, job.total, job.started_at, job.pk])
        self.last = time.monotonic()

    def close(self) -> None:
        if self.connection:
            self.connection.close()


def error_file(job: ImportJob) -> Iterator[bytes]:
    """The rows of an import that failed, as given and with the reason, as CSV that can be mended and sent again."""
    is_restored = job.format in {"csv", "tsv", "xlsx"}
    width = len(job.headers)

    def rows() -> Iterator[list[Any]]:
        for failure in job.failures.order_by("line", "pk").iterator():
            cells = [formulas.restore(cell) if is_restored else cell for cell in failure.cells[:width]]
            reasons = [
                f"{problem['column']}: {problem['message']}" if problem["column"] else problem["message"]
                for problem in failure.problems
            ]
            if surplus := [cell for cell in failure.cells[width:] if cell]:
                reasons.append(f"Beyond the last column: {', '.join(surplus)}")
            yield [*cells, *[""] * (width - len(cells)), failure.line, " ".join(reasons)]

    yield from writing.write("csv", [*job.headers, LINE_COLUMN, REASON_COLUMN], rows())
