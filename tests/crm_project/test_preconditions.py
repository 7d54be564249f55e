"""``ETag``, ``If-Match`` and ``If-None-Match``: nobody overwrites what they have not seen."""

from functools import partial

import pytest
from rest_framework.test import APIClient

from contacts.models import Contact
from crm_project.access import services
from tests.at_once import at_once
from tests.factories import ApiKeyFactory, CategoryFactory, ContactFactory, ContactPointFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def path():
    return f"/contacts/{ContactFactory(name='A', email='a@example.com').pk}"


def test_every_answer_with_a_record_has_its_etag(manager):
    created = manager.post("/contacts", {"name": "A"})
    path = f"/contacts/{created.json()['id']}"
    assert created["ETag"] == manager.get(path)["ETag"]
    changed = manager.put(path, {"name": "B"})
    assert changed["ETag"] == manager.get(path)["ETag"] != created["ETag"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "B"},
        {"email": "b@example.com"},
        {"phone": "504-621-8927"},
        {"company": "C"},
        {"categories": ["D"]},
        {"contact_points": []},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_change_makes_another_etag(manager, path, change):
    before = manager.get(path)["ETag"]
    manager.patch(path, change)
    assert manager.get(path)["ETag"] != before


def test_change_of_a_point_behind_the_api_makes_another_etag(manager):
    contact = ContactFactory()
    before = manager.get(f"/contacts/{contact.pk}")["ETag"]
    ContactPointFactory(contact=contact)
    assert manager.get(f"/contacts/{contact.pk}")["ETag"] != before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_stale_version_is_412_with_the_current_record(manager, path, method):
    seen = manager.get(path)["ETag"]
    manager.put(path, {"name": "B"})
    response = getattr(manager, method)(path, {"name": "C"}, headers={"If-Match": seen})
    assert response.status_code == 412
    assert response.json()["code"] == "precondition_failed"
    assert response.json()["current"] == manager.get(path).json()
    assert Contact.objects.live().get().name == "B"


@pytest.mark.parametrize("sent", ["{0}", "*", "W/{0}", '"999", {0}', " {0} "])
def test_current_version_is_let_through(manager, path, sent):
    tag = manager.get(path)["ETag"]
    assert manager.put(path, {"name": "B"}, headers={"If-Match": sent.format(tag)}).status_code == 200


@pytest.mark.parametrize("sent", ['""', '"x"', "1", ",", '"1'])
def test_nonsense_is_never_current(manager, path, sent):
    assert manager.put(path, {"name": "B"}, headers={"If-Match": sent}).status_code == 412


def test_foreign_record_is_403_and_not_412(sales, path):
    response = sales.put(path, {"name": "B"}, headers={"If-Match": '"1"'})
    assert response.status_code == 403
    assert "current" not in response.json()


def test_if_match_is_honoured_wherever_something_is_written(manager):
    contact = ContactFactory()
    for path in (f"/contacts/{contact.pk}/custom_fields", f"/contacts/{contact.pk}/sharing"):
        body = {"shares": []} if path.endswith("sharing") else {}
        assert manager.put(path, body, headers={"If-Match": '"999"'}).status_code == 412
    category = CategoryFactory()
    path = f"/dev/crm/categories/{category.pk}"
    assert manager.put(path, {"name": "B"}, headers={"If-Match": '"999"'}).status_code == 412
    assert manager.put(path, {"name": "B"}, headers={"If-Match": manager.get(path)["ETag"]}).status_code == 200


def test_known_version_is_304_without_a_body(manager, path):
    tag = manager.get(path)["ETag"]
    for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        response = manager.get(path, headers={"If-None-Match": sent})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)
    assert manager.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_version_is_compared_as_a_whole(manager, path):
    """Version 1 is not found in version 11."""
    number = int(manager.get(path)["ETag"].strip('"'))
    assert manager.get(path, headers={"If-None-Match": f'"{number}{number}"'}).status_code == 200
    assert manager.put(path, {"name": "B"}, headers={"If-Match": f'"{number}{number}"'}).status_code == 412


def test_304_is_only_for_those_who_may_see(sales, path, manager):
    assert sales.get(path, headers={"If-None-Match": manager.get(path)["ETag"]}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_writers_one_wins_each_round():
    """Ten rounds; a writer that lost never wins with what it saw."""
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    clients = [APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}") for _ in range(16)]
    path = f"/contacts/{ContactFactory().pk}"
    for round in range(10):
        seen = clients[0].get(path)["ETag"]
        calls = [
            partial(client.put, path, {"name": f"{round}.{index}"}, headers={"If-Match": seen})
            for index, client in enumerate(clients)
        ]
        responses = at_once(calls)
        winners = [response for response in responses if response.status_code == 200]
        losers = [response for response in responses if response.status_code == 412]
        assert (len(winners), len(losers)) == (1, 15)
        assert clients[0].get(path).json()["name"] == winners[0].json()["name"]
        assert {response.json()["current"]["name"] for response in losers} == {winners[0].json()["name"]}


@pytest.mark.django_db(transaction=True)
def test_changes_of_different_fields_do_not_undo_each_other():
    user = UserFactory(groups=["Manager"])
    secret = ApiKeyFactory(user=user).secret
    contact = ContactFactory(name="A", email="a@example.com")
    services.set_shares(record=contact, shares=[])
    path = f"/contacts/{contact.pk}"
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    for round in range(5):
        changes = [
            {"name": f"Name {round}"},
            {"description": f"Text {round}"},
            {"job_title": f"Title {round}"},
            {"email": f"mail{round}@example.com"},
            {"phone": f"+1 504-621-892{round}"},
            {"company": f"Firm {round}"},
            {"external_id": f"Number {round}"},
        ]
        responses = at_once([partial(client.patch, path, change) for change in changes])
        assert {response.status_code for response in responses} == {200}
        now = client.get(path).json()
        for change in changes:
            assert change.items() <= now.items()


def test_sharing_makes_a_new_version(manager, sales, path):
    tag = manager.get(path)["ETag"]
    assert manager.get(f"{path}/sharing")["ETag"] == tag
    shares = {"shares": [{"user": str(sales.user.pk), "verbs": ["view"]}]}
    first = manager.put(f"{path}/sharing", shares, headers={"If-Match": tag})
    assert (first.status_code, first["ETag"]) == (200, manager.get(path)["ETag"])
    assert first["ETag"] != tag
    assert manager.put(f"{path}/sharing", {"shares": []}, headers={"If-Match": tag}).status_code == 412
    assert manager.put(f"{path}/sharing", shares)["ETag"] == first["ETag"]  # Nothing was changed.
    assert sales.get(path).status_code == 200


def test_renamed_category_is_seen_by_who_knows_its_members(administrator):
    category = CategoryFactory(name="VIP")
    inside, outside = ContactFactory(categories=["VIP"]), ContactFactory()
    tags = [administrator.get(f"/contacts/{each.pk}")["ETag"] for each in (inside, outside)]
    administrator.patch(f"/dev/crm/categories/{category.pk}", {"name": "Gold"})
    answers = [
        administrator.get(f"/contacts/{each.pk}", headers={"If-None-Match": tag})
        for each, tag in zip((inside, outside), tags, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [200, 304]
    assert answers[0].json()["categories"] == ["Gold"]
    # What is written over is the contact, which nobody has changed.
    change = administrator.put(f"/contacts/{inside.pk}", {"job_title": "x"}, headers={"If-Match": tags[0]})
    assert change.status_code == 200
    again = administrator.get(f"/contacts/{inside.pk}", headers={"If-None-Match": change["ETag"]})
    assert again.status_code == 304
    assert administrator.put(f"/contacts/{inside.pk}", {}, headers={"If-Match": tags[0]}).status_code == 412
