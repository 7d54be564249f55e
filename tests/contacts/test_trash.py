"""Deleting moves to the trash; restoring brings back, whole."""

import pytest
from django.test import Client

from contacts import services
from contacts.models import Contact
from tests.factories import ContactFactory, CustomFieldFactory, InteractionFactory, SegmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def deleted(manager):
    """A contact with everything, in the trash, and what it answered before."""
    contact = ContactFactory(
        email="a@example.com", phone="504-621-8927", company="Acme", categories=["VIP"], segments=[SegmentFactory()]
    )
    InteractionFactory(contact=contact)
    before = manager.get(f"/contacts/{contact.pk}").json()
    manager.delete(f"/contacts/{contact.pk}")
    return before


def test_restored_contact_is_as_it_was(manager, deleted):
    path = f"/contacts/{deleted['id']}"
    response = manager.post(f"{path}/restore")
    assert response.status_code == 200
    assert response.json() == deleted | {"updated_at": response.json()["updated_at"]}
    assert manager.get(path).json() == response.json()
    assert manager.get(f"{path}/interactions").json()["count"] == 1
    assert manager.get("/contacts?search=8927").json()["count"] == 1


@pytest.mark.parametrize("path", ["", "/history", "/organizations", "/custom_fields", "/sharing", "/interactions"])
def test_nothing_of_a_deleted_contact_answers(manager, deleted, path):
    assert manager.get(f"/contacts/{deleted['id']}{path}").status_code == 404


def test_trash_can_be_listed_and_filtered(manager, deleted):
    other = ContactFactory(name="Live")
    listed = manager.get("/contacts?trashed=true").json()
    assert [each["id"] for each in listed["results"]] == [deleted["id"]]
    assert manager.get("/contacts?trashed=true&search=live").json()["count"] == 0
    live = manager.get("/contacts?trashed=false").json()["results"]
    assert manager.get("/contacts?trashed=True").json() == manager.get("/contacts?trashed=1").json()
    assert manager.get("/contacts?trashed=1").json()["count"] == 1
    wrong = manager.get("/contacts?trashed=perhaps")
    assert (wrong.status_code, wrong.json()["errors"]) == (400, {"trashed": ["One of: true, false."]})
    assert [each["id"] for each in live] == [str(other.pk)]


def test_trash_shows_only_what_one_may_see(sales, deleted):
    assert sales.get("/contacts?trashed=true").json()["count"] == 0
    assert sales.post(f"/contacts/{deleted['id']}/restore").status_code == 403


def test_only_what_is_in_the_trash_can_be_restored(manager):
    assert manager.post(f"/contacts/{ContactFactory().pk}/restore").status_code == 404


def test_who_deleted_it_is_kept_until_it_is_restored(manager, deleted):
    contact = Contact.objects.get()
    assert (contact.deleted_by, contact.deleted_at is not None) == (manager.user, True)
    manager.post(f"/contacts/{deleted['id']}/restore")
    contact.refresh_from_db()
    assert (contact.deleted_by, contact.deleted_at) == (None, None)


def test_restoring_into_a_clash_is_409_and_names_the_field(manager):
    CustomFieldFactory(key="number", unique=True)
    first = ContactFactory(custom_fields={"number": "1"})
    manager.delete(f"/contacts/{first.pk}")
    ContactFactory(custom_fields={"number": "1"})
    response = manager.post(f"/contacts/{first.pk}/restore")
    assert response.status_code == 409
    assert "number" in response.json()["message"]
    first.refresh_from_db()
    assert first.deleted_at is not None


def test_admin_says_why_it_cannot_restore():
    CustomFieldFactory(key="number", unique=True)
    staff = UserFactory(groups=["Manager"], is_staff=True)
    first = ContactFactory(name="First", custom_fields={"number": "1"})
    services.delete_contact(contact=first, actor=staff)
    ContactFactory(custom_fields={"number": "1"})
    browser = Client()
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    page = browser.post(f"/admin/contacts/contact/{first.pk}/restore/", follow=True).content.decode()
    assert "First: Another contact has the same number now; change one of the two values first." in page
    first.refresh_from_db()
    assert first.deleted_at is not None


def test_organisation_of_a_deleted_contact_stays(manager, deleted):
    assert manager.get("/dev/crm/organizations?name=acme").json()["count"] == 1


def test_who_was_merged_away_is_not_in_the_trash(manager, deleted):
    survivor, merged = ContactFactory(), ContactFactory()
    services.merge_contacts(survivor_id=survivor.pk, merged_ids=[merged.pk], actor=manager.user)
    for path in ("/contacts?trashed=true", "/contacts?trashed=true&count=exact"):
        assert [contact["id"] for contact in manager.get(path).json()["results"]] == [deleted["id"]]
