"""Every refusal: one shape, the right status, words that help, and nothing written."""

import json
from unittest import mock

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from rest_framework.test import APIClient

from contacts.models import Category, Contact, Interaction
from crm_project.access.services import Share, set_shares
from crm_project.api.viewsets import TRANSACTION_TRIES
from tests.factories import ContactFactory, CustomFieldFactory, InteractionFactory, UserFactory

pytestmark = pytest.mark.django_db

JSON = "application/json"
FORBIDDEN = ("Traceback", "SELECT", "psycopg", "django", "/work", ".py", "<html", "<!DOCTYPE")


def refusal(response, status):
    """The body of a refusal, after everything was checked that all of them have in common."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == JSON
    body = response.json()
    assert next(iter(body)) == "message"
    assert {"message", "code", "errors", "request_id"} <= body.keys()
    assert body["message"]
    assert isinstance(body["message"], str)
    assert isinstance(body["code"], str)
    assert body["request_id"] == response["X-Request-ID"]
    assert all(isinstance(text, str) for texts in body["errors"].values() for text in texts)
    text = response.content.decode()
    assert [word for word in FORBIDDEN if word in text] == []
    return body


def post_raw(client, body, content_type=JSON, path="/contacts"):
    return client.generic("POST", path, body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": "A"', "not valid JSON"),
        (b"{'name': 'A'}", "not valid JSON"),
        (b'{"name": "A",}', "not valid JSON"),
        (b'{"name": NaN}', "NaN is not JSON"),
        (b'{"custom_fields": {"x": Infinity}}', "Infinity is not JSON"),
        (b'{"name": "\xff\xfe"}', "not valid UTF-8"),
        (b'{"name": "\xed\xa0\x80"}', "not valid UTF-8"),
        ('{"name": "Ä"}'.encode("utf-16"), "not valid UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
        (b'{"description": ' + b"9" * 10_000 + b"}", "not valid JSON"),
        (b"name=A", "not valid JSON"),
    ],
    ids=[
        "cut off", "quotes", "comma", "NaN", "Infinity", "bytes", "surrogate", "UTF-16", "deep list", "deep object",
        "digits", "form",
    ],
)  # fmt: skip
def test_broken_json_is_400(manager, body, message):
    found = refusal(post_raw(manager, body), 400)
    assert message in found["errors"]["non_field_errors"][0]
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"name": "A\\u0000B"}', "name"),
        (b'{"name": "A\\ud800B"}', "name"),
        (b'{"custom_fields": {"a\\u0000": 1}}', "custom_fields"),
        (b'{"contact_points": [{"type": "id", "value": "\\udfff"}]}', "contact_points.0.value"),
        (b'{"categories": ["\\u0000"]}', "categories.0"),
        (b'{"a\\u0000": 1}', "body"),
    ],
)
def test_text_that_cannot_be_stored_is_400(manager, body, name):
    assert list(refusal(post_raw(manager, body), 400)["errors"]) == [name]
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ["A"]),
        ("name", {"a": 1}),
        ("name", True),
        ("name", "x" * 256),
        ("email", "nobody"),
        ("email", "a@b@c.example"),
        ("email", ["a@example.com"]),
        ("phone", "none"),
        ("phone", "1" * 101),
        ("company", "x" * 256),
        ("contact_type", "robot"),
        ("contact_type", 5),
        ("organization", "not-an-id"),
        ("organization", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
        ("organization", 10**400),
        ("categories", "VIP"),
        ("categories", [["VIP"]]),
        ("categories", ["x" * 256]),
        ("categories", ["x"] * 101),
        ("segments", ["nope"]),
        ("segments", {"a": 1}),
        ("contact_points", "504-621-8927"),
        ("contact_points", [{"type": "phone"}]),
        ("contact_points", [{"type": "fax", "value": "1"}]),
        ("contact_points", [{"type": "mail", "value": "nobody"}]),
        ("contact_points", [{"type": "mail", "value": "a@example.com", "strange": 1}]),
        ("contact_points", [{"id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f", "type": "id", "value": "x"}]),
        ("contact_points", [{"id": [1], "type": "id", "value": "x"}]),
        ("custom_fields", [1]),
        ("custom_fields", "text"),
        ("custom_fields", {"unknown": 1}),
        ("assigned_to", "nobody"),
        ("assigned_to", 10**30),
        ("assigned_to", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
        ("team", "a"),
        ("team", 10**30),
        ("team", 1.5),
        ("team", True),
        ("emial", "a@example.com"),
    ],
)
def test_wrong_value_is_400_and_names_the_field(manager, field, value):
    body = refusal(manager.post("/contacts", {"name": "A", field: value}), 400)
    assert body["message"] == "Invalid request parameters"
    assert any(name.split(".")[0] == field for name in body["errors"]), body["errors"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("body", [[], [1], "text", 5, None, True])
def test_body_that_is_no_object_is_400(manager, body):
    refusal(post_raw(manager, json.dumps(body)), 400)
    contact = ContactFactory()
    for path in ("", "/custom_fields", "/sharing"):
        refusal(manager.generic("PUT", f"/contacts/{contact.pk}{path}", json.dumps(body), content_type=JSON), 400)


def test_unknown_field_names_the_nearest(manager):
    errors = refusal(manager.post("/contacts", {"name": "A", "emial": "x", "qqqq": 1}), 400)["errors"]
    assert errors == {"emial": ["Unknown field. Did you mean “email”?"], "qqqq": ["Unknown field."]}


def test_unknown_parameter_names_the_nearest(manager):
    errors = refusal(manager.get("/contacts?serach=x&zzzz=1"), 400)["errors"]
    assert errors == {"serach": ["Unknown parameter. Did you mean “search”?"], "zzzz": ["Unknown parameter."]}
    contact = ContactFactory()
    for method in ("get", "put", "delete"):
        refusal(getattr(manager, method)(f"/contacts/{contact.pk}?force=1"), 400)


@pytest.mark.parametrize(
    "query",
    [
        "contact_type=robot",
        "id=1",
        "id=%00",
        "organization=x",
        "assigned_to=me",
        "team=a",
        "team=1e400",
        "team=1.5",
        "created_at_after=yesterday",
        "created_at_after=2026-13-01",
        "created_at_before=0001-01-01T00:00:00%2B23:59",
        "updated_at_before=9999-12-31T23:59:59-23:59",
        "search=%00",
        "search=" + "x" * 201,
        "name=a%00b",
        "email=%00",
        "phone=%00",
        "company=%00",
        "category=%00",
        "segment=%00",
        "segment=no such segment",
        "job_title=%00",
        "external_id=%00",
        "origin=fax",
        "custom_fields.unknown=1",
        "custom_fields.=1",
        "custom_fields.number=many",
        "custom_fields.number_min=few",
        "custom_fields.text_min=1",
        "custom_fields.text=%00",
        "custom_fields.number__gt=1",
        "name__contains=a",
        "assigned_to__password=x",
        "created_by__username=x",
    ],
)
def test_wrong_parameter_is_400_and_is_named(manager, query):
    CustomFieldFactory(key="number", type="integer")
    CustomFieldFactory(key="text")
    body = refusal(manager.get(f"/contacts?{query}"), 400)
    assert list(body["errors"]) == [query.partition("=")[0]]


def test_invalid_utf8_in_a_parameter_is_an_ordinary_text(manager):
    assert manager.get("/contacts?search=%ff%fe").status_code in {200, 400}


def test_unknown_choice_names_the_nearest(manager):
    errors = refusal(manager.get("/contacts?contact_type=persn"), 400)["errors"]
    assert errors["contact_type"] == ["“persn” is not one of: person, company. Did you mean “person”?"]


def test_401_says_how_to_sign_in(anonymous):
    response = anonymous.get("/contacts")
    body = refusal(response, 401)
    assert (body["message"], body["code"]) == ("Invalid or missing API key", "unauthorized")
    assert response["WWW-Authenticate"] == "Bearer"


def test_403_names_the_missing_right(read_only):
    contact = ContactFactory()
    body = refusal(read_only.put(f"/contacts/{contact.pk}", {"name": "B"}), 403)
    assert body["message"] == "You may not change this contact: the right “contacts.change_contact” is missing."
    assert body["code"] == "permission_denied"


@pytest.mark.parametrize(("method", "sent", "verb"), [("get", {}, "view"), ("put", {"data": {"name": "B"}}, "change")])
def test_403_says_whose_a_record_is_not(sales, method, sent, verb):
    """A rep has the right, for records of their own."""
    body = refusal(getattr(sales, method)(f"/contacts/{ContactFactory().pk}", **sent), 403)
    assert body["message"] == (
        f"You may not {verb} this contact: it is neither yours nor your team's, nor shared with you for that."
    )


def test_403_says_whose_the_record_of_a_part_is_not(sales):
    contact = ContactFactory()
    set_shares(record=contact, shares=[Share(user=sales.user, verbs=["view"])])
    body = refusal(sales.post(f"/contacts/{contact.pk}/interactions", {"type": "note"}), 403)
    assert body["message"] == (
        "You may not add this interaction: the contact is neither yours nor your team's, nor shared with you for that."
    )


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f",
        "/contacts/1",
        "/contacts/%00",
        "/nothing",
        "/contacts/import/x/y",
        "/dev/crm",
        "/.env",
        "/static/../settings.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_unknown_address_is_404(manager, path):
    body = refusal(manager.get(path), 404)
    assert (body["message"], body["code"], body["errors"]) == ("Resource not found", "not_found", {})


def test_405_names_the_allowed_methods(manager):
    response = manager.delete("/contacts")
    assert refusal(response, 405)["code"] == "method_not_allowed"
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x"])
def test_unknown_media_type_is_415(manager, content_type):
    assert refusal(post_raw(manager, b"name=A", content_type), 415)["code"] == "unsupported_media_type"
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "field", "message"),
    [
        (
            "/contacts",
            {"contact_type": "persn"},
            "contact_type",
            "is not one of: person, company. Did you mean “person”?",
        ),
        ("/contacts", {"contact_type": 7}, "contact_type", "“7” is not one of: person, company."),
        ("/dev/crm/customers", {"email": "a@example.com", "type": "busines"}, "type", "Did you mean “business”?"),
        ("/dev/crm/leads", {"email": "a@example.com", "status": "nwe"}, "status", "Did you mean “new”?"),
    ],
)
def test_unknown_choice_in_a_body_names_the_nearest(manager, path, body, field, message):
    assert message in refusal(manager.post(path, {"name": "A", **body}), 400)["errors"][field][0]


def test_body_in_chunks_is_411(manager):
    headers = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = manager.generic("POST", "/contacts", b'{"name": "A"}', content_type="application/json", **headers)
    assert refusal(answer, 411)["code"] == "length_required"
    assert not Contact.objects.exists()


def test_too_large_body_is_413_before_it_is_read(manager):
    body = refusal(post_raw(manager, b'{"description": "' + b"x" * 10 * 1024 * 1024 + b'"}'), 413)
    assert body["message"] == "The request body may have 10 MB at most."
    assert not Contact.objects.exists()


def test_same_name_is_409(manager):
    Category.objects.create(name="VIP")
    body = refusal(manager.post("/dev/crm/categories", {"name": "vip"}), 409)
    assert (body["message"], body["code"]) == ("Resource already exists", "already_exists")
    assert Category.objects.count() == 1


def test_same_external_id_is_409(manager):
    contact = InteractionFactory(created_by=manager.user, external_id="42").contact
    path = f"/contacts/{contact.pk}/interactions"
    refusal(manager.post(path, {"type": "call", "external_id": "42"}), 409)
    assert Interaction.objects.count() == 1


def test_broken_check_constraint_is_400_in_the_constraints_words(manager):
    body = {"name": "S", "kind": "static", "filter": {"category": "VIP"}}
    errors = refusal(manager.post("/dev/crm/segments", body), 400)["errors"]
    assert "Only a dynamic segment has a filter." in str(errors)


def test_record_that_is_still_used_is_409(api):
    user = UserFactory(groups=["Administrator"])
    ContactFactory(assigned_to=user)
    from crm_project.api.errors import Handler

    with pytest.raises(Exception) as caught, transaction.atomic():  # noqa: PT011, PT012
        user.delete()
        connection.check_constraints()
    refused = Handler(caught.value, {}).convert_known_exceptions(caught.value)
    assert refused.status_code == 409
    assert str(refused.detail) == "This is still used by contacts."


# The database


def failing(times, exception, sqlstate):
    """A service that fails so often as the database would, and then works."""
    from contacts import services

    real, left = services.create_contact, [times]

    def create(**fields):
        if left[0]:
            left[0] -= 1
            error = exception("the database says no")
            error.__cause__ = psycopg.errors.lookup(sqlstate)()
            raise error
        return real(**fields)

    return mock.patch("contacts.services.create_contact", create)


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"], ids=["deadlock", "serialization"])
def test_what_others_made_fail_is_tried_again(manager, sqlstate):
    with failing(TRANSACTION_TRIES - 1, OperationalError, sqlstate):
        assert manager.post("/contacts", {"name": "A"}).status_code == 201
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("times", "exception", "sqlstate"),
    [
        (TRANSACTION_TRIES, OperationalError, "40P01"),
        (1, OperationalError, "57014"),
        (1, OperationalError, "55P03"),
        (1, OperationalError, "57P01"),
        (1, InterfaceError, "08003"),
    ],
    ids=["always deadlock", "statement timeout", "lock timeout", "server shut down", "connection lost"],
)
def test_busy_database_is_503_with_a_time_to_wait(manager, times, exception, sqlstate):
    with failing(times, exception, sqlstate):
        response = manager.post("/contacts", {"name": "A"})
    body = refusal(response, 503)
    assert (body["message"], body["code"]) == ("The service is busy; try again in a moment.", "unavailable")
    assert response["Retry-After"] == "2"
    assert not Contact.objects.exists()


def test_real_statement_timeout_is_503(manager):
    ContactFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50")
    with mock.patch("contacts.querysets.ContactQuerySet.for_list", slow):
        response = manager.get("/contacts")
    assert refusal(response, 503)["code"] == "unavailable"


def slow(queryset):
    return queryset.extra(where=["pg_sleep(2) IS NOT NULL"])


def test_database_that_is_away_is_503(manager):
    gone = OperationalError("connection refused")
    with mock.patch.object(connection, "cursor", side_effect=gone):
        for client in (manager, APIClient()):
            client.credentials(HTTP_AUTHORIZATION="Bearer crm_x")
            response = client.get("/contacts")
            assert refusal(response, 503)["code"] == "unavailable"
            assert response["Retry-After"] == "2"
        response = APIClient().get("/readyz")
        assert (response.status_code, response["Retry-After"]) == (503, "2")
        assert APIClient().get("/healthz").status_code == 200


def test_unknown_failure_is_500_without_a_word_about_it(manager):
    manager.raise_request_exception = False
    with mock.patch("contacts.services.create_contact", side_effect=RuntimeError("SELECT secret")):
        response = manager.post("/contacts", {"name": "A"})
    assert refusal(response, 500)["message"] == "Something went wrong on our side; it has been logged."


# Requests


@pytest.mark.parametrize("sent", ["abc-123", "a.b:c_d", "x" * 64])
def test_request_id_of_the_client_is_kept(manager, sent):
    response = manager.get("/contacts?nope=1", headers={"X-Request-ID": sent})
    assert response["X-Request-ID"] == response.json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<script>", "a\tb"])
def test_strange_request_id_is_replaced(manager, sent):
    response = manager.get("/contacts?nope=1", headers={"X-Request-ID": sent})
    assert response["X-Request-ID"] not in {"", sent}


@pytest.mark.parametrize("method", ["get", "post"])
def test_trailing_slash_answers_without_a_redirect(manager, method):
    response = getattr(manager, method)("/contacts/", {"name": "A"} if method == "post" else None)
    assert response.status_code in {200, 201}
    if method == "post":
        assert "/contacts/0" in response["Location"]


def test_foreign_host_is_400(manager):
    refusal(manager.get("/contacts", headers={"Host": "evil.example"}), 400)


def test_what_people_write_stays_what_they_wrote(manager):
    """Markup, templates, SQL and formulas are text like any other."""
    for text in (
        "<script>alert(1)</script>",
        "{{ 7*7 }}{% debug %}",
        "'; DROP TABLE x; --",
        '=HYPERLINK("x")',
        "%s%n",
        "\\",
    ):
        created = manager.post("/contacts", {"name": text, "description": text})
        assert created.status_code == 201
        assert manager.get(f"/contacts/{created.json()['id']}").json()["name"] == text
        assert manager.get("/contacts", {"search": text}).json()["count"] >= 1


@pytest.mark.django_db(transaction=True)
def test_options_need_no_transaction(manager):
    contact = ContactFactory()
    for path in ("/contacts", f"/contacts/{contact.pk}", f"/contacts/{contact.pk}/interactions"):
        response = manager.options(path)
        assert response.status_code == 200
        assert "GET" in response["Allow"]
