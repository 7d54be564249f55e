"""What is refused, in the words of this dialect; and that nothing moves by it, nor fails on our side."""

from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import OperationalError

from contacts import services
from contacts.models import Contact
from crm_project.api.models import IdempotencyKey
from crm_project.history.timeline import timeline
from tests.factories import ContactFactory, SegmentFactory

from .test_people import BASE, form

pytestmark = pytest.mark.django_db

CALLS = [
    ("post", "create"),
    ("get", "read"),
    ("post", "update/{contact}"),
    ("post", "delete/{contact}"),
    ("post", "contacts/create/{contact}"),
    ("get", "contacts/read"),
    ("post", "contacts/update/{point}"),
    ("post", "contacts/delete/{point}"),
]
each_call = pytest.mark.parametrize(("method", "call"), CALLS)
BODY = {"name": "X", "value": "x", "type": "id", "service": "vk"}


@pytest.fixture
def contact():
    return ContactFactory(name="Вася", email="a@example.com")


def path_of(call, contact):
    return f"{BASE}/" + call.format(contact=contact.pk, point=contact.points.get().pk)


def told(response):
    return response.status_code, response.json()


@each_call
def test_a_key_is_needed_and_a_right(method, call, contact, anonymous, api, read_only, nobody):
    path = path_of(call, contact)
    anonymous_answer = getattr(anonymous, method)(path)
    assert told(anonymous_answer) == (401, {"err": "EUNAUTHORIZED"})
    assert anonymous_answer["WWW-Authenticate"] == "Bearer"
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer wrong")
    assert told(getattr(anonymous, method)(path)) == (401, {"err": "EUNAUTHORIZED"})
    other_scope = api(read_only.user, scopes=["write" if method == "get" else "read"])
    assert told(getattr(other_scope, method)(path)) == (403, {"err": "EFORBIDDEN"})
    if method == "post":
        assert told(read_only.post(path, BODY)) == (403, {"err": "EFORBIDDEN"})
        refusal = (403, {"err": "EFORBIDDEN"}) if call == "create" else (200, {"err": "ENOT_FOUND"})
        assert told(nobody.post(path, BODY)) == refusal
    assert Contact.objects.get().version == contact.version


@each_call
@pytest.mark.parametrize("wrong", ["get", "post", "put", "patch", "delete", "options", "head", "trace"])
def test_only_get_and_post(method, call, wrong, contact, manager):
    if wrong == method:
        return
    response = getattr(manager, wrong)(path_of(call, contact))
    assert response.status_code == 405
    if wrong != "head":
        assert response.json() == {"err": "EMETHOD"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"segments": None}, "segments"),
        ({"segments": "x"}, "segments"),
        ({"segments": [str(uuid4())]}, "segments"),
        ({"segments": ["x", 1, None]}, "segments"),
        ({"name": None}, "name"),
        ({"name": ["A"]}, "name"),
        ({"name": "A" * 256}, "name"),
        ({"description": {"a": 1}}, "description"),
        ({"name": "\0"}, "name"),
        ([], "non_field_errors"),
        ("A", "non_field_errors"),
    ],
)
@pytest.mark.parametrize("call", ["create", "update/{contact}"])
def test_bad_bodies_are_refused_by_name(manager, contact, call, body, field):
    response = manager.post(path_of(call, contact), body)
    assert response.status_code == 400
    answer = response.json()
    assert (answer["err"], answer["message"], [*answer["errors"]]) == (
        "EBAD_REQUEST",
        "Invalid request parameters",
        [field],
    )
    assert Contact.objects.get().version == contact.version


@pytest.mark.parametrize("body", ["{", "nul", "[1", '{"name": "\\ud800"}', "9" * 20_000, "[" * 100_000, b"\xff"])
def test_bodies_that_do_not_parse(manager, body):
    response = manager.generic("POST", f"{BASE}/create", body, content_type="application/json")
    assert (response.status_code, response.json()["err"]) == (400, "EBAD_REQUEST")
    assert response.json()["message"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"offset": "-1"}, "offset"),
        ({"offset": "x"}, "offset"),
        ({"offset": ""}, "offset"),
        ({"offset": "9" * 20_000}, "offset"),
        ({"offset": "1e3"}, "offset"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "9" * 20}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"type": "mail,fax"}, "type"),
        ({"service": "icq"}, "service"),
        ({"type": "\0"}, "type"),
        ({"id": "\0"}, "id"),
    ],
)
@pytest.mark.parametrize("call", ["read", "contacts/read"])
def test_bad_parameters_are_refused_by_name(manager, call, query, field):
    response = manager.get(f"{BASE}/{call}", query)
    assert response.status_code == 400
    assert (response.json()["err"], [*response.json()["errors"]]) == ("EBAD_REQUEST", [field])


def test_other_refusals_of_the_frame(manager, settings):
    path = f"{BASE}/create"
    response = manager.generic("POST", path, "<a/>", content_type="text/xml")
    assert (response.status_code, response.json()["err"]) == (415, "EMEDIA_TYPE")
    response = manager.generic("POST", path, "{}", content_type="application/json", CONTENT_LENGTH="99999999")
    assert (response.status_code, response.json()["err"]) == (413, "ETOO_LARGE")
    many = "&".join(f"a{number}=1" for number in range(1_001))
    assert form(manager, path, many).json()["err"] == "EBAD_REQUEST"
    response = manager.generic("POST", path, "name=A", content_type="application/x-www-form-urlencoded; charset=hex")
    assert response.status_code in {200, 400}
    settings.CRM_RATE_LIMIT = "1/60"
    answers = [manager.post(path, {}) for _ in range(2)]
    assert (answers[-1].status_code, answers[-1].json()["err"]) == (429, "ETOO_MANY_REQUESTS")
    assert int(answers[-1]["Retry-After"]) > 0


def test_busy_database_is_503(manager, monkeypatch):
    def busy(**given):
        raise OperationalError("away")

    monkeypatch.setattr(services, "create_contact", busy)
    response = manager.post(f"{BASE}/create", {})
    assert (response.status_code, response.json()["err"]) == (503, "EUNAVAILABLE")
    assert response["Retry-After"]


def test_unexpected_errors_have_the_dialects_shape(manager, monkeypatch):
    def broken(**given):
        raise RuntimeError("secret")

    monkeypatch.setattr(services, "create_contact", broken)
    manager.raise_request_exception = False
    response = manager.post(f"{BASE}/create", {})
    assert (response.status_code, response.json()["err"]) == (500, "EINTERNAL")
    assert "secret" not in response.content.decode()


def test_retries_with_a_key_have_one_effect(manager, contact):
    path, header = f"{BASE}/contacts/create/{contact.pk}", {"Idempotency-Key": "k1"}
    body = {"value": "@vasya", "type": "id", "service": "telegram"}
    first, again = (manager.post(path, body, headers=header) for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert contact.points.filter(service="telegram").count() == 1
    other = manager.post(path, body | {"value": "@other"}, headers=header)
    assert (other.status_code, other.json()["err"]) == (422, "EIDEMPOTENCY")
    as_form = [form_with(manager, f"{BASE}/create", "name=A&segments=", "k2") for _ in range(2)]
    assert as_form[0].json() == as_form[1].json()
    assert Contact.objects.count() == 2
    assert IdempotencyKey.objects.count() == 2


def form_with(client, path, body, key):
    return client.post(path, body, content_type="application/x-www-form-urlencoded", headers={"Idempotency-Key": key})


def test_history_names_the_door(manager):
    key = manager.post(f"{BASE}/create", {"name": "A", "segments": [str(SegmentFactory().pk)]}).json()["_id"]
    datum = {"value": "@a", "type": "id", "service": "vk"}
    point = manager.post(f"{BASE}/contacts/create/{key}", datum).json()["result"]["id"]
    manager.post(f"{BASE}/contacts/update/{point}", datum | {"value": "@b"})
    manager.post(f"{BASE}/update/{key}", {"name": "B"})
    manager.post(f"{BASE}/contacts/delete/{point}")
    manager.post(f"{BASE}/delete/{key}")
    story = timeline([key], None, 100, user=manager.user)
    assert {(entry.door, entry.actor) for entry in story} == {("eadesk", str(manager.user.pk))}
    assert ["A", "B"] in [entry.changes.get("name") for entry in story]
    assert {entry.type for entry in story} == {
        *("contact.created", "contact.changed", "segment.created", "contact_point.created", "contact_point.changed")
    }


HOSTILE = [
    *(
        "'; DROP TABLE contacts_contact; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${7*7}",
        "%s%n",
        "../../etc/passwd",
    ),
    *("😀👩‍👩‍👧", "\u202egnp.exe", "é" * 255, "\ufeff", "\uffff", " ", "0", "-1", "NaN", "9" * 20_000, "=1+1"),
    *(None, True, 0, -1.5, 10**300, [], {}, [[]], {"$gt": ""}, [None], {"a": [1]}),
]


@each_call
def test_hostile_values_never_fail(method, call, contact, manager):
    """Whatever is sent in fields, parameters and ids, one by one and together: an answer."""
    path = path_of(call, contact)
    names = [*BODY, "description", "segments", "id", "search", "offset", "limit", "contact_id", "not_deleted"]
    for number, value in enumerate(HOSTILE):
        name = names[number % len(names)]
        for query in ({name: str(value)}, dict.fromkeys(names, str(value)), {names[number % 2]: str(value)}):
            response = manager.get(path, query) if method == "get" else manager.post(path, BODY | query)
            assert response.status_code in {200, 400}, (query, response.content)
        if method == "post":
            address = path.rpartition("/")[0] + "/" + quote(str(value), safe="")
            for sent in (BODY | {name: value}, value):
                response = manager.post(path, sent)
                assert response.status_code in {200, 400}, (sent, response.content)
                response = manager.post(address, sent)
                assert response.status_code in {200, 400, 404, 405}, (address, response.content)


def test_what_people_write_comes_back_as_they_wrote_it(manager):
    for text in (value.strip() for value in HOSTILE if isinstance(value, str) and 0 < len(value.strip()) < 256):
        person = manager.post(f"{BASE}/create", {"name": text, "description": text}).json()
        datum = manager.post(f"{BASE}/contacts/create/{person['_id']}", BODY | {"value": text}).json()["result"]
        (found,) = manager.get(f"{BASE}/read", {"id": person["_id"]}).json()
        assert (found["name"], found["description"], found["contacts"]) == (text, text, [datum])
        assert [each["value"] for each in manager.get(f"{BASE}/contacts/read", {"value": text}).json()["result"]] == [
            text
        ]
