"""GET /contacts/export: the way back of an import, for those who may, with flat memory."""

import csv
import io
import json
import os
import subprocess
import sys
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from contacts.models import Category, Contact, CustomField, Organization, Segment
from contacts.resources import ContactResource
from contacts.services import create_contact
from contacts.services.contacts import PointData
from crm_project.access import services as access
from crm_project.transfer import engine, exports, writing
from crm_project.transfer.models import ExportJob
from crm_project.transfer.options import Options
from crm_project.transfer.reading import open_table
from tests.factories import ContactFactory, CustomFieldFactory, SegmentFactory, UserFactory

PATH = "/contacts/export"
ROOT = Path(__file__).resolve().parents[2]
FORMATS = ["csv", "tsv", "json", "ndjson", "xlsx"]


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def download(client, **parameters):
    response = client.get(PATH, parameters)
    assert response.status_code == 200, response.json()
    return b"".join(response.streaming_content)


def rows_of(client, **parameters):
    return list(csv.DictReader(io.StringIO(download(client, **parameters).decode(), newline="")))


def empty_database():
    for model in (Contact, Organization, Category, Segment):
        model.objects.all().delete()


@pytest.fixture
def odd_contacts(db):
    """Contacts with everything that could get lost on the way."""
    CustomFieldFactory(key="shoe", type=CustomField.Type.INTEGER)
    CustomFieldFactory(key="text", type=CustomField.Type.TEXT)
    CustomFieldFactory(key="likes", type=CustomField.Type.MULTI_CHOICE, choices=["tea", "a;b", "c ::: d"])
    user = UserFactory()
    segment = SegmentFactory(name="Spring; or ::: not")
    create_contact(
        actor=user,
        name="=1+1",
        description='"quoted",\r\nlines\n',
        company="Benton, John B Jr",
        categories=["VIP", "A;B", "'=x"],
        segments=[segment],
        custom_fields={"shoe": 43, "text": "  -x ", "likes": ["tea", "a;b", "c ::: d"]},
        contact_points=[
            PointData("phone", "01 70 18 99 00"),
            PointData("phone", "8 (987) 654-32-10", label="Work"),
            PointData("phone", "+7 987 654 32 10", service="whatsapp", is_primary=True),
            PointData("mail", "b@example.com"),
            PointData("mail", "a@example.com", is_primary=True),
            PointData("id", "@anna", service="telegram"),
        ],
    )
    create_contact(actor=user, name="Plain", email="c@example.com", phone="504-621-8927 x12", job_title="'CEO")
    create_contact(actor=user, company="Only A Company", external_id="00017", contact_type="company")
    create_contact(
        actor=user, name="Two", contact_points=[PointData("phone", "504-621-8927"), PointData("phone", "504-845-1427")]
    )


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_an_import_of_an_export_is_the_same(manager, odd_contacts, format):
    first = download(manager, format=format)
    states = everything()
    empty_database()
    job = manager.post("/contacts/import", first, content_type="application/octet-stream").json()
    assert (job["created"], job["failed"]) == (4, 0), job
    assert download(manager, format=format) == first
    assert everything() == states


@pytest.mark.parametrize("format", FORMATS)
def test_own_export_changes_nothing_on_import(manager, odd_contacts, format):
    content = download(manager, format=format)
    job = manager.post("/contacts/import?match=id", content, content_type="application/octet-stream").json()
    assert (job["unchanged"], job["rows"]) == (4, 4), job


def everything():
    """All that people entered; how addresses stand among numbers means nothing."""
    points = ("type", "service", "value", "normalized", "extension", "label", "is_primary")
    return [
        (
            contact.pk,
            contact.name,
            contact.description,
            contact.job_title,
            contact.contact_type,
            contact.external_id,
            contact.custom_fields,
            contact.organization and contact.organization.name,
            sorted(contact.category_names),
            sorted(row["name"] for row in contact.segment_rows),
            sorted(([row[name] for name in points] for row in contact.point_rows), key=itemgetter(0)),
        )
        for contact in Contact.objects.for_list().order_by("pk")
    ]


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
TRIMMED = NAMES.map(str.strip).filter(bool)
NUMBERS = st.sampled_from(["504-621-8927", "+7 987 654-32-10", "8 (987) 654 32 10", "12345", "01 70 18 99 00", "=123"])
MAILS = st.sampled_from(["a@example.com", "B@Example.com", "vasya@пример.рф", '"a;b"@example.com', '"a,b"@example.com'])


@st.composite
def drafts(draw):
    kinds = draw(st.lists(st.sampled_from(["phone", "mail", "id"]), max_size=4))
    made = {"phone": NUMBERS, "mail": MAILS, "id": TRIMMED}
    services = {"phone": ["phone", "whatsapp"], "mail": ["mail"], "id": ["telegram", "vk"]}
    return {
        "name": draw(TRIMMED),
        "description": draw(NAMES.filter(str.strip) | st.just("")),
        "job_title": draw(NAMES).strip(),
        "company": draw(st.none() | TRIMMED),
        "categories": draw(st.lists(TRIMMED, max_size=3)),
        "custom_fields": {"text": draw(st.none() | NAMES)},
        "contact_points": [
            PointData(kind, draw(made[kind]), draw(st.sampled_from(services[kind])), draw(st.just("") | TRIMMED))
            for kind in kinds
        ],
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(drafts(), min_size=1, max_size=3), format=st.sampled_from(FORMATS))
def test_whatever_people_enter_comes_back(db, people, format):
    empty_database()
    CustomField.objects.get_or_create(key="text", defaults={"label": "Text", "type": CustomField.Type.TEXT})
    user = UserFactory(groups=["Manager"])
    for person in people:
        create_contact(actor=user, **person)
    before, content = everything(), exported(user, format)
    empty_database()
    resource = ContactResource(user=user, options=Options())
    table = open_table(io.BytesIO(content), format=format, encoding=None if format == "xlsx" else "utf-8")
    importing = engine.Engine(resource, table)
    outcomes = importing.take(importing.read(table), write=True)
    assert [outcome.row.problems for outcome in outcomes] == [[]] * len(people)
    assert everything() == before
    assert exported(user, format) == content


def exported(user, format):
    resource = ContactResource(user=user)
    rows = resource.export_rows(Contact.objects.order_by("pk"), resource.column_names())
    return b"".join(writing.write(format, resource.column_names(), rows))


# What is in it


def test_columns_are_chosen(manager):
    ContactFactory(name="A", email="a@example.com")
    assert rows_of(manager, columns="name,email") == [{"name": "A", "email": "a@example.com"}]
    row = rows_of(manager, columns="all")[0]
    assert {"assigned_to", "team", "origin", "created_at", "updated_at"} <= row.keys()
    refused = manager.get(PATH, {"columns": "name,emial"}).json()
    assert refused["errors"]["columns"] == ["There is no column “emial”. Did you mean “email”?"]


def test_filters_are_those_of_the_list(manager):
    ContactFactory(name="A", categories=["VIP"])
    ContactFactory(name="B")
    assert [row["name"] for row in rows_of(manager, category="VIP")] == ["A"]
    assert [row["name"] for row in rows_of(manager, search="b")] == ["B"]
    assert manager.get(PATH, {"categroy": "VIP"}).status_code == 400
    assert manager.get(PATH, {"format": "cvs"}).json()["errors"]["format"][0].endswith("Did you mean “csv”?")


def test_formulas_are_harmless_in_spreadsheets_only(manager):
    ContactFactory(name="=cmd|' /C calc'!A0")
    assert rows_of(manager)[0]["name"] == "'=cmd|' /C calc'!A0"
    sheet = load_workbook(io.BytesIO(download(manager, format="xlsx"))).active
    assert sheet["B2"].value == "'=cmd|' /C calc'!A0"
    assert json.loads(download(manager, format="json"))[0]["name"] == "=cmd|' /C calc'!A0"


def test_an_export_is_recorded(manager):
    ContactFactory(categories=["VIP"])
    ContactFactory()
    download(manager, category="VIP", columns="name")
    job = ExportJob.objects.get()
    assert (job.owner, job.rows, job.state, job.columns) == (manager.user, 1, "done", ["name"])
    assert job.filters == {"category": "VIP", "columns": "name"}
    assert manager.get("/dev/crm/exports").json()["results"][0]["rows"] == 1


# Rights


def test_rep_exports_what_they_see(sales):
    ContactFactory(name="Mine", assigned_to=sales.user)
    ContactFactory(name="Foreign", assigned_to=UserFactory())
    shared = ContactFactory(name="Shared", assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    assert [row["name"] for row in rows_of(sales)] == ["Mine", "Shared"]


def test_who_may_not_export_is_refused(support):
    ContactFactory()
    assert support.get(PATH).status_code == 403
    assert ExportJob.objects.count() == 0


def test_exports_of_others_are_not_seen(sales, api):
    download(sales)
    job = ExportJob.objects.get()
    stranger = api(UserFactory(groups=["Sales"]))
    assert stranger.get(f"/dev/crm/exports/{job.pk}").status_code == 403
    assert stranger.get("/dev/crm/exports").json()["count"] == 0


@pytest.mark.parametrize(
    "take", [lambda client: client.user.groups.clear(), lambda client: access.revoke_api_key(key=client.key)]
)
def test_rights_taken_away_stop_a_running_export(manager, monkeypatch, take):
    monkeypatch.setattr(exports, "CHECKED_ROWS", 2)
    monkeypatch.setattr(writing, "BLOCK_BYTES", 0)
    for _ in range(6):
        ContactFactory()
    pieces = iter(manager.get(PATH).streaming_content)
    next(pieces), next(pieces)
    take(manager)
    with pytest.raises(exports.RightsTaken):
        list(pieces)
    job = ExportJob.objects.get()
    assert (job.state, job.message) == ("failed", "The right to export was taken away.")
    assert job.rows == 2


def test_export_that_the_reader_leaves_is_noted(manager, monkeypatch):
    monkeypatch.setattr(writing, "BLOCK_BYTES", 0)
    ContactFactory()
    response = manager.get(PATH)
    next(response._iterator)
    response._iterator.close()
    assert ExportJob.objects.get().state == "cancelled"


MEASURE = """
import io, resource, sys, django
django.setup()
from django.core.files.base import ContentFile, File
from contacts.models import Contact
from contacts.resources import ContactResource
from crm_project.access.models import User
from crm_project.transfer import exports, services
from crm_project.transfer.options import Options

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def do(count):
    user = User.objects.get(username="measured")
    rows = "".join(f"Person {n},person{n}@example.com,+1 504 621 {n % 10000:04}\\n" for n in range(count))
    file = ContentFile(("name,email,phone\\n" + rows).encode())
    options = Options(match=("email",))
    job = services.keep_import(actor=user, resource=ContactResource, file=file, file_name="x.csv", options=options)
    del rows
    services.run_import(job)
    assert job.rows == count, job.message
    people = ContactResource(user=user)
    job = exports.start_export(
        actor=user, resource=people, format="xlsx", columns=people.column_names(), filters={}
    )
    for piece in exports.stream(job, people, Contact.objects.order_by("pk"), lambda: True):
        pass
    assert job.rows == Contact.objects.count()

do(3_000)
before = peak()
do(15_000)
print(peak() - before)
"""


@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_rows(tmp_path):
    from tests.crm_project.test_engine import url_of_test_database

    UserFactory(username="measured", groups=["Manager"])
    environment = os.environ | {"DATABASE_URL": url_of_test_database(), "CRM_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", MEASURE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20
