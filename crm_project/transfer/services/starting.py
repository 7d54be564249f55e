"""Taking in a file to be imported."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import OperationalError, transaction

from crm_project.access.models import User
from crm_project.api.errors import LOCK_NOT_AVAILABLE, QUERY_CANCELED, sqlstate

from ..engine import Engine
from ..models import ImportJob, ImportSource
from ..options import Options
from ..resources import CrmResource
from .files import LARGE_BYTES, looks_parsed, note_columns, open_import, sha256_of
from .running import run_import


def start_import(**given: Any) -> ImportJob:
    """Keep a file that came in a request and import it: a small one now, a large one by a worker. Needs a transaction.

    Takes and raises what ``keep_import`` does.
    """
    job = keep_import(**given)
    try:
        if job.total is None or job.total > settings.CRM_IMPORT_INLINE_ROWS or not _run_now(job):
            defer(job)
    except BaseException:
        job.file.delete(save=False)
        raise
    return job


def keep_import(
    *,
    actor: User,
    resource: type[CrmResource],
    file: File,
    file_name: str,
    options: Options,
    content_type: str = "",
    door: str = "api",
) -> ImportJob:
    """Keep the file, to be imported by ``run_import``.

    Raises:
        UnreadableFile: the file is no table, has no rows, or none of its columns is known; nothing is kept.
        ValidationError: the mapping names what is not there.
    """
    job = ImportJob(owner=actor, kind=resource.kind(), door=door, file_name=file_name[:255], size=file.size)
    job.options, job.sha256 = options.as_json(), sha256_of(file)
    _look_at(job, resource, file, content_type)
    if options.source and options.mapping:
        mapping = {"mapping": dict(options.mapping)}
        ImportSource.objects.update_or_create(kind=job.kind, name=options.source, defaults=mapping)
    file.seek(0)
    job.file.save(str(job.pk), File(file), save=False)  # A copy: the request may have to be tried again.
    try:
        job.save(force_insert=True)
    except BaseException:
        job.file.delete(save=False)
        raise
    return job


def _look_at(job: ImportJob, resource: type[CrmResource], file: Any, content_type: str) -> None:
    """Note what the file is, and how many rows it has when they are few. What takes long to open is left to the run."""
    options = Options.from_json(job.options)
    if file.size > LARGE_BYTES and looks_parsed(file, job.file_name, options):
        return
    table = open_import(job, file, content_type)
    note_columns(job, table, Engine(resource(user=job.owner, options=options), table))
    rows = sum(1 for _ in islice(table, settings.CRM_IMPORT_INLINE_ROWS + 1))
    if rows <= settings.CRM_IMPORT_INLINE_ROWS:
        job.total = rows


def _run_now(job: ImportJob) -> bool:
    """Run a small import; when another import holds things up for too long, it is left to the worker after all."""
    try:
        with transaction.atomic():
            run_import(job)
    except OperationalError as error:
        if sqlstate(error) not in {LOCK_NOT_AVAILABLE, QUERY_CANCELED}:
            raise
        job.refresh_from_db()
        return False
    return True


def defer(job: ImportJob) -> None:
    from ..tasks import run_import as task

    task.defer(job_id=str(job.pk), rows=job.rows)
