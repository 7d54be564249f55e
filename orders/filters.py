from __future__ import annotations

from django_filters import rest_framework as filters

from contacts.filters import CustomFieldsFilterSet
from crm_project.api.filters import (
    BooleanFilter,
    ChoiceListFilter,
    CrmFilterSet,
    MomentFilter,
    TextListFilter,
    UUIDListFilter,
    extend,
)
from customers.filters import customer_filters

from .models import Order, Product


class OrderFilterSet(CustomFieldsFilterSet):
    entity = "order"

    customer_id = UUIDListFilter(label="Customers' ids")
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


extend(OrderFilterSet, customer_filters("customer"))


class ProductFilterSet(CrmFilterSet):
    sku = TextListFilter()
    active = BooleanFilter()
    currency = TextListFilter()
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=255)

    class Meta:
        model = Product
        fields: list[str] = []
