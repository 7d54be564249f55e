"""Import, edits by people, undo: the database is what the same edits make of it without the import."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from crm_project.history.context import because_of
from crm_project.transfer.undo.work import CHUNK
from leads.models import Lead, LeadStatusChange
from leads.nurturing.enrolling import enrol, enrol_who_fit
from leads.nurturing.models import NurtureEnrollment, NurtureSequence
from leads.tasks import rescore_leads
from tests.factories import ContactFactory, CustomFieldFactory
from tests.importing import receipt

pytestmark = pytest.mark.django_db
APPS = ("contacts", "leads", "customers", "orders")
# Keys and times of rows differ from one play to the next, and so do the numbers of changes.
VOLATILE = {"id", "created_at", "updated_at", "version", "position"}
PEOPLE = 10


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def world(began):
    """Every row of every table of the apps but their history, by its values: records it refers to by their names."""
    names = {}
    models = [
        model
        for label in APPS
        for model in apps.get_app_config(label).get_models()
        if not hasattr(model, "pgh_tracked_model")
    ]
    for model in models:
        names |= {(model, row.pk): str(row) for row in model._base_manager.all()}

    def value_of(row, field):
        value = getattr(row, field.attname)
        if field.is_relation and value is not None:
            return names.get((field.related_model, value), str(value))
        if isinstance(value, dt.datetime) and value >= began:
            return "meanwhile"
        return sorted(value.items()) if isinstance(value, dict) else value

    def values(row):
        return {field.name: value_of(row, field) for field in row._meta.concrete_fields if field.name not in VOLATILE}

    tables = {model._meta.label: [values(row) for row in model._base_manager.all()] for model in models}
    return {label: sorted(map(repr, rows)) for label, rows in tables.items()}


def difference(found, expected):
    """What is wrong, shorter than both worlds."""
    return {
        table: {"too much": sorted(set(found[table]) - set(expected[table])),
                "missing": sorted(set(expected[table]) - set(found[table]))}
        for table in expected
        if found[table] != expected[table]
    }  # fmt: skip


class Story:
    """One kind of record: what is there, the file, and what people may do to the records that it changes."""

    path = ""
    match = "email"
    header = ""
    fields: dict[str, list] = {}
    imported: set[str] = set()
    columns = {"company": "organization_id"}

    def prepare(self, client):
        bodies = [self.body(number) for number in range(PEOPLE)]
        made = [client.post(self.path, body) for body in bodies]
        assert {response.status_code for response in made} == {201}, [response.json() for response in made]
        return [response.json()["id"] for response in made]

    def body(self, number):
        raise NotImplementedError

    def row(self, number, dice):
        raise NotImplementedError

    def more(self, client, key, number):
        """Something else that people do with a record: the request's address and body."""
        return f"/contacts/{key}/interactions", {"type": "note", "body": f"Said {number}"}


class Contacts(Story):
    path = "/contacts"
    header = "name,email,phone,other_emails,company,job_title,categories,segments,contact_points,custom_fields.city"
    fields = {
        "name": ["Edited"],
        "job_title": ["Edited title", ""],
        "company": ["Edited firm"],
        "custom_fields": [{"city": "Oslo"}],
        "description": ["Edited"],
        "categories": [["Old", "Edited"]],
    }
    imported = {"name", "job_title", "company", "custom_fields"}
    columns = {"company": "organization_id", "custom_fields": "custom_fields.city"}

    def body(self, number):
        points = [
            {"type": "mail", "value": f"{number}@x.example", "is_primary": True},
            {"type": "mail", "value": f"second.{number}@x.example"},
        ]
        return {
            "name": f"Person {number}",
            "job_title": "Clerk",
            "company": f"Firm {number % 3}",
            "categories": ["Old"],
            "custom_fields": {"city": "Paris"},
            "contact_points": points[: 1 + number % 2],
        }

    def row(self, number, dice):
        promoted = f'"[{{""type"": ""mail"", ""value"": ""second.{number}@x.example"", ""is_primary"": true}}]"'
        return (
            f"Imported {number},{number}@x.example,+1504621{number:04},new.{number}@x.example,"
            f"Imported firm {number % 2},{dice.choice(['Boss', 'Chief'])},Old;Imported,Imported list,"
            f"{dice.choice(['', promoted])},Rome"
        )


class Leads(Story):
    path = "/dev/crm/leads"
    header = "name,email,phone,company,source,campaign,status,lost_reason,score,notes,last_contact,custom_fields.size"
    fields = {
        "name": ["Edited"],
        "company": ["Edited firm"],
        "phone": ["+1 504 621 9999", ""],
        "notes": ["Edited"],
        "score": [99],
        "custom_fields": [{"size": "L"}],
    }
    imported = {"name", "company", "phone", "notes", "custom_fields"}
    columns = {"custom_fields": "custom_fields.size"}

    def body(self, number):
        return {"name": f"Lead {number}", "email": f"{number}@x.example", "source": "website", "phone": ""} | (
            {"score": 20} if number % 4 == 0 else {}
        )

    def row(self, number, dice):
        status, reason = dice.choice([("contacted", ""), ("qualified", ""), ("lost", "No budget"), ("", "")])
        score = dice.choice(["", "80"]) if number % 4 else ""
        return (
            f"Imported {number},{number}@x.example,+1504621{number:04},Imported firm {number % 2},referral,"
            f"Imported campaign,{status},{reason},{score},Imported,2025-05-0{1 + number % 9}T12:00:00Z,XL"
        )

    def more(self, client, key, number):
        return f"/dev/crm/leads/{key}/interactions", {"type": "call", "notes": f"Said {number}"}


class Customers(Story):
    path = "/dev/crm/customers"
    header = "name,email,phone,company,type,status,credit_limit,tax_id,billing_address,notes"
    fields = {
        "name": ["Edited"],
        "company": ["Edited firm"],
        "phone": ["+1 504 621 9999", ""],
        "credit_limit": ["7.50"],
        "payment_terms": ["Edited"],
        "status": ["inactive"],
    }
    imported = {"name", "company", "phone", "credit_limit", "status"}
    columns: dict[str, str] = {}

    def body(self, number):
        return {"name": f"Customer {number}", "email": f"{number}@x.example", "credit_limit": "100.00"}

    def row(self, number, dice):
        return (
            f"Imported {number},{number}@x.example,+1504621{number:04},Imported firm {number % 2},business,"
            f"blocked,{Decimal(dice.randrange(1000))},T-{number},Imported street,Imported"
        )

    def more(self, client, key, number):
        body = {"type": "call", "subject": f"Said {number}", "date": "2026-01-31T12:00:00Z"}
        return f"/dev/crm/customers/{key}/interactions", body


class Products(Story):
    path = "/dev/crm/products"
    match = "sku"
    header = "sku,name,description,price,currency,active,stock"
    fields = {"name": ["Edited"], "description": ["Edited"], "price": ["7.50"], "active": [False], "stock": [7]}
    imported = {"name", "description", "price", "stock"}
    columns: dict[str, str] = {}

    def body(self, number):
        return {"sku": f"S-{number}", "name": f"Product {number}", "price": "10.00", "stock": 100}

    def row(self, number, dice):
        return f"s-{number},Imported {number},Imported,{10 + dice.randrange(1, 90)}.00,EUR,yes,{number + 500}"

    def more(self, client, key, number):
        return None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "story", [Contacts(), Leads(), Customers(), Products()], ids=lambda story: type(story).__name__
)
def test_import_edits_and_undo_are_the_same_as_the_edits_alone(manager, story, seed):
    dice = random.Random(seed)
    CustomFieldFactory(key="city")
    CustomFieldFactory(entity="lead", key="size")
    keys = story.prepare(manager)
    began = timezone.now()
    original = world(began)
    rows = [story.row(number, dice) for number in range(PEOPLE + 4)]
    edits = [
        (number, name, dice.choice(values))
        for number in dice.sample(range(PEOPLE), 6)
        for name, values in dice.sample(sorted(story.fields.items()), 2)
    ]
    said = dice.sample(range(PEOPLE), 3)

    def play(with_import):
        if with_import:
            job = receipt(manager, f"{story.path}/import", "\n".join([story.header, *rows]), match=story.match)
            assert (job["created"], job["updated"]) == (4, PEOPLE), job["errors"]
        for number, name, value in edits:
            response = manager.put(f"{story.path}/{keys[number]}", {name: value})
            assert response.status_code == 200, response.json()
        for number in said:
            if more := story.more(manager, keys[number], number):
                assert manager.post(*more).status_code == 201
        rescore_leads.func()
        return manager.post(f"/dev/crm/imports/{job['id']}/undo").json() if with_import else None

    with transaction.atomic():
        play(with_import=False)
        without = world(began)
        transaction.set_rollback(True)
    assert world(began) == original
    undone = play(with_import=True)
    assert not difference(world(began), without)
    listed = {(each["id"], each["field"]) for each in undone["conflicts"]}
    kept = {(keys[number], story.columns.get(name, name)) for number, name, _value in edits if name in story.imported}
    # A score that people set may replace one that the rules made of the import's values; so may the last contact.
    followed = {(keys[number], "score") for number, _name, _value in edits}
    assert kept <= listed <= kept | followed | {(keys[number], "last_contact") for number in said}
    assert undone["removed"] == 4
    assert undone["state"] == "done"
    assert CHUNK > PEOPLE


def test_status_that_people_moved_on_keeps_the_step_before(manager):
    lead = manager.post("/dev/crm/leads", {"name": "Ada", "email": "ada@x.example"}).json()
    job = receipt(manager, "/dev/crm/leads/import", "email,status\nada@x.example,contacted\n", match="email")
    manager.put(f"/dev/crm/leads/{lead['id']}", {"status": "qualified"})
    undone = manager.post(f"/dev/crm/imports/{job['id']}/undo").json()
    assert [(each["field"], each["before"], each["imported"], each["now"]) for each in undone["conflicts"]] == [
        ("status", "new", "contacted", "qualified")
    ]
    steps = LeadStatusChange.objects.order_by("pk").values_list("old", "new")
    assert list(steps) == [("", "new"), ("new", "contacted"), ("contacted", "qualified")]
    assert Lead.objects.get().status == "qualified"


def test_status_goes_back_with_its_time_and_its_step(manager):
    lead = manager.post("/dev/crm/leads", {"name": "Ada", "email": "ada@x.example"}).json()
    before = manager.get(f"/dev/crm/leads/{lead['id']}").json()
    job = receipt(manager, "/dev/crm/leads/import", "email,status\nada@x.example,contacted\n", match="email")
    assert manager.get(f"/dev/crm/leads/{lead['id']}").json()["status_since"] > before["status_since"]
    manager.post(f"/dev/crm/imports/{job['id']}/undo")
    after = manager.get(f"/dev/crm/leads/{lead['id']}").json()
    assert {name for name in before if before[name] != after[name]} <= {"updated_at"}
    assert LeadStatusChange.objects.get().new == "new"


def test_what_machines_made_of_imported_records_goes_with_them(manager):
    sequence = NurtureSequence.objects.create(name="Welcome", filter={"source": "website"})
    job = receipt(manager, "/dev/crm/leads/import", "name,email,source\nAda,ada@x.example,website\n")
    assert enrol_who_fit(sequence=sequence, leads=Lead.objects.all(), actor=None, limit=10) == 1
    undone = manager.post(f"/dev/crm/imports/{job['id']}/undo").json()
    assert (undone["removed"], undone["kept"]) == (1, 0)
    assert not NurtureEnrollment.objects.exists()


def test_lead_that_somebody_put_on_a_sequence_stays(manager):
    sequence = NurtureSequence.objects.create(name="Welcome")
    job = receipt(manager, "/dev/crm/leads/import", "name,email\nAda,ada@x.example\nBob,bob@x.example\n")
    with because_of(user=str(manager.user.pk), door="admin"):
        enrol(sequence=sequence, leads=[Lead.objects.get(name="Ada")], actor=manager.user, origin="admin")
    undone = manager.post(f"/dev/crm/imports/{job['id']}/undo").json()
    assert (undone["removed"], undone["kept"]) == (1, 1)
    assert [lead.name for lead in Lead.objects.all()] == ["Ada"]


def test_first_of_its_kind_that_people_added_beside_an_imported_one_is_primary_in_the_end(manager):
    ada = ContactFactory(name="Ada", email="ada@x.example")
    job = receipt(manager, "/contacts/import", "email,phone\nada@x.example,+12025550101\n", match="email")
    points = manager.get(f"/contacts/{ada.pk}").json()["contact_points"]
    manager.put(f"/contacts/{ada.pk}", {"contact_points": [*points, {"type": "phone", "value": "+12025550102"}]})
    manager.post(f"/dev/crm/imports/{job['id']}/undo")
    assert manager.get(f"/contacts/{ada.pk}").json()["phone"] == "+12025550102"


def test_one_value_that_cannot_come_back_keeps_no_other(manager):
    lead = manager.post("/dev/crm/leads", {"name": "Ada", "email": "ada@x.example"}).json()["id"]
    job = receipt(manager, "/dev/crm/leads/import", f"id,name,email\n{lead},New,new@x.example\n", match="id")
    assert manager.post("/dev/crm/leads", {"name": "Usurper", "email": "ada@x.example"}).status_code == 201
    undone = manager.post(f"/dev/crm/imports/{job['id']}/undo").json()
    after = manager.get(f"/dev/crm/leads/{lead}").json()
    assert (after["name"], after["email"]) == ("Ada", "new@x.example")
    assert [(each["kind"], each["field"]) for each in undone["conflicts"]][:1] == [("lead", "email")]
    assert undone["reverted"] == 1
