"""Taking imports back: what they made goes, what they changed goes back, what people did meanwhile stays."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Category, Contact, ContactPoint, Organization
from crm_project.transfer.models import ImportJob, UndoJob, UndoStep
from crm_project.transfer.undo import run_undo, start_undo, work
from customers.models import Customer
from leads.models import Campaign, Lead
from orders.models import Product
from tests.admin_pages import client_of, text_of, url
from tests.at_once import at_once
from tests.factories import ContactFactory, CustomFieldFactory, LeadFactory, UserFactory
from tests.importing import receipt

CONTACTS = "/contacts/import"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


FILE = """name,email,phone,company,categories,job_title,custom_fields.city
Ada Lovelace,ada@engine.example,+12025550101,New Engines,VIP;Science,Programmer,London
Grace Hopper,grace@navy.example,+12025550102,Navy,Science,Admiral,Arlington
"""


def take_back(client, job, status=200):
    response = client.post(f"/dev/crm/imports/{job['id']}/undo")
    assert response.status_code == status, response.json()
    return response.json()


def world():
    """All that people see of contacts, by their values."""
    return {
        "contacts": sorted(
            (
                contact.name,
                contact.job_title,
                contact.description,
                contact.organization and contact.organization.name,
                sorted(contact.custom_fields.items()),
                sorted(category.name for category in contact.categories.all()),
                sorted(contact.points.live().values_list("type", "value", "is_primary")),
                contact.search_text,
            )
            for contact in Contact.objects.live()
        ),
        "organizations": sorted(Organization.objects.values_list("name", flat=True)),
        "categories": sorted(Category.objects.values_list("name", flat=True)),
    }


def numbers(found):
    return {name: found[name] for name in ("state", "removed", "reverted", "kept", "conflict_count")}


def test_what_an_import_made_goes_and_what_it_changed_goes_back(manager):
    CustomFieldFactory(key="city")
    ContactFactory(name="Ada", email="ada@engine.example", company="Old Engines", categories=["Science"])
    before = world()
    job = receipt(manager, CONTACTS, FILE, match="email")
    assert world() != before
    found = take_back(manager, job)
    assert numbers(found) == {"state": "done", "removed": 1, "reverted": 1, "kept": 0, "conflict_count": 0}
    assert found["counts"]["organization"]["removed"] == 2
    assert found["counts"]["category"]["removed"] == 1
    assert found["rows"] == found["total"] > 0
    assert world() == before
    assert not UndoStep.objects.exists()
    assert manager.get(f"/dev/crm/imports/{job['id']}/undo").json() == found


def test_the_same_undone_twice_is_undone_once(manager):
    job = receipt(manager, CONTACTS, FILE.replace(",custom_fields.city", "").replace(",London", "").replace(",Arl", ""))
    found = take_back(manager, job)
    manager.post("/contacts", {"name": "Later"})
    assert take_back(manager, job) == found
    assert [contact.name for contact in Contact.objects.all()] == ["Later"]


@pytest.mark.django_db(transaction=True)
def test_undone_in_parallel_it_is_undone_once(manager):
    ContactFactory(name="Ada", email="ada@engine.example")
    job = receipt(manager, CONTACTS, "name,email\nAda Lovelace,ada@engine.example\nNew,new@x.example\n", match="email")
    stored = ImportJob.objects.get(pk=job["id"])
    found = at_once([lambda: start_undo(job=stored, actor=manager.user, inline_rows=100)] * 8)
    assert len({each.pk for each in found}) == 1
    assert UndoJob.objects.get().counts["contact"] == {"removed": 1, "reverted": 1, "kept": 0}
    assert [contact.name for contact in Contact.objects.all()] == ["Ada"]


def test_two_workers_at_one_undoing_do_each_row_once(manager, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 3)
    rows = "".join(f"Person {number},{number}@x.example\n" for number in range(20))
    job = receipt(manager, CONTACTS, "name,email\n" + rows)
    found = start_undo(job=ImportJob.objects.get(pk=job["id"]), actor=manager.user, inline_rows=0)
    assert ProcrastinateJob.objects.filter(task_name__endswith="run_undo", args__job_id=str(found.pk)).count() == 1
    assert found.state == "queued"
    run_undo(UndoJob.objects.get())
    run_undo(UndoJob.objects.get())
    assert UndoJob.objects.get().counts["contact"]["removed"] == 20


@pytest.mark.parametrize("place", range(1, 9))
def test_killed_in_between_it_goes_on(manager, monkeypatch, place):
    monkeypatch.setattr(work, "CHUNK", 2)
    ContactFactory(name="Ada", email="ada@engine.example", company="Old Engines")
    before = world()
    rows = "".join(f"Person {number},{number}@x.example,Firm {number % 2}\n" for number in range(5))
    text = "name,email,company\nAda Lovelace,ada@engine.example,New Engines\n" + rows
    job = receipt(manager, CONTACTS, text, match="email")
    start_undo(job=ImportJob.objects.get(pk=job["id"]), actor=manager.user, inline_rows=0)
    steps = 0

    class Killed(BaseException):
        pass

    def kill():
        nonlocal steps
        steps += 1
        if steps == place:
            raise Killed
        return False

    with pytest.raises(Killed):
        run_undo(UndoJob.objects.get(), should_stop=kill)
    assert UndoJob.objects.get().state == "running"
    run_undo(UndoJob.objects.get())
    found = UndoJob.objects.get()
    assert (found.state, found.counts["contact"]) == ("done", {"removed": 5, "reverted": 1, "kept": 0})
    assert found.rows == found.total
    assert world() == before


def test_what_people_changed_since_stays_and_is_listed(manager):
    ada = ContactFactory(name="Ada", email="ada@engine.example", job_title="Poet", description="Old")
    text = "name,email,job_title,description\nAda Lovelace,ada@engine.example,Programmer,Imported\n"
    job = receipt(manager, CONTACTS, text, match="email")
    manager.put(f"/contacts/{ada.pk}", {"job_title": "Countess"})
    found = take_back(manager, job)
    ada.refresh_from_db()
    assert (ada.name, ada.job_title, ada.description) == ("Ada", "Countess", "Old")
    assert found["conflicts"] == [
        {
            "kind": "contact",
            "id": str(ada.pk),
            "label": "Ada Lovelace",
            "field": "job_title",
            "before": "Poet",
            "imported": "Programmer",
            "now": "Countess",
            "reason": "It was changed since.",
        }
    ]


def test_changed_and_changed_back_by_people_is_theirs(manager):
    ada = ContactFactory(name="Ada", email="ada@engine.example", job_title="Poet")
    job = receipt(manager, CONTACTS, "email,job_title\nada@engine.example,Programmer\n", match="email")
    for title in ("Countess", "Programmer"):
        manager.put(f"/contacts/{ada.pk}", {"job_title": title})
    assert take_back(manager, job)["conflict_count"] == 1
    ada.refresh_from_db()
    assert ada.job_title == "Programmer"


def test_of_custom_fields_each_key_goes_back_by_itself(manager):
    for key in ("city", "size", "note"):
        CustomFieldFactory(key=key)
    ada = ContactFactory(name="Ada", email="ada@engine.example", custom_fields={"city": "Paris", "note": "mine"})
    text = "email,custom_fields.city,custom_fields.size\nada@engine.example,London,L\n"
    job = receipt(manager, CONTACTS, text, match="email")
    manager.put(f"/contacts/{ada.pk}", {"custom_fields": {"city": "Rome", "note": "changed"}})
    found = take_back(manager, job)
    ada.refresh_from_db()
    assert ada.custom_fields == {"city": "Rome", "note": "changed"}
    assert [(each["field"], each["now"]) for each in found["conflicts"]] == [("custom_fields.city", "Rome")]


def test_a_new_record_that_people_changed_stays_with_all_its_parts(manager):
    job = receipt(manager, CONTACTS, FILE.replace("custom_fields.city", "description"))
    ada = Contact.objects.get(name="Ada Lovelace")
    before = next(each for each in world()["contacts"] if each[0] == "Ada Lovelace")
    manager.put(f"/contacts/{ada.pk}", {"job_title": "Countess"})
    found = take_back(manager, job)
    assert numbers(found) == {"state": "done", "removed": 1, "reverted": 0, "kept": 1, "conflict_count": 4}
    kept = [(each["kind"], each["label"], each["reason"]) for each in found["conflicts"]]
    assert kept[0] == ("contact", "Ada Lovelace", "It was changed since.")
    assert {each[:2] for each in kept[1:]} == {
        ("organization", "New Engines"),
        ("category", "VIP"),
        ("category", "Science"),
    }
    after = world()
    assert [each[3:] for each in after["contacts"] if each[0] == "Ada Lovelace"] != []
    assert (after["contacts"][0][5], after["contacts"][0][6]) == (before[5], before[6])
    assert (after["organizations"], after["categories"]) == (["New Engines"], ["Science", "VIP"])


@pytest.mark.parametrize("use", ["interaction", "task", "lead", "point"])
def test_a_new_record_that_people_use_stays(manager, use):
    job = receipt(manager, CONTACTS, "name,email\nAda,ada@engine.example\nGrace,grace@navy.example\n")
    ada = Contact.objects.get(name="Ada")
    if use == "interaction":
        assert manager.post(f"/contacts/{ada.pk}/interactions", {"type": "call"}).status_code == 201
    elif use == "task":
        body = {"title": "Call", "due_at": "2030-01-01", "contact_id": str(ada.pk)}
        assert manager.post("/dev/crm/tasks", body).status_code == 201
    elif use == "lead":
        lead = manager.post("/dev/crm/leads", {"name": "Ada", "email": "ada@engine.example"}).json()
        assert lead["contact_id"] == str(ada.pk)
    else:
        points = manager.get(f"/contacts/{ada.pk}").json()["contact_points"]
        manager.put(f"/contacts/{ada.pk}", {"contact_points": [*points, {"type": "phone", "value": "+12025550101"}]})
    found = take_back(manager, job)
    assert (found["removed"], found["kept"], found["conflict_count"]) == (1, 1, 1)
    assert [contact.name for contact in Contact.objects.all()] == ["Ada"]
    assert ContactPoint.objects.filter(contact=ada, type="mail").count() == 1


def test_of_two_imports_the_first_leaves_what_the_second_said(manager):
    ada = ContactFactory(name="Ada", email="ada@engine.example", job_title="Poet")
    first = receipt(manager, CONTACTS, "email,job_title\nada@engine.example,Programmer\n", match="email")
    second = receipt(manager, CONTACTS, "email,job_title\nada@engine.example,Countess\n", match="email")
    assert take_back(manager, first)["conflict_count"] == 1
    assert numbers(take_back(manager, second))["reverted"] == 1
    ada.refresh_from_db()
    assert ada.job_title == "Programmer"


def test_a_value_that_somebody_else_has_by_now_cannot_come_back(manager):
    lead = LeadFactory(name="Ada", email="ada@engine.example")
    text = f"id,name,email\n{lead.pk},Ada,ada@new.example\n"
    job = receipt(manager, "/dev/crm/leads/import", text, match="id")
    assert manager.post("/dev/crm/leads", {"name": "Usurper", "email": "ada@engine.example"}).status_code == 201
    found = take_back(manager, job)
    lead.refresh_from_db()
    assert lead.email == "ada@new.example"
    assert [(each["field"], each["now"]) for each in found["conflicts"] if each["kind"] == "lead"] == [
        ("email", "ada@new.example")
    ]


@pytest.mark.parametrize(
    ("kind", "text", "model"),
    [
        ("leads", "name,email,campaign\nAda,ada@engine.example,Spring\nBob,bob@x.example,Spring\n", Lead),
        ("customers", "name,email,company\nAda,ada@engine.example,Engines\nBob,bob@x.example,\n", Customer),
        ("products", "sku,name,price\nA-1,Tea,10.00\nA-2,Coffee,12.00\n", Product),
    ],
)
def test_other_kinds_of_records(manager, kind, text, model):
    job = receipt(manager, f"/dev/crm/{kind}/import", text)
    assert (job["created"], model.objects.count()) == (2, 2)
    found = take_back(manager, job)
    assert numbers(found) == {"state": "done", "removed": 2, "reverted": 0, "kept": 0, "conflict_count": 0}
    for table in (model, Contact, ContactPoint, Campaign, Organization):
        assert not table.objects.exists(), table


def test_what_is_not_over_or_never_was_cannot_be_undone(manager, settings):
    dry = receipt(manager, CONTACTS, "name\nAda\n", dry_run=1)
    assert take_back(manager, dry, 409)["code"] == "import_not_undoable"
    waiting = ImportJob.objects.create(owner=manager.user, kind="contact", format="csv")
    assert "still running" in take_back(manager, {"id": waiting.pk}, 409)["message"]
    assert manager.get(f"/dev/crm/imports/{waiting.pk}/undo").status_code == 404
    assert not UndoJob.objects.exists()


def test_a_large_one_is_undone_by_a_worker(manager, settings):
    job = receipt(manager, CONTACTS, "name\nAda\nGrace\n")
    settings.CRM_IMPORT_INLINE_ROWS = 1
    found = take_back(manager, job, 202)
    assert (found["state"], found["removed"], Contact.objects.count()) == ("queued", 0, 2)
    run_undo(UndoJob.objects.get())
    assert numbers(take_back(manager, job))["removed"] == 2


def test_names_of_what_one_may_no_longer_see_are_not_told(sales, manager):
    job = receipt(sales, CONTACTS, "name,email\nAda,ada@engine.example\n")
    ada = Contact.objects.get()
    manager.put(f"/contacts/{ada.pk}", {"name": "Secret", "assigned_to": str(UserFactory().pk)})
    conflict = take_back(sales, job)["conflicts"][0]
    assert (conflict["label"], conflict["reason"]) == (None, "It was changed since.")
    assert take_back(manager, job)["conflicts"][0]["label"] == "Secret"


def test_the_history_tells_of_the_undoing(manager):
    ada = ContactFactory(name="Ada", email="ada@engine.example", job_title="Poet")
    job = receipt(manager, CONTACTS, "email,job_title\nada@engine.example,Programmer\n", match="email")
    found = take_back(manager, job)
    told = manager.get(f"/contacts/{ada.pk}/history").json()["results"]
    newest = next(entry for entry in told if entry["type"] == "contact.changed")
    assert (newest["changes"], newest["door"]) == ({"job_title": ["Programmer", "Poet"]}, "import")
    assert newest["data"]["job"] == found["id"]


# The admin


def page_of(browser, job):
    return browser.get(url("transfer_importjob_change", job["id"]))


def test_the_page_of_an_import_has_its_receipt_its_file_and_the_way_back(manager):
    browser = client_of(manager.user)
    ada = ContactFactory(name="Ada", email="ada@engine.example", job_title="Poet")
    text = "name,email,job_title\nAda Lovelace,ada@engine.example,Programmer\nNew,new@x.example,\nBad,no@,\n"
    job = receipt(manager, CONTACTS, text, match="email")
    (shown,) = page_of(browser, job).context["receipts"]
    assert (shown["percent"], [str(number) for _label, number in shown["numbers"]]) == (
        100,
        ["3", "1", "1", "0", "0", "1"],
    )
    assert [str(each["label"]) for each in shown["buttons"]] == [
        "Failed rows, to be mended and sent again",
        "The file as it was sent",
        "Undo this import",
    ]
    file = browser.get(url("transfer_importjob_file", job["id"]))
    assert b"".join(file.streaming_content).decode() == text
    assert "attachment" in file["Content-Disposition"]
    manager.put(f"/contacts/{ada.pk}", {"job_title": "Countess"})
    assert browser.get(url("transfer_importjob_undo", job["id"])).status_code == 405
    page = browser.post(url("transfer_importjob_undo", job["id"]), follow=True)
    undone, _done = page.context["receipts"]
    assert [number for _label, number in undone["numbers"]] == ["1", "1", "0", "1"]
    assert "Countess" in text_of(page)
    assert "Undo this import" not in text_of(page)
    assert "Refresh" not in page


def test_the_page_comes_anew_while_something_runs(manager, settings):
    browser = client_of(manager.user)
    job = receipt(manager, CONTACTS, "name\nAda\nGrace\n")
    settings.CRM_IMPORT_INLINE_ROWS = 1
    page = browser.post(url("transfer_importjob_undo", job["id"]), follow=True)
    assert (page["Refresh"], page.context["receipts"][0]["percent"]) == ("3", 0)
    run_undo(UndoJob.objects.get())
    assert "Refresh" not in page_of(browser, job)


def test_nobody_else_takes_a_reps_import_back(sales, manager):
    job = receipt(manager, CONTACTS, "name\nAda\n")
    browser = client_of(sales.user)
    for name in ("undo", "file"):
        send = browser.post if name == "undo" else browser.get
        assert send(url(f"transfer_importjob_{name}", job["id"])).status_code == 404
    assert Contact.objects.count() == 1
