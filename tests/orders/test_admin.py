"""The pages of orders and products."""

import pytest

from orders.models import Order, Product
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import CustomerFactory, OrderFactory, ProductFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


def page(order):
    return url("orders_order_change", order.pk)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def order_form(client, **given):
    return form_of(client.get(url("orders_order_add")), "order_form") | given


def test_an_order_is_taken_by_the_service(rep):
    customer = CustomerFactory(assigned_to=rep.user, shipping_address="1 Main St")
    product = ProductFactory(price="49.00", stock=5)
    form = order_form(rep, customer=customer.pk, product=product.pk, quantity="2")
    response = rep.post(url("orders_order_add"), form)
    assert response.status_code == 302, response.context["errors"]
    order = Order.objects.get()
    assert (order.total, order.number, order.assigned_to) == (98, 1, rep.user)
    assert (order.created_by, order.shipping_address) == (rep.user, "1 Main St")
    product.refresh_from_db()
    assert product.stock == 3
    refused = rep.post(url("orders_order_add"), form | {"quantity": "4"}, follow=True)
    assert any("Only 3 of" in message for message in messages_of(refused))
    for wrong in ("0", "-1", "1.5", ""):
        assert rep.post(url("orders_order_add"), form | {"quantity": wrong}).status_code == 200
    foreign = CustomerFactory()
    assert rep.post(url("orders_order_add"), form | {"customer": foreign.pk}).status_code == 200
    assert Order.objects.count() == 1


def test_what_was_sold_stays_and_the_rest_can_be_mended(manager):
    order = OrderFactory(quantity=2)
    form = form_of(manager.get(page(order)), "order_form")
    assert not {"customer", "product", "quantity", "total", "unit_price", "currency", "status"} & form.keys()
    before = Order.objects.values().get()
    assert manager.post(page(order), form).status_code == 302
    assert Order.objects.values().get() == before
    forged = {"notes": "Rush", "quantity": "9", "total": "1", "status": "delivered"}
    assert manager.post(page(order), form | forged).status_code == 302
    order.refresh_from_db()
    assert (order.notes, order.quantity, order.total, order.status) == ("Rush", 2, 20, "pending")


def test_an_order_moves_along_its_way(manager):
    order = OrderFactory(product=ProductFactory(stock=1))
    step = url("orders_order_step", order.pk)
    assert 'value="shipped"' in text_of(manager.get(page(order)))
    refused = manager.post(step, {"status": "delivered"}, follow=True)
    assert any("allowed: processing, shipped, cancelled" in message for message in messages_of(refused))
    for status in ("processing", "shipped", "delivered"):
        manager.post(step, {"status": status})
    assert list(order.status_changes.order_by("pk").values_list("new", "changed_by"))[1:] == [
        (status, manager.user.pk) for status in ("processing", "shipped", "delivered")
    ]
    assert "Move to:" not in text_of(manager.get(page(order)))


def test_many_move_at_once_and_who_cannot_is_named(manager):
    pending, sent = OrderFactory(product=ProductFactory(stock=3), quantity=3), OrderFactory(status="shipped")
    form = {"action": "to_cancelled", "_selected_action": [pending.pk, sent.pk]}
    told = messages_of(manager.post(LIST, form, follow=True))
    assert "1 moved." in told
    assert any(message.startswith(f"{sent}: An order that is shipped") for message in told)
    pending.product.refresh_from_db()
    assert pending.product.stock == 3


def test_the_list_names_customers_only_to_who_may_see_them(rep, manager):
    mine = CustomerFactory(name="Mine", assigned_to=rep.user)
    OrderFactory(customer=mine)
    OrderFactory(customer=CustomerFactory(name="Secret"), assigned_to=rep.user, notes="a")
    text = text_of(rep.get(LIST))
    assert [word in text for word in ("Mine", "Secret", "(not visible)")] == [True, False, True]
    assert [order.number for order in manager.get(f"{LIST}?q=secret").context["cl"].result_list] == [2]
    assert [order.number for order in manager.get(f"{LIST}?q=%231").context["cl"].result_list] == [1]
    assert list(manager.get(f"{LIST}?q=99999999999999999999999").context["cl"].result_list) == []
    found = manager.get(f"{LIST}?customer__id__exact={mine.pk}").context["cl"].result_list
    assert [order.number for order in found] == [1]
    secret = Order.objects.get(number=2)
    assert "Secret" not in text_of(rep.get(page(secret)))


def test_a_search_does_not_tell_of_customers_that_one_may_not_see(rep):
    OrderFactory(customer=CustomerFactory(name="Secret"), assigned_to=rep.user)
    assert list(rep.get(f"{LIST}?q=secret").context["cl"].result_list) == []


def test_the_trash_gives_stock_back(manager):
    order = OrderFactory(product=ProductFactory(stock=3), quantity=3)
    assert manager.post(url("orders_order_delete", order.pk), {"post": "yes"}).status_code == 302
    assert Product.objects.get().stock == 3
    Product.objects.update(stock=2)
    refused = manager.post(url("orders_order_restore", order.pk), follow=True)
    assert any("Only 2 of" in message for message in messages_of(refused))
    Product.objects.update(stock=3)
    assert manager.post(url("orders_order_restore", order.pk)).status_code == 302
    assert Product.objects.get().stock == 0


def test_products(manager, rep):
    form = form_of(manager.get(url("orders_product_add")), "product_form")
    form |= {"sku": "A-1", "name": "Plan", "price": "9.99", "currency": "usd"}
    assert "three capital letters" in text_of(manager.post(url("orders_product_add"), form))
    assert manager.post(url("orders_product_add"), form | {"currency": "USD"}).status_code == 302
    taken = manager.post(url("orders_product_add"), form | {"currency": "USD", "sku": "a-1"})
    assert "Another product has this SKU." in text_of(taken)
    product = Product.objects.get()
    OrderFactory(product=product)
    kept = manager.post(url("orders_product_delete", product.pk), {"post": "yes"}, follow=True)
    assert any("still used by orders" in message for message in messages_of(kept))
    assert rep.get(url("orders_product_change", product.pk)).status_code == 200
    assert rep.post(url("orders_product_change", product.pk), form).status_code == 403
