"""The pages of customers and of the conversion of leads."""

import pytest

from contacts.models import CustomField
from customers.models import Customer, CustomerInteraction
from customers.services import convert_lead
from leads.models import Lead
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import CustomerFactory, LeadFactory, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


def page(customer):
    return url("customers_customer_change", customer.pk)


def convert(lead):
    return url("customers_customer_convert", lead.pk)


def undo(lead):
    return url("customers_customer_unconvert", lead.pk)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_adding_and_changing_go_through_the_services(manager):
    CustomField.objects.create(entity="customer", key="size", label="Size", type="integer")
    form = form_of(manager.get(url("customers_customer_add")), "customer_form")
    form |= {"name": "Grace", "email": "grace@example.com", "credit_limit": "0", "custom_fields.size": "4"}
    assert manager.post(url("customers_customer_add"), form | {"credit_limit": "-1"}).status_code == 200
    assert manager.post(url("customers_customer_add"), form).status_code == 302
    customer = Customer.objects.get()
    assert (customer.custom_fields, customer.credit_limit, customer.contact.name) == ({"size": 4}, 0, "Grace")
    form = form_of(manager.get(page(customer)), "customer_form")
    before = Customer.objects.values().get()
    assert manager.post(page(customer), form).status_code == 302
    assert Customer.objects.values().get() == before
    assert manager.post(page(customer), form | {"phone": "nonsense"}).status_code == 200
    assert manager.post(page(customer), form | {"status": "blocked", "phone": "+12025550143"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.status, customer.normalized_phone) == ("blocked", "+12025550143")
    assert list(customer.contact.points.filter(type="phone").values_list("normalized", flat=True)) == ["+12025550143"]


def test_the_page_leads_to_orders_and_to_the_lead(manager):
    lead = LeadFactory()
    customer, _made = convert_lead(lead=lead, actor=manager.user)
    text = text_of(manager.get(page(customer)))
    assert f"/admin/orders/order/?customer__id__exact={customer.pk}" in text
    assert url("leads_lead_change", lead.pk) in text


def test_writing_down_what_support_heard():
    support = client_of(UserFactory(groups=["Support"]))
    customer = CustomerFactory()
    story = url("customers_customer_history", customer.pk)
    sent = {"type": "support", "subject": "Where is it?", "date_0": "2026-02-01", "date_1": "10:00"}
    assert support.post(story, sent | {"subject": ""}).status_code == 200
    assert support.post(story, sent).status_code == 302
    interaction = CustomerInteraction.objects.get()
    assert (interaction.created_by, interaction.customer) == (support.user, customer)
    address = url("customers_customerinteraction_change", interaction.pk)
    form = form_of(support.get(address), "customerinteraction_form")
    assert support.post(address, form | {"outcome": "solved"}).status_code == 302
    assert CustomerInteraction.objects.get().outcome == "solved"


def test_converting_shows_first_what_it_does(manager):
    CustomField.objects.create(entity="lead", key="size", label="Size", type="integer")
    CustomField.objects.create(entity="customer", key="size", label="Size of feet", type="integer")
    lead = LeadFactory(name="Grace", company="Navy", custom_fields={"size": 41})
    assert convert(lead) in text_of(manager.get(url("leads_lead_change", lead.pk)))
    text = text_of(manager.get(convert(lead)))
    assert [word in text for word in ("A new customer is made", "Navy", "Size of feet", "41")] == [True] * 4
    assert not Customer.objects.exists()
    response = manager.post(convert(lead))
    customer = Customer.objects.get()
    assert response.url == page(customer)
    assert customer.custom_fields == {"size": 41}
    text = text_of(manager.get(url("leads_lead_change", lead.pk)))
    assert page(customer) in text
    assert undo(lead) in text
    assert "converted already" in text_of(manager.get(convert(lead)))
    assert manager.post(convert(lead)).status_code == 200
    assert Customer.objects.count() == 1


def test_an_existing_customer_is_linked_by_who_may_see_it(manager, rep):
    customer = CustomerFactory(name="Secret", email="grace@example.com")
    lead = LeadFactory(name="Grace", email="Grace@example.com", assigned_to=rep.user)
    text = text_of(rep.get(convert(lead)))
    assert "Ask a manager to link the lead to it" in text
    assert "Secret" not in text
    refused = rep.post(convert(lead), follow=True)
    assert any("ask a manager" in message for message in messages_of(refused))
    assert Lead.objects.get().status == "new"
    assert "Secret" in text_of(manager.get(convert(lead)))
    assert manager.post(convert(lead)).url == page(customer)
    assert Lead.objects.get().status == "converted"


def test_conversion_is_undone_until_something_is_sold(manager):
    lead = LeadFactory(status="proposal")
    assert any("not converted" in message for message in messages_of(manager.post(undo(lead), follow=True)))
    manager.post(convert(lead))
    assert manager.get(undo(lead)).status_code == 200
    assert manager.post(undo(lead)).url == url("leads_lead_change", lead.pk)
    lead.refresh_from_db()
    assert (lead.status, Customer.objects.live().count()) == ("proposal", 0)
    manager.post(convert(lead))
    OrderFactory(customer=Customer.objects.live().get())
    assert any("has orders" in message for message in messages_of(manager.post(undo(lead), follow=True)))
    assert Customer.objects.live().count() == 1


def test_only_who_may_change_a_lead_converts_it(rep):
    foreign = LeadFactory()
    support = client_of(UserFactory(groups=["Support"]))
    for address in (convert(foreign), undo(foreign)):
        assert rep.get(address).status_code == rep.post(address).status_code == 404
        assert support.get(address).status_code == support.post(address).status_code == 403
    assert convert(foreign) not in text_of(support.get(url("leads_lead_change", foreign.pk)))
    assert not Customer.objects.exists()
