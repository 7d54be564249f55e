"""Duplicates and merges of contacts on the wire."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import CrmModelSerializer, CrmSerializer

from .. import points
from ..duplicates import LIKELY, Candidate, Person, likeliest
from ..models import Contact, ContactMerge, ContactPoint
from ..services.contacts import PRIMARY
from ..services.merging import COLUMNS, MOST
from .contacts import CONTACT_REST, EXAMPLE, ContactSerializer


class PersonSerializer(CrmSerializer):
    """What is known of somebody who may be in the CRM already."""

    name = serializers.CharField(
        max_length=255, required=False, allow_blank=True, help_text="In any order of words, case and accents."
    )
    email = serializers.CharField(max_length=320, required=False, allow_blank=True, help_text="An e-mail address.")
    phone = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="A number in any spelling."
    )
    company = serializers.CharField(
        max_length=255,
        required=False,
        allow_blank=True,
        help_text="Makes a similar name more telling; without a name it is the name itself, as for a new contact.",
    )

    def validate(self, attrs: dict[str, Any]) -> Person:
        if not any(attrs.values()):
            raise serializers.ValidationError("Give at least one of name, email, phone and company.")
        for kind, name in ((ContactPoint.Type.MAIL, "email"), (ContactPoint.Type.PHONE, "phone")):
            try:
                if attrs.get(name):
                    points.check(kind, attrs[name])
            except DjangoValidationError as error:
                raise serializers.ValidationError({name: error.messages}) from error
        return Person.described(**attrs)


CANDIDATE_EXAMPLE = {
    "id": KEY,
    "name": "James Butt",
    "email": "jbutt@example.com",
    "phone": "504-621-8927",
    "company": "Benton, John B Jr",
    "score": 0.99,
    "reasons": ["same e-mail address jbutt@example.com", "similar name (79 %)", "same company"],
}


class CandidateSerializer(serializers.Serializer):
    """A contact that may be the same person."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    company = serializers.CharField(allow_null=True)
    score = serializers.FloatField(min_value=0, max_value=1)
    reasons = serializers.ListField(child=serializers.CharField())

    def to_representation(self, candidate: Candidate) -> dict[str, Any]:
        contact = ContactSerializer(context=self.context).to_representation(candidate.contact)
        shown = {name: contact[name] for name in ("id", "name", "email", "phone", "company")}
        return shown | {"score": candidate.score, "reasons": candidate.reasons}


@example(None, id=KEY, candidates=[CANDIDATE_EXAMPLE])
class DuplicatesSerializer(serializers.Serializer):
    """Who may be the same person."""

    id = serializers.UUIDField(
        allow_null=True, help_text=f"The likeliest contact, when its score is {LIKELY} or more; else null."
    )
    candidates = CandidateSerializer(many=True)

    def to_representation(self, candidates: list[Candidate]) -> dict[str, Any]:
        best = likeliest(candidates)
        return {
            "id": best and str(best.contact.pk),
            "candidates": CandidateSerializer(candidates, many=True, context=self.context).data,
        }


class WinnersSerializer(CrmSerializer):
    """By field the id of the contact whose value wins."""

    custom_fields = serializers.DictField(child=serializers.UUIDField(), required=False, help_text="The same, by key.")

    def get_fields(self) -> dict[str, serializers.Field]:
        help_text = "The id of the contact whose value wins."
        named = {name: serializers.UUIDField(required=False, help_text=help_text) for name in (*COLUMNS, *PRIMARY)}
        return named | super().get_fields()


@example({"ids": [KEY], "fields": {"name": KEY, "custom_fields": {"birthday": KEY}}})
class MergeSerializer(CrmSerializer):
    """What is to be merged in."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST, help_text="The contacts to merge in."
    )
    fields = WinnersSerializer(
        required=False, help_text="Whose value wins; where nothing is said the survivor's, unless it is empty."
    )


@record_example(EXAMPLE, **CONTACT_REST, merge=KEY)
class SurvivorSerializer(ContactSerializer):
    """The contact that the others were merged into."""

    merge = serializers.UUIDField(read_only=True, help_text="The merge's id, by which it can be undone.")

    class Meta(ContactSerializer.Meta):
        fields = [*ContactSerializer.Meta.fields, "merge"]

    def to_representation(self, contact: Contact) -> dict[str, Any]:
        return super().to_representation(contact) | {"merge": self.context.get("merge_id")}


@example(
    None,
    id=KEY,
    survivor=KEY,
    merged_ids=[KEY],
    created_by=KEY,
    created_at=TIMES["created_at"],
    undone_at=None,
    undone_by=None,
)
class ContactMergeSerializer(CrmModelSerializer):
    class Meta:
        model = ContactMerge
        fields = ["id", "survivor", "merged_ids", "created_by", "created_at", "undone_at", "undone_by"]
        read_only_fields = fields
