"""What feedback refuses."""

from __future__ import annotations

from rest_framework import status

from crm_project.api.exceptions import CrmError


class RequestOpen(CrmError):
    """The customer was asked and has not answered yet; ``extra["id"]`` names that request to who may see it."""

    default_code = "feedback_request_open"


class NoAddress(CrmError):
    default_code = "no_email"


class OptedOut(CrmError):
    default_code = "opted_out"


class AlreadyAnswered(CrmError):
    default_code = "already_answered"


class AskedTooSoon(CrmError):
    """The customer was asked a short while ago. ``wait`` says in how many seconds one may ask again."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "asked_too_soon"

    def __init__(self, detail: str, *, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait
