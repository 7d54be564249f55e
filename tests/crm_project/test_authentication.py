"""Who is let in by which key, and that no key is ever seen again."""

import io
import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm_project.access import services
from crm_project.access.models import ApiKey
from tests.factories import ApiKeyFactory, ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


def signing_in(client, header):
    client.credentials(HTTP_AUTHORIZATION=header)
    return client.get("/contacts")


def test_key_signs_its_user_in(manager):
    ContactFactory()
    assert manager.get("/contacts").json()["count"] == 1


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_in_any_case(api, anonymous, scheme):
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    assert signing_in(anonymous, f"{scheme}  {secret} ").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        *("", "Basic YTpi", "Bearer", "Bearer ", "Bearer x", "Bearer crm_", "Token {0}", "{0}", "Bearer {0}x", "\t"),
        *("Bearer Bearer {0}", "Bearer {0},{0}", "Bearer \xff", "Bearer ключ", "Digest username=x"),
        "Bearer " + "x" * 10_000,
    ],
)
def test_everything_else_is_401(anonymous, header):
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    response = signing_in(anonymous, header.format(secret))
    assert response.status_code == 401
    assert response.json()["message"] == "Invalid or missing API key"
    assert response["WWW-Authenticate"] == "Bearer"


def test_key_in_the_address_or_body_is_no_key(anonymous):
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    assert anonymous.get(f"/contacts?api_key={secret}").status_code == 401
    assert anonymous.get("/contacts", headers={"X-API-Key": secret}).status_code == 401


def test_what_is_taken_away_counts_with_the_next_request(manager):
    contact = ContactFactory()
    path = f"/contacts/{contact.pk}"
    assert manager.get(path).status_code == 200
    manager.user.groups.clear()
    assert manager.get(path).status_code == 403
    services.set_shares(record=contact, shares=[services.Share(user=manager.user, verbs=["view"])])
    assert manager.get(path).status_code == 200
    services.set_shares(record=contact, shares=[])
    assert manager.get(path).status_code == 403
    services.revoke_api_key(key=manager.key)
    assert manager.get(path).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [("expires_at", timezone.now() - timedelta(seconds=1)), ("revoked_at", timezone.now())],
    ids=["expired", "revoked"],
)
def test_ended_key_is_401_at_once(manager, field, value):
    assert manager.get("/contacts").status_code == 200
    ApiKey.objects.filter(pk=manager.key.pk).update(**{field: value})
    assert manager.get("/contacts").status_code == 401


def test_key_of_a_deactivated_user_is_401_at_once(manager):
    manager.user.is_active = False
    manager.user.save()
    assert manager.get("/contacts").status_code == 401


def test_key_that_expires_later_still_works(api):
    client = api(UserFactory(groups=["Manager"]), expires_at=timezone.now() + timedelta(minutes=1))
    assert client.get("/contacts").status_code == 200


def test_revoking_twice_keeps_the_first_time(manager):
    services.revoke_api_key(key=manager.key)
    first = ApiKey.objects.get(pk=manager.key.pk).revoked_at
    services.revoke_api_key(key=manager.key)
    assert ApiKey.objects.get(pk=manager.key.pk).revoked_at == first is not None


def test_last_use_is_noted_once_a_minute(api):
    client = api(UserFactory(groups=["Manager"]), last_used_at=None)
    client.get("/contacts")
    first = ApiKey.objects.get().last_used_at
    client.get("/contacts")
    assert ApiKey.objects.get().last_used_at == first is not None
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    client.get("/contacts")
    assert ApiKey.objects.get().last_used_at > first


def test_refused_requests_are_a_use_too(api):
    """Or a key that somebody still tries would look forgotten."""
    client = api(UserFactory(groups=["Read-only"]), last_used_at=None)
    assert client.post("/contacts", {"name": "A"}).status_code == 403
    assert ApiKey.objects.get().last_used_at is not None


def test_secret_is_long_and_random():
    secrets = {ApiKey.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {len("crm_") + 43}  # 256 bits in base64url.


def test_secret_is_nowhere_afterwards(manager, caplog):
    """Not in any column of any table, not in the log, not in any answer."""
    caplog.set_level(logging.DEBUG)
    created = io.StringIO()
    call_command("create_api_key", manager.user.username, stdout=created)
    secret = created.getvalue().strip()
    manager.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    answers = [manager.get("/contacts"), manager.post("/contacts", {"name": "A"}), manager.get("/contacts/x")]
    body = manager.post("/contacts", {"name": "B"}, headers={"Idempotency-Key": "k"})
    for answer in [*answers, body]:
        assert secret not in answer.content.decode() + str(answer.headers)
    assert secret not in caplog.text
    assert secret not in str(ApiKey.objects.filter(user=manager.user).values())
    assert tables_with(secret) == []
    assert tables_with(secret[: ApiKey.SHOWN_CHARACTERS]) >= ["access_apikey"]


def tables_with(text):
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT count(*) FROM {connection.ops.quote_name(table)} AS t WHERE t::text LIKE %s", [f"%{text}%"]
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_session_of_the_admin_serves_the_docs_with_csrf_protection():
    user = UserFactory(groups=["Manager"], is_staff=True)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/contacts").status_code == 200
    response = browser.post("/contacts", {"name": "A"}, content_type="application/json")
    assert response.status_code == 403
    assert "CSRF" in response.json()["message"]


def test_wrong_key_beside_a_session_is_401():
    """A request that shows a key is judged by that key alone."""
    browser = Client()
    browser.force_login(UserFactory(groups=["Manager"]), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/contacts", headers={"Authorization": "Bearer x"}).status_code == 401
