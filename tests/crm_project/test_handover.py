"""A share is no ownership: whom a record belongs to is not for those to say with whom it is shared."""

import pytest

from crm_project.access.services import Share, set_shares

from ..factories import ContactFactory, CustomerFactory, LeadFactory, OrderFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
ADDRESSES = {
    ContactFactory: "/contacts",
    LeadFactory: "/dev/crm/leads",
    CustomerFactory: "/dev/crm/customers",
    OrderFactory: "/dev/crm/orders",
}


@pytest.fixture(params=ADDRESSES, ids=lambda factory: factory.__name__)
def shared(request, sales):
    """A record of somebody's that is shared with the rep to be changed, and its address."""
    record = request.param(assigned_to=UserFactory())
    set_shares(record=record, shares=[Share(user=sales.user, verbs=["change"])])
    return record, f"{ADDRESSES[request.param]}/{record.pk}"


def test_who_only_shares_a_record_cannot_take_it(sales, shared):
    record, address = shared
    owner = record.assigned_to
    answer = sales.put(address, {"assigned_to": str(sales.user.pk)})
    assert answer.status_code == 403
    assert "only its owner or a manager" in answer.json()["message"]
    assert sales.put(address, {"assigned_to": None}).status_code == 403
    assert sales.put(address, {"team": TeamFactory().pk}).status_code == 403
    record.refresh_from_db()
    assert (record.assigned_to, record.team) == (owner, None)


def test_who_only_shares_a_record_may_send_its_owner_back(sales, shared):
    record, address = shared
    assert sales.put(address, {"assigned_to": str(record.assigned_to_id)}).status_code == 200


def test_owners_and_managers_hand_over(sales, manager, shared):
    record, address = shared
    assert manager.put(address, {"assigned_to": str(sales.user.pk)}).status_code == 200
    assert sales.put(address, {"assigned_to": str(manager.user.pk)}).status_code == 200
    record.refresh_from_db()
    assert record.assigned_to == manager.user


def test_an_import_is_no_way_round(sales):
    contact = ContactFactory(email="ann@example.com", assigned_to=UserFactory())
    set_shares(record=contact, shares=[Share(user=sales.user, verbs=["change"])])
    rows = f"email,assigned_to\nann@example.com,{sales.user.username}\n"
    answer = sales.generic("POST", "/contacts/import?match=email", rows, content_type="text/csv").json()
    assert (answer["updated"], answer["failed"]) == (0, 1)
    assert "shared with you" in answer["errors"][0]["message"]
    contact.refresh_from_db()
    assert contact.assigned_to != sales.user
