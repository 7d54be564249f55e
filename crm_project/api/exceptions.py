"""Refusals: what services raise and one handler turns into answers."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status


def sentences(error: exceptions.ValidationError) -> list[str]:
    """What is wrong with parameters, each by its name."""
    detail: Any = error.detail
    return [f"{name}: {text}" for name, texts in detail.items() for text in texts]


class CrmError(exceptions.APIException):
    """A refusal by a business rule, with a sentence that says what is wrong with which record. Apps subclass it."""

    status_code: int = status.HTTP_409_CONFLICT
    default_detail: str | Promise = gettext_lazy("The record's state does not allow this.")
    default_code = "conflict"

    def __init__(self, detail: Any = None, *, extra: dict[str, Any] | None = None, code: str | None = None) -> None:
        super().__init__(detail, code)
        self.extra = extra or {}


class AlreadyExists(CrmError):
    default_detail = gettext_lazy("Resource already exists")
    default_code = "already_exists"


class PreconditionFailed(CrmError):
    """``If-Match`` names an older version; ``extra["current"]`` carries the record as it is now."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = gettext_lazy(
        "Somebody else changed this record in the meantime; look at its current state and try again."
    )
    default_code = "precondition_failed"


class LengthRequired(CrmError):
    """A body in chunks, of which nobody knows before its end how long it is."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = gettext_lazy("Send the length of the body as Content-Length; a body in chunks is not read.")
    default_code = "length_required"


class PayloadTooLarge(CrmError):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The request body is too large.")
    default_code = "payload_too_large"


class IdempotencyMismatch(CrmError):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("This Idempotency-Key was used before with another request.")
    default_code = "idempotency_mismatch"


class Unavailable(CrmError):
    """The database is away or busy: the same request may succeed a moment later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = gettext_lazy("The service is busy; try again in a moment.")
    default_code = "unavailable"
    wait = 2
