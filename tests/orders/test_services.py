from decimal import Decimal

import pytest

from crm_project.api.exceptions import CrmError
from orders import services
from orders.exceptions import (
    CreditLimitExceeded,
    CustomerBlocked,
    OutOfStock,
    ProductInactive,
    StatusNotAllowed,
)
from orders.models import Order, Product

from ..at_once import at_once
from ..factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db
CRM = "/dev/crm"
NEXT = {
    "pending": {"processing", "shipped", "cancelled"},
    "processing": {"shipped", "cancelled"},
    "shipped": {"delivered"},
    "delivered": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("old", Order.Status.values)
@pytest.mark.parametrize("new", Order.Status.values)
def test_statuses_follow_the_way(old, new):
    order = OrderFactory(status=old)
    if new == old or new in NEXT[old]:
        services.update_order(order=order, actor=None, status=new)
        assert Order.objects.get().status == new
    else:
        with pytest.raises(StatusNotAllowed) as refusal:
            services.update_order(order=order, actor=None, status=new)
        assert set(refusal.value.extra["allowed"]) == NEXT[old]
        assert Order.objects.get().status == old


def test_shipping_at_once_logs_both_steps():
    order = OrderFactory()
    services.update_order(order=order, actor=None, status="shipped")
    steps = [(step.old, step.new) for step in order.status_changes.order_by("pk")]
    assert steps == [("", "pending"), ("pending", "processing"), ("processing", "shipped")]


def test_money_is_frozen_at_the_sale(manager):
    product = ProductFactory(price=Decimal("19.99"), currency="EUR")
    order = OrderFactory(product=product, quantity=3)
    Product.objects.update(price=Decimal("25.00"), currency="USD")
    answer = manager.get(f"{CRM}/orders/{order.pk}").json()
    assert (answer["unit_price"], answer["currency"], answer["total"]) == ("19.99", "EUR", "59.97")


@pytest.mark.parametrize(
    "change", [{"quantity": 5}, {"product_id": "other"}, {"customer_id": "other"}], ids=lambda each: next(iter(each))
)
def test_what_was_sold_cannot_be_changed(manager, change):
    order = OrderFactory()
    others = {"product_id": str(ProductFactory().pk), "customer_id": str(CustomerFactory().pk)}
    body = {name: others.get(name, value) for name, value in change.items()}
    answer = manager.put(f"{CRM}/orders/{order.pk}", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(body))
    # What an answer said can be sent back.
    same = manager.get(f"{CRM}/orders/{order.pk}").json()
    assert manager.put(f"{CRM}/orders/{order.pk}", same).status_code == 200


def test_a_blocked_customer_cannot_order():
    with pytest.raises(CustomerBlocked):
        OrderFactory(customer=CustomerFactory(status="blocked"))
    assert not Order.objects.exists()


def test_what_is_not_sold_any_more_cannot_be_ordered():
    with pytest.raises(ProductInactive):
        OrderFactory(product=ProductFactory(active=False))


def test_open_orders_stay_within_the_credit_limit():
    customer = CustomerFactory(credit_limit=Decimal("100.00"))
    product = ProductFactory(price=Decimal("50.00"))
    first = OrderFactory(customer=customer, product=product)
    OrderFactory(customer=customer, product=product)
    with pytest.raises(CreditLimitExceeded):
        OrderFactory(customer=customer, product=ProductFactory(price=Decimal("0.01")))
    services.update_order(order=first, actor=None, status="cancelled")
    OrderFactory(customer=customer, product=product)


def test_without_a_limit_there_is_none_and_zero_is_one():
    OrderFactory(product=ProductFactory(price=Decimal("1000000.00")))
    with pytest.raises(CreditLimitExceeded):
        OrderFactory(customer=CustomerFactory(credit_limit=Decimal(0)))


def test_stock_is_taken_and_given_back():
    product = ProductFactory(stock=5)
    order = OrderFactory(product=product, quantity=3)
    assert Product.objects.get().stock == 2
    with pytest.raises(OutOfStock):
        OrderFactory(product=product, quantity=3)
    services.update_order(order=order, actor=None, status="cancelled")
    assert Product.objects.get().stock == 5
    services.delete_order(order=order, actor=None)
    assert Product.objects.get().stock == 5


def test_the_trash_gives_stock_back_and_restoring_takes_it_again():
    product = ProductFactory(stock=5)
    order = OrderFactory(product=product, quantity=3)
    services.delete_order(order=order, actor=None)
    assert Product.objects.get().stock == 5
    services.restore_order(order=order)
    assert Product.objects.get().stock == 2
    services.delete_order(order=order, actor=None)
    OrderFactory(product=product, quantity=4)
    with pytest.raises(OutOfStock):
        services.restore_order(order=order)
    assert Product.objects.get().stock == 1


def tried(call):
    """What the call gives, or the kind of its refusal."""

    def run():
        try:
            return call()
        except CrmError as refusal:
            return type(refusal)

    return run


@pytest.mark.django_db(transaction=True)
def test_fifty_orders_at_once_cannot_oversell():
    product = ProductFactory(stock=20)
    customers = [CustomerFactory() for _ in range(5)]
    calls = [tried(lambda each=each: OrderFactory(customer=customers[each % 5], product=product)) for each in range(50)]
    found = at_once(calls)
    assert found.count(OutOfStock) == 30
    assert Product.objects.get().stock == 0
    # Neither gaps nor doubles, although thirty were refused in between.
    assert sorted(Order.objects.values_list("number", flat=True)) == list(range(1, 21))


@pytest.mark.django_db(transaction=True)
def test_orders_at_once_stay_within_one_credit_limit():
    customer = CustomerFactory(credit_limit=Decimal("70.00"))
    product = ProductFactory(price=Decimal("10.00"))
    found = at_once([tried(lambda: OrderFactory(customer=customer, product=product))] * 16)
    assert found.count(CreditLimitExceeded) == 9
    assert sum(Order.objects.values_list("total", flat=True)) == Decimal("70.00")


def test_a_rep_orders_only_for_customers_they_see(sales):
    foreign, own = CustomerFactory(), CustomerFactory(assigned_to=sales.user)
    product = ProductFactory()
    for customer, status in ((foreign, 400), (own, 201)):
        body = {"customer_id": str(customer.pk), "product_id": str(product.pk), "quantity": 1}
        assert sales.post(f"{CRM}/orders", body).status_code == status
    assert Order.objects.get().assigned_to == sales.user
