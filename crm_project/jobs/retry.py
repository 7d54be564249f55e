"""When a job that failed is tried again."""

import asyncio

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from crm_project.jobs import MAX_ATTEMPTS


class Patiently(BaseRetryStrategy):
    """After 1, 5, 25 and 125 minutes; at once when its worker was told to stop. Never more than five tries."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= MAX_ATTEMPTS:
            return None
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision()
        return RetryDecision(retry_in={"minutes": 5**job.attempts})
