"""Contact data as clients of Eadesk make, read, change and delete them."""

import pytest

from contacts.models import Contact, ContactPoint
from tests.factories import ContactFactory, ContactPointFactory

from .test_people import BASE, NOT_FOUND, form

pytestmark = pytest.mark.django_db

NOBODY = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


def read(client, **query):
    response = client.get(f"{BASE}/contacts/read", query)
    assert response.status_code == 200, response.content
    return response.json()["result"]


def values(client, **query):
    return [datum["value"] for datum in read(client, **query)]


def rest(client, contact):
    """The contact's points as the REST API tells them: value and whether it is the primary one."""
    points = client.get(f"/contacts/{contact.pk}").json()["contact_points"]
    return {point["value"]: point["is_primary"] for point in points}


def test_create_joins_a_datum_to_the_person(manager):
    contact = ContactFactory(name="Вася", email="a@example.com")
    body = {"value": 79876543210, "type": "phone", "service": "whatsapp"}
    result = manager.post(f"{BASE}/contacts/create/{contact.pk}", body | {"unknown": 1}).json()["result"]
    assert result == {**body, "value": "79876543210", "origin": "eadesk", "id": result["id"]}
    assert ContactPoint.objects.get(pk=result["id"]).normalized == "+79876543210"


def test_one_datum_in_both_dialects(manager):
    contact = ContactFactory(name="Вася", email="a@example.com", phone="504-621-8927")
    assert sorted((each["type"], each["service"], each["origin"]) for each in read(manager)) == [
        ("mail", "mail", "api"),
        ("phone", "phone", "api"),
    ]
    path = f"{BASE}/contacts/create/{contact.pk}"
    for body in ("type=mail&service=mail&value=b@example.com", "type=id&service=telegram&value=%40vasya"):
        assert form(manager, path, body).json()["result"]["origin"] == "eadesk"
    assert rest(manager, contact) == {
        "a@example.com": True,
        "504-621-8927": True,
        "b@example.com": False,
        "@vasya": False,
    }
    for number, text in (("+1 (504) 621-8927", 1), ("b@example", 1), ("vasya", 1), ("c@example.com", 0)):
        assert manager.get("/contacts", {"search": number}).json()["count"] == text


def test_first_of_a_kind_is_primary_and_another_follows_it(manager):
    contact = ContactFactory(name="Вася")
    made = []
    for value in ("a@example.com", "b@example.com"):
        body = {"value": value, "type": "mail", "service": "mail"}
        made.append(manager.post(f"{BASE}/contacts/create/{contact.pk}", body).json()["result"]["id"])
    assert rest(manager, contact) == {"a@example.com": True, "b@example.com": False}
    assert manager.post(f"{BASE}/contacts/delete/{made[0]}").json() == {"result": True}
    assert rest(manager, contact) == {"b@example.com": True}


def test_update_keeps_what_is_not_given(manager):
    contact = ContactFactory(name="Вася", email="a@example.com", phone="504-621-8927")
    mail, phone = contact.points.get(type="mail"), contact.points.get(type="phone")
    path = f"{BASE}/contacts/update/{phone.pk}"
    body = {"type": "phone", "service": "whatsapp"}
    assert manager.post(path, body).json() == {
        "result": {"id": str(phone.pk), "value": "504-621-8927", "origin": "api", **body}
    }
    changed = manager.post(path, {"value": " B@example.com ", "type": "mail", "service": "mail"}).json()["result"]
    assert (changed["value"], changed["type"]) == ("B@example.com", "mail")
    assert rest(manager, contact) == {"a@example.com": True, "B@example.com": False}
    phone.refresh_from_db()
    assert phone.normalized == "b@example.com"
    assert manager.post(f"{BASE}/contacts/delete/{mail.pk}").json() == {"result": True}
    assert rest(manager, contact) == {"B@example.com": True}


def test_deleted_data_stay_readable(manager):
    contact = ContactFactory(name="Вася", email="a@example.com")
    point = contact.points.get()
    for _ in range(2):
        assert manager.post(f"{BASE}/contacts/delete/{point.pk}").json() == {"result": True}
    (datum,) = read(manager, id=point.pk)
    assert (datum["value"], datum["status"]) == ("a@example.com", "deleted")
    assert read(manager, not_deleted="true") == []
    assert values(manager, not_deleted="false") == ["a@example.com"]
    (person,) = manager.get(f"{BASE}/read").json()
    assert person["contacts"] == [datum]
    assert manager.get(f"{BASE}/read", {"search": "a@example"}).json() == []
    assert manager.post(f"{BASE}/contacts/update/{point.pk}", {"type": "mail", "service": "mail"}).json() == NOT_FOUND
    assert rest(manager, contact) == {}


def test_data_of_deleted_people(manager):
    contact = ContactFactory(name="Вася", email="a@example.com")
    point = contact.points.get()
    manager.delete(f"/contacts/{contact.pk}")
    assert values(manager, contact_id=contact.pk) == ["a@example.com"]
    assert values(manager, contact_id=contact.pk, not_deleted="true") == []
    for call in ("update", "delete"):
        response = manager.post(f"{BASE}/contacts/{call}/{point.pk}", {"type": "mail", "service": "mail"})
        assert response.json() == NOT_FOUND
    assert ContactPoint.objects.live().count() == 1


def test_any_mix_of_parameters(manager):
    one, two = ContactFactory(name="One", email="a@example.com"), ContactFactory(name="Two", email="a@example.com")
    ContactPointFactory(contact=one, type="phone", service="whatsapp", value="+79876543210")
    ContactPointFactory(contact=two, type="id", service="telegram", value="A@example.com")
    point = two.points.get(type="mail")
    assert values(manager) == ["a@example.com", "a@example.com", "+79876543210", "A@example.com"]
    assert len(read(manager, value="a@example.com")) == 2
    assert [datum["id"] for datum in read(manager, value="a@example.com", contact_id=two.pk)] == [str(point.pk)]
    assert values(manager, contact_id=one.pk, type="phone,id") == ["+79876543210"]
    assert values(manager, service="telegram, whatsapp") == ["+79876543210", "A@example.com"]
    assert values(manager, search=r"^\+7", contact_id=one.pk, id=one.points.get(type="phone").pk) == ["+79876543210"]
    assert values(manager, search=r"^\+7", id=point.pk) == values(manager, value="nothing") == []
    assert values(manager, search="EXAMPLE", offset=1, limit=1) == ["a@example.com"]


@pytest.mark.parametrize("name", ["contact_id", "id"])
@pytest.mark.parametrize("key", [NOBODY, "", "nobody", "9" * 400])
def test_unknown_ids_are_not_found(manager, name, key):
    ContactFactory(email="a@example.com")
    response = manager.get(f"{BASE}/contacts/read", {name: key})
    assert (response.status_code, response.json()) == (200, NOT_FOUND)


def test_foreign_data_are_not_there(sales):
    mine = ContactFactory(email="mine@example.com", assigned_to=sales.user)
    foreign = ContactFactory(email="foreign@example.com")
    assert values(sales) == values(sales, search="example") == values(sales, contact_id=mine.pk) == ["mine@example.com"]
    assert values(sales, value="foreign@example.com") == []
    for query in ({"contact_id": foreign.pk}, {"id": foreign.points.get().pk}):
        assert sales.get(f"{BASE}/contacts/read", query).json() == NOT_FOUND


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "mail", "service": "mail"}, "value"),
        ({"value": "a@example.com", "service": "mail"}, "type"),
        ({"value": "a@example.com", "type": "mail"}, "service"),
        ({"value": "a@example.com", "type": "fax", "service": "mail"}, "type"),
        ({"value": "a@example.com", "type": "mail", "service": "icq"}, "service"),
        ({"value": "nobody", "type": "mail", "service": "mail"}, "value"),
        ({"value": "call me", "type": "phone", "service": "phone"}, "value"),
        ({"value": " ", "type": "id", "service": "vk"}, "value"),
        ({"value": None, "type": "id", "service": "vk"}, "value"),
        ({"value": ["x"], "type": "id", "service": "vk"}, "value"),
        ({"value": "x" * 501, "type": "id", "service": "vk"}, "value"),
        ({"value": "x", "type": ["id"], "service": {}}, "service"),
    ],
)
def test_bad_data_are_refused_by_name(manager, body, field):
    contact = ContactFactory(email="a@example.com")
    point, version = contact.points.get(), Contact.objects.get().version
    paths = [f"{BASE}/contacts/create/{contact.pk}"]
    paths += [f"{BASE}/contacts/update/{point.pk}"] if body.keys() == {"value", "type", "service"} else []
    for path in paths:
        response = manager.post(path, body)
        assert response.status_code == 400, path
        told = response.json()
        assert (told["err"], told["message"]) == ("EBAD_REQUEST", "Invalid request parameters")
        assert field in told["errors"], told
    assert Contact.objects.get().version == version
    assert contact.points.get().value == "a@example.com"
