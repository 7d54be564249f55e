"""History and sharing, which every owned record has beside its address."""

import pytest

from crm_project.access import services as access
from customers.models import Customer
from tests.factories import ContactFactory, CustomerFactory, LeadFactory, OrderFactory, TeamFactory, UserFactory

CRM = "/dev/crm"
MAKERS = {"leads": LeadFactory, "customers": CustomerFactory, "orders": OrderFactory}
pytestmark = pytest.mark.django_db


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


def told(client, address):
    answer = client.get(f"{address}/history")
    assert answer.status_code == 200, answer.content
    return [(entry["type"], entry["summary"]) for entry in answer.json()["results"]]


def test_shares_are_replaced_as_a_whole(kind, manager, sales):
    record, team = MAKERS[kind](), TeamFactory()
    address = f"{CRM}/{kind}/{record.pk}"
    assert sales.get(address).status_code == 403
    shares = [{"user": str(sales.user.pk), "verbs": ["change"]}, {"team": team.pk, "verbs": ["view"]}]
    answer = manager.put(f"{address}/sharing", {"shares": shares}).json()["shares"]
    assert [(each["name"], each["verbs"]) for each in answer] == [
        (sales.user.username, ["view", "change"]),
        (team.name, ["view"]),
    ]
    assert sales.get(f"{address}/sharing").json()["shares"] == answer
    assert sales.put(f"{address}/sharing", {"shares": []}).status_code == 403
    assert sales.put(address, {"notes": "Mine to change"}).status_code == 200
    assert sales.put(address, {"assigned_to": str(sales.user.pk)}).status_code == 403
    assert manager.put(f"{address}/sharing", {"shares": []}).json() == {"shares": []}
    assert sales.get(address).status_code == 403


@pytest.mark.parametrize("share", [{"verbs": ["view"]}, {"user": "x", "verbs": ["view"]}, {"team": 0, "verbs": []}])
def test_a_share_that_says_nothing_is_refused(kind, manager, share):
    record = MAKERS[kind]()
    answer = manager.put(f"{CRM}/{kind}/{record.pk}/sharing", {"shares": [share]})
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid request parameters")
    assert access.shares_of(record) == []


@pytest.mark.django_db(transaction=True)
def test_a_record_tells_its_changes_and_shares(kind, manager):
    record = MAKERS[kind](actor=manager.user)
    address = f"{CRM}/{kind}/{record.pk}"
    manager.put(address, {"notes": "First"})
    manager.put(f"{address}/sharing", {"shares": [{"user": str(UserFactory().pk), "verbs": ["view"]}]})
    name = kind.removesuffix("s")
    story = [each for each, _summary in told(manager, address)]
    assert story == [f"{name}_share.created", f"{name}.changed", f"{name}.created"]
    first = manager.get(f"{address}/history?page_size=1").json()
    (second,) = manager.get(first["next"]).json()["results"]
    assert (second["type"], second["changes"]) == (f"{name}.changed", {"notes": ["", "First"]})
    assert second["actor"] == str(manager.user.pk)


def test_a_contact_tells_of_leads_customers_and_orders_only_to_who_sees_them(manager, sales):
    contact = ContactFactory(name="Grace", email="grace@example.com", assigned_to=sales.user)
    lead = LeadFactory(name="Grace", email="grace@example.com", notes="secret")
    lead.interactions.create(type="call", notes="secret")
    customer = CustomerFactory(name="Grace", email="grace@example.com")
    customer.interactions.create(type="call", subject="secret", date=lead.created_at)
    OrderFactory(customer=customer, notes="secret")
    assert {lead.contact_id, customer.contact_id} == {contact.pk}
    address = f"/contacts/{contact.pk}"
    everything = {each for each, _summary in told(manager, address)}
    assert everything >= {"lead.created", "customer.created", "order.created", "call", "contact.created"}
    assert not {each for each, _summary in told(sales, address)} & {
        "lead.created",
        "customer.created",
        "order.created",
        "call",
    }
    assert "secret" not in sales.get(f"{address}/history").content.decode()
    access.set_shares(record=lead, shares=[access.Share(user=sales.user, verbs=["view"])])
    seen = {each for each, _summary in told(sales, address)}
    assert "lead.created" in seen
    assert not seen & {"customer.created", "order.created"}


@pytest.mark.django_db(transaction=True)
def test_a_customers_story_goes_on_from_that_of_its_lead(manager):
    lead = LeadFactory(name="Grace", actor=manager.user)
    manager.post(f"{CRM}/leads/{lead.pk}/interactions", {"type": "call", "notes": "Wants an offer"})
    customer = manager.post(f"{CRM}/leads/{lead.pk}/convert").json()["id"]
    OrderFactory(customer=Customer.objects.get(pk=customer), actor=manager.user)
    story = told(manager, f"{CRM}/customers/{customer}")
    assert story[0] == ("order.created", "Order “1” created")
    assert ("call", "Wants an offer") in story
    assert ("customer.created", "Customer “Grace” created") in story
    assert story[-1] == ("lead.created", "Lead “Grace” created")
