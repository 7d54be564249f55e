"""Fields that staff define: every type, what it takes, how it is stored, and what must be there or be unique."""

import time
from functools import partial

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from contacts import custom_fields
from contacts.models import Contact, CustomField
from contacts.tasks import forget_custom_field
from tests.admin_pages import client_of, form_of, url
from tests.at_once import at_once
from tests.factories import (
    ApiKeyFactory,
    ContactFactory,
    CustomerFactory,
    CustomFieldFactory,
    LeadFactory,
    OrderFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PATH = "/dev/crm/custom_fields"
CHOICES = ["Red", "Green"]


@pytest.mark.parametrize(
    ("type", "given", "stored"),
    [
        ("text", "Ünïcode", "Ünïcode"),
        ("text", 12, "12"),
        ("text", "x" * 1000, "x" * 1000),
        ("long_text", "x" * 50_000, "x" * 50_000),
        ("integer", 43, 43),
        ("integer", "43", 43),
        ("integer", -(2**53) + 1, -(2**53) + 1),
        ("integer", 43.0, 43),
        ("decimal", "12.50", "12.5"),
        ("decimal", "12,5", "12.5"),
        ("decimal", 7, "7"),
        ("decimal", "1e3", "1000"),
        ("boolean", True, True),
        ("boolean", "no", False),
        ("boolean", "Да", True),
        ("date", "2026-02-28", "2026-02-28"),
        ("datetime", "2026-01-31T12:00:00+03:00", "2026-01-31T09:00:00Z"),
        ("datetime", "2026-01-31T12:00", "2026-01-31T12:00:00Z"),
        ("choice", "Red", "Red"),
        ("multi_choice", ["Green", "Red", "Green"], ["Green", "Red"]),
        ("multi_choice", "Red; Green", ["Red", "Green"]),
        ("url", "https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("email", " a@example.com ", "a@example.com"),
        ("phone", "8 (987) 654-32-10", "8 (987) 654-32-10"),
    ],
)
def test_value_is_taken_and_stored_in_one_form(manager, type, given, stored):
    CustomFieldFactory(key="f", type=type, choices=CHOICES if "choice" in type else [])
    created = manager.post("/contacts", {"name": "A", "custom_fields": {"f": given}})
    assert created.status_code == 201, created.content
    assert created.json()["custom_fields"] == {"f": stored}
    assert Contact.objects.get().custom_fields == {"f": stored}
    again = manager.put(f"/contacts/{created.json()['id']}", {"custom_fields": {"f": stored}})
    assert again.json()["custom_fields"] == {"f": stored}


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("text", "x" * 1001),
        ("text", True),
        ("text", ["a"]),
        ("text", {"a": 1}),
        ("long_text", "x" * 50_001),
        ("integer", "many"),
        ("integer", 1.5),
        ("integer", 2**53),
        ("integer", True),
        ("integer", [1]),
        ("integer", "1e400"),
        ("integer", "NaN"),
        ("decimal", "1e31"),
        ("decimal", "Infinity"),
        ("decimal", "1" * 31),
        ("decimal", False),
        ("boolean", "perhaps"),
        ("boolean", 2),
        ("boolean", {}),
        ("date", "31.01.2026"),
        ("date", "2026-02-30"),
        ("date", 20260131),
        ("datetime", "tomorrow"),
        ("datetime", "2026-01-31T25:00"),
        ("datetime", "0001-01-01T00:00:00+14:00"),
        ("choice", "Blue"),
        ("choice", ["Red"]),
        ("choice", {"Red": 1}),
        ("multi_choice", ["Red", "Blue"]),
        ("multi_choice", {"Red": 1}),
        ("multi_choice", [["Red"]]),
        ("url", "javascript:alert(1)"),
        ("url", "example"),
        ("email", "nobody"),
        ("phone", "123"),
        ("phone", "none"),
    ],
)
def test_value_of_another_type_is_400_and_names_the_field(manager, type, value):
    CustomFieldFactory(key="f", type=type, choices=CHOICES if "choice" in type else [])
    response = manager.post("/contacts", {"name": "A", "custom_fields": {"f": value}})
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == ["custom_fields.f"]
    assert not Contact.objects.exists()


def test_unknown_key_names_the_nearest(manager):
    CustomFieldFactory(key="birthday", type="date")
    response = manager.post("/contacts", {"name": "A", "custom_fields": {"brithday": "1990-05-17"}})
    message = "There is no such custom field. Did you mean “birthday”?"
    assert response.json()["errors"] == {"custom_fields.brithday": [message]}


def test_unknown_choice_names_the_nearest(manager):
    CustomFieldFactory(key="f", type="choice", choices=CHOICES)
    response = manager.post("/contacts", {"name": "A", "custom_fields": {"f": "Gren"}})
    assert response.json()["errors"]["custom_fields.f"] == ["This must be one of: Red, Green. Did you mean “Green”?"]


def test_keys_left_out_keep_their_values_and_null_removes(manager):
    for key in ("a", "b", "c"):
        CustomFieldFactory(key=key)
    contact = ContactFactory(custom_fields={"a": "1", "b": "2"})
    path = f"/contacts/{contact.pk}"
    assert manager.put(path, {"custom_fields": {"c": "3", "b": None}}).json()["custom_fields"] == {"a": "1", "c": "3"}
    assert manager.put(path, {"custom_fields": {"a": ""}}).json()["custom_fields"] == {"c": "3"}
    assert manager.put(path, {"custom_fields": {}}).json()["custom_fields"] == {"c": "3"}


def test_values_with_their_definitions(manager):
    CustomFieldFactory(key="b", label="Second", type="integer", position=2)
    CustomFieldFactory(key="a", label="First", position=1)
    path = f"/contacts/{ContactFactory(custom_fields={'b': 5}).pk}/custom_fields"
    told = [(field["key"], field["label"], field["value"]) for field in manager.get(path).json()["results"]]
    assert told == [("a", "First", None), ("b", "Second", 5)]
    changed = manager.put(path, {"a": "x", "b": None}).json()["results"]
    assert [field["value"] for field in changed] == ["x", None]
    refused = manager.put(path, {"b": "x"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["custom_fields.b"])


def test_required_field_must_have_a_value(manager):
    contact = ContactFactory()
    CustomFieldFactory(key="f", required=True)
    message = {"custom_fields.f": ["This field is required."]}
    assert manager.post("/contacts", {"name": "A"}).json()["errors"] == message
    assert manager.put(f"/contacts/{contact.pk}", {"custom_fields": {"f": None}}).json()["errors"] == message
    assert manager.put(f"/contacts/{contact.pk}", {"name": "Else can change"}).status_code == 200


def test_new_records_get_the_default(manager):
    CustomFieldFactory(key="f", type="choice", choices=CHOICES, default="Red")
    assert manager.post("/contacts", {"name": "A"}).json()["custom_fields"] == {"f": "Red"}
    given = manager.post("/contacts", {"name": "A", "custom_fields": {"f": "Green"}})
    assert given.json()["custom_fields"] == {"f": "Green"}
    assert manager.post("/contacts", {"name": "A", "custom_fields": {"f": None}}).json()["custom_fields"] == {}


def test_unique_value_is_refused_while_another_record_has_it(manager):
    CustomFieldFactory(key="f", unique=True)
    first = ContactFactory(custom_fields={"f": "1"})
    response = manager.post("/contacts", {"name": "A", "custom_fields": {"f": "1"}})
    assert response.json()["errors"] == {"custom_fields.f": ["Another record has this value, which must be unique."]}
    assert manager.put(f"/contacts/{first.pk}", {"custom_fields": {"f": "1"}}).status_code == 200
    manager.delete(f"/contacts/{first.pk}")
    assert manager.post("/contacts", {"name": "A", "custom_fields": {"f": "1"}}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_unique_value_has_one_owner_under_parallel_writes():
    CustomFieldFactory(key="f", unique=True)
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    body = {"name": "A", "custom_fields": {"f": "1"}}
    responses = at_once([partial(client.post, "/contacts", body) for _ in range(12)])
    assert sorted(response.status_code for response in responses) == [201] + 11 * [400]
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ({"key": "A B"}, "key"),
        ({"key": "1a"}, "key"),
        ({"key": ""}, "key"),
        ({"key": "x" * 65}, "key"),
        ({"label": ""}, "label"),
        ({"type": "colour"}, "type"),
        ({"type": "choice"}, "choices"),
        ({"type": "multi_choice", "choices": []}, "choices"),
        ({"type": "integer", "default": "many"}, "default"),
        ({"type": "choice", "choices": CHOICES, "default": "Blue"}, "default"),
        ({"unique": True, "default": "same for all"}, "default"),
        ({"position": -1}, "position"),
        ({"position": 10**6}, "position"),
        ({"choices": "Red"}, "choices"),
    ],
)
def test_definition_that_no_record_could_follow_is_400(administrator, definition, name):
    response = administrator.post(PATH, {"key": "f", "label": "F", "type": "text"} | definition)
    assert response.status_code == 400, response.content
    assert [each.split(".")[0] for each in response.json()["errors"]] == [name]
    assert not CustomField.objects.exists()


def test_default_is_stored_in_one_form(administrator):
    body = {"key": "f", "label": "F", "type": "integer", "default": "43"}
    assert administrator.post(PATH, body).json()["default"] == 43


def test_key_and_type_stay_while_the_rest_may_change(administrator):
    field = CustomFieldFactory(key="f", type="choice", choices=CHOICES, default="Red")
    path = f"{PATH}/{field.pk}"
    message = ["Values are stored by it, so it stays as it was made."]
    changed = {"key": "g", "type": "text", "entity": "lead"}
    assert administrator.put(path, changed).json()["errors"] == dict.fromkeys(changed, message)
    assert administrator.put(path, {"choices": ["Green"]}).json()["errors"].keys() == {"default"}
    body = administrator.put(path, {"label": "Colour", "choices": ["Red", "Blue"], "required": True}).json()
    assert (body["label"], body["choices"], body["required"], body["default"]) == (
        "Colour",
        ["Red", "Blue"],
        True,
        "Red",
    )
    assert administrator.put(path, administrator.get(path).json()).status_code == 200


def test_same_key_is_409(administrator):
    CustomFieldFactory(key="f")
    assert administrator.post(PATH, {"key": "f", "label": "F", "type": "text"}).status_code == 409


KINDS = {"lead": ("leads", LeadFactory), "customer": ("customers", CustomerFactory), "order": ("orders", OrderFactory)}


@pytest.mark.parametrize("entity", KINDS)
def test_leads_customers_and_orders_have_fields_of_their_own(entity, administrator):
    path, factory = KINDS[entity]
    for key, kind in (("size", "integer"), ("tier", "choice"), ("since", "date")):
        body = {"entity": entity, "key": key, "label": key, "type": kind, "choices": CHOICES if key == "tier" else []}
        assert administrator.post(PATH, body).status_code == 201
    assert administrator.get(f"{PATH}?entity={entity}").json()["count"] == 3
    record, _other = factory(), factory()
    address = f"/dev/crm/{path}/{record.pk}"
    answer = administrator.patch(address, {"custom_fields": {"size": "x", "tier": "Pink", "sice": 1}})
    assert answer.status_code == 400
    assert sorted(answer.json()["errors"]) == ["custom_fields.sice", "custom_fields.size", "custom_fields.tier"]
    values = {"size": 43, "tier": "Red", "since": "2026-01-31"}
    assert administrator.patch(address, {"custom_fields": values}).json()["custom_fields"] == values
    for query, count in (
        ("custom_fields.size=43", 1),
        ("custom_fields.size_min=44", 0),
        ("custom_fields.tier=Red,Green", 1),
        ("custom_fields.since_before=2026-02-01", 1),
        ("custom_fields.size=", 1),
    ):
        assert administrator.get(f"/dev/crm/{path}?{query}").json()["count"] == count, query
    assert administrator.get(f"/dev/crm/{path}?custom_fields.sice=43").status_code == 400
    assert administrator.patch(address, {"custom_fields": {"size": None}}).json()["custom_fields"] == {
        "tier": "Red",
        "since": "2026-01-31",
    }


@pytest.mark.parametrize("entity", KINDS)
def test_required_unique_and_default_hold_for_every_kind(entity, administrator):
    path, factory = KINDS[entity]
    CustomFieldFactory(entity=entity, key="tier", type="text", default="bronze")
    CustomFieldFactory(entity=entity, key="code", type="text", unique=True)
    first, second = factory(custom_fields={"code": "A"}), factory()
    assert second.custom_fields == {"tier": "bronze"}
    answer = administrator.patch(f"/dev/crm/{path}/{second.pk}", {"custom_fields": {"code": "A"}})
    assert list(answer.json()["errors"]) == ["custom_fields.code"]
    assert administrator.patch(f"/dev/crm/{path}/{first.pk}", {"custom_fields": {"code": "A"}}).status_code == 200
    CustomFieldFactory(entity=entity, key="must", type="text", required=True)
    answer = administrator.patch(f"/dev/crm/{path}/{first.pk}", {"custom_fields": {"code": "B"}})
    assert list(answer.json()["errors"]) == ["custom_fields.must"]


def test_a_kind_of_record_without_custom_fields_is_refused(administrator):
    answer = administrator.post(PATH, {"entity": "leed", "key": "f", "label": "F", "type": "text"})
    assert answer.status_code == 400
    assert "Did you mean “lead”?" in answer.json()["errors"]["entity"][0]


def test_the_admin_defines_fields_of_each_kind():
    client = client_of(UserFactory(groups=["Administrator"]))
    address = url("contacts_customfield_add")
    form = form_of(client.get(address), "customfield_form") | {"key": "size", "label": "Size", "type": "integer"}
    assert client.post(address, form | {"entity": "leed"}).status_code == 200
    for entity in KINDS:
        assert client.post(address, form | {"entity": entity}).status_code == 302
    assert sorted(CustomField.objects.values_list("entity", flat=True)) == sorted(KINDS)
    found = client.get("/admin/contacts/customfield/?entity=lead").context["cl"].result_list
    assert [field.entity for field in found] == ["lead"]
    page = client.get(url("contacts_customfield_change", found[0].pk))
    assert "entity" not in form_of(page, "customfield_form")


def count(client, **query):
    answer = client.get("/contacts", {f"custom_fields.{name}": value for name, value in query.items()})
    assert answer.status_code == 200, answer.content
    return answer.json()["count"]


@pytest.mark.parametrize(
    ("type", "ends"), [("integer", "_min _max"), ("date", "_after _before"), ("datetime", "_after")]
)
def test_empty_end_of_a_range_asks_for_nothing(manager, type, ends):
    CustomFieldFactory(key="f", type=type)
    ContactFactory()
    for end in ends.split():
        assert count(manager, **{f"f{end}": ""}) == 1
        segment = {"name": f"S{end}", "kind": "dynamic", "filter": {f"custom_fields.f{end}": ""}}
        assert manager.post("/dev/crm/segments", segment).status_code == 201


def test_equal_decimals_are_equal_however_they_are_written(manager):
    CustomFieldFactory(key="f", type="decimal", unique=True)
    assert manager.post("/contacts", {"name": "A", "custom_fields": {"f": "1.50"}}).json()["custom_fields"] == {
        "f": "1.5"
    }
    assert manager.post("/contacts", {"name": "B", "custom_fields": {"f": "01.500"}}).status_code == 400
    assert manager.post("/contacts", {"name": "C", "custom_fields": {"f": "-0.0"}}).json()["custom_fields"] == {
        "f": "0"
    }
    assert (count(manager, f="1.5"), count(manager, f="1.50"), count(manager, f="100")) == (1, 1, 0)


@pytest.mark.parametrize("number", ["1e1000000000", "-1e99999999", "1e-99999999", "NaN", "Infinity"])
def test_whole_number_beyond_all_bounds_is_refused_at_once(manager, number):
    CustomFieldFactory(key="f", type="integer")
    started = time.process_time()
    assert manager.get("/contacts", {"custom_fields.f": number}).status_code == 400
    assert manager.post("/contacts", {"name": "A", "custom_fields": {"f": number}}).status_code == 400
    assert time.process_time() - started < 5


def test_choice_with_a_comma_is_found(manager, administrator):
    CustomFieldFactory(key="f", type="multi_choice", choices=["Red", "Blue, dark"])
    ContactFactory(custom_fields={"f": ["Blue, dark"]})
    assert (count(manager, f="Blue, dark"), count(manager, f="Red")) == (1, 0)
    field = {"key": "g", "label": "G", "type": "multi_choice", "choices": ["Red; dark"]}
    assert list(administrator.post(PATH, field).json()["errors"]) == ["choices"]


def test_no_choice_is_no_value(manager):
    CustomFieldFactory(key="f", type="multi_choice", choices=CHOICES, required=True)
    for value in ([], [""], ";"):
        assert manager.post("/contacts", {"name": "A", "custom_fields": {"f": value}}).status_code == 400


def test_values_of_a_deleted_field_go_too(administrator, monkeypatch):
    monkeypatch.setattr(custom_fields, "FORGOTTEN_AT_ONCE", 2)
    field = CustomFieldFactory(key="gone")
    CustomFieldFactory(key="stays")
    people = [ContactFactory(custom_fields={"gone": str(n), "stays": "x"}) for n in range(5)]
    path = f"/contacts/{people[0].pk}"
    assert administrator.delete(f"{PATH}/{field.pk}").status_code == 200
    body = administrator.get(path).json()
    assert (
        administrator.put(path, body).status_code == 200
    )  # Until then what is there may be sent back, and be removed.
    assert administrator.patch(path, {"custom_fields": {"gone": None}}).json()["custom_fields"] == {"stays": "x"}
    anew = {"key": "gone", "label": "Anew", "type": "integer"}
    assert list(administrator.post(PATH, anew).json()["errors"]) == ["key"]
    (job,) = ProcrastinateJob.objects.filter(task_name="contacts.tasks.forget_custom_field")
    forget_custom_field(**job.args)
    assert list(Contact.objects.values_list("custom_fields", flat=True)) == [{"stays": "x"}] * 5
    assert administrator.post(PATH, anew).status_code == 201


def test_value_that_was_equal_before_values_became_unique_hinders_nothing_else(manager):
    field = CustomFieldFactory(key="f")
    people = [ContactFactory(custom_fields={"f": "same"}) for _ in range(2)]
    CustomField.objects.filter(pk=field.pk).update(unique=True)
    CustomFieldFactory(key="g")
    path = f"/contacts/{people[0].pk}"
    assert manager.patch(path, {"custom_fields": {"g": "x"}}).status_code == 200


@pytest.mark.parametrize("key", ["a__b", "a_", "_a", "A"])
def test_keys_that_filters_would_not_understand_are_refused(administrator, key):
    assert list(administrator.post(PATH, {"key": key, "label": "L", "type": "text"}).json()["errors"]) == ["key"]


def test_values_that_are_equal_do_not_become_unique(administrator):
    field = CustomFieldFactory(key="f")
    people = [ContactFactory(custom_fields={"f": "same"}) for _ in range(2)]
    path = f"{PATH}/{field.pk}"
    assert list(administrator.patch(path, {"unique": True}).json()["errors"]) == ["unique"]
    browser = client_of(UserFactory(groups=["Administrator"]))
    address = url("contacts_customfield_change", field.pk)
    form = form_of(browser.get(address), "customfield_form") | {"unique": "on"}
    assert "Some records have equal values" in browser.post(address, form).content.decode()
    administrator.patch(f"/contacts/{people[0].pk}", {"custom_fields": {"f": "other"}})
    assert administrator.patch(path, {"unique": True}).json()["unique"] is True
