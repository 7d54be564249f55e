"""The queue's own house-keeping."""

import structlog
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from crm_project.jobs import MAX_ATTEMPTS, STALLED_SECONDS, errors

QUEUE = "housekeeping"
KEPT_HOURS = 7 * 24
FIRST = 1_000_000  # A priority before all others.

log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * * */15")
@app.task(queue=QUEUE, queueing_lock="retry_stalled_jobs", priority=FIRST, pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Put the jobs of dead workers back into the queue; those that were tried too often have failed."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        gives_up = job.attempts + 1 >= MAX_ATTEMPTS
        log.error(
            "the worker of a job died", job=job.id, task=job.task_name, attempts=job.attempts + 1, failed=gives_up
        )
        if gives_up:
            await errors.remember(context.app, job.id, errors.DIED)
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
        else:
            await manager.retry_job(job)
    await forget_housekeeping(context)


async def forget_housekeeping(context: JobContext) -> None:
    """Keep the rounds of a healthy queue from filling its table. One indexed statement."""
    await context.app.connector.execute_query_async(
        "DELETE FROM procrastinate_jobs WHERE queue_name = %(queue)s AND status = 'succeeded'", queue=QUEUE
    )


@app.periodic(cron="17 3 * * *")
@app.task(queue=QUEUE, queueing_lock="delete_finished_jobs", pass_context=True)
async def delete_finished_jobs(context: JobContext, timestamp: int) -> None:
    """Delete jobs that ended, in whatever way, more than a week ago."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
    await errors.forget_errors(context.app)
