"""People as clients of Eadesk make, read, change and delete them."""

import pytest

from contacts.models import Contact
from crm_project.access import services as access
from tests.factories import ContactFactory, ContactPointFactory, SegmentFactory

pytestmark = pytest.mark.django_db

BASE = "/api/clients/person"
NOBODY = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
NOT_FOUND = {"err": "ENOT_FOUND"}


def read(client, **query):
    response = client.get(f"{BASE}/read", query)
    assert response.status_code == 200, response.content
    return response.json()


def names(client, **query):
    return [person["name"] for person in read(client, **query)]


def form(client, path, body=""):
    return client.post(path, body, content_type="application/x-www-form-urlencoded")


def test_create_answers_the_person(manager, settings):
    settings.CRM_ACCOUNT_ID = NOBODY
    segment = SegmentFactory()
    body = {"name": "Вася Пупкин", "description": "Из рекламы", "segments": [str(segment.pk)]}
    response = manager.post(f"{BASE}/create", body | {"utm": {"unknown": "fields are ignored"}})
    contact = Contact.objects.get()
    assert response.status_code == 200
    assert response.json() == {**body, "_id": str(contact.pk), "contacts": [], "accountId": settings.CRM_ACCOUNT_ID}
    assert (contact.origin, contact.created_by, contact.assigned_to) == ("eadesk", manager.user, manager.user)


def test_create_needs_nothing(manager):
    made = [manager.post(f"{BASE}/create", {}), form(manager, f"{BASE}/create"), manager.post(f"{BASE}/create/")]
    for response in made:
        assert response.status_code == 200
        assert response.json() | {"_id": "", "accountId": ""} == {
            **dict.fromkeys(["_id", "name", "description", "accountId"], ""),
            "segments": [],
            "contacts": [],
        }


def test_account_id_is_kept_when_none_is_set(manager):
    first, second = (manager.post(f"{BASE}/create", {}).json()["accountId"] for _ in range(2))
    assert first == second != ""


def test_form_repeats_segments(manager):
    one, two = SegmentFactory(), SegmentFactory()
    body = f"name=%D0%90%D0%BB%D0%B8%D1%81%D0%B0&segments={one.pk}&segments={two.pk}"
    person = form(manager, f"{BASE}/create", body).json()
    assert (person["name"], sorted(person["segments"])) == ("Алиса", sorted([str(one.pk), str(two.pk)]))
    update = f"{BASE}/update/{person['_id']}"
    assert len(form(manager, update, "name=Alice").json()["result"]["segments"]) == 2
    assert form(manager, update, "segments=").json()["result"]["segments"] == []


def test_update_changes_what_is_given(manager):
    segments = [SegmentFactory(), SegmentFactory()]
    contact = ContactFactory(name="Алиса", description="A", segments=[segments[0]], email="a@example.com")
    path = f"{BASE}/update/{contact.pk}"
    assert manager.post(path, {"name": "Alice"}).json()["result"]["name"] == "Alice"
    result = manager.post(path, {"description": "", "segments": [str(segments[1].pk)]}).json()["result"]
    assert (result["name"], result["description"]) == ("Alice", "")
    assert result["segments"] == [str(segments[1].pk)]
    assert [datum["value"] for datum in result["contacts"]] == ["a@example.com"]


@pytest.mark.parametrize("address", ["{}", "{}=", ":id={}", ":id={}=", "{}/", "?id={}", ":id=?id={}"])
def test_spellings_of_an_address(manager, address):
    contact = ContactFactory(email="a@example.com")
    point = contact.points.get()
    for part, key in (("", contact.pk), ("contacts/", point.pk)):
        body = {"type": "mail", "service": "mail"}
        for call in ("update", "delete", "delete"):
            response = manager.post(f"{BASE}/{part}{call}/{address.format(key)}", body)
            assert response.json().keys() == {"result"}, response.content
        Contact.objects.update(deleted_at=None)
    path = f"{BASE}/contacts/create/{address.format(contact.pk)}".replace(":id", ":contact_id")
    assert "result" in manager.post(path, body | {"value": "b@example.com"}).json()


@pytest.mark.parametrize("key", [NOBODY, "", "1", "nobody", "'", "%00", "😀", ":id", "null", "9" * 5000])
def test_what_is_not_there_is_not_found(manager, key):
    ContactFactory()
    for call in ("update", "delete", "contacts/create", "contacts/update", "contacts/delete"):
        body = {"value": "a@example.com", "type": "mail", "service": "mail"}
        response = manager.post(f"{BASE}/{call}/{key}", body)
        assert (response.status_code, response.json()) == (200, NOT_FOUND), call


def test_deleted_people_stay_readable(manager):
    contact = ContactFactory(name="Алиса")
    ContactFactory(name="Боб")
    for _ in range(2):
        assert manager.post(f"{BASE}/delete/{contact.pk}").json() == {"result": True}
    assert [(each["name"], each.get("status")) for each in read(manager)] == [("Алиса", "deleted"), ("Боб", None)]
    assert names(manager, needExistingRecords="false") == names(manager, needExistingRecords="") == ["Боб"]
    assert read(manager, id=contact.pk)[0]["status"] == "deleted"
    assert manager.post(f"{BASE}/update/{contact.pk}", {"name": "X"}).json() == NOT_FOUND
    datum = {"value": "a@example.com", "type": "mail", "service": "mail"}
    assert manager.post(f"{BASE}/contacts/create/{contact.pk}", datum).json() == NOT_FOUND
    contact.refresh_from_db()
    assert (contact.name, contact.deleted_by) == ("Алиса", manager.user)
    assert manager.get(f"/contacts/{contact.pk}").status_code == 404


def test_pages_are_oldest_first(manager):
    for number in range(60):
        ContactFactory(name=f"{number:02d}")
    every = [f"{number:02d}" for number in range(60)]
    assert names(manager) == every[:50]
    assert names(manager, offset=50) == every[50:]
    assert names(manager, offset=3, limit=2) == every[3:5]
    assert names(manager, limit=0) == names(manager, offset=1000) == []
    assert names(manager, limit=1000, search="^[0-2]", offset=28) == ["28", "29"]


def test_kinds_of_live_data(manager):
    one = ContactFactory(name="mail", email="a@example.com")
    two = ContactFactory(name="both", email="b@example.com")
    ContactPointFactory(contact=two, type="phone", service="whatsapp", value="504-621-8927")
    gone = ContactPointFactory(contact=one, type="id", service="telegram", value="@one")
    assert names(manager, type="mail") == names(manager, type=" phone ,mail") == ["mail", "both"]
    assert names(manager, service="whatsapp,vk") == names(manager, type="phone", service="whatsapp") == ["both"]
    assert names(manager, type="mail", service="whatsapp") == []
    assert names(manager, service="telegram") == names(manager, type="id") == ["mail"]
    assert manager.post(f"{BASE}/contacts/delete/{gone.pk}").json() == {"result": True}
    assert names(manager, service="telegram") == []
    assert names(manager, type="") == ["mail", "both"]


@pytest.mark.parametrize("id", [NOBODY, "", "nobody", "a" * 400])
def test_unknown_id_reads_nobody(manager, id):
    ContactFactory()
    assert read(manager, id=id) == []


def test_foreign_people_are_not_there(sales):
    mine = ContactFactory(name="Mine", assigned_to=sales.user)
    foreign = ContactFactory(name="Foreign", email="f@example.com")
    shared = ContactFactory(name="Shared")
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    point = foreign.points.get()
    assert names(sales) == names(sales, search=".") == ["Mine", "Shared"]
    assert names(sales, search="f@example") == names(sales, type="mail") == names(sales, id=foreign.pk) == []
    for path in (f"update/{foreign.pk}", f"delete/{foreign.pk}", f"contacts/create/{foreign.pk}"):
        response = sales.post(f"{BASE}/{path}", {"name": "X", "value": "x", "type": "id", "service": "vk"})
        assert (response.status_code, response.json()) == (200, NOT_FOUND), path
    for path in (f"update/{point.pk}", f"delete/{point.pk}"):
        response = sales.post(f"{BASE}/contacts/{path}", {"value": "x", "type": "id", "service": "vk"})
        assert (response.status_code, response.json()) == (200, NOT_FOUND), path
    for path in (f"update/{shared.pk}", f"delete/{shared.pk}", f"contacts/create/{shared.pk}"):
        response = sales.post(f"{BASE}/{path}", {"name": "X", "value": "x", "type": "id", "service": "vk"})
        assert (response.status_code, response.json()) == (403, {"err": "EFORBIDDEN"}), path
    assert sales.post(f"{BASE}/update/{mine.pk}", {"name": "Y"}).json()["result"]["name"] == "Y"
    assert sorted(Contact.objects.live().values_list("name", flat=True)) == ["Foreign", "Shared", "Y"]
