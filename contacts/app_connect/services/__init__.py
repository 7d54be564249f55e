"""What App Connect changes: people it makes, calls and messages it logs."""

from .calls import disposed, log_call, set_dispositions, update_call
from .logs import find_log, logged_on, record_named
from .messages import add_message, log_message
from .people import create_caller

__all__ = [
    "add_message",
    "create_caller",
    "disposed",
    "find_log",
    "log_call",
    "log_message",
    "logged_on",
    "record_named",
    "set_dispositions",
    "update_call",
]
