"""Products and orders on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import (
    CrmModelSerializer,
    CrmSerializer,
    MomentField,
    OwnedSerializer,
    VisibleRelatedField,
)
from customers.models import Customer

from . import services
from .models import Order, Product

PRODUCT_EXAMPLE = {"sku": "PRO-1", "name": "Premium plan", "price": "49.00", "currency": "USD", "stock": 100}


@record_example(PRODUCT_EXAMPLE, description="", active=True)
class ProductSerializer(CrmModelSerializer):
    price = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)

    class Meta:
        model = Product
        fields = [
            "id",
            "sku",
            "name",
            "description",
            "price",
            "currency",
            "active",
            "stock",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_at", "updated_at"]


ORDER_EXAMPLE = {
    "customer_id": KEY,
    "product_id": KEY,
    "quantity": 2,
    "status": "pending",
    "order_date": "2026-01-15T10:00:00Z",
    "shipping_address": "123 Main St",
    "billing_address": "123 Main St",
    "notes": "Rush delivery",
}


ORDER_REST = {
    "number": 1042,
    "unit_price": "49.00",
    "currency": "USD",
    "total": "98.00",
    "custom_fields": {},
    "assigned_to": KEY,
    "team": None,
    "created_by": KEY,
}
CHANGE = {"status": "shipped", "notes": "Order shipped via express"}
CHANGE_EXAMPLES = [
    OpenApiExample("Request", CHANGE, request_only=True),
    OpenApiExample("Answer", {"id": KEY} | ORDER_EXAMPLE | CHANGE | ORDER_REST | TIMES, response_only=True),
]


@record_example(ORDER_EXAMPLE, **ORDER_REST)
class OrderSerializer(OwnedSerializer):
    """So many of one product for one customer. What was sold cannot be changed, only cancelled."""

    customer_id = VisibleRelatedField(
        source="customer", queryset=Customer.objects.live(), pk_field=serializers.UUIDField()
    )
    product_id = VisibleRelatedField(source="product", queryset=Product.objects.all(), pk_field=serializers.UUIDField())
    quantity = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    order_date = MomentField(required=False)
    custom_fields = serializers.DictField(required=False)

    class Meta:
        model = Order
        fields = [
            "id",
            "number",
            "customer_id",
            "product_id",
            "quantity",
            "unit_price",
            "currency",
            "total",
            "status",
            "order_date",
            "shipping_address",
            "billing_address",
            "notes",
            "custom_fields",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = [*OwnedSerializer.READ_ONLY, "number", "unit_price", "currency", "total"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            frozen = {"customer_id": "customer", "product_id": "product", "quantity": "quantity"}
            changed = [
                name
                for name, column in frozen.items()
                if column in attrs and attrs[column] != getattr(self.instance, column)
            ]
            if changed:
                message = "This is frozen at the sale; cancel the order and take a new one."
                raise serializers.ValidationError({name: [message] for name in changed})
            for column in frozen.values():
                attrs.pop(column, None)
        elif attrs["product"].price * attrs["quantity"] >= 10**16:
            raise serializers.ValidationError({"quantity": ["The total of this order is too large."]})
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Order:
        return services.create_order(actor=self.context["request"].user, **validated_data)

    def update(self, instance: Order, validated_data: dict[str, Any]) -> Order:
        return services.update_order(order=instance, actor=self.context["request"].user, **validated_data)


class OrderStepSerializer(CrmSerializer):
    old = serializers.CharField(allow_blank=True)
    new = serializers.CharField()
    changed_at = serializers.DateTimeField(source="created_at")
    changed_by = serializers.UUIDField(source="changed_by_id", allow_null=True)


@example(None, results=[{"old": "pending", "new": "processing", "changed_at": TIMES["created_at"], "changed_by": KEY}])
class OrderLogSerializer(CrmSerializer):
    results = OrderStepSerializer(many=True)
