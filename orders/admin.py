"""The pages of orders and products."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold import widgets
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from contacts.pages import CustomFieldsForm, CustomFieldsMixin
from crm_project.access import rules
from crm_project.admin import (
    CrmModelAdmin,
    Link,
    OwnerFilter,
    RecordAdmin,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
    link_to,
    offer,
)
from crm_project.admin.lists import PeriodFilter, short_moment
from crm_project.transfer.admin import TransferMixin
from customers.models import Customer

from . import services
from .models import Order, Product
from .resources import ProductResource
from .services.status import NEXT

STATUS_COLORS = {
    "pending": "info",
    "processing": "warning",
    "shipped": "warning",
    "delivered": "success",
    "cancelled": "danger",
}
LARGEST_NUMBER = 2**63 - 1


class OrderForm(CustomFieldsForm):
    """An order; what is sold is chosen once, the rest can be mended."""

    order_date = forms.SplitDateTimeField(
        required=False,
        label=gettext_lazy("Order date"),
        widget=widgets.UnfoldAdminSplitDateTimeWidget,
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "order_date" in self.fields and self.instance._state.adding:
            self.fields["order_date"].help_text = _("Empty: now.")

    def clean_order_date(self) -> Any:
        return self.cleaned_data["order_date"] or self.instance.order_date

    def changes(self) -> dict[str, Any]:
        """A time that is left out is the service's to choose."""
        return {name: value for name, value in super().changes().items() if (name, value) != ("order_date", None)}


@admin.register(Order)
class OrderAdmin(CustomFieldsMixin, RecordAdmin):
    menu, icon = "sales", "receipt_long"
    form = OrderForm
    bulk_statuses = ("processing", "shipped", "delivered", "cancelled")
    autocomplete_fields = ("customer", "product")
    search_fields = ("number",)
    search_help_text = gettext_lazy("The order's number; or the customer's name, company, address or number")
    list_display = ("shown_number", "customer_name", "product", "quantity", "amount", "status_label", "owner", "dated")
    list_display_links = ("shown_number",)
    list_select_related = ("assigned_to", "product", "customer")
    list_filter = (
        OwnerFilter,
        TeamFilter,
        ("status", ChoicesDropdownFilter),
        ("customer", VisibleAutocompleteFilter),
        ("product", VisibleAutocompleteFilter),
        ("order_date", PeriodFilter),
        TrashFilter,
    )
    sold = ("customer_link", "product", "quantity", "money", "number")
    readonly_fields = (*sold, "created_by", "created_at", "updated_at")

    def searched(self, request: Any, queryset: QuerySet, term: str) -> QuerySet:
        number = term.removeprefix("#")
        if number.isascii() and number.isdecimal() and int(number) <= LARGEST_NUMBER:
            return queryset.filter(number=int(number))
        found = Customer.objects.search(term).visible_to(request.user)
        return queryset.filter(customer__in=found.values("pk"))

    def prepare(self, request: Any, rows: list[Any]) -> None:
        """Names customers to who may see them."""
        seen = rules.seen(request.user, Customer, {row.customer_id for row in rows})
        for row in rows:
            row.customer_seen = row.customer_id in seen

    @display(description=gettext_lazy("Number"), ordering="number")
    def shown_number(self, order: Order) -> str:
        return str(order)

    @display(description=gettext_lazy("Customer"))
    def customer_name(self, order: Any) -> str:
        return str(order.customer) if order.customer_seen else _("(not visible)")

    @display(description=gettext_lazy("Customer"))
    def customer_link(self, order: Any) -> str:
        return link_to(order.asked_by, order.customer)

    @display(description=gettext_lazy("Total"), ordering="total")
    def amount(self, order: Order) -> str:
        return shown_money(order.total, order.currency)

    @display(description=gettext_lazy("Total"))
    def money(self, order: Order) -> str:
        return f"{order.quantity} × {shown_money(order.unit_price)} = {self.amount(order)}"

    @display(description=gettext_lazy("Status"), label=STATUS_COLORS)
    def status_label(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description=gettext_lazy("Order date"), ordering="order_date")
    def dated(self, order: Order) -> str:
        return short_moment(order.order_date)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is not None else ()

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        belonging: list[Any] = [("assigned_to", "team")]
        sold: list[Any] = [("customer", "product"), ("quantity", "order_date")]
        if obj is not None:
            sold = [("number", "customer_link"), ("product", "money"), "order_date"]
            belonging.append(("created_by", "created_at", "updated_at"))
        return [
            (None, {"fields": [*sold, ("shipping_address", "billing_address"), "notes"]}),
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        """Left to the service, to which an order belongs to whom its customer belongs."""
        return {**super().get_changeform_initial_data(request), "assigned_to": None}

    def create(self, request: Any, values: dict[str, Any]) -> Order:
        given = {name: value for name, value in values.items() if value not in (None, "")}
        return services.create_order(actor=request.user, **given)

    def update(self, request: Any, record: Order, changes: dict[str, Any]) -> None:
        services.update_order(order=record, actor=request.user, **changes)

    def delete_model(self, request: Any, obj: Order) -> None:
        services.delete_order(order=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Order) -> None:
        services.restore_order(order=obj)

    def next_steps(self, record: Order) -> tuple[str, ...]:
        return NEXT[record.status]

    def take_step(self, request: Any, record: Order, status: str) -> None:
        services.update_order(order=record, actor=request.user, status=status)


@admin.register(Product)
class ProductAdmin(TransferMixin, CrmModelAdmin):
    resource_classes = (ProductResource,)
    menu, icon = "sales", "inventory_2"
    ordering = ("sku",)
    search_fields = ("sku", "name")
    list_display = ("sku", "name", "price_with_currency", "stock", "active")
    list_filter = (("active", BooleanRadioFilter),)
    fields = (("sku", "name"), ("price", "currency"), ("stock", "active"), "description")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(Q(sku__icontains=term) | Q(name__icontains=term))

    def suggestions(self, request: Any) -> QuerySet:
        return super().suggestions(request).filter(active=True)

    @display(description=gettext_lazy("Price"))
    def price_with_currency(self, product: Product) -> str:
        return shown_money(product.price, product.currency)


def shown_money(money: Decimal, currency: str = "") -> str:
    """Money as people read it, on one line: ``1,234.50 EUR``."""
    return f"{number_format(money, 2, use_l10n=True, force_grouping=True)}\N{NO-BREAK SPACE}{currency}".strip()


def order_links(request: Any, customer: Customer) -> Iterator[Link]:
    """What a customer's page offers: its orders, and a new one."""
    if rules.may(request.user, Order, "view"):
        yield Link(
            _("Orders"), f"{reverse('admin:orders_order_changelist')}?customer__id__exact={customer.pk}", "receipt_long"
        )
    if customer.deleted_at is None and rules.may(request.user, Order, "add"):
        yield Link(_("New order"), f"{reverse('admin:orders_order_add')}?customer={customer.pk}", "add_shopping_cart")


offer(Customer, order_links)
