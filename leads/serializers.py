"""Leads and what belongs to them on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import (
    ChoiceField,
    CrmModelSerializer,
    CrmSerializer,
    MomentField,
    OwnedSerializer,
    VisibleRelatedField,
)

from . import services
from .models import Campaign, Lead, LeadInteraction, ScoreRule
from .services.assignment import Method

CAMPAIGN_EXAMPLE = {"name": "Spring fair", "status": "active", "starts_on": "2026-03-01", "budget": "5000.00"}


@record_example(CAMPAIGN_EXAMPLE, description="", ends_on=None, currency="USD")
class CampaignSerializer(CrmModelSerializer):
    class Meta:
        model = Campaign
        fields = [
            "id",
            "name",
            "status",
            "description",
            "starts_on",
            "ends_on",
            "budget",
            "currency",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_at", "updated_at"]


LEAD_EXAMPLE = {
    "name": "John Doe",
    "email": "john@example.com",
    "phone": "+12025550143",
    "company": "Acme Corp",
    "source": "website",
    "status": "new",
    "score": 75,
    "notes": "Interested in premium plan",
}


@record_example(
    LEAD_EXAMPLE,
    campaign_id=None,
    score_is_manual=True,
    status_since="2026-01-31T12:00:00Z",
    lost_reason="",
    last_contact=None,
    custom_fields={},
    contact_id=KEY,
    assigned_to=KEY,
    team=None,
    created_by=KEY,
)
class LeadSerializer(OwnedSerializer):
    """A possible buyer."""

    email = serializers.EmailField(max_length=254)
    phone = serializers.CharField(max_length=100, required=False, allow_blank=True)
    campaign_id = VisibleRelatedField(
        source="campaign",
        queryset=Campaign.objects.all(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
    )
    score = serializers.IntegerField(
        min_value=0, max_value=100, required=False, allow_null=True, help_text="Null lets the rules compute it again."
    )
    last_contact = MomentField(required=False, allow_null=True)
    custom_fields = serializers.DictField(required=False)
    contact_id = serializers.UUIDField(source="seen_contact_id", read_only=True, allow_null=True)
    assignment = ChoiceField(
        choices=Method.choices, required=False, write_only=True, help_text="Deals a new lead out to a member of `team`."
    )

    class Meta:
        model = Lead
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "company",
            "source",
            "campaign_id",
            "status",
            "status_since",
            "lost_reason",
            "score",
            "score_is_manual",
            "notes",
            "last_contact",
            "custom_fields",
            "contact_id",
            "assignment",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = [*OwnedSerializer.READ_ONLY, "score_is_manual", "status_since"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "assignment" in attrs and (self.instance or not attrs.get("team") or "assigned_to" in attrs):
            raise serializers.ValidationError(
                {"assignment": ["Only for a new lead that has a team and is not assigned to anybody yet."]}
            )
        ours = {name: attrs.pop(name) for name in ("assignment", "score") if name in attrs}
        return super().validate(attrs) | ours

    def create(self, validated_data: dict[str, Any]) -> Lead:
        return services.create_lead(actor=self.context["request"].user, **validated_data)

    def update(self, instance: Lead, validated_data: dict[str, Any]) -> Lead:
        return services.update_lead(lead=instance, actor=self.context["request"].user, **validated_data)


INTERACTION_EXAMPLE = {
    "type": "call",
    "notes": "Discussed pricing and features",
    "next_action": "Send proposal",
    "next_action_date": "2026-01-15T10:00:00Z",
}


@record_example(INTERACTION_EXAMPLE, lead_id=KEY, created_by=KEY)
class LeadInteractionSerializer(CrmModelSerializer):
    next_action_date = MomentField(required=False, allow_null=True)
    lead_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = LeadInteraction
        fields = [
            "id",
            "lead_id",
            "type",
            "notes",
            "next_action",
            "next_action_date",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_by", "created_at", "updated_at"]


RULE_EXAMPLE = {"kind": "filled", "value": "notes", "points": 5}


@record_example(RULE_EXAMPLE, is_active=True)
class ScoreRuleSerializer(CrmModelSerializer):
    class Meta:
        model = ScoreRule
        fields = ["id", "kind", "value", "points", "is_active", "created_at", "updated_at"]
        read_only_fields = ["id", "created_at", "updated_at"]


class ReasonSerializer(CrmSerializer):
    points = serializers.IntegerField()
    reason = serializers.CharField()


@example(
    None,
    score=75,
    is_manual=True,
    computed=30,
    reasons=[{"points": 20, "reason": "Its source is referral."}, {"points": 10, "reason": "Its phone is known."}],
)
class ScoreSerializer(CrmSerializer):
    """The score, and what the rules would make of the lead, point by point."""

    score = serializers.IntegerField()
    is_manual = serializers.BooleanField()
    computed = serializers.IntegerField()
    reasons = ReasonSerializer(many=True)


class StaySerializer(CrmSerializer):
    status = serializers.CharField()
    entered_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.IntegerField()
    changed_by = serializers.UUIDField(source="changed_by_id", allow_null=True)


@example(
    None,
    results=[
        {"status": "new", "entered_at": TIMES["created_at"], "left_at": None, "seconds": 86400, "changed_by": KEY}
    ],
)
class StatusLogSerializer(CrmSerializer):
    results = StaySerializer(many=True)
