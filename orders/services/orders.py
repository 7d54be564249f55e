"""Taking, changing and cancelling orders.

Locks are taken in one order everywhere (order, customer, product, counter), so that parallel orders never deadlock.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import custom_fields as custom
from crm_project.access.models import User
from crm_project.access.services import check_handover
from customers.models import Customer

from ..exceptions import CreditLimitExceeded, CustomerBlocked, OutOfStock, ProductInactive
from ..models import Order, OrderCounter, OrderStatusChange, Product
from ..querysets import OPEN
from .status import Status, steps_between


@transaction.atomic
def create_order(*, actor: User, customer: Customer, product: Product, quantity: int, **columns: Any) -> Order:
    """Take an order at the product's price of this moment. It belongs to the customer's owner.

    Raises:
        CustomerBlocked: the customer is blocked.
        CreditLimitExceeded: with this order the customer's open orders would exceed the limit.
        ProductInactive: the product is not sold any more.
        OutOfStock: there are not so many in stock.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.status == Customer.Status.BLOCKED:
        raise CustomerBlocked(_("%s is blocked and cannot order.") % customer.name)
    product = Product.objects.get(pk=product.pk)
    if not product.active:
        raise ProductInactive(_("%s is not sold any more.") % product.name)
    values = custom.clean_for("order", Order, None, columns.pop("custom_fields", None) or {})
    columns = {
        "assigned_to": customer.assigned_to,
        "team": customer.team,
        "order_date": timezone.now(),
        "shipping_address": customer.shipping_address,
        "billing_address": customer.billing_address,
    } | columns
    order = Order(
        customer=customer,
        product=product,
        quantity=quantity,
        unit_price=product.price,
        currency=product.currency,
        total=product.price * quantity,
        created_by=actor,
        custom_fields=values,
        **columns,
    )
    if order.status in OPEN:
        check_credit(customer, order)
    if order.status != Status.CANCELLED:
        take_stock(order)
    order.number = next_number()
    order.save(force_insert=True)
    OrderStatusChange.objects.create(order=order, old="", new=order.status, changed_by=actor)
    return order


def check_credit(customer: Customer, order: Order) -> None:
    """Refuse what would take the customer's open orders in this currency over the limit. The customer is locked."""
    if customer.credit_limit is None:
        return
    others = customer.orders.open().filter(currency=order.currency).exclude(pk=order.pk)
    owed = others.aggregate(sum=Sum("total"))["sum"] or 0
    if owed + order.total > customer.credit_limit:
        raise CreditLimitExceeded(
            _("With this order open orders would be %(sum)s %(currency)s, over the credit limit of %(limit)s.")
            % {"sum": owed + order.total, "currency": order.currency, "limit": customer.credit_limit},
            extra={"credit_limit": str(customer.credit_limit), "open_orders": str(owed)},
        )


def take_stock(order: Order) -> None:
    """Take the quantity from the product's stock, if it has one, by one conditional update that cannot oversell."""
    products = Product.objects.filter(pk=order.product_id, stock__isnull=False)
    if products.filter(stock__gte=order.quantity).update(stock=F("stock") - order.quantity, updated_at=timezone.now()):
        order.holds_stock = True
    elif (left := products.values_list("stock", flat=True).first()) is not None:
        said = _("Only %(left)d of %(product)s left in stock.") if left else _("%(product)s is out of stock.")
        raise OutOfStock(said % {"left": left, "product": order.product.name}, extra={"stock": left})


def release_stock(order: Order) -> None:
    """Give back what the order holds."""
    if order.holds_stock:
        Product.objects.filter(pk=order.product_id, stock__isnull=False).update(
            stock=F("stock") + order.quantity, updated_at=timezone.now()
        )
        order.holds_stock = False


def next_number() -> int:
    """The next order number. Others wait until this transaction ends, so that numbers have neither gaps nor doubles."""
    counter = OrderCounter.objects.select_for_update().first()
    if counter is None:
        OrderCounter.objects.bulk_create([OrderCounter(pk=1)], ignore_conflicts=True)
        counter = OrderCounter.objects.select_for_update().get(pk=1)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last


@transaction.atomic
def update_order(*, order: Order, actor: User, **changes: Any) -> Order:
    """Change what is given; what was sold, and for how much, stays. Locks the row.

    Raises:
        StatusNotAllowed: the status may not follow the present one.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    stored = Order.objects.select_for_update().get(pk=order.pk)
    check_handover(record=order, actor=actor, changes=changes)
    status = changes.pop("status", stored.status)
    for old, new in steps_between(stored.status, status):
        OrderStatusChange.objects.create(order=order, old=old, new=new, changed_by=actor)
    if status != stored.status:
        changes["status"] = status
        order.holds_stock = stored.holds_stock
        if status == Status.CANCELLED:
            release_stock(order)
            changes["holds_stock"] = order.holds_stock
    if "custom_fields" in changes:
        changes["custom_fields"] = custom.clean_for("order", Order, order, changes["custom_fields"])
    changes = {name: value for name, value in changes.items() if getattr(stored, name) != value}
    for name, value in changes.items():
        setattr(order, name, value)
    if changes:
        order.save(update_fields=[*changes, "updated_at"])
    return order


@transaction.atomic
def delete_order(*, order: Order, actor: User) -> None:
    """Move the order to the trash; one that is not delivered yet gives its stock back."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.status != Status.DELIVERED:
        release_stock(order)
    order.deleted_at, order.deleted_by = timezone.now(), actor
    order.save(update_fields=["deleted_at", "deleted_by", "holds_stock", "updated_at"])


@transaction.atomic
def restore_order(*, order: Order) -> None:
    """Take the order out of the trash, as if it were taken anew.

    Raises:
        CreditLimitExceeded: the customer's limit does not allow it any more.
        OutOfStock: what it held is sold.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    customer = Customer.objects.select_for_update().get(pk=order.customer_id)
    if order.status in OPEN:
        check_credit(customer, order)
        take_stock(order)
    order.deleted_at = order.deleted_by = None
    order.save(update_fields=["deleted_at", "deleted_by", "holds_stock", "updated_at"])


def objection_to_undo(customer: Customer) -> str | None:
    """A customer who ordered something stays a customer."""
    if customer.orders.live().exists():
        return _("%s has orders; the conversion cannot be undone any more.") % customer.name
    return None
