"""The answers of this dialect when something is refused: ``{"err": CODE}``."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, status
from rest_framework.response import Response

from crm_project.api.errors import Handler
from crm_project.api.exceptions import CrmError

CODES = {
    400: "EBAD_REQUEST",
    401: "EUNAUTHORIZED",
    403: "EFORBIDDEN",
    404: "ENOT_FOUND",
    405: "EMETHOD",
    409: "ECONFLICT",
    413: "ETOO_LARGE",
    415: "EMEDIA_TYPE",
    422: "EIDEMPOTENCY",
    429: "ETOO_MANY_REQUESTS",
    503: "EUNAVAILABLE",
}
BARE = {401, 403, 404, 405}  # The code says everything, and the dialect's clients know it alone.


class EadeskError(CrmError):
    """A refusal that has a word of its own in this dialect."""

    status_code = status.HTTP_400_BAD_REQUEST


class BadRegex(EadeskError):
    default_code = "EBAD_REGEX"


class SearchTimeout(EadeskError):
    default_code = "ESEARCH_TIMEOUT"


def error_body(status: int, message: str, errors: dict[str, list[str]]) -> dict[str, Any]:
    code = CODES.get(status, "EINTERNAL")
    return {"err": code} if status in BARE else {"err": code, "message": message, "errors": errors}


class EadeskHandler(Handler):
    """The kernel's judgement of what an exception means, in this dialect's words."""

    def format_exception(self, exc: exceptions.APIException) -> dict[str, Any]:
        if isinstance(exc, EadeskError):
            return {"err": exc.default_code}
        body = super().format_exception(exc)
        return error_body(exc.status_code, body["message"], body["errors"])

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        response = super().get_response(exc, data)
        if isinstance(exc, exceptions.NotFound):
            response.status_code = status.HTTP_200_OK
        return response


def handle(exc: Exception, context: Any) -> Response | None:
    return EadeskHandler(exc, context).run()
