"""What the OpenAPI document says of every operation without being told: words, errors and headers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS


class ErrorSerializer(serializers.Serializer):
    """The shape of every error answer."""

    message = serializers.CharField(help_text="What went wrong, in a sentence.")
    code = serializers.CharField(help_text="The same for programs.")
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Messages by field or parameter."
    )
    request_id = serializers.CharField(help_text="Also in the header X-Request-ID and in the log.")


EXAMPLES: dict[str, tuple[str, str, dict[str, list[str]]]] = {
    "400": ("Invalid request parameters", "invalid", {"emial": ["Unknown field. Did you mean “email”?"]}),
    "401": ("Invalid or missing API key", "unauthorized", {}),
    "403": (
        "You may not change this contact: the right “contacts.change_contact” is missing.",
        "permission_denied",
        {},
    ),
    "404": ("Resource not found", "not_found", {}),
    "405": ('Method "PUT" not allowed.', "method_not_allowed", {}),
    "409": ("Resource already exists", "already_exists", {}),
    "410": ("This log is no longer there.", "gone", {}),
    "411": ("Send the length of the body as Content-Length; a body in chunks is not read.", "length_required", {}),
    "412": ("Somebody else changed this record in the meantime.", "precondition_failed", {}),
    "413": ("The request body may have 10 MB at most.", "payload_too_large", {}),
    "415": ('Unsupported media type "text/plain" in request.', "unsupported_media_type", {}),
    "422": ("This Idempotency-Key was used before with another request.", "idempotency_mismatch", {}),
    "429": ("Request was throttled. Expected available in 12 seconds.", "throttled", {}),
    "503": ("The service is busy; try again in a moment.", "unavailable", {}),
}
DESCRIPTIONS = {
    "400": "The request is malformed; `errors` names each field or parameter.",
    "401": "No valid API key.",
    "403": "The key or its user lacks the right that the message names.",
    "404": "There is no such record.",
    "409": "The state of the records does not allow this.",
    "410": "The record is gone, or the caller may not see it.",
    "411": "The body was sent in chunks, without its length.",
    "412": "`If-Match` names an older version; `current` holds the record as it is now.",
    "413": "The body is larger than allowed.",
    "415": "The body's media type is not supported.",
    "422": "The `Idempotency-Key` was used for another request.",
    "429": "Too many requests; `Retry-After` says when to go on.",
    "503": "The database is away or busy; `Retry-After` says when to try again.",
}
SUMMARIES = {
    "list": "List {many}",
    "create": "Create a {one}",
    "retrieve": "Get a {one}",
    "update": "Change a {one}",
    "partial_update": "Change a {one} (PATCH)",
    "destroy": "Delete a {one}",
    "restore": "Restore a {one} from the trash",
}
TEXTS = {
    "list": "Newest first unless `ordering` says otherwise. Only what the caller may see is listed and counted.",
    "create": "Answers the whole {one} with its `id`; `Location` and `ETag` are set.",
    "retrieve": "With `If-None-Match` an unchanged {one} is answered by 304.",
    "update": "Changes only the fields that are given. With `If-Match` a version that is no longer current is refused.",
    "partial_update": "The same as PUT: changes only the fields that are given.",
    "destroy": "Moves the {one} to the trash, from which `restore` brings it back.",
}
IF_MATCH = OpenApiParameter("If-Match", str, "header", description="The ETag of the version that is to be changed.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, "header", description="The ETag of the version already known.")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, "header", description="The same key and body again give the first answer again."
)


class CrmSchema(AutoSchema):
    """Operation ids as ``contacts_list``, summaries and texts from the tables above or the action's docstring."""

    def is_detail(self) -> bool:
        return "{" in self.path

    def get_operation_id(self) -> str:
        names = {"import_file": "import", "export_file": "export", "destroy": "delete"}
        action = getattr(self.view, "action", None) or self.method.lower()
        return f"{self.get_tags()[0]}_{names.get(action, action)}"

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or super().get_tags()[0]]

    def words(self) -> dict[str, str]:
        meta = self.view.get_model()._meta
        return {"one": str(meta.verbose_name), "many": str(meta.verbose_name_plural)}

    def docstring(self) -> tuple[str, str]:
        handler = getattr(self.view, self.view.action, None)
        text = (handler.__doc__ or "").replace("{one}", self.words()["one"])
        first, _, rest = text.strip().partition("\n")
        return first.rstrip("."), "\n".join(line.strip() for line in rest.strip().splitlines())

    def get_summary(self) -> str | None:
        if template := SUMMARIES.get(self.view.action):
            return template.format(**self.words()).replace("a organ", "an organ").replace("a inter", "an inter")
        return self.docstring()[0]

    def get_description(self) -> str:
        template = TEXTS.get(self.view.action)
        return template.format(**self.words()) if template else self.docstring()[1] or self.docstring()[0] + "."

    def get_override_parameters(self) -> list[Any]:
        parameters = []
        if self.method in {"PUT", "PATCH", "DELETE"}:
            parameters.append(IF_MATCH)
        if self.method == "POST":
            parameters.append(IDEMPOTENCY_KEY)
        if self.view.action == "retrieve":
            parameters.append(IF_NONE_MATCH)
        return parameters

    def get_response_serializers(self) -> Any:
        found: Any = super().get_response_serializers()
        if self.view.action == "destroy":
            found = {"200": OpenApiResponse(OpenApiTypes.OBJECT, examples=[OpenApiExample("Deleted", {"id": KEY})])}
        if not isinstance(found, dict):
            found = {"201" if self.view.action == "create" else "200": found}
        found = {str(code[0] if isinstance(code, tuple) else code): value for code, value in found.items()}
        if self.view.action == "retrieve":
            found["304"] = OpenApiResponse(description="The version named by `If-None-Match` is the current one.")
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """With the errors, of operations too whose answers ``extend_schema`` names."""
        bodies = super()._get_response_bodies(direction)
        missing = [code for code in self.error_codes() if code not in bodies]
        return bodies | {code: self._get_response_for_code(self.error_response(code), code) for code in missing}

    def error_codes(self) -> list[str]:
        codes = ["400", "401", "403", "429", "503"]
        if self.is_detail():
            codes.append("404")
        if self.method not in SAFE_METHODS:
            codes += ["409", "411", "413", "415"]
        if self.method in {"PUT", "PATCH", "DELETE"}:
            codes.append("412")
        if self.method == "POST":
            codes.append("422")
        return sorted(codes)

    def error_response(self, code: str) -> OpenApiResponse:
        return error_response(code)

    def get_examples(self) -> list[Any]:
        return getattr(self.view, "examples", {}).get(self.view.action, [])


KEY = "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"
TIMES = {"created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}


def example(sent: dict[str, Any] | None, **answered: Any) -> Any:
    """Decorate a serializer with examples of what is sent and of what is answered, which has ``answered`` too."""
    examples = [OpenApiExample("Answer", (sent or {}) | answered, response_only=True)]
    if sent is not None:
        examples.append(OpenApiExample("Request", sent, request_only=True))
    return extend_schema_serializer(examples=examples)


def record_example(sent: dict[str, Any], **answered: Any) -> Any:
    """As ``example``, for a record with a key and times."""
    return example(sent, **{"id": KEY} | answered | TIMES)


def error_response(code: str) -> OpenApiResponse:
    message, name, errors = EXAMPLES[code]
    value = {"message": message, "code": name, "errors": errors, "request_id": KEY}
    example = OpenApiExample(f"Error {code}", value, response_only=True, status_codes=[code])
    return OpenApiResponse(ErrorSerializer, description=DESCRIPTIONS[code], examples=[example])


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "crm_project.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made in the admin.",
        }


class KeyOrBasicScheme(OpenApiAuthenticationExtension):
    target_class = "crm_project.api.authentication.KeyOrBasicAuthentication"
    name = ["apiKeyBearer", "apiKeyBasic"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key, made in the admin."},
            {"type": "http", "scheme": "basic", "description": "The API key as the name, and no password."},
        ]


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "crm_project.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The admin's session."}
