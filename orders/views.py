"""``/dev/crm/orders`` and ``/dev/crm/products``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access.sharing import SharingActions
from crm_project.api.viewsets import CrmModelViewSet, OwnedViewSet
from crm_project.history.views import HistoryActions
from crm_project.transfer.views import TransferActions

from . import filters, services
from .models import Order, Product
from .resources import ProductResource
from .serializers import CHANGE_EXAMPLES, OrderLogSerializer, OrderSerializer, ProductSerializer


class OrderViewSet(HistoryActions, SharingActions, OwnedViewSet):
    tag = "orders"
    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    filterset_class = filters.OrderFilterSet
    orderings = {"created_at": ("id",), "order_date": ("order_date", "id"), "number": ("number",)}
    action_verbs = {"status_log": "view"}
    examples = dict.fromkeys(("update", "partial_update"), CHANGE_EXAMPLES)

    def perform_destroy(self, record: Order) -> None:
        services.delete_order(order=record, actor=self.request.user)

    def perform_restore(self, record: Order) -> None:
        services.restore_order(order=record)

    @extend_schema(responses=OrderLogSerializer)
    @action(detail=True)
    def status_log(self, request: Any, pk: Any = None) -> Response:
        """Get the steps of an order, first to last."""
        steps = self.get_object().status_changes.order_by("pk")
        return Response(OrderLogSerializer({"results": steps}).data)


class ProductViewSet(TransferActions, CrmModelViewSet):
    tag = "products"
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = filters.ProductFilterSet
    resource_class = ProductResource
    filtered_actions = ("list", "export_file")
    orderings = {"created_at": ("id",), "sku": ("sku", "id"), "name": ("name", "id")}
    default_ordering = "sku"
