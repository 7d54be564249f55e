"""Keeping the errors of jobs, which the queue itself forgets."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, JobContext
from procrastinate.exceptions import JobAborted

LONGEST = 10_000
DIED = "The worker that was at this job died; it was the last of several."
INSERT = "INSERT INTO jobs_joberror (job_id, at, error) VALUES (%(job_id)s, now(), %(error)s)"
FORGET = "DELETE FROM jobs_joberror WHERE NOT EXISTS (SELECT FROM procrastinate_jobs AS job WHERE job.id = job_id)"


async def keep_error(run: Callable[[], Awaitable[Any]], context: JobContext, worker: Any) -> Any:
    """A middleware of the worker: writes down how a job failed, and lets it fail."""
    try:
        return await run()
    except JobAborted:
        raise
    except Exception as error:
        await remember(context.app, context.job.id, "".join(traceback.format_exception(error)))
        raise


async def remember(app: App, job_id: int | None, error: str) -> None:
    """The end of a long error, where it says what happened. NUL, which PostgreSQL does not store, is left out."""
    text = error[-LONGEST:].replace("\0", "")
    await app.connector.execute_query_async(INSERT, job_id=job_id, error=text)


async def forget_errors(app: App) -> None:
    """Delete the errors of jobs that are no more."""
    await app.connector.execute_query_async(FORGET)
