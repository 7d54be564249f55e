"""Stopping an import, and going on with one that stopped."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_project.api.exceptions import CrmError

from ..models import ImportJob, UndoJob
from .starting import defer

State = ImportJob.State


class JobHasEnded(CrmError):
    default_detail = gettext_lazy("This job has ended already.")
    default_code = "job_has_ended"


class JobNotResumable(CrmError):
    """There is nothing left to do, or no longer the means to do it."""

    default_code = "job_not_resumable"


@transaction.atomic
def cancel_import(*, job: ImportJob) -> ImportJob:
    """Stop the job after the chunk that it is at; what is in stays in.

    Raises:
        JobHasEnded: it is over (409).
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.has_ended:
        raise JobHasEnded()
    job.cancel_requested_at = timezone.now()
    if job.state == State.QUEUED:
        job.state, job.finished_at = State.CANCELLED, timezone.now()
    job.save()
    return job


@transaction.atomic
def resume_import(*, job: ImportJob) -> ImportJob:
    """Have a worker go on with an import that was cancelled or has failed, after the last row that it dealt with.

    Raises:
        JobNotResumable: it is not over, is done, was undone, or its file is gone (409).
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if not job.has_ended:
        raise JobNotResumable(_("This import has not ended."))
    if not job.is_unfinished:
        raise JobNotResumable(_("This import has dealt with all rows of its file."))
    if not job.file:
        raise JobNotResumable(_("The file of this import was deleted; send it again."))
    if UndoJob.objects.filter(import_job=job).exists():
        raise JobNotResumable(_("This import was undone; send the file again."))
    job.state, job.message, job.finished_at, job.cancel_requested_at = State.QUEUED, "", None, None
    job.save(update_fields=["state", "message", "finished_at", "cancel_requested_at", "updated_at"])
    defer(job)
    return job
