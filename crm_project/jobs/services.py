"""What staff may do to jobs."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from crm_project.api.exceptions import CrmError

from .models import Job


class JobInState(CrmError):
    """Only a job that has failed is tried again."""

    default_code = "job_in_state"


@transaction.atomic
def retry_job(*, job: Job) -> None:
    """Put a failed job back into the queue, to be done at once.

    Raises:
        JobInState: it has not failed, or somebody was faster.
    """
    stored = Job.objects.select_for_update().get(pk=job.pk)
    if stored.status != Job.Status.FAILED:
        raise JobInState(
            _("The job %(id)s has not failed; it is %(status)s.") % {"id": stored.pk, "status": stored.status}
        )
    app.job_manager.retry_job_by_id(stored.pk, timezone.now(), stored.priority, stored.queue_name, stored.lock)
