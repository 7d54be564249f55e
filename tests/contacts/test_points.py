"""E-mail addresses, numbers and accounts: several of each kind, one primary, and a list that can be edited."""

import pytest

from contacts.models import ContactPoint
from contacts.points import normalize, normalize_email
from tests.factories import ContactFactory, ContactPointFactory

pytestmark = pytest.mark.django_db


def told(body):
    return [(each["type"], each["value"], each["is_primary"]) for each in body["contact_points"]]


@pytest.mark.parametrize(
    ("value", "normalized"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com ", "ann@example.com"),
        ("ann@XN--E1AFMKFD.XN--P1AI", "ann@пример.рф"),
        ("ann@Пример.РФ", "ann@пример.рф"),
        ("ann@xn--.example", "ann@xn--.example"),
        ("e\u0301@example.com", "é@example.com"),
    ],
)
def test_equal_addresses_have_one_normal_form(value, normalized):
    assert normalize_email(value) == normalized


def test_accounts_are_compared_without_case():
    assert normalize("id", " @Durov ") == ("@durov", "")


def test_first_of_each_kind_is_primary_unless_one_says_so(manager):
    points = [
        {"type": "mail", "value": "a@example.com"},
        {"type": "mail", "value": "b@example.com", "is_primary": True},
        {"type": "phone", "value": "504-621-8927"},
        {"type": "phone", "value": "504-621-8928"},
        {"type": "id", "service": "telegram", "value": "@ann"},
    ]
    body = manager.post("/contacts", {"name": "Ann", "contact_points": points}).json()
    assert (body["email"], body["phone"]) == ("b@example.com", "504-621-8927")
    assert [value for _, value, primary in told(body) if primary] == ["b@example.com", "504-621-8927"]
    services = {each["value"]: each["service"] for each in body["contact_points"]}
    assert services == {
        "a@example.com": "mail",
        "b@example.com": "mail",
        "504-621-8927": "phone",
        "504-621-8928": "phone",
        "@ann": "telegram",
    }


def test_email_of_the_contact_is_its_primary_point(manager):
    contact = ContactFactory(email="a@example.com")
    ContactPointFactory(contact=contact, type="mail", value="b@example.com")
    path = f"/contacts/{contact.pk}"
    kept = {each["value"]: each["id"] for each in manager.get(path).json()["contact_points"]}
    body = manager.put(path, {"email": "B@example.com"}).json()
    assert body["email"] == "B@example.com"
    assert {each["value"]: each["id"] for each in body["contact_points"]} == {
        "a@example.com": kept["a@example.com"],
        "B@example.com": kept["b@example.com"],
    }
    changed = manager.put(path, {"email": "c@example.com"}).json()
    assert sorted(value for _, value, _ in told(changed)) == ["a@example.com", "c@example.com"]
    removed = manager.put(path, {"email": ""}).json()
    assert told(removed) == [("mail", "a@example.com", True)]
    assert manager.put(path, {"email": None}).json()["email"] is None


def test_given_list_replaces_what_was_there(manager):
    created = manager.post("/contacts", {"name": "Ann", "email": "a@example.com", "phone": "504-621-8927"}).json()
    mail, phone = sorted(created["contact_points"], key=lambda point: point["type"])
    points = [
        {**{k: phone[k] for k in ("id", "type", "label")}, "value": "504-621-8928"},
        {"type": "id", "service": "vk", "value": "x"},
    ]
    body = manager.put(f"/contacts/{created['id']}", {"contact_points": points}).json()
    assert told(body) == [("phone", "504-621-8928", True), ("id", "x", False)]
    assert body["contact_points"][0]["id"] == phone["id"]
    assert body["contact_points"][0]["normalized"] == "+15046218928"
    gone = ContactPoint.objects.get(pk=mail["id"])
    assert gone.deleted_at is not None
    assert (body["email"], body["phone"]) == (None, "504-621-8928")


def test_points_with_the_same_value_keep_their_ids(manager):
    created = manager.post("/contacts", {"name": "Ann", "email": "a@example.com"}).json()
    points = [
        {"type": "mail", "value": "b@example.com"},
        {"type": "mail", "value": "a@example.com", "is_primary": True},
    ]
    body = manager.put(f"/contacts/{created['id']}", {"contact_points": points}).json()
    assert created["contact_points"][0]["id"] in [each["id"] for each in body["contact_points"]]
    assert body["email"] == "a@example.com"


def test_point_of_another_contact_cannot_be_taken(manager):
    foreign = ContactFactory(email="a@example.com").points.get()
    mine = ContactFactory()
    points = [{"id": str(foreign.pk), "type": "mail", "value": "b@example.com"}]
    response = manager.put(f"/contacts/{mine.pk}", {"contact_points": points})
    assert list(response.json()["errors"]) == ["contact_points"]
    foreign.refresh_from_db()
    assert foreign.value == "a@example.com"


def test_same_address_may_belong_to_several(manager):
    for name in ("Ann", "Ben"):
        assert manager.post("/contacts", {"name": name, "email": "office@example.com"}).status_code == 201
    assert manager.get("/contacts?email=OFFICE@example.com").json()["count"] == 2


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"type": "mail", "value": "a b@example.com"}, "“a b@example.com” is not a valid e-mail address."),
        ({"type": "phone", "value": "12"}, "“12” is not a telephone number."),
        ({"type": "phone", "value": "1" * 33}, f"“{'1' * 33}” is not a telephone number."),
    ],
)
def test_what_cannot_be_reached_is_refused_by_its_place(manager, point, message):
    points = [{"type": "id", "service": "vk", "value": "x"}, point]
    errors = manager.post("/contacts", {"name": "A", "contact_points": points}).json()["errors"]
    assert errors == {"contact_points.1.value": [message]}


def test_point_that_is_named_is_not_taken_for_another(manager):
    path = f"/contacts/{ContactFactory(name='A', phone='504-621-8927').pk}"
    (stored,) = manager.get(path).json()["contact_points"]
    moved = [{"type": "phone", "value": "504-621-8927"}, {"id": stored["id"], "type": "phone", "value": "504-621-8928"}]
    points = manager.put(path, {"contact_points": moved}).json()["contact_points"]
    assert [(point["id"] == stored["id"], point["value"]) for point in points] == [
        (False, "504-621-8927"),
        (True, "504-621-8928"),
    ]
    twice = [{"id": stored["id"], "type": "phone", "value": value} for value in ("504-621-8928", "504-621-8929")]
    assert list(manager.put(path, {"contact_points": twice}).json()["errors"]) == ["contact_points"]


def test_account_needs_its_service(manager):
    body = {"name": "A", "contact_points": [{"type": "id", "value": "@durov"}]}
    assert list(manager.post("/contacts", body).json()["errors"]) == ["contact_points.0.service"]
