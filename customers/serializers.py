"""Customers, their interactions and conversions on the wire."""

from __future__ import annotations

from typing import Any

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
from .models import Customer, CustomerInteraction

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
