"""POST /contacts/import: real files, options, rights and files that mean harm."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts.models import Category, Contact, ContactPoint, CustomField, Organization, Segment
from crm_project.access import services as access
from crm_project.transfer import services
from crm_project.transfer.models import ImportJob
from tests.factories import ContactFactory, CustomFieldFactory, SegmentFactory, TeamFactory, UserFactory

PATH = "/contacts/import"
SAMPLES = Path(__file__).parent / "samples"
US_500 = Path(__file__).resolve().parents[3] / "shared" / "data" / "us-500.csv"
COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def send(client, content, content_type="text/csv", **options):
    query = "&".join(f"{name}={value}" for name, value in options.items())
    body = content if isinstance(content, bytes) else content.encode()
    return client.post(f"{PATH}?{query}" if query else PATH, body, content_type=content_type)


def receipt(client, content, content_type="text/csv", **options):
    """The job after an import; its counts add up."""
    response = send(client, content, content_type, **options)
    assert response.status_code == 200, response.json()
    job = response.json()
    assert job["rows"] == sum(job[count] for count in COUNTS)
    return job


def counts(job):
    return {count: job[count] for count in COUNTS if job[count]}


def errors_of(job):
    return [(each["line"], each["column"], each["message"]) for each in job["errors"]]


def points_of(name, kind):
    return [point.value for point in ContactPoint.objects.filter(contact__name=name, type=kind)]


# Real files


@pytest.mark.skipif(not US_500.exists(), reason="the public sample of 500 people is not here")
def test_us_500_goes_in_and_changes_nothing_again(manager):
    content = US_500.read_bytes()
    job = receipt(manager, content)
    assert counts(job) == {"created": 500}
    assert len(job["ids"]) == len(set(job["ids"])) == 500
    assert counts(receipt(manager, content, match="email")) == {"unchanged": 500}
    for text in ("504-621-8927", "(504) 621 8927", "%2B15046218927", "6218927"):
        found = manager.get(f"/contacts?search={text}").json()["results"]
        assert "James Butt" in [contact["name"] for contact in found]
    james = Contact.objects.get(name="James Butt")
    assert james.organization.name == "Benton, John B Jr"
    assert points_of("James Butt", "phone") == ["504-621-8927", "504-845-1427"]


def test_google_contacts(manager):
    job = receipt(manager, (SAMPLES / "google-contacts.csv").read_bytes())
    assert counts(job) == {"created": 5}
    assert set(Contact.objects.values_list("name", flat=True)) == {
        "Zoë O'Connor-Núñez",
        "李 雷",
        "Дарт Вейдер",
        "Only A Company Ltd",
        "NoReach",
    }
    zoe = "Zoë O'Connor-Núñez"
    assert points_of(zoe, "mail") == ["zoe@cafe-soehne.example", "zoe.home@example.com", "zoe.alt@example.com"]
    assert Contact.objects.get(name=zoe).job_title == "CFO"
    assert Contact.objects.get(name="李 雷").description == '喜欢, "茶"\n第二行'
    assert Contact.objects.get(name="Only A Company Ltd").contact_type == Contact.Type.COMPANY
    assert set(Category.objects.values_list("name", flat=True)) == {"Friends", "VIP"}
    assert job["ignored_columns"]["Photo"] == "Pictures are not imported."


def test_outlook_contacts(manager):
    job = receipt(manager, (SAMPLES / "outlook-contacts.csv").read_bytes(), region="FR")
    assert (counts(job), job["encoding"]) == ({"created": 2}, "utf-8-sig")
    assert ContactPoint.objects.filter(normalized="+33170189900", value="01 70 18 99 00").count() == 1
    assert ContactPoint.objects.get(value="(202) 555-0143 x12").extension == "12"
    assert set(Category.objects.values_list("name", flat=True)) == {"VIP", "Engineering"}


def test_hubspot_contacts_lose_the_row_with_the_broken_address(manager):
    job = receipt(manager, (SAMPLES / "hubspot-contacts.csv").read_bytes())
    assert counts(job) == {"created": 2, "failed": 1}
    assert errors_of(job) == [(4, "Email", "“broken-email@” is not a valid e-mail address.")]
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"101", "102"}


def test_russian_spreadsheet(manager):
    job = receipt(manager, (SAMPLES / "clients-cp1251.csv").read_bytes(), region="RU")
    assert (counts(job), job["encoding"], job["delimiter"]) == ({"created": 4}, "cp1251", ";")
    for text in ("%2B79876543210", "8 987 654-32-10"):
        found = manager.get(f"/contacts?search={text}").json()["results"]
        assert {contact["name"] for contact in found} == {"Вася Пупкин", "Дарт Вейдер"}
    for text in ("Алена", "елкина алена"):
        found = manager.get(f"/contacts?search={text}").json()["results"]
        assert [contact["name"] for contact in found] == ["Алёна Ёлкина"]
    assert ContactPoint.objects.filter(value="vasya@пример.рф").exists()
    assert set(Segment.objects.values_list("name", flat=True)) == {"Москва", "Казань"}


# Shapes of files


def test_multipart_form_with_options(manager):
    file = SimpleUploadedFile("people.csv", "имя;почта\nАнна;anna@example.ru".encode("cp1251"))
    mapping = json.dumps({"имя": "name", "почта": "email"})
    body = {"file": file, "mapping": mapping, "encoding": "cp1251"}
    job = manager.post(PATH, body, format="multipart").json()
    assert (counts(job), job["file_name"]) == ({"created": 1}, "people.csv")
    assert Contact.objects.get().name == "Анна"


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_json_as_the_api_writes_it(manager, content_type):
    CustomFieldFactory(key="shoe", type=CustomField.Type.INTEGER)
    person = {
        "name": "Anna",
        "email": "anna@example.com",
        "company": "Acme",
        "categories": ["VIP", "A;B"],
        "contact_points": [{"type": "id", "service": "telegram", "value": "@anna", "label": "private"}],
        "custom_fields": {"shoe": 38},
    }
    content = json.dumps(person if content_type.endswith("ndjson") else [person])
    assert counts(receipt(manager, content, content_type)) == {"created": 1}
    contact = manager.get("/contacts").json()["results"][0]
    assert (contact["email"], contact["company"], contact["custom_fields"]) == (
        "anna@example.com",
        "Acme",
        {"shoe": 38},
    )
    assert set(contact["categories"]) == {"VIP", "A;B"}
    telegram = next(point for point in contact["contact_points"] if point["type"] == "id")
    assert (telegram["service"], telegram["label"]) == ("telegram", "private")


def test_large_file_is_left_to_the_worker(manager, settings, django_capture_on_commit_callbacks):
    settings.CRM_IMPORT_INLINE_ROWS = 2
    response = send(manager, "name\nA\nB\nC")
    job = response.json()
    assert (response.status_code, job["state"], job["ids"]) == (202, "queued", [])
    assert response["Location"] == job["url"]
    assert Contact.objects.count() == 0
    services.run_import(ImportJob.objects.get(pk=job["id"]))
    job = manager.get(job["url"]).json()
    assert (job["state"], counts(job), job["total"]) == ("done", {"created": 3}, 3)


# Rows


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("name,email\nA,broken@", "email", "“broken@” is not a valid e-mail address."),
        ("name,phone\nA,call me", "phone", "“call me” is not a telephone number."),
        (f"name\n{'x' * 256}", "name", "This has 256 characters; at most 255 fit."),
        ("name,contact_type\nA,alien", "contact_type", "This must be one of: person, company."),
        ("name,job_title\n,CEO", None, "The row has no name, company, e-mail or phone."),
        ("name,shoe\nA,big", "shoe", "This must be a whole number."),
        ("name,assigned_to\nA,nobody", "assigned_to", "There is no active user “nobody”."),
        ("name,contact_points\nA,[1]", "contact_points", "A contact point is an object with “type” and “value”."),
        ("name,email\nA,b,c", None, "The row has 3 cells, but the header has 2; nothing of it was taken."),
    ],
)
def test_bad_row_is_named_with_line_column_and_reason(manager, content, column, message):
    CustomFieldFactory(key="shoe", type=CustomField.Type.INTEGER)
    job = receipt(manager, content + "\n")
    assert errors_of(job) == [(2, column, message)]
    assert Contact.objects.count() == 0


def test_required_and_unique_custom_fields(manager):
    CustomFieldFactory(key="code", label="Code", required=True, unique=True)
    job = receipt(manager, "name,code\nA,1\nB,\nC,1\nD,2")
    assert counts(job) == {"created": 2, "failed": 2}
    assert errors_of(job) == [
        (3, "code", "“Code” is required."),
        (4, "code", "Another contact has this value, which must be unique."),
    ]
    assert counts(receipt(manager, "name,code\nE,2")) == {"failed": 1}


def test_formula_stays_text(manager):
    receipt(manager, "name,description\n=1+1,'=2+2")
    contact = Contact.objects.get()
    assert (contact.name, contact.description) == ("=1+1", "=2+2")


def test_number_of_no_country_is_kept_by_its_digits(manager):
    receipt(manager, "name,phone\nA,12-34-5")
    point = ContactPoint.objects.get()
    assert (point.value, point.normalized) == ("12-34-5", "12345")


def test_failed_rows_can_be_mended_and_sent_again(manager):
    job = receipt(manager, "name,email\nA,a@example.com\nB,=broken\n")
    response = manager.get(job["error_file"])
    text = b"".join(response.streaming_content).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "email", "Import line", "Import problem"],
        ["B", "'=broken", "3", "email: “=broken” is not a valid e-mail address."],
    ]
    assert counts(receipt(manager, text.replace("'=broken", "b@example.com", 1))) == {"created": 1}


# Matching


def test_match_updates_what_the_row_says(manager):
    ContactFactory(name="Old", email="A@Example.com", phone="504-621-8927", company="Acme", categories=["VIP"])
    content = "name,email,phone,company,categories\nNew,a@example.com,504-845-1427,,Retail"
    assert counts(receipt(manager, content, match="email")) == {"updated": 1}
    contact = manager.get("/contacts").json()["results"][0]
    assert (contact["name"], contact["company"], contact["email"]) == ("New", "Acme", "A@Example.com")
    assert (contact["phone"], len(contact["contact_points"])) == ("504-845-1427", 3)
    assert set(contact["categories"]) == {"VIP", "Retail"}
    assert counts(receipt(manager, content, match="email")) == {"unchanged": 1}


def test_match_fills_only_what_is_empty(manager):
    ContactFactory(name="Old", email="a@example.com", job_title="")
    content = "name,email,phone,job title\nNew,a@example.com,504-845-1427,CEO\n,a@example.com,504-621-8927,"
    assert counts(receipt(manager, content, match="email", on_match="fill")) == {"updated": 1, "unchanged": 1}
    contact = manager.get("/contacts").json()["results"][0]
    assert (contact["name"], contact["job_title"], contact["phone"]) == ("Old", "CEO", "504-845-1427")


def test_match_skips_or_refuses(manager):
    ContactFactory(name="Old", email="a@example.com")
    content = "name,email\nNew,a@example.com\nOther,b@example.com"
    assert counts(receipt(manager, content, match="email", on_match="skip")) == {"created": 1, "skipped": 1}
    job = receipt(manager, content, match="email", on_match="error")
    assert errors_of(job)[0] == (2, None, "There is such a contact already: “Old”.")
    assert Contact.objects.filter(name="Old").exists()


def test_rows_of_one_file_match_each_other(manager):
    content = "name,email,phone\nA,a@example.com,504-621-8927\n,A@EXAMPLE.COM,504-845-1427\nB,,(504) 845 1427"
    assert counts(receipt(manager, content, match="email,phone")) == {"created": 1, "updated": 2}
    contact = Contact.objects.get()
    assert (contact.name, contact.points.count()) == ("B", 3)


def test_row_that_matches_several_fails_and_names_them(manager):
    ContactFactory(name="One", email="a@example.com")
    ContactFactory(name="Two", email="a@example.com")
    job = receipt(manager, "name,email\nNew,a@example.com", match="email")
    assert counts(job) == {"failed": 1}
    assert "2 contacts have this email" in job["errors"][0]["message"]
    assert {name for name in ("“One”", "“Two”") if name in job["errors"][0]["message"]} == {"“One”", "“Two”"}


def test_trash_is_not_matched(manager):
    contact = ContactFactory(email="a@example.com")
    manager.delete(f"/contacts/{contact.pk}")
    assert counts(receipt(manager, "email\na@example.com", match="email")) == {"created": 1}


def test_ids_of_contacts_are_kept_and_never_taken_twice(manager):
    key = "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"
    assert receipt(manager, f"id,name\n{key},A")["ids"] == [key]
    job = receipt(manager, f"id,name\n{key},B")
    assert errors_of(job) == [(2, "id", "The id is taken. To change that record, match by id.")]
    assert counts(receipt(manager, f"id,name\n{key},B", match="id")) == {"updated": 1}
    assert Contact.objects.get().name == "B"


def test_history_says_who_by_what(manager):
    job = receipt(manager, "name,email\nA,a@example.com")
    entries = manager.get(f"/contacts/{job['ids'][0]}/history").json()["results"]
    assert {(entry["actor"], entry["door"]) for entry in entries} == {(str(manager.user.pk), "import")}
    assert {entry["data"]["job"] for entry in entries} == {job["id"]}


def test_dry_run_writes_nothing(manager):
    content = "name,email,company,categories,segments\nA,a@example.com,New,Fresh,Fine\nB,x,,,"
    assert counts(receipt(manager, content, dry_run=1)) == {"created": 1, "failed": 1}
    assert [model.objects.count() for model in (Contact, ContactPoint, Organization, Category, Segment)] == [0] * 5


def test_all_or_nothing(manager):
    job = receipt(manager, "name,email\nA,a@example.com\nB,x", atomic=1)
    assert (job["state"], counts(job)) == ("failed", {"skipped": 1, "failed": 1})
    assert Contact.objects.count() == 0


# Rights


def test_rep_owns_what_they_import(sales):
    job = receipt(sales, "name\nA")
    assert Contact.objects.get(pk=job["ids"][0]).assigned_to == sales.user


def test_rep_matches_only_what_they_see(sales):
    foreign = ContactFactory(name="Foreign", email="a@example.com", assigned_to=UserFactory())
    job = receipt(sales, "name,email\nMine,a@example.com", match="email")
    assert counts(job) == {"created": 1}
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


def test_rep_does_not_change_what_they_only_see(sales):
    shared = ContactFactory(name="Shared", email="a@example.com", assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    job = receipt(sales, "name,email\nMine,a@example.com", match="email")
    assert errors_of(job) == [(2, None, "The row matches “Shared”, a contact that you may not change.")]
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["change"])])
    assert counts(receipt(sales, "name,email\nMine,a@example.com", match="email")) == {"updated": 1}


def test_rep_cannot_take_the_id_of_a_foreign_contact(sales):
    foreign = ContactFactory(name="Foreign", assigned_to=UserFactory())
    for options in ({}, {"match": "id"}):
        job = receipt(sales, f"id,name\n{foreign.pk},Mine", **options)
        assert counts(job) == {"failed": 1}
        assert "Foreign" not in json.dumps(job)
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


def test_rep_assigns_to_nobody_else(sales):
    other, team = UserFactory(username="other"), TeamFactory(name="Ours")
    job = receipt(sales, f"name,assigned_to,team\nA,other,\nB,,Ours\nC,{sales.user.username},")
    assert counts(job) == {"created": 1, "failed": 2}
    assert send(sales, "name\nA", owner=other.username).status_code == 400
    sales.user.groups.add(Group.objects.get(pk=team.pk))
    assert counts(receipt(sales, "name,team\nB,Ours")) == {"created": 1}


def test_manager_assigns_to_others(manager):
    other = UserFactory(username="other", email="other@example.com")
    receipt(manager, "name,assigned_to\nA,other@example.com\nB,\n", owner="other")
    assert {contact.assigned_to for contact in Contact.objects.all()} == {other}


def test_rep_makes_no_segments(sales):
    SegmentFactory(name="Known")
    job = receipt(sales, "name,segments\nA,Known\nB,Unknown")
    assert errors_of(job) == [(3, "segments", "There is no segment “Unknown”, and you may not make one.")]


def test_who_may_not_import_is_refused(support):
    response = send(support, "name\nA")
    assert (response.status_code, Contact.objects.count(), ImportJob.objects.count()) == (403, 0, 0)


def test_jobs_are_seen_by_their_owner_and_by_managers(sales, manager, api):
    job = receipt(sales, "name,email\nA,x")
    stranger = api(UserFactory(groups=["Sales"]))
    assert manager.get(job["url"]).status_code == 200
    assert sales.get("/dev/crm/imports").json()["count"] == 1
    assert stranger.get("/dev/crm/imports").json()["count"] == 0
    for address in (job["url"], job["error_file"]):
        assert stranger.get(address).status_code == 403
    assert stranger.post(f"{job['url']}/cancel").status_code == 403
    assert sales.post(f"{job['url']}/cancel").status_code == 409


# Files and options that make no sense


@pytest.mark.parametrize(
    ("options", "field", "hint"),
    [
        ({"mach": "email"}, "mach", "match"),
        ({"match": "emial"}, "match", "email"),
        ({"on_match": "updte"}, "on_match", "update"),
        ({"mapping": "[]"}, "mapping", "JSON object"),
        ({"mapping": '{"nme": "name"}'}, "mapping", "name"),
        ({"mapping": '{"name": "nmae"}'}, "mapping", "name"),
        ({"region": "XX"}, "region", "two letters"),
        ({"owner": "nobody"}, "owner", "nobody"),
        ({"format": "cvs"}, "format", "csv"),
        ({"encoding": "utf-9"}, "file", "utf-8"),
        ({"delimiter": "ab"}, "file", "one character"),
        ({"dry_run": "perhaps"}, "dry_run", "boolean"),
    ],
)
def test_option_that_makes_no_sense_is_named(manager, options, field, hint):
    response = send(manager, "name\nA", **options)
    assert response.status_code == 400
    assert hint in response.json()["errors"][field][0]
    assert (Contact.objects.count(), ImportJob.objects.count()) == (0, 0)


def test_body_of_another_kind_is_refused(manager):
    assert send(manager, "name", "image/png").status_code == 415
    assert manager.post(PATH, {"name": "x"}, format="multipart").status_code == 400
    body = {"file": SimpleUploadedFile("a.csv", b"name\nA"), "mach": "email"}
    assert "match" in manager.post(PATH, body, format="multipart").json()["errors"]["mach"][0]


def test_file_above_the_limit_is_refused(manager, settings):
    settings.CRM_IMPORT_MAX_BYTES = 100
    assert send(manager, "name\n" + "x" * 100).status_code == 413


def test_same_key_gives_the_same_answer(manager):
    headers = {"Idempotency-Key": "once"}
    answers = [manager.post(PATH, b"name\nA", content_type="text/csv", headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Contact.objects.count() == 1
