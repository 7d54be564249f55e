"""What becomes of imports and exports when a person in them is erased: their files go, the receipts stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from crm_project.privacy import services, steps
from crm_project.privacy.people import ERASED, traces_in

from .models import ExportJob, ImportFailure, ImportJob, ImportSeen, Job, UndoConflict, UndoJob
from .options import Options
from .reading import BadRow, UnreadableFile, open_table
from .services.files import open_import
from .tasks import PREVIEWS

REASON = "Somebody in this row was erased."
FILE_GONE = "The file was deleted, because somebody in it was erased."
ENDED = Q(state__in=Job.ENDED)
# Columns of receipts that may name somebody, with what they become.
RECEIPTS: list[tuple[Any, str, Any]] = [
    *((kind, "message", REASON) for kind in (ImportJob, ExportJob, UndoJob)),
    (ExportJob, "filters", {}),
    (ImportJob, "file_name", ""),
    (ImportJob, "headers", []),
    (ImportJob, "preview", []),
    (ImportJob, "mapping", {}),
    (ImportJob, "ignored_columns", {}),
    (ImportJob, "options", Options().as_json()),
]


def sweep(traces: Collection[str], before: dt.datetime) -> bool:
    """Delete the files that name the person. One that cannot be read may, so it goes too.

    What is imported or exported at this moment is looked at when it has ended.
    """
    known = set(traces)
    is_done = True
    for kind in (ImportJob, ExportJob):
        for job in kind._default_manager.filter(created_at__lte=before).exclude(file="").order_by("pk").iterator():
            if not job.has_ended:
                is_done = False
            elif _names(job, known):
                _delete(job)
    _sweep_previews(known, before)
    return is_done


def _names(job: Any, traces: set[str]) -> bool:
    try:
        with job.file.open("rb") as file:
            table = open_import(job, file) if isinstance(job, ImportJob) else open_table(file, format=job.format)
            return _is_in(table, traces)
    except (UnreadableFile, FileNotFoundError):
        return True


def _is_in(table: Any, traces: set[str]) -> bool:
    return any(not traces.isdisjoint(traces_in(cells)) for cells in (table.headers, *_cells(table)))


def _cells(table: Any) -> Iterator[Any]:
    for row in table:
        yield row.cells if isinstance(row, BadRow) else row.values.values()


@transaction.atomic
def _delete(job: Any) -> None:
    """In this order, so that a killed worker leaves a job whose file is looked for again."""
    job.file.delete(save=False)
    job.message = f"{job.message} {FILE_GONE}".strip()[:1000]
    job.save(update_fields=["file", "message", "updated_at"])


def _sweep_previews(traces: set[str], before: dt.datetime) -> None:
    try:
        names = default_storage.listdir(PREVIEWS)[1]
    except FileNotFoundError:
        return
    for path in (f"{PREVIEWS}/{name}" for name in names):
        if default_storage.get_modified_time(path) <= before and _preview_names(path, traces):
            default_storage.delete(path)


def _preview_names(path: str, traces: set[str]) -> bool:
    try:
        with default_storage.open(path, "rb") as stored:
            file: Any = stored
            return _is_in(open_table(file), traces)
    except UnreadableFile:
        return True


def register() -> None:
    problem = [{"column": "", "value": "", "message": REASON}]
    steps.register(
        steps.Mention(ImportFailure, columns=("cells", "problems"), values={"cells": [], "problems": problem}),
        steps.Mention(ImportSeen, columns=("value", "record")),
        steps.Mention(
            UndoConflict,
            columns=("record", "label", "before", "imported", "now", "reason"),
            values={"label": ERASED, "before": None, "imported": None, "now": None, "reason": REASON},
        ),
        *(
            steps.Mention(
                kind, columns=(name,), values={name: empty}, among=ENDED, part_suffices=name in {"filters", "file_name"}
            )
            for kind, name, empty in RECEIPTS
        ),
    )
    services.register_sweep(sweep)
