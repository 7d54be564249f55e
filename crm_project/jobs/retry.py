"""When a job that failed is tried again."""

import asyncio

from django.db import InterfaceError, OperationalError
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from crm_project.api.errors import sqlstate
from crm_project.jobs import MAX_ATTEMPTS

AWAY_SECONDS = 10


class Patiently(BaseRetryStrategy):
    """After 1, 5, 25 and 125 minutes; at once when its worker was told to stop, soon when the database went away.

    Never more than five tries.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= MAX_ATTEMPTS:
            return None
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision()
        if is_away(exception):
            return RetryDecision(retry_in={"seconds": AWAY_SECONDS})
        return RetryDecision(retry_in={"minutes": 5**job.attempts})


def is_away(error: BaseException) -> bool:
    """Whether the connection to the database was lost: it says nothing more, or that it is shutting down."""
    return isinstance(error, OperationalError | InterfaceError) and sqlstate(error)[:3] in ("", "080", "57P")
