"""Import and export in the admin of leads, customers and products; how the pages work is tested with contacts."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm_project.transfer.models import ImportJob, ImportSource
from customers.models import Customer
from leads.models import Lead
from orders.models import Product
from tests.admin_pages import text_of
from tests.factories import CustomerFactory, LeadFactory, ProductFactory, UserFactory
from tests.importing import receipt

PEOPLE = "name,email\nNew,a@example.com\nB,x\n"
KINDS = {
    "leads/lead": (
        Lead,
        LeadFactory,
        {"name": "Old", "email": "a@example.com"},
        PEOPLE,
    ),
    "customers/customer": (
        Customer,
        CustomerFactory,
        {"name": "Old", "email": "a@example.com"},
        PEOPLE,
    ),
    "orders/product": (Product, ProductFactory, {"name": "Old", "sku": "A"}, "name,sku,price\nNew,a,10\nB,B,x\n"),
}


@pytest.fixture
def staff(client, db):
    def sign_in(role):
        client.force_login(UserFactory(groups=[role], is_staff=True))
        return client

    return sign_in


@pytest.mark.parametrize("kind", KINDS)
def test_preview_and_confirmed_import(staff, kind):
    client = staff("Administrator")
    model, factory, values, content = KINDS[kind]
    factory(**values)
    key = "sku" if "sku" in values else "email"
    assert key in client.get(f"/admin/{kind}/import/").content.decode()
    file = SimpleUploadedFile("file.csv", content.encode())
    fields = {"import_file": file, "format": "0", "resource": "0", "match": key}
    preview = client.post(f"/admin/{kind}/import/", fields)
    assert "<del>Old</del> <ins>New</ins>" in preview.content.decode()
    assert model.objects.get().name == "Old"
    token = {"token": preview.context["confirm_token"]}
    page = client.post(f"/admin/{kind}/process_import/", token, follow=True).content.decode()
    assert "Import finished: 1 updated, 1 failed." in page
    assert model.objects.get().name == "New"


def test_preview_of_a_new_record_strikes_no_defaults_out(staff):
    client = staff("Administrator")
    file = SimpleUploadedFile(
        "file.csv", b"name,email,status,score\nA,a@example.com,contacted,70\nB,b@example.com,new,\n"
    )
    fields = {"import_file": file, "format": "0", "resource": "0"}
    page = client.post("/admin/leads/lead/import/", fields)
    assert [{label: after for label, _before, after in each["changes"]} for each in page.context["previews"]] == [
        {"Name": "A", "E-mail": "a@example.com", "Status": "contacted", "Score": "70", "Score set by hand": "true"},
        {"Name": "B", "E-mail": "b@example.com", "Status": "new"},
    ]
    assert not any(before for each in page.context["previews"] for _label, before, _after in each["changes"])
    assert "<del>" not in page.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_export_with_a_choice_of_columns(staff, kind):
    client = staff("Administrator")
    model, factory, values, _ = KINDS[kind]
    factory(**values)
    page = client.get(f"/admin/{kind}/export/")
    prefix = f"{model.__name__.lower()}resource_"
    names = [name for name in page.context["form"].fields if name.startswith(prefix)]
    assert f"{prefix}name" in names
    body = {"format": "0", "resource": "0", f"{prefix}id": "", f"{prefix}name": "on", "export_items": []}
    response = client.post(f"/admin/{kind}/export/", body)
    text = b"".join(response.streaming_content).decode()
    assert list(csv.reader(io.StringIO(text))) == [["name"], ["Old"]]


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_is_offered_nothing(staff, kind):
    client = staff("Read-only")
    assert client.get(f"/admin/{kind}/import/").status_code == 403
    assert client.get(f"/admin/{kind}/export/").status_code == 403
    assert f"/admin/{kind}/import/" not in client.get(f"/admin/{kind}/").content.decode()


def look(client, content, **fields):
    file = SimpleUploadedFile("file.csv", content.encode())
    return client.post("/admin/leads/lead/import/", {"import_file": file, "format": "0", "resource": "0", **fields})


def chosen(page):
    """What the page's form of columns would send back."""
    form = page.context["columns_form"]
    return {field.html_name: field.value() for field, _sample in form.rows} | {"token": page.context["confirm_token"]}


FOREIGN = "Who,Mail,What they said,Size\nAda,ada@x.example,Call me,XL\nBob,,,\n"


def test_columns_are_shown_with_a_sample_and_can_be_said(staff):
    client = staff("Administrator")
    page = look(client, FOREIGN)
    shown = [(field.label, field.value(), sample) for field, sample in page.context["columns_form"].rows]
    assert shown == [
        ("Who", "", "Ada"),
        ("Mail", "email", "ada@x.example"),
        ("What they said", "", "Call me"),
        ("Size", "", "XL"),
    ]
    assert "CSV, utf-8, parted by “,”" in text_of(page)
    assert page.context["result"].totals["invalid"] == 2
    said = chosen(page) | {"column_0": "name", "column_2": "notes", "source": "Call centre"}
    page = client.post("/admin/leads/lead/import/", said)
    assert [preview["label"] for preview in page.context["previews"]] == ["Ada"]
    assert page.context["failures"][0]["problems"][0]["message"] == "A lead needs an e-mail address."
    client.post("/admin/leads/lead/process_import/", {"token": page.context["confirm_token"]})
    assert [(lead.name, lead.notes) for lead in Lead.objects.all()] == [("Ada", "Call me")]
    job = ImportJob.objects.get()
    assert (job.door, job.options["source"]) == ("admin", "Call centre")
    mapping = {"Who": "name", "Mail": "email", "What they said": "notes", "Size": ""}
    assert ImportSource.objects.get().mapping == mapping
    page = look(client, FOREIGN, source="Call centre", match="email")
    assert page.context["columns_form"].rows[0][0].value() == "name"
    assert page.context["previews"][0]["outcome"] == "unchanged"


def test_one_field_for_two_columns_is_refused_and_shown_as_chosen(staff):
    client = staff("Administrator")
    said = chosen(look(client, FOREIGN)) | {"column_0": "email"}
    page = client.post("/admin/leads/lead/import/", said)
    assert "Two columns cannot both be “email”." in text_of(page)
    assert page.context["columns_form"]["column_0"].value() == "email"
    assert not Lead.objects.exists()


def test_columns_of_somebody_elses_file_cannot_be_said(staff):
    said = chosen(look(staff("Administrator"), FOREIGN))
    other = staff("Administrator")
    page = other.post("/admin/leads/lead/import/", said, follow=True)
    assert "This preview is too old" in text_of(page)
    assert other.post("/admin/leads/lead/import/", {"token": "nonsense"}, follow=True).status_code == 200


def test_dry_run_tells_what_would_become_of_each_row(manager, settings):
    settings.CRM_SCOPED_RATES = {}
    lead = LeadFactory(name="Ada", email="ada@x.example", company="")
    text = "name,email,company\nAda L,ada@x.example,Engines\nBob,bob@x.example,\nBobby,bob@x.example,\nBad,no@,\n"
    job = receipt(manager, "/dev/crm/leads/import", text, match="email", dry_run=1)
    assert job["preview"] == [
        {"line": 2, "outcome": "updated", "id": str(lead.pk), "label": "Ada L",
         "changes": {"name": ["Ada", "Ada L"], "company": ["", "Engines"]}},
        {"line": 3, "outcome": "created", "id": None, "label": "Bob",
         "changes": {"name": [None, "Bob"], "email": [None, "bob@x.example"]}},
        {"line": 4, "outcome": "updated", "id": None, "label": "Bobby", "changes": {"name": ["Bob", "Bobby"]}},
    ]  # fmt: skip
    assert job["failed"] == 1
    assert receipt(manager, "/dev/crm/leads/import", text, match="email")["preview"] == []


def test_preview_tells_nothing_of_what_one_may_no_longer_see(sales, manager, settings):
    settings.CRM_SCOPED_RATES = {}
    lead = LeadFactory(name="Ada", email="ada@x.example", assigned_to=sales.user)
    job = receipt(sales, "/dev/crm/leads/import", "name,email\nAda L,ada@x.example\n", match="email", dry_run=1)
    manager.put(f"/dev/crm/leads/{lead.pk}", {"assigned_to": str(manager.user.pk)})
    (preview,) = sales.get(job["url"]).json()["preview"]
    assert (preview["outcome"], preview["label"], preview["changes"]) == ("updated", None, {})


def test_two_columns_may_be_left_out(manager, settings):
    settings.CRM_SCOPED_RATES = {}
    mapping = json.dumps({"company": None, "phone": None})
    job = receipt(manager, "/dev/crm/leads/import", "name,email,company,phone\nA,a@x.example,B,1\n", mapping=mapping)
    assert (job["created"], set(job["mapping"])) == (1, {"name", "email"})


def test_page_of_a_dry_run_tells_what_would_become_of_rows_and_how_it_was_asked(sales, staff, settings):
    settings.CRM_SCOPED_RATES = {}
    LeadFactory(name="Ada", email="ada@x.example", assigned_to=sales.user)
    text = "name,email\nAda L,ada@x.example\nBob,bob@x.example\n"
    job = receipt(sales, "/dev/crm/leads/import", text, match="email", on_match="fill", dry_run=1, region="US")
    answer = staff("Administrator").get(f"/admin/transfer/importjob/{job['id']}/change/")
    assert [(str(each["what"]), each["label"]) for each in answer.context["previews"]] == [
        ("No change", "Ada"),
        ("New record", "Bob"),
    ]
    page = text_of(answer)
    assert "Match by: email; What a match does: Fill what is empty; Country of numbers: US" in page
    assert "Only looked at, nothing imported" in page
    assert "What would become of the first rows" in page
    assert "New record" in page
