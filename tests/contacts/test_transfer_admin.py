"""Import and export in the admin: a preview of what each row will do, and the pages of jobs."""

import csv
import io
import os
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts.models import Contact
from crm_project.transfer import tasks
from crm_project.transfer.models import ExportJob, ImportJob
from tests.factories import ContactFactory, UserFactory

IMPORT = "/admin/contacts/contact/import/"
CONFIRM = "/admin/contacts/contact/process_import/"
EXPORT = "/admin/contacts/contact/export/"
COLUMN = "contactresource_"


@pytest.fixture
def staff(client, db):
    def sign_in(role):
        user = UserFactory(groups=[role], is_staff=True)
        client.force_login(user)
        client.user = user
        return client

    return sign_in


def upload(client, content, **fields):
    file = SimpleUploadedFile("people.csv", content.encode())
    return client.post(IMPORT, {"import_file": file, "format": "0", "resource": "0", **fields})


def confirm(client, preview):
    return client.post(CONFIRM, {"token": preview.context["confirm_token"]}, follow=True)


def test_preview_tells_what_each_row_will_do_and_writes_nothing(staff):
    client = staff("Manager")
    ContactFactory(name="Old", email="a@example.com")
    page = upload(client, "name,email,foo\n<b>New</b>,a@example.com,1\nB,b@example.com,\nC,x,", match="email")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Of 3 rows, 1 will be new, 1 will change a record, 0 will change nothing and 1 cannot be imported." in html
    assert "<del>Old</del> <ins>&lt;b&gt;New&lt;/b&gt;</ins>" in html
    assert "“x” is not a valid e-mail address." in html
    assert "<b>New" not in html
    assert (Contact.objects.count(), ImportJob.objects.count()) == (1, 0)


def test_confirmed_preview_is_imported_once(staff):
    client = staff("Manager")
    preview = upload(client, "name,email\nA,a@example.com\nB,x")
    page = confirm(client, preview)
    html = page.content.decode()
    assert page.status_code == 200
    assert "Import finished: 1 created, 1 failed." in html
    assert "“x” is not a valid e-mail address." in html
    job = ImportJob.objects.get()
    assert (job.owner, Contact.objects.get().name) == (client.user, "A")
    errors = client.get(f"/admin/transfer/importjob/{job.pk}/errors/")
    assert b"B,x,3," in b"".join(errors.streaming_content)
    assert "This preview is too old" in confirm(client, preview).content.decode()
    assert Contact.objects.count() == 1


def test_previews_that_nobody_confirms_are_forgotten(staff, settings):
    tasks.forget_previews.func(timestamp=0)
    preview = upload(staff("Manager"), "name\nA")
    folder = Path(settings.MEDIA_ROOT) / tasks.PREVIEWS
    tasks.forget_previews.func(timestamp=0)
    assert len(list(folder.iterdir())) == 1
    for file in folder.iterdir():
        os.utime(file, (0, 0))
    tasks.forget_previews.func(timestamp=0)
    assert list(folder.iterdir()) == []
    assert "This preview is too old" in confirm(preview.client, preview).content.decode()


def test_preview_of_somebody_else_is_not_confirmed(staff):
    preview = upload(staff("Manager"), "name\nA")
    confirm(staff("Manager"), preview)
    assert Contact.objects.count() == 0


@pytest.mark.parametrize("content", ["", "foo\n1", "name,name\nA,B"])
def test_file_that_is_no_table_is_refused_on_the_form(staff, content):
    page = upload(staff("Manager"), content)
    assert page.status_code == 200
    assert page.context["form"].errors["import_file"]
    assert "Traceback" not in page.content.decode()


def test_large_import_is_left_to_the_worker(staff, settings):
    settings.CRM_IMPORT_INLINE_ROWS = 1
    client = staff("Manager")
    page = confirm(client, upload(client, "name\nA\nB"))
    job = ImportJob.objects.get()
    assert (job.state, Contact.objects.count()) == ("queued", 0)
    assert "is being imported" in page.content.decode()
    client.post(f"/admin/transfer/importjob/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_export_with_chosen_columns(staff):
    client = staff("Manager")
    ContactFactory(name="=1", email="a@example.com")
    assert client.get(EXPORT).status_code == 200
    response = client.post(EXPORT, {"format": "0", "resource": "0", f"{COLUMN}name": "on", f"{COLUMN}email": "on"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows == [["name", "email"], ["'=1", "a@example.com"]]
    job = ExportJob.objects.get()
    assert (job.door, job.rows, job.owner) == ("admin", 1, client.user)


def test_export_follows_the_filters_of_the_list(staff):
    client = staff("Manager")
    ContactFactory(name="Anna")
    ContactFactory(name="Boris")
    response = client.post(f"{EXPORT}?q=anna", {"format": "0", "resource": "0", f"{COLUMN}name": "on"})
    assert b"".join(response.streaming_content).split() == [b"name", b"Anna"]


def test_rep_exports_what_they_see_and_sees_own_jobs(staff):
    stranger = staff("Sales")
    ContactFactory(name="Foreign", assigned_to=stranger.user)
    foreign = confirm(stranger, upload(stranger, "name\nA")).context["original"]
    client = staff("Sales")
    ContactFactory(name="Mine", assigned_to=client.user)
    response = client.post(EXPORT, {"format": "0", "resource": "0", f"{COLUMN}name": "on"})
    assert b"".join(response.streaming_content).split() == [b"name", b"Mine"]
    for page in ("importjob", "exportjob"):
        assert client.get(f"/admin/transfer/{page}/").status_code == 200
    assert client.get("/admin/transfer/exportjob/").context["cl"].result_count == 1
    for page in ("change", "errors"):
        assert client.get(f"/admin/transfer/importjob/{foreign.pk}/{page}/").status_code == 404


def test_who_may_not_is_refused(staff):
    client = staff("Support")
    for address in (IMPORT, EXPORT):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
    assert client.post(CONFIRM).status_code == 403
