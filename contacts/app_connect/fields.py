"""Members of a body that may be absent, null or of a wrong type, which all mean that nothing was said.

App Connect gives its users no way to mend what a CRM refuses, so nothing is refused for its form.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

LONGEST_DURATION = 2**31 - 1


class Lenient:
    """``read`` gives the value, or ``None`` when there is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True} | options)

    def run_validation(self, data: Any = empty) -> Any:
        value = None if data is empty or data is None else self.read(data)
        if value is None:
            raise SkipField
        return value

    def read(self, data: Any) -> Any:
        raise NotImplementedError


class TextField(Lenient, serializers.CharField):
    """A text as it is, or a number as text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False} | options)

    def read(self, data: Any) -> str | None:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        return str(data) if isinstance(data, (str, int, float)) and not isinstance(data, bool) else None


class FlagField(Lenient, serializers.BooleanField):
    """True for ``true`` and ``"true"``."""

    def read(self, data: Any) -> bool:
        return data is True or (isinstance(data, str) and data.strip().lower() == "true")


class SecondsField(Lenient, serializers.IntegerField):
    """Whole seconds; a blank text, which clears, for what is no length of time, such as ``"pending"``."""

    def read(self, data: Any) -> int | str:
        with suppress(ValueError, TypeError, OverflowError):
            seconds = int(float(data)) if not isinstance(data, bool) else -1
            if 0 <= seconds <= LONGEST_DURATION:
                return seconds
        return ""


class InstantField(Lenient, serializers.DateTimeField):
    """A moment as milliseconds since 1970 or as ISO 8601; one without a zone is in UTC."""

    def read(self, data: Any) -> dt.datetime | None:
        with suppress(ValueError, TypeError, OverflowError, OSError):
            if isinstance(data, str) and not data.strip().isdecimal():
                moment = parse_datetime(data.strip())
                if moment is None:
                    return None
                aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=dt.UTC)
            elif isinstance(data, bool):
                return None
            else:
                aware = dt.datetime.fromtimestamp(float(data) / 1000, dt.UTC)
            return aware.astimezone(dt.UTC)
        return None


class ObjectField(Lenient, serializers.DictField):
    """An object of any members."""

    def read(self, data: Any) -> dict[str, Any] | None:
        return data if isinstance(data, dict) else None


class Body(serializers.Serializer):
    """A JSON object. Its members are told in Python's names and are sent and answered in JavaScript's."""

    def get_fields(self) -> dict[str, Any]:
        found = {}
        for name, field in super().get_fields().items():
            wire = member(name)
            if wire != name and field.source is None:
                field.source = name
            found[wire] = field
        return found


class LenientBody(Body):
    """An object that is sent: unknown members are ignored, as are those of a wrong type."""


class Part(Lenient, Body):
    """An object within one that is sent."""

    def read(self, data: Any) -> dict[str, Any] | None:
        return self.to_internal_value(data) if isinstance(data, dict) else None


class PartsField(Lenient, serializers.ListField):
    """A list of objects; what is none is left out."""

    def read(self, data: Any) -> list[Any] | None:
        if not isinstance(data, list):
            return None
        return [self.child.to_internal_value(item) for item in data if isinstance(item, dict)]


def member(name: str) -> str:
    """``phone_number`` is ``phoneNumber``, and ``from_`` is ``from``."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
