"""A POST that is sent again with its Idempotency-Key does nothing twice."""

import json
from unittest import mock

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from contacts import services
from contacts.models import Category, Contact
from crm_project.api.models import IdempotencyKey
from tests.at_once import at_once
from tests.factories import ApiKeyFactory, ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


def post(client, body, key="k1", path="/contacts"):
    return client.post(path, body, headers={"Idempotency-Key": key})


def test_second_request_gets_the_first_answer(manager):
    first = post(manager, {"name": "A"})
    second = post(manager, {"name": "A"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Location"] == first["Location"]
    assert second["ETag"] == first["ETag"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Contact.objects.count() == 1


def test_answer_stays_the_first_when_the_record_changes_later(manager):
    first = post(manager, {"name": "A"}).json()
    manager.put(f"/contacts/{first['id']}", {"name": "B"})
    assert post(manager, {"name": "A"}).json() == first


def test_order_of_the_fields_does_not_matter(manager):
    post(manager, {"name": "A", "email": "a@example.com"})
    assert post(manager, {"email": "a@example.com", "name": "A"}).status_code == 201
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "path"), [({"name": "B"}, "/contacts"), ({"name": "A"}, "/dev/crm/categories")], ids=["body", "path"]
)
def test_another_request_with_the_key_is_422(manager, body, path):
    post(manager, {"name": "A"})
    response = post(manager, body, path=path)
    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_mismatch"
    assert (Contact.objects.count(), Category.objects.count()) == (1, 0)


def test_keys_of_two_users_have_nothing_to_do_with_each_other(manager, administrator):
    ids = {post(client, {"name": "A"}).json()["id"] for client in (manager, administrator)}
    assert len(ids) == 2


def test_two_api_keys_of_one_user_share_its_keys(manager, api):
    assert post(manager, {"name": "A"}).json() == post(api(manager.user), {"name": "A"}).json()


def test_refused_request_may_be_sent_again_with_the_same_key(manager):
    assert post(manager, {"name": "A", "email": "wrong"}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post(manager, {"name": "A", "email": "a@example.com"}).status_code == 201


def test_answer_is_not_given_to_one_who_lost_the_right(manager):
    post(manager, {"name": "A"})
    manager.user.groups.clear()
    assert post(manager, {"name": "A"}).status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
def test_nonsense_key_is_400(manager, key):
    response = post(manager, {"name": "A"}, key)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["Idempotency-Key"]
    assert not Contact.objects.exists()


def test_longest_key_is_taken(manager):
    assert post(manager, {"name": "A"}, "x" * 255).status_code == 201


def test_other_posts_have_it_too(manager):
    contact = ContactFactory()
    path = f"/contacts/{contact.pk}/interactions"
    assert post(manager, {"type": "note"}, path=path).json() == post(manager, {"type": "note"}, path=path).json()
    assert contact.interactions.count() == 1


def upload(client, content, key="k1"):
    file = SimpleUploadedFile("people.csv", content, "text/csv")
    return client.post("/contacts/import", {"file": file}, format="multipart", headers={"Idempotency-Key": key})


def test_same_file_in_a_form_is_imported_once(manager):
    first = upload(manager, b"name\nAnn\n")
    assert (first.status_code, first.json()["created"]) == (200, 1)
    assert upload(manager, b"name\nAnn\n").json() == first.json()
    assert Contact.objects.count() == 1
    assert upload(manager, b"name\nBen\n").status_code == 422
    assert upload(manager, b"name\nBen\n", "k2").json()["created"] == 1


def sending(secret, body, key):
    """A call that posts as a program of its own would."""
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return lambda: client.post("/contacts", body, headers={"Idempotency-Key": key})


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_contact_and_give_one_answer():
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    responses = at_once([sending(secret, {"name": "A", "company": "B"}, "same") for _ in range(50)])
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert sum("Idempotent-Replayed" in response for response in responses) == 49
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_with_other_bodies_one_wins_and_the_rest_are_422():
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    responses = at_once([sending(secret, {"name": str(index)}, "same") for index in range(8)])
    assert sorted(response.status_code for response in responses) == [201] + 7 * [422]
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_retry_works_after_the_first_died_in_the_middle():
    """The connection is cut after the contact was written and before the transaction ended."""
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    real = services.create_contact

    def create_and_die(**fields):
        real(**fields)
        process = connection.connection.info.backend_pid
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [process])
        return Contact.objects.get()

    send = sending(secret, {"name": "A"}, "k")
    with mock.patch("contacts.services.create_contact", create_and_die):
        assert send().status_code == 503
    connection.close()
    assert (Contact.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert send().status_code == 201
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_waits_for_the_first_and_goes_on_when_it_fails():
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    real, failed = services.create_contact, []

    def fail_once(**fields):
        if not failed:
            failed.append(True)
            raise OperationalError("the first fails")
        return real(**fields)

    with mock.patch("contacts.services.create_contact", fail_once):
        responses = at_once([sending(secret, {"name": "A"}, "k") for _ in range(2)])
    assert sorted(response.status_code for response in responses) == [201, 503]
    assert Contact.objects.count() == 1
    assert json.loads(IdempotencyKey.objects.get().body)["name"] == "A"
