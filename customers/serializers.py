"""Customers, their interactions and conversions on the wire."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework import serializers

from crm_project.api.schema import KEY, example, record_example
from crm_project.api.serializers import (
    CrmModelSerializer,
    CrmSerializer,
    MomentField,
    OwnedSerializer,
    VisibleRelatedField,
)
from leads.models import Lead

from . import services
from .models import Customer, CustomerInteraction, Standing
from .services import Segment, Segments

CUSTOMER_EXAMPLE = {
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "+12025550143",
    "company": "Tech Corp",
    "type": "business",
    "status": "active",
    "billing_address": "123 Main St",
    "payment_terms": "Net 30",
}


@record_example(
    CUSTOMER_EXAMPLE,
    lead_id=None,
    shipping_address="",
    credit_limit=None,
    tax_id="",
    notes="",
    custom_fields={},
    contact_id=KEY,
    assigned_to=KEY,
    team=None,
    created_by=KEY,
)
class CustomerSerializer(OwnedSerializer):
    """Somebody who buys."""

    email = serializers.EmailField(max_length=254)
    phone = serializers.CharField(max_length=100, required=False, allow_blank=True)
    lead_id = VisibleRelatedField(
        source="lead", queryset=Lead.objects.live(), pk_field=serializers.UUIDField(), required=False, allow_null=True
    )
    credit_limit = serializers.DecimalField(
        max_digits=14, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    custom_fields = serializers.DictField(required=False)
    contact_id = serializers.UUIDField(source="seen_contact_id", read_only=True, allow_null=True)

    class Meta:
        model = Customer
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "company",
            "type",
            "status",
            "lead_id",
            "billing_address",
            "shipping_address",
            "payment_terms",
            "credit_limit",
            "tax_id",
            "notes",
            "custom_fields",
            "contact_id",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = OwnedSerializer.READ_ONLY

    def create(self, validated_data: dict[str, Any]) -> Customer:
        return services.create_customer(actor=self.context["request"].user, **validated_data)

    def update(self, instance: Customer, validated_data: dict[str, Any]) -> Customer:
        return services.update_customer(customer=instance, actor=self.context["request"].user, **validated_data)

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        """The lead is told only to who may see it, as the contact is."""
        return super().to_representation(instance) | {
            "lead_id": str(instance.seen_lead_id) if instance.seen_lead_id else None
        }


INTERACTION_EXAMPLE = {
    "type": "call",
    "subject": "Product Discussion",
    "description": "Discussed new features and pricing",
    "date": "2026-01-15T10:00:00Z",
    "outcome": "positive",
    "next_action": "Send proposal",
    "next_action_date": "2026-01-20T10:00:00Z",
}


@record_example(INTERACTION_EXAMPLE, customer_id=KEY, created_by=KEY)
class CustomerInteractionSerializer(CrmModelSerializer):
    date = MomentField()
    next_action_date = MomentField(required=False, allow_null=True)
    customer_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = CustomerInteraction
        fields = [
            "id",
            "customer_id",
            "type",
            "subject",
            "date",
            "description",
            "outcome",
            "next_action",
            "next_action_date",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_by", "created_at", "updated_at"]


@example({"customer_id": KEY})
class ConvertSerializer(CrmSerializer):
    customer_id = VisibleRelatedField(
        queryset=Customer.objects.live(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
        help_text="Links the lead to this customer instead of making one.",
    )


@example(None, id=KEY, status="negotiation")
class UndoneSerializer(CrmSerializer):
    """The lead with the status that it has again."""

    id = serializers.UUIDField()
    status = serializers.CharField()


@example(None, would="create", customer_id=None, values={"name": "John Doe", "email": "john@example.com"})
class PreviewSerializer(CrmSerializer):
    would = serializers.ChoiceField(choices=["create", "link", "nothing"])
    customer_id = serializers.UUIDField(allow_null=True)
    values = serializers.DictField()


@example(None, created=[KEY], moved=1, cancelled=0, escalated=1, mailed=2, more=False)
class OutcomeSerializer(CrmSerializer):
    """What a run of the follow-ups did."""

    created = serializers.ListField(child=serializers.UUIDField(), help_text="The ids of the new tasks.")
    moved = serializers.IntegerField(help_text="Open tasks whose date was changed.")
    cancelled = serializers.IntegerField(help_text="Open tasks whose next action is gone.")
    escalated = serializers.IntegerField(help_text="Overdue tasks that a manager has to answer for now.")
    mailed = serializers.IntegerField(help_text="Digests of today's tasks that were queued.")
    more = serializers.BooleanField(help_text="A worker does the rest.")


class FactorSerializer(serializers.Serializer):
    factor = serializers.CharField(source="factor.key")
    name = serializers.CharField(source="factor.name")
    points = serializers.FloatField()
    of = serializers.FloatField(help_text="The most that it could give.")
    text = serializers.CharField(help_text="Why.")


class MissingFactorSerializer(serializers.Serializer):
    factor = serializers.CharField(source="key")
    name = serializers.CharField()


@example(
    None,
    health=72,
    band="healthy",
    trend="rising",
    health_before=61,
    confidence=80,
    factors=[
        {
            "factor": "rhythm",
            "name": "Rhythm of orders",
            "points": 40.1,
            "of": 56.3,
            "text": "The last order was 12 days ago; usually one comes every 30 days.",
        }
    ],
    missing=[{"factor": "interactions", "name": "Interactions"}],
    computed_at="2026-01-31T12:00:00Z",
)
class HealthSerializer(serializers.Serializer):
    """How a customer is, and why."""

    health = serializers.IntegerField(
        source="standing.health", allow_null=True, help_text="0 to 100; null when there is no data at all."
    )
    band = serializers.ChoiceField(source="standing.band", choices=Standing.Band.choices)
    trend = serializers.ChoiceField(choices=["rising", "steady", "falling", "unknown"])
    health_before = serializers.IntegerField(
        source="standing.health_before", allow_null=True, help_text="Thirty days ago."
    )
    confidence = serializers.IntegerField(source="standing.confidence", help_text="0 to 100: how much data there is.")
    factors = FactorSerializer(source="parts", many=True, help_text="Their points add up to the health.")
    missing = MissingFactorSerializer(many=True, help_text="What there is no data for.")
    computed_at = serializers.DateTimeField(source="standing.health_at")


LIST = "https://crm.example.com/dev/crm/customers"
EXACT = {"count": "exact"}


class CustomerSegmentSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["buyers", "health", "type", "status", "saved"])
    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    count = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True, help_text="Of all customers that the caller sees.")
    joined = serializers.IntegerField(allow_null=True, help_text="Customers who were elsewhere thirty days ago.")
    left = serializers.IntegerField(allow_null=True, help_text="Customers who are elsewhere since.")
    problem = serializers.CharField(help_text="Why nobody is in a saved segment whose filter fits no more; else empty.")
    revenue = serializers.DictField(child=serializers.CharField(), help_text="In the window, by currency.")
    revenue_orders = serializers.DictField(
        child=serializers.URLField(), help_text="By currency the list of the orders whose totals are the revenue."
    )
    customers = serializers.URLField(help_text="The list of these customers.")


class RulesSerializer(serializers.Serializer):
    window_days = serializers.IntegerField(help_text="What was bought in so many days counts.")
    groups = serializers.IntegerField(help_text="Scores go from 1 to this.")
    healthy_from = serializers.IntegerField()
    at_risk_below = serializers.IntegerField()
    churn_days = serializers.IntegerField()


@example(
    None,
    as_of="2026-01-31T12:00:00Z",
    is_kept=False,
    computed_at="2026-01-31T11:30:00Z",
    rules={"window_days": 365, "groups": 5, "healthy_from": 70, "at_risk_below": 40, "churn_days": 90},
    segments=[
        {
            "kind": "buyers",
            "key": "champions",
            "name": "Champions",
            "description": "Bought lately, often and much.",
            "count": 24,
            "percent": 12.5,
            "joined": 3,
            "left": 1,
            "problem": "",
            "revenue": {"USD": "120400.00"},
            "revenue_orders": {
                "USD": "https://crm.example.com/dev/crm/orders?status=pending,processing,shipped,delivered"
                "&order_date_after=2025-01-31T12:00:00Z&currency=USD&customer_segment=champions&count=exact"
            },
            "customers": f"{LIST}?segment=champions&count=exact",
        }
    ],
)
class SegmentsSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField(help_text="When the customers were counted.")
    is_kept = serializers.BooleanField(help_text="Whether they were counted earlier, up to a minute ago.")
    computed_at = serializers.DateTimeField(allow_null=True, help_text="When customers were last put into segments.")
    rules = RulesSerializer()
    segments = CustomerSegmentSerializer(many=True)


def segments_answer(found: Segments, is_kept: bool, request: Any) -> dict[str, Any]:
    everyone = sum(segment.count for segment in found.segments if segment.kind == "type")
    root = request.build_absolute_uri(reverse("customer-list"))

    def orders(segment: Segment, currency: str) -> str:
        route, parameters = services.revenue_list(found, segment, currency)
        return f"{request.build_absolute_uri(reverse(route))}?{urlencode(parameters | EXACT)}"

    def answer(segment: Segment) -> dict[str, Any]:
        names = ("kind", "key", "name", "description", "count", "joined", "left")
        return {name: getattr(segment, name) for name in names} | {
            "percent": round(100 * segment.count / everyone, 1) if everyone else None,
            "problem": segment.problem,
            "revenue": {currency: str(total) for currency, total in sorted(segment.revenue.items())},
            "revenue_orders": {currency: orders(segment, currency) for currency in sorted(segment.revenue)},
            "customers": f"{root}?{urlencode(segment.parameters | EXACT)}",
        }

    return {
        "as_of": found.as_of,
        "is_kept": is_kept,
        "computed_at": found.computed_at,
        "rules": RulesSerializer(found.rules).data,
        "segments": [answer(segment) for segment in found.segments],
    }
