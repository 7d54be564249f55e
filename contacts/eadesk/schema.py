"""What the OpenAPI document says of this dialect's operations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from crm_project.api.schema import DESCRIPTIONS, EXAMPLES, CrmSchema

from .errors import BadRegex, SearchTimeout, error_body


class EadeskErrorSerializer(serializers.Serializer):
    """The shape of every error answer of the Eadesk dialect."""

    err = serializers.CharField(help_text="What went wrong, for programs.")
    message = serializers.CharField(required=False, help_text="The same in a sentence.")
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Messages by field or parameter.",
    )


class EadeskSchema(CrmSchema):
    def get_operation_id(self) -> str:
        names = {"destroy": "delete"}
        return f"eadesk_{self.view.noun}_{names.get(self.view.action, self.view.action)}"

    def get_summary(self) -> str:
        return self.docstring()[0]

    def get_description(self) -> str:
        return self.docstring()[1]

    def error_codes(self) -> list[str]:
        """What is not found is answered with HTTP 200."""
        return [code for code in super().error_codes() if code != "404"]

    def error_response(self, code: str) -> OpenApiResponse:
        message, _name, errors = EXAMPLES[code]
        bodies = [error_body(int(code), message, errors)]
        if code == "400" and self.view.action == "read":
            bodies += [{"err": refusal.default_code} for refusal in (BadRegex, SearchTimeout)]
        examples: list[Any] = [
            OpenApiExample(body["err"], body, response_only=True, status_codes=[code]) for body in bodies
        ]
        return OpenApiResponse(EadeskErrorSerializer, description=DESCRIPTIONS[code], examples=examples)
