"""How many queries each list and each record costs: the same number for few rows and for many."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from crm_project.access import services as access
from customers.services import convert_lead
from leads.models import Lead
from leads.services import record_interaction
from tests.admin_pages import client_of, url
from tests.factories import (
    CategoryFactory,
    ContactFactory,
    InteractionFactory,
    LeadFactory,
    OrderFactory,
    SegmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PREFIX = "/dev/crm"
# Two find the key with its rights and count its rate. By path: the queries of a manager and of a rep.
EXPECTED = {
    "/contacts": (4, 4),
    "/contacts?search=person": (4, 4),
    "/contacts?search=504-621-8927": (4, 4),
    "/contacts?phone=504-621-8927": (4, 4),
    "/contacts?email=0@example.com": (4, 4),
    "/contacts?ordering=name": (4, 4),
    "/contacts?category=VIP": (5, 5),
    "/contacts?company=Firm": (5, 5),
    "/contacts/segment?segment=Newsletter": (5, 5),
    "/contacts/{contact}": (3, 3),
    "/contacts/{contact}/organizations": (4, 4),
    "/contacts/{contact}/custom_fields": (4, 4),
    "/contacts/{contact}/sharing": (5, 5),
    f"{PREFIX}/organizations": (4, 4),
    f"{PREFIX}/categories": (4, 4),
    f"{PREFIX}/segments": (4, 4),
    f"{PREFIX}/custom_fields": (4, 4),
}


@pytest.mark.parametrize("role", ["Manager", "Sales"])
@pytest.mark.parametrize("path", EXPECTED)
def test_queries_are_as_many_for_few_rows_as_for_many(api, role, path):
    user, team = UserFactory(groups=[role]), Group.objects.create(name="Team")
    CategoryFactory(name="VIP")
    newsletter = SegmentFactory(name="Newsletter")

    def add(count):
        for number in range(count):
            contact = ContactFactory(
                name=f"Person {number}", phone="504-621-8927", company="Firm", categories=["VIP"], assigned_to=user,
                email=f"{number}@example.com",
            )  # fmt: skip
            contact.segments.add(newsletter)
            InteractionFactory(contact=contact)
            access.set_shares(record=contact, shares=[access.Share(team=team, verbs=["view"])])
        return Contact.objects.first()

    def count(contact):
        client = api(user.__class__.objects.get(pk=user.pk))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path.format(contact=contact.pk)).status_code == 200
        return len(queries)

    contact = add(1)
    count(contact)  # The first also fills what a process knows of permissions.
    few = count(contact)
    add(12)
    assert count(contact) == few == EXPECTED[path][role == "Sales"]


SALES = {
    f"{PREFIX}/leads": (4, 5),
    f"{PREFIX}/leads?search=person": (4, 5),
    f"{PREFIX}/leads/{{lead}}": (3, 4),
    f"{PREFIX}/leads/{{lead}}/history": (8, 9),
    f"{PREFIX}/leads/{{lead}}/interactions": (5, 5),
    f"{PREFIX}/customers": (4, 5),
    f"{PREFIX}/customers/{{customer}}": (3, 4),
    f"{PREFIX}/customers/{{customer}}/history": (16, 17),
    f"{PREFIX}/customers/{{customer}}/interactions": (5, 5),
    f"{PREFIX}/orders": (4, 4),
    f"{PREFIX}/orders/{{order}}": (3, 3),
    f"{PREFIX}/orders/{{order}}/history": (8, 8),
    "/contacts/{contact}/history": (31, 31),
}
PAGES = ["leads/lead", "customers/customer", "orders/order", "leads/leadinteraction", "customers/customerinteraction"]


def sales_records(user, number):
    """So many leads, each converted to a customer with orders, all of one contact."""
    for each in range(number):
        lead = LeadFactory(name="Person", phone="504-621-8927", assigned_to=user)
        record_interaction(lead=lead, actor=user, type="call")
        customer, _made = convert_lead(lead=lead, actor=user)
        customer.interactions.create(type="call", subject=f"Call {each}", date=lead.created_at, created_by=user)
        order = OrderFactory(customer=customer, actor=user, assigned_to=user)
    first = Lead.objects.first()
    return {"lead": first, "customer": first.customer, "order": order, "contact": first.contact}


@pytest.mark.parametrize("role", ["Manager", "Sales"])
def test_leads_customers_and_orders_cost_the_same_for_few_and_for_many(api, role):
    user = UserFactory(groups=[role])

    def counts(records):
        keys, found = {name: record.pk for name, record in records.items()}, {}
        for path in SALES:
            client = api(user.__class__.objects.get(pk=user.pk))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path.format(**keys)).status_code == 200
            found[path] = len(queries)
        return found

    records = sales_records(user, 1)
    counts(records)
    few = counts(records)
    assert counts(sales_records(user, 5) | {"lead": records["lead"]}) == few
    assert few == {path: expected[role == "Sales"] for path, expected in SALES.items()}


@pytest.mark.parametrize("role", ["Manager", "Sales"])
def test_pages_of_sales_cost_the_same_for_few_and_for_many(role):
    client = client_of(UserFactory(groups=[role]))

    def counts(records):
        changes = [
            url("leads_lead_change", records["lead"].pk),
            url("customers_customer_change", records["customer"].pk),
            url("orders_order_change", records["order"].pk),
        ]
        found = []
        for path in [f"/admin/{page}/" for page in PAGES] + changes:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    records = sales_records(client.user, 2)
    counts(records)
    few = counts(records)
    sales_records(client.user, 10)
    assert counts(records) == few
    assert max(few) <= 30
