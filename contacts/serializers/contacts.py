"""Contacts and what belongs to them on the wire."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import (
    ChoiceField,
    CrmModelSerializer,
    CrmSerializer,
    OwnedSerializer,
    VisibleRelatedField,
)

from .. import custom_fields as custom
from .. import services
from ..filters import stored_filter
from ..models import Category, Contact, ContactPoint, CustomField, Interaction, Organization, Segment
from ..services.contacts import PointData
from ..services.naming import tidy


class ContactPointSerializer(CrmSerializer):
    """One way to reach a contact."""

    id = serializers.UUIDField(required=False, help_text="Given to change a point, left out to add one.")
    type = ChoiceField(choices=ContactPoint.Type.choices)
    service = ChoiceField(choices=ContactPoint.Service.choices, required=False)
    value = serializers.CharField(max_length=500, help_text="As given.")
    normalized = serializers.CharField(
        read_only=True, help_text="E.164 for numbers, lower case for addresses: what equal ones have in common."
    )
    extension = serializers.CharField(read_only=True)
    label = serializers.CharField(max_length=50, required=False, allow_blank=True)
    origin = serializers.CharField(read_only=True)
    is_primary = serializers.BooleanField(required=False)

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        return instance

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A point is given whole, also where the contact around it is given in part."""
        if missing := [name for name in ("type", "value") if name not in attrs]:
            raise serializers.ValidationError({name: [self.error_messages["required"]] for name in missing})
        if attrs["type"] == ContactPoint.Type.ID and not attrs.get("service"):
            raise serializers.ValidationError({"service": ["An account needs its service."]})
        return attrs


def segments_field() -> Any:
    """The static segments that a contact belongs to; of dynamic ones nobody is made a member."""
    return VisibleRelatedField(
        queryset=Segment.objects.filter(kind=Segment.Kind.STATIC),
        many=True,
        pk_field=serializers.UUIDField(),
        required=False,
        help_text="Ids of static segments.",
    )


EXAMPLE = {
    "name": "James Butt",
    "email": "jbutt@example.com",
    "phone": "504-621-8927",
    "company": "Benton, John B Jr",
    "categories": ["VIP"],
}


CONTACT_REST: dict[str, Any] = {
    "description": "",
    "contact_type": "person",
    "job_title": "",
    "organization": KEY,
    "segments": [],
    "contact_points": [
        {
            "id": KEY,
            "type": "phone",
            "service": "phone",
            "value": "504-621-8927",
            "normalized": "+15046218927",
            "extension": "",
            "label": "",
            "origin": "api",
            "is_primary": True,
        }
    ],
    "custom_fields": {},
    "external_id": "",
    "origin": "api",
    "merged_into": None,
    "assigned_to": KEY,
    "team": None,
    "created_by": KEY,
}


@record_example(EXAMPLE, **CONTACT_REST)
class ContactSerializer(OwnedSerializer):
    """A contact. ``email`` and ``phone`` are its primary contact points, ``company`` is its organisation's name."""

    email = serializers.CharField(max_length=320, required=False, allow_blank=True, allow_null=True)
    phone = serializers.CharField(max_length=100, required=False, allow_blank=True, allow_null=True)
    company = serializers.CharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    organization = VisibleRelatedField(
        queryset=Organization.objects.all(), pk_field=serializers.UUIDField(), required=False, allow_null=True
    )
    categories = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        max_length=100,
        help_text="Names; new ones are made.",
    )
    segments = segments_field()
    contact_points = ContactPointSerializer(many=True, required=False, help_text="Given, it replaces the whole list.")
    custom_fields = serializers.DictField(
        required=False, help_text="Values by key; null removes a value, keys left out keep theirs."
    )
    merged_into = serializers.UUIDField(read_only=True, allow_null=True, help_text="Set when this id was merged away.")

    class Meta:
        model = Contact
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "company",
            "organization",
            "job_title",
            "contact_type",
            "description",
            "categories",
            "segments",
            "contact_points",
            "custom_fields",
            "external_id",
            "origin",
            "merged_into",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = [*OwnedSerializer.READ_ONLY, "origin"]
        extra_kwargs = {"name": {"required": False}}

    def to_representation(self, contact: Any) -> dict[str, Any]:
        """From the annotations of ``for_list``; no query."""
        points: list[dict[str, Any]] = contact.point_rows
        primary = {point["type"]: point["value"] for point in points if point["is_primary"]}
        return {
            "id": str(contact.pk),
            "name": contact.name,
            "email": primary.get("mail"),
            "phone": primary.get("phone"),
            "company": contact.company_name,
            "organization": contact.organization_id and str(contact.organization_id),
            "job_title": contact.job_title,
            "contact_type": contact.contact_type,
            "description": contact.description,
            "categories": contact.category_names,
            "segments": [row["id"] for row in contact.segment_rows],
            "contact_points": points,
            "custom_fields": contact.custom_fields,
            "external_id": contact.external_id,
            "origin": contact.origin,
            "merged_into": self.context.get("merged_into"),
            "assigned_to": contact.assigned_to_id and str(contact.assigned_to_id),
            "team": contact.team_id,
            "created_by": contact.created_by_id and str(contact.created_by_id),
            "created_at": iso(contact.created_at),
            "updated_at": iso(contact.updated_at),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        self._settle_company(attrs)
        if self.instance is None and not any(attrs.get(name) for name in ("name", "company", "email", "phone")):
            raise serializers.ValidationError({"name": ["Give at least one of name, company, email and phone."]})
        if "contact_points" in attrs:
            attrs["contact_points"] = [PointData(**point) for point in attrs["contact_points"]]
        if "company" in attrs:
            attrs["company"] = attrs["company"] or ""
        return attrs

    def _settle_company(self, attrs: dict[str, Any]) -> None:
        """``company`` and ``organization`` say the same; of both, what is as it is stored gives way to the other."""
        if not {"company", "organization"} <= attrs.keys():
            return
        company, organization = tidy(attrs["company"] or ""), attrs["organization"]
        stored = self.instance.organization if self.instance else None
        if organization == stored and (stored or company):
            del attrs["organization"]
        elif not company or company in {each.name for each in (stored, organization) if each}:
            del attrs["company"]
        elif not organization:
            del attrs["organization"]
        else:
            raise serializers.ValidationError({"company": ["Give either company or organization, not both."]})

    def create(self, validated_data: dict[str, Any]) -> Contact:
        return services.create_contact(actor=self.context["request"].user, **validated_data)

    def update(self, instance: Contact, validated_data: dict[str, Any]) -> Contact:
        return services.update_contact(contact=instance, actor=self.context["request"].user, **validated_data)


def iso(moment: Any) -> str:
    return moment.isoformat().replace("+00:00", "Z")


INTERACTION_EXAMPLE = {
    "type": "call",
    "direction": "outbound",
    "subject": "Offer",
    "body": "Wants the offer by Friday.",
    "started_at": "2026-01-31T12:00:00Z",
    "duration_s": 180,
    "outcome": "interested",
}


@record_example(
    INTERACTION_EXAMPLE, contact=KEY, note="", recording_url="", external_id="", origin="api", created_by=KEY
)
class InteractionSerializer(CrmModelSerializer):
    """A call, message, e-mail, meeting or note with a contact."""

    started_at = serializers.DateTimeField(required=False, help_text="Now when left out.")
    details = serializers.SerializerMethodField(
        help_text="What is known besides of a call or message from App Connect: numbers, sessions, choices."
    )

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_details(self, interaction: Interaction) -> dict[str, Any]:
        """Without the lead or customer by whose right it was written down, whom not everybody may see."""
        return {name: value for name, value in interaction.details.items() if name != "record"}

    class Meta:
        model = Interaction
        fields = [
            "id",
            "contact",
            "type",
            "direction",
            "subject",
            "body",
            "note",
            "started_at",
            "duration_s",
            "outcome",
            "recording_url",
            "external_id",
            "details",
            "origin",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "contact", "origin", "created_by", "created_at", "updated_at"]


ORGANIZATION_EXAMPLE = {"name": "Acme Inc", "domain": "acme.example"}
CATEGORY_EXAMPLE = {"name": "VIP"}
SEGMENT_EXAMPLE = {"name": "VIPs of Acme", "kind": "dynamic", "filter": {"company": "Acme Inc", "category": "VIP"}}
CUSTOM_FIELD_EXAMPLE = {"key": "shoe_size", "label": "Shoe size", "type": "integer"}
CUSTOM_FIELD_REST = {
    "entity": "contact",
    "required": False,
    "unique": False,
    "choices": [],
    "default": None,
    "help_text": "",
    "position": 0,
}


class NamedSerializer(CrmModelSerializer):
    def validate_name(self, name: str) -> str:
        return tidy(name)

    class Meta:
        fields = ["id", "name", "created_at", "updated_at"]
        read_only_fields = ["id", "created_at", "updated_at"]


@record_example(ORGANIZATION_EXAMPLE, phone="", address="", notes="")
class OrganizationSerializer(NamedSerializer):
    class Meta(NamedSerializer.Meta):
        model = Organization
        fields = ["id", "name", "domain", "phone", "address", "notes", "created_at", "updated_at"]


@record_example(CATEGORY_EXAMPLE)
class CategorySerializer(NamedSerializer):
    class Meta(NamedSerializer.Meta):
        model = Category


@record_example(SEGMENT_EXAMPLE, description="")
class SegmentSerializer(NamedSerializer):
    class Meta(NamedSerializer.Meta):
        model = Segment
        fields = ["id", "name", "kind", "description", "filter", "created_at", "updated_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A dynamic segment's filter is one that the list understands today. Reads no contact."""
        attrs = super().validate(attrs)
        kind = attrs.get("kind", getattr(self.instance, "kind", Segment.Kind.STATIC))
        if kind == Segment.Kind.DYNAMIC:
            parameters = attrs.get("filter", getattr(self.instance, "filter", {}))
            stored_filter(parameters, Contact.objects.live(), self.context.get("request"))
        return attrs


CUSTOM_FIELD_CHANGE = {"label": "Shoe size (EU)", "help_text": "As printed inside."}
CUSTOM_FIELD_CHANGE_EXAMPLES = [
    OpenApiExample("Request", CUSTOM_FIELD_CHANGE, request_only=True),
    OpenApiExample(
        "Answer",
        {"id": KEY, **CUSTOM_FIELD_EXAMPLE, **CUSTOM_FIELD_REST, **TIMES, **CUSTOM_FIELD_CHANGE},
        response_only=True,
    ),
]


@record_example(CUSTOM_FIELD_EXAMPLE, **CUSTOM_FIELD_REST)
class CustomFieldSerializer(CrmModelSerializer):
    class Meta:
        model = CustomField
        fields = [
            "id",
            "entity",
            "key",
            "label",
            "type",
            "required",
            "unique",
            "choices",
            "default",
            "help_text",
            "position",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_at", "updated_at"]

    FIXED = ("entity", "key", "type")
    DEFINING = {*FIXED, "unique", "choices", "default"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        field = CustomField(**{name: getattr(self.instance, name) for name in self.DEFINING if self.instance})
        errors = {
            name: ["Values are stored by it, so it stays as it was made."]
            for name in self.FIXED
            if self.instance and attrs.get(name, getattr(field, name)) != getattr(field, name)
        }
        for name in self.DEFINING & attrs.keys():
            setattr(field, name, attrs[name])
        try:
            custom.check_definition(field)
            if self.instance is None:
                custom.check_new_key(field.entity, field.key)
            elif field.unique and not self.instance.unique:
                custom.check_becomes_unique(field.entity, field.key)
        except DjangoValidationError as error:
            errors |= error.message_dict
        if errors:
            raise serializers.ValidationError(errors)
        return attrs | {"default": field.default}


@example(
    None,
    organizations=[{"id": KEY, **ORGANIZATION_EXAMPLE, "phone": "", "address": "", "notes": "", **TIMES}],
    categories=[{"id": KEY, **CATEGORY_EXAMPLE, **TIMES}],
)
class OrganizationsOfContactSerializer(serializers.Serializer):
    organizations = OrganizationSerializer(many=True)
    categories = CategorySerializer(many=True)


class CustomValueSerializer(CustomFieldSerializer):
    value = serializers.JSONField(allow_null=True)

    class Meta(CustomFieldSerializer.Meta):
        fields = [*CustomFieldSerializer.Meta.fields, "value"]


CUSTOM_VALUES_EXAMPLE = {"results": [{"id": KEY, **CUSTOM_FIELD_EXAMPLE, **CUSTOM_FIELD_REST, **TIMES, "value": 43}]}


@example(None, **CUSTOM_VALUES_EXAMPLE)
class CustomValuesSerializer(serializers.Serializer):
    results = CustomValueSerializer(many=True)
