"""What merging contacts does to their leads and customers, and what undoing it gives back."""

from functools import partial

import pytest

from customers import services as customers
from customers.models import Customer
from leads.models import Lead
from tests.at_once import at_once
from tests.factories import ContactFactory, LeadFactory, OrderFactory, UserFactory

from .test_merging import merge, undo

pytestmark = pytest.mark.django_db


def person(name, email):
    """A contact with a lead, a customer that the lead became, and an order."""
    lead = LeadFactory(name=name, email=email)
    lead.interactions.create(type="call", notes=f"Call with {name}")
    customer, _made = customers.convert_lead(lead=lead, actor=None)
    OrderFactory(customer=customer)
    return lead.contact


def state():
    """Whose each lead and customer is, with what they have themselves."""
    leads = list(Lead.objects.order_by("pk").values_list("pk", "contact", "name", "email", "status", "deleted_at"))
    return leads, list(Customer.objects.order_by("pk").values_list("pk", "contact", "name", "email", "lead", "status"))


def told(client, contact):
    results = client.get(f"/contacts/{contact.pk}/history?page_size=500").json()["results"]
    return {(entry["type"], entry["summary"]) for entry in results}


def test_leads_and_customers_move_to_the_survivor_and_back(manager):
    james, jim = person("James Butt", "james@example.com"), person("Jim Butt", "jim@example.com")
    bare = ContactFactory(name="J. Butt")
    trashed = LeadFactory(email="old@example.com")
    Lead.objects.filter(pk=trashed.pk).update(contact=jim)
    manager.delete(f"/dev/crm/leads/{trashed.pk}")
    before = state()
    done = merge(manager, james, jim, bare)["merge"]
    assert set(Lead.objects.values_list("contact", flat=True)) == {james.pk}
    assert set(Customer.objects.values_list("contact", flat=True)) == {james.pk}
    story = told(manager, james)
    assert {("call", "Call with James Butt"), ("call", "Call with Jim Butt")} <= story
    assert {summary for each, summary in story if each == "order.created"} == {"Order “1” created", "Order “2” created"}
    assert manager.get(f"/dev/crm/leads/{trashed.pk}").status_code == 404
    undo(manager, done)
    assert state() == before
    assert ("call", "Call with Jim Butt") in told(manager, jim)
    assert ("call", "Call with Jim Butt") not in told(manager, james)


def test_what_changed_since_stays_when_a_merge_is_undone(manager):
    james, jim = person("James Butt", "james@example.com"), person("Jim Butt", "jim@example.com")
    lead = Lead.objects.get(contact=jim)
    done = merge(manager, james, jim)["merge"]
    manager.put(f"/dev/crm/leads/{lead.pk}", {"notes": "Since"})
    new = LeadFactory(name="James Butt", phone="+12025550143", email="new@example.com")
    Lead.objects.filter(pk=new.pk).update(contact=james)
    undo(manager, done)
    lead.refresh_from_db()
    assert (lead.contact, lead.notes) == (jim, "Since")
    assert Lead.objects.get(pk=new.pk).contact == james


def test_a_lead_of_a_contact_that_was_merged_away_becomes_the_survivors(manager):
    james, jim = ContactFactory(email="james@example.com"), ContactFactory(email="jim@example.com")
    merge(manager, james, jim)
    assert LeadFactory(email="jim@example.com").contact == james


@pytest.mark.django_db(transaction=True)
def test_leads_made_while_contacts_are_merged_belong_to_a_contact_that_is_there(api):
    client = api(UserFactory(groups=["Manager"]))
    for number in range(4):
        james = ContactFactory(email=f"james{number}@example.com")
        jim = ContactFactory(email=f"jim{number}@example.com")

        at_once(
            [
                partial(merge, client, james, jim),
                partial(LeadFactory, email=f"jim{number}@example.com"),
            ]
        )
        assert Lead.objects.get(email=f"jim{number}@example.com").contact.merged_into_id is None
