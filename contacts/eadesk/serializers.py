"""People and their data on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer
from rest_framework import serializers

from crm_project.api.schema import KEY

from ..models import Contact, ContactPoint
from ..serializers import segments_field
from .account import account_id

MOST = 1_000  # Rows of one answer.
DELETED = "deleted"


# What is sent


class PersonFieldsSerializer(serializers.Serializer):
    """A person, as far as it is given. Fields that nobody knows are ignored."""

    name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)
    segments = segments_field()


class DatumFieldsSerializer(serializers.Serializer):
    """One way to reach a person."""

    value = serializers.CharField(max_length=500)
    type = serializers.ChoiceField(choices=ContactPoint.Type.choices)
    service = serializers.ChoiceField(choices=ContactPoint.Service.choices)


class DatumChangeSerializer(DatumFieldsSerializer):
    value = serializers.CharField(max_length=500, required=False, help_text="Stays as it is when left out.")


# What is asked for


class AnyOf(serializers.CharField):
    """One of the choices, or several with commas."""

    default_error_messages = {"unknown": "“{part}” is not one of: {known}."}

    def __init__(self, choices: list[str]) -> None:
        super().__init__(
            required=False, allow_blank=True, help_text=f"One or several, with commas: {', '.join(choices)}."
        )
        self.known = choices

    def to_internal_value(self, data: Any) -> list[str]:
        parts = [part.strip() for part in super().to_internal_value(data).split(",") if part.strip()]
        for part in parts:
            if part not in self.known:
                self.fail("unknown", part=part[:50], known=", ".join(self.known))
        return parts


class PageSerializer(serializers.Serializer):
    id = serializers.CharField(required=False, allow_blank=True)
    search = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="A regular expression of 200 characters at most.",
    )
    type = AnyOf(ContactPoint.Type.values)
    service = AnyOf(ContactPoint.Service.values)
    offset = serializers.IntegerField(min_value=0, max_value=10**12, default=0)
    limit = serializers.IntegerField(min_value=0, max_value=MOST, default=50)


class AskedPeopleSerializer(PageSerializer):
    needExistingRecords = serializers.CharField(  # noqa: N815  (the dialect's own name)
        required=False, allow_blank=True, help_text="Whatever it says, deleted people are left out."
    )


class AskedDataSerializer(PageSerializer):
    contact_id = serializers.CharField(required=False, allow_blank=True)
    value = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, help_text="The whole value.")
    not_deleted = serializers.CharField(
        required=False, allow_blank=True, help_text="`true` leaves out deleted data and the data of deleted people."
    )


# What is answered


class DatumSerializer(serializers.Serializer):
    """One way to reach a person; ``status`` is there only when it was deleted."""

    id = serializers.UUIDField()
    value = serializers.CharField()
    type = serializers.ChoiceField(choices=ContactPoint.Type.choices)
    service = serializers.ChoiceField(choices=ContactPoint.Service.choices)
    origin = serializers.CharField(help_text="What made it: eadesk, api, admin, import or app_connect.")
    status = serializers.CharField(required=False, help_text="Only when it was deleted: `deleted`.")

    def to_representation(self, point: ContactPoint) -> dict[str, Any]:
        shown = {
            "id": str(point.pk),
            "value": point.value,
            "type": point.type,
            "service": point.service,
            "origin": point.origin,
        }
        return shown | ({"status": DELETED} if point.deleted_at else {})


class PersonSerializer(serializers.Serializer):
    """A person with their data; ``status`` is there only when the person was deleted."""

    _id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    segments = serializers.ListField(child=serializers.UUIDField())
    contacts = DatumSerializer(many=True)
    accountId = serializers.UUIDField(help_text="The id of this installation.")  # noqa: N815
    status = serializers.CharField(required=False, help_text="Only when the person was deleted: `deleted`.")

    def to_representation(self, contact: Contact) -> dict[str, Any]:
        """From what ``reading.told`` has loaded; no query."""
        shown = {
            "_id": str(contact.pk),
            "name": contact.name,
            "description": contact.description,
            "segments": [str(segment.pk) for segment in contact.segments.all()],
            "contacts": DatumSerializer(contact.points.all(), many=True).data,
            "accountId": account_id(),
        }
        return shown | ({"status": DELETED} if contact.deleted_at else {})


class PersonResultSerializer(serializers.Serializer):
    result = PersonSerializer()


class DatumResultSerializer(serializers.Serializer):
    result = DatumSerializer()


class DataResultSerializer(serializers.Serializer):
    result = DatumSerializer(many=True)


class DoneSerializer(serializers.Serializer):
    result = serializers.BooleanField()


class NotFoundSerializer(serializers.Serializer):
    err = serializers.CharField(help_text="`ENOT_FOUND`")


def or_not_found(serializer: type[serializers.Serializer]) -> PolymorphicProxySerializer:
    """The answer, or that there is no such record, which this dialect says with HTTP 200 too."""
    name = serializer.__name__.removesuffix("Serializer")
    return PolymorphicProxySerializer(f"{name}OrNotFound", [serializer, NotFoundSerializer], None)


PERSON_SENT = {"name": "Вася Пупкин", "description": "Из рекламы", "segments": []}
DATUM_SENT = {"value": "+7 987 654-32-10", "type": "phone", "service": "whatsapp"}
DATUM = {"id": KEY, **DATUM_SENT, "origin": "eadesk"}
PERSON = {"_id": KEY, **PERSON_SENT, "contacts": [DATUM], "accountId": KEY}


def examples(answer: Any, *, sent: Any = None, can_miss: bool = True) -> list[OpenApiExample]:
    """For an operation: what is sent, what is answered, and what is answered when there is no such record."""
    found = [OpenApiExample("Answer", answer, response_only=True, status_codes=["200"])]
    if sent:
        types = ["application/json", "application/x-www-form-urlencoded"]
        found += [OpenApiExample("Request", sent, request_only=True, media_type=each) for each in types]
    if can_miss:
        missing = {"err": "ENOT_FOUND"}
        found.append(OpenApiExample("No such record", missing, response_only=True, status_codes=["200"]))
    return found
