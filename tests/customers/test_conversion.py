import pytest

from contacts.models import CustomField
from customers import services
from customers.exceptions import ConversionNotUndoable, CustomerExists
from customers.models import Conversion, Customer
from leads.models import Lead

from ..at_once import at_once
from ..factories import CustomerFactory, LeadFactory, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
CRM = "/dev/crm"


def test_carries_over_what_the_lead_knows():
    for entity in ("lead", "customer"):
        CustomField.objects.create(entity=entity, key="size", label="Size", type="integer")
    CustomField.objects.create(entity="lead", key="only_lead", label="Only lead", type="text")
    owner = UserFactory()
    lead = LeadFactory(
        phone="504-621-8927", company="Acme", assigned_to=owner, custom_fields={"size": 3, "only_lead": "x"}
    )
    customer, now = services.convert_lead(lead=lead, actor=owner)
    assert now
    assert (customer.name, customer.email, customer.phone, customer.company) == (
        lead.name,
        lead.email,
        "504-621-8927",
        "Acme",
    )
    assert (customer.assigned_to, customer.contact_id, customer.lead_id) == (owner, lead.contact_id, lead.pk)
    assert customer.custom_fields == {"size": 3}
    assert Lead.objects.get().status == "converted"


def test_again_gives_the_same_customer():
    lead = LeadFactory()
    first, _ = services.convert_lead(lead=lead, actor=None)
    assert services.convert_lead(lead=lead, actor=None) == (first, False)
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_customer():
    lead = LeadFactory()
    found = at_once([lambda: services.convert_lead(lead=lead, actor=None)] * 20)
    assert len({customer.pk for customer, _ in found}) == 1
    assert sum(now for _, now in found) == 1
    assert (Customer.objects.count(), Conversion.objects.count()) == (1, 1)


def test_an_existing_customer_is_named_only_to_who_may_see_it(manager, sales):
    lead = LeadFactory(email="ann@example.com", assigned_to=sales.user)
    existing = CustomerFactory(email="ANN@example.com")
    seen = manager.post(f"{CRM}/leads/{lead.pk}/convert")
    assert (seen.status_code, seen.json()["customer_id"]) == (409, str(existing.pk))
    hidden = sales.post(f"{CRM}/leads/{lead.pk}/convert")
    assert hidden.status_code == 409
    assert str(existing.pk) not in hidden.content.decode()
    assert existing.name not in hidden.content.decode()
    linked = sales.post(f"{CRM}/leads/{lead.pk}/convert", {"customer_id": str(existing.pk)})
    assert linked.status_code == 400
    preview = sales.get(f"{CRM}/leads/{lead.pk}/convert").json()
    assert (preview["would"], preview["customer_id"]) == ("link", None)
    assert Lead.objects.get().status == "new"


def test_can_be_linked_to_the_existing_customer(manager):
    lead = LeadFactory(email="ann@example.com")
    existing = CustomerFactory(email="ann@example.com")
    answer = manager.post(f"{CRM}/leads/{lead.pk}/convert", {"customer_id": str(existing.pk)})
    assert (answer.status_code, answer.json()["id"], answer.json()["lead_id"]) == (200, str(existing.pk), str(lead.pk))
    assert Customer.objects.count() == 1
    assert Lead.objects.get().status == "converted"


def test_preview_says_what_would_happen_and_does_nothing(manager):
    lead = LeadFactory()
    address = f"{CRM}/leads/{lead.pk}/convert"
    before = manager.get(address).json()
    assert (before["would"], before["customer_id"], before["values"]["email"]) == ("create", None, lead.email)
    assert not Customer.objects.exists()
    made = manager.post(address).json()["id"]
    assert (manager.get(address).json()["would"], manager.get(address).json()["customer_id"]) == ("nothing", made)


def test_is_undone_while_nothing_is_sold(manager):
    lead = LeadFactory(status="negotiation")
    customer, _ = services.convert_lead(lead=lead, actor=None)
    services.undo_conversion(lead=lead, actor=manager.user)
    assert Lead.objects.get().status == "negotiation"
    assert not Customer.objects.live().exists()
    again, now = services.convert_lead(lead=lead, actor=None)
    assert now
    assert again.pk != customer.pk


def test_is_not_undone_when_something_was_sold(manager):
    lead = LeadFactory()
    customer, _ = services.convert_lead(lead=lead, actor=None)
    OrderFactory(customer=customer)
    with pytest.raises(ConversionNotUndoable):
        services.undo_conversion(lead=lead, actor=manager.user)
    assert Lead.objects.get().status == "converted"
    assert Customer.objects.live().count() == 1


def test_of_a_lead_that_is_not_converted_cannot_be_undone():
    with pytest.raises(ConversionNotUndoable):
        services.undo_conversion(lead=LeadFactory(), actor=None)


def test_is_undone_only_by_who_may_delete_the_customer(manager, sales):
    lead = LeadFactory(assigned_to=sales.user)
    customer, _ = services.convert_lead(lead=lead, actor=sales.user)
    Customer.objects.update(assigned_to=manager.user)
    refused = sales.post(f"{CRM}/leads/{lead.pk}/convert/undo")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert str(customer.pk) not in str(refused.json())
    lead.refresh_from_db()
    assert (lead.status, Customer.objects.live().count()) == ("converted", 1)
    Customer.objects.update(assigned_to=sales.user)
    assert sales.post(f"{CRM}/leads/{lead.pk}/convert/undo").status_code == 200


def test_refused_for_an_existing_address_leaves_the_lead_as_it_was():
    lead = LeadFactory(email="ann@example.com")
    CustomerFactory(email="ann@example.com")
    with pytest.raises(CustomerExists):
        services.convert_lead(lead=lead, actor=None)
    assert Lead.objects.get().status == "new"
    assert lead.status_changes.count() == 1


def test_a_rep_converts_only_what_they_may_change(sales):
    foreign = LeadFactory()
    assert sales.post(f"{CRM}/leads/{foreign.pk}/convert").status_code == 403
    assert not Customer.objects.exists()
    own = LeadFactory(assigned_to=sales.user)
    assert sales.post(f"{CRM}/leads/{own.pk}/convert").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_contact_tells_the_whole_story(manager):
    lead = manager.post(f"{CRM}/leads", {"name": "Ann Lee", "email": "ann@example.com"}).json()
    manager.post(f"{CRM}/leads/{lead['id']}/interactions", {"type": "call", "notes": "Wants an offer"})
    customer = manager.post(f"{CRM}/leads/{lead['id']}/convert").json()
    product = manager.post(f"{CRM}/products", {"sku": "A", "name": "Plan", "price": "10"}).json()
    body = {"customer_id": customer["id"], "product_id": product["id"], "quantity": 1}
    order = manager.post(f"{CRM}/orders", body).json()
    for status in ("processing", "shipped", "delivered"):
        manager.put(f"{CRM}/orders/{order['id']}", {"status": status})
    story = manager.get(f"/contacts/{customer['contact_id']}/history").json()["results"][::-1]
    told = [entry["type"] for entry in story if entry["type"].split(".")[0] not in {"contact", "contact_point"}]
    assert told == [
        "lead.created",
        "lead.changed",
        "call",
        "customer.created",
        "lead.changed",
        "order.created",
        "order.changed",
        "order.changed",
        "order.changed",
    ]
    assert {entry["actor"] for entry in story} == {str(manager.user.pk)}
    assert {entry["door"] for entry in story if entry["kind"] == "event"} == {"api"}


def test_one_contact_stands_behind_a_lead_and_the_customer_it_is_linked_to(manager):
    lead, customer = LeadFactory(name="Grace"), CustomerFactory(name="Hopper Ltd")
    first = lead.contact
    body = {"customer_id": str(customer.pk)}
    assert manager.post(f"{CRM}/leads/{lead.pk}/convert", body).status_code == 200
    lead.refresh_from_db()
    assert (lead.contact, lead.status) == (customer.contact, "converted")
    assert manager.post(f"{CRM}/leads/{lead.pk}/convert/undo").status_code == 200
    lead.refresh_from_db()
    assert (lead.contact, lead.status, Customer.objects.live().count()) == (first, "new", 1)


def test_a_customer_in_the_trash_is_said_to_be_there_to_who_may_see_it(manager, sales):
    lead = LeadFactory(assigned_to=sales.user)
    address = f"{CRM}/leads/{lead.pk}/convert"
    customer = manager.post(address).json()["id"]
    Customer.objects.filter(pk=customer).update(assigned_to=None)
    manager.delete(f"{CRM}/customers/{customer}")
    answer = manager.post(address)
    assert (answer.status_code, answer.json()["customer_id"]) == (409, customer)
    assert "in the trash" in answer.json()["message"]
    answer = sales.post(address)
    assert (answer.status_code, "customer_id" in answer.json()) == (409, False)
    assert manager.post(f"{CRM}/customers/{customer}/restore").status_code == 200
    assert manager.post(address).json()["id"] == customer


def test_link_to_what_is_not_there_is_refused(manager, sales):
    lead, foreign = LeadFactory(assigned_to=sales.user), CustomerFactory()
    address = f"{CRM}/leads/{lead.pk}/convert"
    for client, body in (
        (sales, {"customer_id": str(foreign.pk)}),
        (manager, {"customer_id": str(lead.pk)}),
        (manager, {"customer": str(foreign.pk)}),
    ):
        answer = client.post(address, body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, list(body))
    lead.refresh_from_db()
    assert lead.status == "new"
