"""Jobs that are to be done and that nobody is at any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from .models import Job

# Open jobs that are not in the queue: how their last try there ended, and how many rows were done when they were put
# there. A job that was never there is done by a command or a web process itself, which is dead when it is silent.
LOST = """
    SELECT job.id, last.status, coalesce((last.args ->> 'rows')::int, 0) FROM {table} AS job LEFT JOIN LATERAL (
        SELECT queued.status, queued.args FROM procrastinate_jobs AS queued
        WHERE queued.task_name = %s AND queued.args ->> 'job_id' = job.id::text ORDER BY queued.id DESC LIMIT 1
    ) AS last ON true
    WHERE job.state = ANY(%s) AND coalesce(last.status, 'failed') NOT IN ('todo', 'doing', 'aborting')
        AND coalesce(job.heartbeat_at, job.created_at)
            < now() - CASE WHEN last.status IS NULL THEN interval '{silent}' ELSE interval '{ended}' END
"""
SILENT, JUST_ENDED = "15 minutes", "1 minute"
GIVEN_UP = gettext_noop("It failed several times and was given up; what was done stays done.")
LEFT = gettext_noop("The process that was at it ended; what was done stays done.")


def see_to_lost_jobs(tasks: Iterable[tuple[Any, Any]]) -> None:
    """End the jobs that no worker will take up again; ``tasks`` has each kind of job with the task that does it.

    A job that got on since it was put into the queue is put there again, however often it failed: it is not the job
    that kills its workers.
    """
    for model, task in tasks:
        with connection.cursor() as cursor:
            sql = LOST.format(table=model._meta.db_table, silent=SILENT, ended=JUST_ENDED)
            cursor.execute(sql, [task.name, list(Job.OPEN)])
            lost = {key: (status, rows) for key, status, rows in cursor.fetchall()}
        for job in model.objects.filter(pk__in=lost):
            status, rows = lost[job.pk]
            if status == "succeeded" or (status and job.rows > rows):
                task.defer(job_id=str(job.pk), rows=job.rows)
            else:
                _fail(job, GIVEN_UP if status else LEFT)


def _fail(job: Any, message: str) -> None:
    still = type(job).objects.filter(pk=job.pk, state__in=Job.OPEN)
    still.update(state=Job.State.FAILED, message=message, finished_at=timezone.now())
