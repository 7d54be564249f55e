"""What App Connect is refused, by the statuses that it understands: any of 400 to 409 it takes for a wrong key."""

from rest_framework import status

from crm_project.api.exceptions import CrmError


class UnknownCaller(CrmError):
    """Nobody whom the user may see has the id."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unknown_contact"
    default_detail = "There is no such contact, lead or customer."


class NothingToLog(CrmError):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "nothing_to_log"
    default_detail = "There is no message to log."


class LogGone(CrmError):
    """The log was deleted, never was, or belongs to somebody whom the user may not see."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"
    default_detail = "This log is no longer there."
