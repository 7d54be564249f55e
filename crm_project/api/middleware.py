"""What every request passes through."""

from __future__ import annotations

import re
from collections.abc import Callable

import pghistory
import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from uuid_utils.compat import uuid7

from .errors import json_error

GetResponse = Callable[[HttpRequest], HttpResponse]
SENT_REQUEST_ID = re.compile(r"[\w.:-]{1,64}")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class RequestIdMiddleware:
    """Gives the request an id, the client's own when it sends a sane ``X-Request-ID``, for answers and log lines."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        request.request_id = sent if SENT_REQUEST_ID.fullmatch(sent) else str(uuid7())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        if found := getattr(request, "rate_limit", None):
            rate, remaining = found
            response["RateLimit-Policy"] = f'"key";q={rate.limit};w={rate.seconds}'
            response["RateLimit-Limit"] = str(rate.limit)
            response["RateLimit-Remaining"] = str(remaining)
            response["RateLimit-Reset"] = str(rate.remaining_seconds)
        return response


class UnavailableMiddleware:
    """A database that is away is a 503 to try again, wherever it was noticed, and never a stack trace."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        structlog.get_logger(__name__).warning("database unavailable", error=str(exception))
        response = json_error(request, 503, "The service is busy; try again in a moment.", code="unavailable")
        response["Retry-After"] = "2"
        return response


class TrailingSlashMiddleware:
    """Answers ``/contacts/`` as ``/contacts``, without a redirect, which would lose the body of a POST."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.endswith("/") and path != "/" and not is_valid_path(path) and is_valid_path(path.rstrip("/")):
            request.path_info = path.rstrip("/")
            request.path = request.path.rstrip("/")
        return self.get_response(request)


class HistoryMiddleware:
    """Lets the change history know by which door and request a change came; who it was is added on signing in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        door = "admin" if request.path_info.startswith("/admin/") else "api"
        with pghistory.context(door=door, request_id=request.request_id):
            if door == "admin" and request.user.is_authenticated:
                pghistory.context(user=str(request.user.pk))
            return self.get_response(request)
