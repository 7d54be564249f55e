"""Rates: of a key, of the costly things, and of those who try keys."""

import time

import pytest
from rest_framework.test import APIClient

from contacts.models import Contact
from crm_project.api.models import RateCounter
from crm_project.api.throttling import Rate, client_address, rate
from tests.at_once import at_once
from tests.factories import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frozen(monkeypatch):
    """A moment 48 seconds before a window of a minute ends."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_012.5)


def test_headers_count_down(manager, settings):
    settings.CRM_RATE_LIMIT = "3/60"
    seen = [manager.get("/contacts") for _ in range(3)]
    assert [response["RateLimit-Remaining"] for response in seen] == ["2", "1", "0"]
    assert {response["RateLimit-Limit"] for response in seen} == {"3"}
    assert {response["RateLimit-Reset"] for response in seen} == {"48"}
    assert {response["RateLimit-Policy"] for response in seen} == {'"key";q=3;w=60'}


def test_past_the_limit_is_429_with_the_time_to_wait(manager, settings):
    settings.CRM_RATE_LIMIT = "1/60"
    assert manager.post("/contacts", {"name": "A"}).status_code == 201
    response = manager.post("/contacts", {"name": "B"})
    assert response.status_code == 429
    assert (response["Retry-After"], response["RateLimit-Remaining"]) == ("48", "0")
    assert response.json()["code"] == "throttled"
    assert "48 seconds" in response.json()["message"]
    assert Contact.objects.count() == 1


def test_next_window_begins_anew(manager, settings, monkeypatch):
    settings.CRM_RATE_LIMIT = "1/60"
    assert [manager.get("/contacts").status_code for _ in range(2)] == [200, 429]
    monkeypatch.setattr(time, "time", lambda: 1_800_000_060.0)
    assert manager.get("/contacts").status_code == 200


def test_each_key_has_its_own_rate(manager, api, settings):
    settings.CRM_RATE_LIMIT = "1/60"
    assert [manager.get("/contacts").status_code for _ in range(2)] == [200, 429]
    assert api(manager.user).get("/contacts").status_code == 200


def test_refused_requests_count_too(manager, settings):
    settings.CRM_RATE_LIMIT = "2/60"
    assert [manager.get("/contacts?nope=1").status_code for _ in range(3)] == [400, 400, 429]


def test_forbidden_requests_count_too(api, settings):
    settings.CRM_RATE_LIMIT = "2/60"
    reader = api(UserFactory(groups=["Read-only"]))
    assert [reader.post("/contacts", {"name": "A"}).status_code for _ in range(3)] == [403, 403, 429]


def test_wrong_keys_are_429_and_valid_keys_go_on(manager, settings):
    settings.CRM_WRONG_KEY_RATE = "5/60"
    guesser = APIClient()
    statuses = []
    for index in range(8):
        guesser.credentials(HTTP_AUTHORIZATION=f"Bearer crm_{index}")
        statuses.append(guesser.get("/contacts").status_code)
    assert statuses == 5 * [401] + 3 * [429]
    assert guesser.get("/contacts")["Retry-After"] == "48"
    assert manager.get("/contacts").status_code == 200


def test_other_addresses_are_not_slowed_down(settings):
    settings.CRM_WRONG_KEY_RATE = "1/60"
    guesser = APIClient(HTTP_AUTHORIZATION="Bearer x")
    assert [guesser.get("/contacts").status_code for _ in range(2)] == [401, 429]
    assert guesser.get("/contacts", REMOTE_ADDR="192.0.2.7").status_code == 401


def test_forwarded_address_counts_only_behind_trusted_proxies(settings, rf):
    sent = {"HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.1", "REMOTE_ADDR": "10.0.0.1"}
    for proxies, address in ((0, "10.0.0.1"), (1, "198.51.100.1"), (2, "203.0.113.9"), (3, "10.0.0.1")):
        settings.CRM_TRUSTED_PROXIES = proxies
        assert client_address(rf.get("/", **sent)) == address


def test_rate_is_read_from_its_setting():
    assert rate("6000/60") == Rate(6000, 60)


@pytest.mark.django_db(transaction=True)
def test_no_request_is_lost_from_the_count_at_once():
    key = ApiKeyFactory(user=UserFactory(groups=["Manager"]))
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    assert {response.status_code for response in at_once([lambda: client.get("/contacts")] * 12)} == {200}
    assert RateCounter.objects.get(name=f"key {key.pk}").count == 12
