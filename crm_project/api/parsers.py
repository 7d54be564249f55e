"""Strict reading of JSON bodies."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import exceptions
from rest_framework.parsers import JSONParser as DrfJSONParser


class JSONParser(DrfJSONParser):
    """JSON in UTF-8 as RFC 8259 has it: no NaN, nothing too deep to follow, no NUL, no half characters.

    PostgreSQL stores neither NUL nor unpaired surrogates, so they are refused for every field at once.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8-sig")
            if not text.strip():
                return {}
            data = json.loads(text, parse_constant=self.refuse_constant)
            if data is None:
                raise ValueError("null says nothing")
            refuse_unstorable(data)
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(f"The body is not valid UTF-8 at byte {error.start}.") from error
        except RecursionError as error:
            raise exceptions.ParseError("The JSON body is nested too deeply.") from error
        except json.JSONDecodeError as error:
            message = f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            raise exceptions.ParseError(message) from error
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not valid JSON: {error}.") from error
        return data

    @staticmethod
    def refuse_constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")


def refuse_unstorable(value: Any, path: str = "") -> None:
    """Raise for a text that PostgreSQL cannot store, naming where it is."""
    if isinstance(value, str):
        if "\0" in value:
            raise exceptions.ValidationError({path or "body": ["Null characters are not allowed."]})
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise exceptions.ValidationError({path or "body": ["Half a surrogate pair is not a character."]})
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_unstorable(key, path or "body")
            refuse_unstorable(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_unstorable(item, f"{path}.{index}" if path else str(index))
