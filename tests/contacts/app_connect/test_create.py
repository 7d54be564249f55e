"""Somebody unknown calls and becomes a contact, lead or customer."""

import pytest

from contacts.models import Contact
from customers.models import Customer
from leads.models import Lead
from tests.factories import ContactFactory, CustomFieldFactory, UserFactory

pytestmark = pytest.mark.django_db
NUMBER = "+14156201234"
MODELS = {"Contact": Contact, "Lead": Lead, "Customer": Customer}


def make(call, client, **body):
    return call(client, "createContact", body)["contactInfo"]


@pytest.mark.parametrize("kind", MODELS)
def test_each_kind_is_made_and_found_at_once(sales, call, find, kind):
    answer = call(
        sales,
        "createContact",
        {"phoneNumber": NUMBER, "newContactName": "Ada Lovelace", "newContactType": kind, "additionalSubmission": {}},
    )
    made = MODELS[kind].objects.get()
    assert answer["contactInfo"] == {"id": str(made.pk), "name": "Ada Lovelace", "type": kind}
    assert answer["returnMessage"]["messageType"] == "success"
    assert made.assigned_to == made.created_by == sales.user
    assert (str(made.pk), kind) in {(row["id"], row["type"]) for row in find(sales, NUMBER)}
    contact = Contact.objects.get()
    assert (contact.origin, contact.points.get().value) == ("app_connect", NUMBER)
    history = sales.get(f"/contacts/{contact.pk}/history").json()["results"]
    assert {(entry["door"], entry["actor"]) for entry in history} == {("app_connect", str(sales.user.pk))}


@pytest.mark.parametrize("kind", ["", None, "Person", 5, [], "contact"])
def test_an_unknown_kind_is_a_contact(sales, call, kind):
    assert make(call, sales, phoneNumber=NUMBER, newContactName="Ada", newContactType=kind)["type"] == "Contact"


@pytest.mark.parametrize("name", ["", "   ", None, [], {}])
def test_without_a_name_the_number_is_the_name(sales, call, name):
    assert make(call, sales, phoneNumber=NUMBER, newContactName=name)["name"] == NUMBER


NAMES = [
    "Ада Лавлейс",
    "李",
    "😀 👩‍👩‍👧",
    "<script>alert(1)</script>",
    "{{ 7 }}",
    "'; DROP TABLE x;--",
    "=1+1",
    "%s",
    "a\nb",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", MODELS)
def test_any_text_is_a_name(sales, call, kind, name):
    made = make(call, sales, phoneNumber=NUMBER, newContactName=f" {name} ", newContactType=kind)
    assert made["name"] == MODELS[kind].objects.get().name == name


@pytest.mark.parametrize("kind", MODELS)
def test_a_long_name_is_cut(sales, call, kind):
    assert make(call, sales, phoneNumber=NUMBER, newContactName="x" * 20_000, newContactType=kind)["name"] == "x" * 255


def test_what_cannot_be_stored_is_replaced(sales, call):
    response = sales.generic(
        "POST",
        "/api/app-connect/createContact",
        '{"phoneNumber": "+14156201234", "newContactName": "A\\u0000B\\ud800C"}',
        content_type="application/json",
    )
    assert response.json()["contactInfo"]["name"] == "A\ufffdB\ufffdC"


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("phone", ["anonymous", "1", "9" * 20_000, "☎", None])
def test_what_is_no_number_is_not_stored_as_one(sales, call, kind, phone):
    made = make(call, sales, phoneNumber=phone, newContactName="Ada", newContactType=kind)
    assert made["name"] == "Ada"
    assert not Contact.objects.get().points.exists()


def test_a_number_as_sent_is_kept_and_compared(sales, call, names):
    make(call, sales, phoneNumber=" 4930123456", newContactName="Ada")
    make(call, sales, phoneNumber="(415) 620-1234", newContactName="Bob")
    make(call, sales, phoneNumber=14156201234, newContactName="Cy")
    assert set(Contact.objects.values_list("points__value", "points__normalized")) == {
        ("+4930123456", "+4930123456"),
        ("(415) 620-1234", NUMBER),
        ("14156201234", NUMBER),
    }
    assert set(names(sales, NUMBER)) == {"Bob", "Cy"}


def test_a_second_contact_with_the_number_is_made(sales, call, names):
    for name in ("Ada", "Ada"):
        make(call, sales, phoneNumber=NUMBER, newContactName=name)
    assert names(sales, NUMBER) == ["Ada", "Ada"]


def test_a_lead_uses_the_contact_that_is_there_without_showing_it(sales, call, names):
    known = ContactFactory(name="Ada Lovelace", phone=NUMBER, assigned_to=UserFactory())
    made = make(call, sales, phoneNumber=NUMBER, newContactName="Ada Lovelace", newContactType="Lead")
    assert Lead.objects.get().contact == known
    assert [row["type"] for row in [made]] == ["Lead"]
    assert names(sales, NUMBER) == ["Ada Lovelace"]
    assert str(known.pk) not in str(made)


def test_nothing_cannot_be_made(sales, call):
    answer = call(sales, "createContact", {})
    assert answer["contactInfo"] is None
    assert answer["returnMessage"]["messageType"] == "error"
    assert not Contact.objects.exists()


def test_custom_fields_are_filled_from_the_form(sales, call):
    CustomFieldFactory(key="shoe_size", type="integer", required=True)
    answer = call(sales, "createContact", {"phoneNumber": NUMBER, "newContactName": "Ada"})
    assert answer["contactInfo"] is None
    assert "shoe_size" in answer["returnMessage"]["message"]
    assert not Contact.objects.exists()
    submitted = {"shoe_size": "43", "unknown": "x"}
    make(call, sales, phoneNumber=NUMBER, newContactName="Ada", additionalSubmission=submitted)
    assert Contact.objects.get().custom_fields == {"shoe_size": 43}


def test_who_may_make_leads_but_no_contacts_makes_leads(client_with, call):
    client = client_with("leads.add_lead", "leads.view_lead")
    assert make(call, client, phoneNumber=NUMBER, newContactType="Lead")["type"] == "Lead"
    answer = call(client, "createContact", {"phoneNumber": NUMBER, "newContactType": "Customer"}, status=403)
    assert "customers.add_customer" in answer["message"]
    call(client, "createContact", {"phoneNumber": NUMBER}, status=403)
    assert Contact.objects.count() == 1


def test_an_idempotency_key_makes_one(sales, call):
    body = {"phoneNumber": NUMBER, "newContactName": "Ada"}
    first, second = (call(sales, "createContact", body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first == second
    assert Contact.objects.count() == 1
    call(sales, "createContact", body | {"newContactName": "B"}, status=422, headers={"Idempotency-Key": "k"})
