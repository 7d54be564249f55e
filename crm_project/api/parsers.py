"""Strict reading of JSON bodies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
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
            data = self.load(text)
            if data is None:
                raise ValueError("null says nothing")
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

    def load(self, text: str) -> Any:
        data = json.loads(text, parse_constant=self.refuse_constant)
        refuse_unstorable(data)
        return data

    @staticmethod
    def refuse_constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")


class LenientJSONParser(JSONParser):
    """For programs of others, which cannot know our limits: what PostgreSQL cannot store becomes what it can.

    NUL and half characters become U+FFFD; numbers beyond all measure become text. What is no JSON object is refused.
    """

    LONGEST_NUMBER = 300
    DEEPEST = 50  # What is nested this deep can be stored and read again, wherever in a request that happens.

    def load(self, text: str) -> Any:
        data = json.loads(
            text, parse_constant=self.refuse_constant, parse_int=self.number(int), parse_float=self.number(float)
        )
        if not isinstance(data, dict):
            raise ValueError("it must be an object")
        return storable(data, self.DEEPEST)

    def number(self, kind: Callable[[str], float]) -> Callable[[str], Any]:
        def read(digits: str) -> Any:
            if len(digits) > self.LONGEST_NUMBER or not math.isfinite(value := kind(digits)):
                return digits
            return value

        return read


UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(value: Any, levels: int) -> Any:
    """The value, in whose texts U+FFFD stands for what PostgreSQL cannot store; ``RecursionError`` if it is deeper."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if levels == 0:
        raise RecursionError
    if isinstance(value, dict):
        return {storable(key, levels): storable(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, levels - 1) for item in value]
    return value


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
