"""The one place where exceptions become answers: ``{"message", "code", "errors", "request_id"}``."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import HttpRequest, JsonResponse
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from .exceptions import AlreadyExists, CrmError, PayloadTooLarge, Unavailable

MESSAGES = {
    400: "Invalid request parameters",
    401: "Invalid or missing API key",
    404: "Resource not found",
    500: "Something went wrong on our side; it has been logged.",
}
CODES = {400: "invalid", 401: "unauthorized", 404: "not_found", 500: "error"}
NON_FIELD = "non_field_errors"

DEADLOCK, SERIALIZATION, LOCK_NOT_AVAILABLE, QUERY_CANCELED = "40P01", "40001", "55P03", "57014"
RETRYABLE = {DEADLOCK, SERIALIZATION}


def sqlstate(exc: BaseException | None) -> str:
    """The SQLSTATE behind a Django database error, or an empty text."""
    return getattr(getattr(exc, "__cause__", None), "sqlstate", None) or ""


def is_retryable(exc: BaseException) -> bool:
    """Whether the database ended the transaction only because of others, so that running it again may succeed."""
    return isinstance(exc, OperationalError) and sqlstate(exc) in RETRYABLE


class Handler(ExceptionHandler):
    """Turns Django's and the database's exceptions into refusals; what it does not know stays a 500."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        match exc:
            case DjangoValidationError():
                return exceptions.ValidationError(as_errors(exc))
            case ProtectedError():
                kinds = sorted({str(row._meta.verbose_name_plural) for row in exc.protected_objects})
                return CrmError(f"This is still used by {' and '.join(kinds)}.", code="in_use")
            case IntegrityError():
                return from_integrity_error(exc)
            case OperationalError() | InterfaceError():
                return Unavailable()
            case DataError():
                return exceptions.ValidationError("A value is outside what can be stored.")
            case RequestDataTooBig():
                return PayloadTooLarge()
            case SuspiciousOperation():
                return exceptions.ParseError(str(exc))
        return super().convert_known_exceptions(exc)

    def report_exception(self, exc: exceptions.APIException, response: Response) -> None:
        """A database that is away or busy is a warning; what nobody expected is logged with its traceback."""
        if isinstance(exc, Unavailable):
            structlog.get_logger(__name__).warning("database unavailable", error=str(self.exc))
        else:
            super().report_exception(exc, response)

    def should_not_handle(self, exc: Exception) -> bool:
        """Answer in one shape in DEBUG mode too; the traceback is in the log."""
        return False


class Formatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        status = self.exc.status_code
        request = self.context.get("request")
        body: dict[str, Any] = {"message": MESSAGES.get(status) or error_response.errors[0].detail}
        if isinstance(self.exc, exceptions.ValidationError):
            errors: dict[str, list[str]] = defaultdict(list)
            for error in error_response.errors:
                errors[error.attr or NON_FIELD].append(error.detail)
            body |= {"code": "invalid", "errors": dict(errors)}
        else:
            body |= {"code": CODES.get(status) or error_response.errors[0].code, "errors": {}}
            if isinstance(self.exc, exceptions.ParseError):
                body["errors"] = {NON_FIELD: [error_response.errors[0].detail]}
        if isinstance(self.exc, CrmError):
            body |= self.exc.extra
        return body | {"request_id": getattr(request, "request_id", "")}


def as_errors(exc: DjangoValidationError) -> Any:
    """Django's ``ValidationError`` in the form that DRF takes."""
    return exc.message_dict if hasattr(exc, "error_dict") else exc.messages


def from_integrity_error(exc: IntegrityError) -> Exception:
    """A broken unique constraint is a 409, a broken check or reference a 400; the constraint's own words say which."""
    diagnostics = getattr(exc.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or ""
    match sqlstate(exc):
        case "23505":
            return AlreadyExists()
        case "23514" | "23502" | "23503":
            return exceptions.ValidationError(constraint_message(name) or "These values do not go together.")
    return exc


def constraint_message(name: str) -> str | None:
    from django.apps import apps

    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.get_violation_error_message())
    return None


def json_error(request: HttpRequest, status: int, message: str = "", **extra: Any) -> JsonResponse:
    """An error answer for what fails outside the API's views."""
    body = {"message": message or MESSAGES[status], "code": CODES.get(status, "error"), "errors": {}}
    return JsonResponse(
        body | extra | {"request_id": getattr(request, "request_id", "")},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return json_error(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return json_error(request, 403, "You may not do this.", code="permission_denied")


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return json_error(request, 404)


def server_error(request: HttpRequest) -> JsonResponse:
    return json_error(request, 500)
