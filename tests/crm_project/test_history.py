"""Who changed what, when, from which value to which and through which door: for every change there is."""

import base64
import datetime as dt
import io
import json
import re

import pghistory
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from contacts import services
from contacts.models import Category, Contact, ContactCategory, ContactPoint
from crm_project.admin.story import DOORS as DOOR_NAMES
from crm_project.history.timeline import timeline
from crm_project.history.views import EntrySerializer
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import ContactFactory, CustomFieldFactory, InteractionFactory, TeamFactory, UserFactory
from tests.test_permissions import CALLS, EADESK, JOBS, body_for, fill, marked, request

pytestmark = pytest.mark.django_db

# What only reads although it is a POST, what App Connect asks of users, and what finds nothing to do in an empty house.
TRACELESS = {
    f"api/app-connect/{name}"
    for name in (
        "findContact",
        "findContactWithName",
        "getCallLog",
        "getUserInfo",
        "getUserList",
        "getLicenseStatus",
        "refreshUserInfo",
        "authValidation",
        "unAuthorize",
    )
} | {"dev/crm/products/import", "dev/crm/feedback/process-reminders"}
WRITING = [
    (address, method)
    for address, method in CALLS
    if method != "get" and address.model not in JOBS and address.route not in TRACELESS
]
DOORS = {EADESK: "eadesk", "/api/app-connect": "app_connect", "/dev/crm/leads/nurture": "nurturing"}


def events():
    """Numbers of events by table, those of this transaction included."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.endswith("event")]
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT count(*), count(pgh_context_id) FROM {table}")
            counts[table] = cursor.fetchone()
    return counts


def story(contact):
    return timeline([contact.pk], None, 500, user=UserFactory(groups=["Manager"]))


@pytest.mark.parametrize(
    ("address", "method"), WRITING, ids=[f"{method} {address.route}" for address, method in WRITING]
)
def test_every_writing_request_leaves_who_and_by_which_door(address, method, administrator):
    CustomFieldFactory(key="marked")
    path = fill(address, marked(administrator.user, TeamFactory(), "own"))
    body = body_for(address, method, administrator.user)
    before = events()
    response = request(administrator, method, path, body)
    assert 200 <= response.status_code < 300, response.content
    new = {table: counts for table, counts in events().items() if counts != before[table]}
    assert new, "The request left no trace."
    for table, (every, with_context) in new.items():
        assert every - before[table][0] == with_context - before[table][1], f"{table} does not say who it was."
    context = pghistory.models.Context.objects.latest("created_at").metadata
    assert context == {
        "user": str(administrator.user.pk),
        "api_key": administrator.key.prefix,
        "door": "import" if context.pop("job", None) else door_of(path),
        "request_id": response["X-Request-ID"],
    }


def door_of(path):
    return next((door for start, door in DOORS.items() if path.startswith(start)), "api")


def test_change_says_before_and_after(manager):
    contact = ContactFactory(name="A", job_title="Boss")
    manager.put(f"/contacts/{contact.pk}", {"name": "B", "job_title": "Boss"})
    entry = next(each for each in story(contact) if each.type == "contact.changed" and each.actor)
    assert entry.changes == {"name": ["A", "B"], "sort_name": ["a", "b"]} or entry.changes == {"name": ["A", "B"]}
    assert (entry.actor, entry.door, entry.kind) == (str(manager.user.pk), "api", "event")
    assert timezone.now() - entry.at < dt.timedelta(minutes=1)


def by_contacts(client):
    return client.post("/contacts", {"name": "Grace"}).json()["id"]


def by_leads(client):
    body = {"name": "Grace", "email": "grace@example.com", "source": "website"}
    return client.post("/dev/crm/leads", body).json()["contact_id"]


def by_app_connect(client):
    body = {"phoneNumber": "+14156201234", "newContactName": "Grace"}
    return client.post("/api/app-connect/createContact", body).json()["contactInfo"]["id"]


def by_eadesk(client):
    return client.post(f"{EADESK}person/create", {"name": "Grace"}).json()["_id"]


def by_import(client):
    return client.post("/contacts/import", [{"name": "Grace"}]).json()["ids"][0]


def by_admin(client):
    browser = client_of(client.user)
    form = form_of(browser.get(url("contacts_contact_add")), "contact_form") | {"name": "Grace"}
    assert browser.post(url("contacts_contact_add"), form).status_code == 302
    return Contact.objects.get().pk


def by_command(client):
    call_command("seed_demo", contacts=1, leads=0, customers=0, products=0, orders=0, feedback=0, stdout=io.StringIO())
    return Contact.objects.latest("pk").pk


@pytest.mark.parametrize(
    ("make", "door", "shown"),
    [
        (by_contacts, "api", "API"),
        (by_leads, "api", "API"),
        (by_app_connect, "app_connect", "App Connect"),
        (by_eadesk, "eadesk", "Eadesk"),
        (by_import, "import", "import"),
        (by_admin, "admin", "admin"),
        (by_command, "command", "command"),
    ],
)
def test_the_history_names_the_door_in_the_api_and_in_the_admin(manager, make, door, shown):
    manager.user.first_name, manager.user.last_name = "Mia", "Rossi"
    manager.user.save()
    key = make(manager)
    made = [each for each in manager.get(f"/contacts/{key}/history").json()["results"] if each["kind"] == "event"]
    assert {each["door"] for each in made} == {door}
    assert "contact.created" in {each["type"] for each in made}
    who = "System" if make is by_command else "Mia Rossi"
    assert f"{who} · {shown} ·" in text_of(client_of(manager.user).get(url("contacts_contact_history", key)))


def test_every_door_that_leaves_a_trace_has_a_name_in_the_admin():
    """Doors are words in the code; those of the history's own documentation are all that there are."""
    documented = re.findall(r"[a-z_]+", EntrySerializer().fields["door"].help_text.partition(":")[2])
    assert set(DOOR_NAMES) == set(documented) - {"or"}


def test_history_over_the_api_tells_it_too(manager):
    contact = ContactFactory(name="A")
    manager.put(f"/contacts/{contact.pk}", {"name": "B", "email": "b@example.com", "categories": ["VIP"]})
    manager.post(f"/contacts/{contact.pk}/interactions", {"type": "call", "subject": "Hello"})
    entries = manager.get(f"/contacts/{contact.pk}/history").json()["results"]
    assert {"call", "contact.changed", "contact_point.created", "category.created"} <= {
        each["type"] for each in entries
    }
    named = next(each for each in entries if each["changes"].get("name"))
    assert named["changes"]["name"] == ["A", "B"]
    assert named["actor"] == str(manager.user.pk)
    times = [each["at"] for each in entries]
    assert times == sorted(times, reverse=True)


def test_sharing_is_in_the_history(manager):
    contact, colleague = ContactFactory(), UserFactory()
    path = f"/contacts/{contact.pk}/sharing"
    manager.put(path, {"shares": [{"user": str(colleague.pk), "verbs": ["view"]}]})
    manager.put(path, {"shares": []})
    assert [each.type for each in story(contact) if each.type.startswith("share.")] == [
        "share.deleted",
        "share.created",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda: Contact.objects.update(name="B"),
        lambda: Contact.objects.bulk_update([change_of(Contact.objects.get(), name="B")], ["name"]),
        lambda: sql("UPDATE contacts_contact SET name = 'B'"),
        lambda: Contact.objects.all().delete(),
        lambda: sql("SET CONSTRAINTS ALL DEFERRED; DELETE FROM contacts_contact"),
        lambda: Contact.objects.bulk_create([Contact(name=name) for name in "BCD"]),
        lambda: sql("INSERT INTO contacts_contact (name, description) VALUES ('B', '')"),
        lambda: ContactPoint.objects.bulk_create([ContactPoint(contact=Contact.objects.get(), type="id", value="x")]),
    ],
    ids=["update", "bulk_update", "UPDATE", "delete", "DELETE", "bulk_create", "INSERT", "points"],
)
def test_no_way_around(change):
    """Bulk writes and raw SQL leave one event a row, and say by whom when somebody said so."""
    ContactFactory(name="A")
    before = sum(every for every, _ in events().values())
    with pghistory.context(user="me", door="shell"):
        change()
    after = events()
    assert sum(every for every, _ in after.values()) > before
    assert pghistory.models.Context.objects.get().metadata == {"user": "me", "door": "shell"}


def change_of(record, **values):
    for name, value in values.items():
        setattr(record, name, value)
    return record


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_bulk_update_leaves_an_event_for_each_row():
    ContactFactory.create_batch(3)
    before = events()["contacts_contactevent"][0]
    Contact.objects.update(description="x")
    assert events()["contacts_contactevent"][0] == before + 3


def test_what_was_rolled_back_left_no_trace():
    contact = ContactFactory()
    before = events()
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(name="B")
        transaction.set_rollback(True)
    assert events() == before


def test_refused_request_leaves_no_trace(manager):
    contact = ContactFactory()
    before = events()
    assert manager.put(f"/contacts/{contact.pk}", {"categories": ["New"], "email": "wrong"}).status_code == 400
    assert events() == before
    assert not Category.objects.exists()


def test_reading_leaves_no_change(manager):
    contact = ContactFactory()
    before = events()
    for path in ("/contacts", f"/contacts/{contact.pk}", f"/contacts/{contact.pk}/history"):
        manager.get(path)
    assert events() == before


def test_nothing_changed_is_no_event(manager):
    contact = ContactFactory(name="A", email="a@example.com", company="B", custom_fields={})
    version = Contact.objects.get(pk=contact.pk).version
    before = events()
    body = {"name": "A", "email": "a@example.com", "company": "B"}
    assert manager.put(f"/contacts/{contact.pk}", body).status_code == 200
    assert events() == before
    assert Contact.objects.get(pk=contact.pk).version == version


def test_same_categories_again_are_no_event(manager):
    contact = ContactFactory(categories=["VIP", "New"])
    ids = set(ContactCategory.objects.values_list("pk", flat=True))
    assert manager.put(f"/contacts/{contact.pk}", {"categories": ["vip", "New"]}).status_code == 200
    assert set(ContactCategory.objects.values_list("pk", flat=True)) == ids


# Pages of a history


@pytest.fixture
def busy(manager):
    """A contact with much that happened, some of it at the same moment."""
    contact = ContactFactory(name="0", email="a@example.com", phone="504-621-8927", categories=["A", "B"])
    moment = timezone.now()
    for index in range(6):
        services.update_contact(contact=contact, actor=manager.user, name=str(index + 1), email=f"{index}@example.com")
        InteractionFactory(contact=contact, started_at=moment if index % 2 else timezone.now())
    return contact


@pytest.mark.parametrize("size", [1, 3, 500])
def test_pages_of_a_history_have_each_entry_once(manager, busy, size):
    url, ids = f"/contacts/{busy.pk}/history?page_size={size}", []
    while url:
        page = manager.get(url).json()
        ids += [each["id"] for each in page["results"]]
        url = page["next"]
    assert ids == [each.id for each in story(busy)]
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=%00", "cursor=W10", "page_size=0", "page_size=501", "ordering=at"]
)
def test_nonsense_is_400(manager, query):
    response = manager.get(f"/contacts/{ContactFactory().pk}/history?{query}")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.partition("=")[0]]


def test_edited_and_deleted_interactions_are_told(manager):
    contact = ContactFactory()
    other = ContactFactory()
    path = f"/contacts/{contact.pk}/interactions"
    note = manager.post(path, {"type": "note", "subject": "Offer", "body": "ten percent"}).json()
    manager.patch(f"{path}/{note['id']}", {"body": "nothing"})
    manager.delete(f"{path}/{note['id']}")
    kept = manager.post(path, {"type": "note", "body": "stays"}).json()
    told = [
        each for each in manager.get(f"/contacts/{contact.pk}/history").json()["results"] if each["kind"] == "event"
    ]
    assert [each["type"] for each in told] == [
        "logged_interaction.deleted",
        "logged_interaction.changed",
        "contact.created",
    ]
    assert told[1]["changes"] == {"body": ["ten percent", "nothing"]}
    assert told[0]["changes"]["body"] == ["nothing", None]
    page = text_of(client_of(UserFactory(groups=["Manager"])).get(url("contacts_contact_change", contact.pk)))
    assert "Interaction “Offer” removed" in page  # Told as one with the edit, for a test is one transaction.
    assert "ten percent" in page
    services.merge_contacts(survivor_id=other.pk, merged_ids=[contact.pk], actor=manager.user)
    told = manager.get(f"/contacts/{other.pk}/history").json()["results"]
    assert [each["data"]["interaction"] for each in told if each["kind"] == "interaction"] == [kept["id"]]
    assert len([each for each in told if each["type"].startswith("logged_interaction")]) == 2  # Moving is no edit.


def test_cursor_with_half_a_character_is_400(manager):
    text = base64.urlsafe_b64encode(json.dumps(["2030-01-01T00:00:00+00:00", "contact-\ud800"]).encode()).decode()
    answer = manager.get(f"/contacts/{ContactFactory().pk}/history", {"cursor": text.rstrip("=")})
    assert list(answer.json()["errors"]) == ["cursor"]
