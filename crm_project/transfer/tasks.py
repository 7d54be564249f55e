"""What workers do for imports and exports. ``rows`` is how far a job was when it was queued, see ``lost``."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone, translation
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from crm_project.jobs.retry import Patiently

from . import exports, lost, services, undo
from .models import ExportJob, ImportJob, Job, UndoJob

QUEUE = "transfer"
# Files that wait in the admin for their preview to be confirmed.
PREVIEWS = "imports/previews"
PREVIEW_SECONDS = 24 * 60 * 60


def language_of(job: Job) -> translation.override:
    """What a job says of its rows is kept with it: for those who use the admin in their language, else in English."""
    reader = job.owner if job.door == "admin" else None
    return translation.override(reader.language if reader else settings.LANGUAGE_CODE)


@app.task(queue=QUEUE, retry=Patiently(), pass_context=True)
def run_import(context: JobContext, job_id: str, rows: int = 0) -> None:
    """Run an import to its end, or until the worker is told to stop; then another worker goes on with it."""
    job = ImportJob.objects.select_related("owner").get(pk=job_id)
    with language_of(job):
        services.run_import(job, should_stop=context.should_abort)
    if context.should_abort():
        raise JobAborted


@app.task(queue=QUEUE, retry=Patiently(), pass_context=True)
def run_undo(context: JobContext, job_id: str, rows: int = 0) -> None:
    """Undo an import to the end, or until the worker is told to stop; then another worker goes on with it."""
    job = UndoJob.objects.select_related("owner").get(pk=job_id)
    with language_of(job):
        undo.run_undo(job, should_stop=context.should_abort)
    if context.should_abort():
        raise JobAborted


@app.task(queue=QUEUE, retry=Patiently())
def run_export(job_id: str, rows: int = 0) -> None:
    """Write the file of an export."""
    exports.run_export(ExportJob.objects.get(pk=job_id))


@app.periodic(cron="53 3 * * *")
@app.task(queue="housekeeping", queueing_lock="forget_files")
def forget_files(timestamp: int = 0) -> None:
    """Delete the files of imports that ended long ago, and of exports whose links have expired; receipts stay."""
    imported = timezone.now() - timedelta(days=settings.CRM_IMPORT_FILE_DAYS)
    exported = timezone.now() - timedelta(hours=settings.CRM_EXPORT_LINK_HOURS)
    for jobs, oldest in ((ImportJob.objects, imported), (ExportJob.objects, exported)):
        for job in jobs.filter(finished_at__lt=oldest).exclude(file="").iterator():
            job.file.delete(save=False)
            job.save(update_fields=["file", "updated_at"])


@app.periodic(cron="* * * * *")
@app.task(queue="housekeeping", queueing_lock="end_lost_jobs")
def end_lost_jobs(timestamp: int = 0) -> None:
    """See to imports, undoings and exports that no worker will take up again."""
    lost.see_to_lost_jobs(((ImportJob, run_import), (UndoJob, run_undo), (ExportJob, run_export)))


@app.periodic(cron="41 3 * * *")
@app.task(queue="housekeeping", queueing_lock="forget_previews")
def forget_previews(timestamp: int) -> None:
    """Delete the files of previews that nobody confirmed in time."""
    oldest = timezone.now() - timedelta(seconds=PREVIEW_SECONDS)
    try:
        names = default_storage.listdir(PREVIEWS)[1]
    except FileNotFoundError:
        return
    for name in names:
        if default_storage.get_modified_time(f"{PREVIEWS}/{name}") < oldest:
            default_storage.delete(f"{PREVIEWS}/{name}")
