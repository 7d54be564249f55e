from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from contacts.filters import CustomFieldsFilterSet
from crm_project.access import rules
from crm_project.api.filters import (
    BooleanFilter,
    ChoiceListFilter,
    CrmFilterSet,
    MomentFilter,
    TextListFilter,
    UUIDListFilter,
)
from customers.models import Customer

from .models import Order, Product


@extend_schema_field(OpenApiTypes.STR)
class CustomerTypeFilter(ChoiceListFilter):
    """By the type of the customer, as far as the user may see the customer."""

    def filter(self, queryset: QuerySet, value: list[str]) -> QuerySet:
        if not value:
            return queryset
        customers = rules.visible(Customer.objects.live().filter(type__in=value), self.parent.request.user)
        return queryset.filter(customer__in=customers.values("pk"))


class OrderFilterSet(CustomFieldsFilterSet):
    entity = "order"

    customer_id = UUIDListFilter(label="Customers' ids")
    customer_type = CustomerTypeFilter(choices=Customer.Type.choices, label="Customers' types, comma separated")
    product_id = UUIDListFilter(label="Products' ids")
    status = ChoiceListFilter(choices=Order.Status.choices, label="Statuses, comma separated")
    number = filters.NumberFilter(min_value=0, max_value=2**63 - 1)
    currency = TextListFilter()
    order_date_after = MomentFilter(field_name="order_date", lookup_expr="gte")
    order_date_before = MomentFilter(field_name="order_date", lookup_expr="lt")
    total_min = filters.NumberFilter(field_name="total", lookup_expr="gte")
    total_max = filters.NumberFilter(field_name="total", lookup_expr="lte")

    class Meta:
        model = Order
        fields: list[str] = []


class ProductFilterSet(CrmFilterSet):
    sku = TextListFilter()
    active = BooleanFilter()
    currency = TextListFilter()
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=255)

    class Meta:
        model = Product
        fields: list[str] = []
