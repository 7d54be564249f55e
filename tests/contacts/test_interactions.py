"""What was said to whom: under the contact's address, with the contact's rights."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Interaction
from tests.factories import ContactFactory, InteractionFactory

pytestmark = pytest.mark.django_db

CALL = {
    "type": "call",
    "direction": "outbound",
    "subject": "Offer",
    "body": "Wants it by Friday.",
    "note": "Friendly",
    "started_at": "2026-01-31T12:00:00Z",
    "duration_s": 180,
    "outcome": "interested",
    "recording_url": "https://example.com/1.mp3",
    "external_id": "42",
}


@pytest.fixture
def path():
    return f"/contacts/{ContactFactory().pk}/interactions"


def test_logged_call_is_answered_whole(manager, path):
    response = manager.post(path, CALL)
    body = response.json()
    assert response.status_code == 201
    assert CALL.items() <= body.items()
    assert (body["created_by"], body["origin"]) == (str(manager.user.pk), "api")
    assert response["Location"].endswith(f"{path}/{body['id']}")
    assert manager.get(f"{path}/{body['id']}").json() == body
    assert manager.get(path).json()["results"] == [body]


def test_time_is_now_when_nobody_says(manager, path):
    started = dt.datetime.fromisoformat(manager.post(path, {"type": "note"}).json()["started_at"])
    assert timezone.now() - started < dt.timedelta(minutes=1)


def test_change_and_delete(manager, path):
    one = f"{path}/{manager.post(path, CALL).json()['id']}"
    assert manager.put(one, {"outcome": "bought"}).json()["outcome"] == "bought"
    assert manager.patch(one, {"subject": ""}).json()["subject"] == ""
    assert manager.delete(one).status_code == 200
    assert manager.get(one).status_code == 404


def test_other_contacts_address_does_not_lead_to_it(manager, path):
    foreign = InteractionFactory()
    assert manager.get(f"{path}/{foreign.pk}").status_code == 404
    assert manager.delete(f"{path}/{foreign.pk}").status_code == 404
    assert Interaction.objects.count() == 1


def test_newest_first_and_by_filters(manager):
    contact = ContactFactory()
    for day, kind, direction in ((1, "call", "inbound"), (3, "email", "outbound"), (2, "call", "outbound")):
        moment = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
        InteractionFactory(contact=contact, type=kind, direction=direction, started_at=moment, subject=str(day))

    def subjects(**query):
        rows = manager.get(f"/contacts/{contact.pk}/interactions", query).json()["results"]
        return [row["subject"] for row in rows]

    assert subjects() == ["3", "2", "1"]
    assert subjects(ordering="started_at") == ["1", "2", "3"]
    assert subjects(type="call") == ["2", "1"]
    assert subjects(type="call,email", direction="outbound") == ["3", "2"]
    assert subjects(started_at_after="2026-01-02") == ["3", "2"]
    assert subjects(started_at_before="2026-01-02") == ["1"]
    assert subjects(created_by=str(manager.user.pk)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "fax"),
        ("type", None),
        ("direction", "sideways"),
        ("started_at", "yesterday"),
        ("started_at", "0001-01-01T00:00:00+14:00"),
        ("duration_s", -1),
        ("duration_s", 2**31),
        ("duration_s", 1.5),
        ("recording_url", "javascript:alert(1)"),
        ("subject", "x" * 501),
        ("outcome", ["x"]),
        ("nope", 1),
    ],
)
def test_wrong_value_is_400(manager, path, field, value):
    response = manager.post(path, {"type": "call"} | {field: value})
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == [field]
    assert not Interaction.objects.exists()


def test_contact_of_an_interaction_cannot_be_changed(manager, path):
    one = f"{path}/{manager.post(path, CALL).json()['id']}"
    other = ContactFactory()
    assert manager.put(one, {"contact": str(other.pk)}).json()["contact"] != str(other.pk)


def test_interactions_of_an_unknown_contact_are_404(manager):
    path = "/contacts/01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f/interactions"
    assert manager.get(path).status_code == manager.post(path, CALL).status_code == 404
