"""Starting, running, stopping and resuming imports."""

from .files import sha256_of
from .running import COUNTS, run_import
from .starting import defer, keep_import, start_import
from .stopping import JobHasEnded, JobNotResumable, cancel_import, resume_import

__all__ = [
    "COUNTS",
    "JobHasEnded",
    "JobNotResumable",
    "cancel_import",
    "defer",
    "keep_import",
    "resume_import",
    "run_import",
    "sha256_of",
    "start_import",
]
