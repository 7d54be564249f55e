"""The job queue's wiring. A task is deferred in the transaction of the change that needs it."""

MAX_ATTEMPTS = 5

# A worker that has not been heard of for so long is dead, and its jobs are taken up again.
HEARTBEAT_SECONDS = 10
STALLED_SECONDS = 30
