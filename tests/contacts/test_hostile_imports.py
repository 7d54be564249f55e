"""Hostile files by the API, as a form and as a body, by the command, and in the preview of the admin.

Each is taken row by row, or refused with a sentence, within seconds. Receipts are honest, and nothing is half written.
"""

import io
import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from contacts.models import Contact
from crm_project.transfer.models import ImportJob
from tests.admin_pages import client_of, text_of
from tests.factories import CustomFieldFactory, UserFactory
from tests.hostile_files import FILES, Refused
from tests.importing import COUNTS

pytestmark = pytest.mark.django_db
SECONDS = 10  # Of processor time; the goal is five.
KINDS = {"json": "application/json", "ndjson": "application/x-ndjson"}
EACH = pytest.mark.parametrize("name", FILES)


@pytest.fixture(autouse=True)
def fields(settings):
    settings.CRM_SCOPED_RATES = {}
    CustomFieldFactory(key="born", type="date")
    CustomFieldFactory(key="age", type="integer")


@pytest.fixture(autouse=True)
def in_time(fields):
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


def check_sentence(text, words):
    assert re.fullmatch(r"(?s)[A-Z].*[.?]", text), "not a sentence"
    assert words in text
    assert not re.search(r"Traceback|/(work|tmp|usr|home)/|psycopg|django", text)


def check_receipt(job, expected):
    assert job["state"] == "done"
    assert job["rows"] == job["total"] == sum(job[count] for count in COUNTS)
    assert (job["created"], job["failed"]) == (len(expected.names), len(expected.failed))
    found = {}
    for error in job["errors"]:
        found.setdefault(error["line"], error["message"])
    assert found.keys() == expected.failed.keys()
    for line, words in expected.failed.items():
        assert words in found[line]
    check_stored(expected)


def check_stored(expected):
    assert list(Contact.objects.order_by("pk").values_list("name", flat=True)) == expected.names


def check_response(response, expected):
    if isinstance(expected, Refused):
        assert response.status_code == 400
        (message,) = response.json()["errors"]["file"]
        check_sentence(message, expected.words)
        assert not Contact.objects.exists()
        assert not ImportJob.objects.exists()
    else:
        assert response.status_code == 200, response.json()
        check_receipt(response.json(), expected)


@EACH
def test_as_a_file_of_a_form(manager, name):
    hostile = FILES[name]
    file = SimpleUploadedFile(hostile.file_name, hostile.bytes, "text/csv")
    check_response(manager.post("/contacts/import", {"file": file}, format="multipart"), hostile.expected)


@EACH
def test_as_the_body(manager, name):
    hostile = FILES[name]
    kind = KINDS.get(hostile.file_name.rpartition(".")[2], "application/octet-stream")
    # A body of no bytes is none.
    expected = hostile.expected if hostile.bytes else Refused("Send a file")
    check_response(manager.post("/contacts/import", hostile.bytes, content_type=kind), expected)


@EACH
def test_by_the_command(tmp_path, name):
    UserFactory(groups=["Administrator"])
    hostile = FILES[name]
    (path := tmp_path / hostile.file_name.rpartition("/")[2]).write_bytes(hostile.bytes)
    out, err = io.StringIO(), io.StringIO()
    if isinstance(hostile.expected, Refused):
        with pytest.raises(CommandError) as refusal:
            call_command("import_contacts", str(path), stdout=out, stderr=err)
        assert refusal.value.returncode == 2
        check_sentence(str(refusal.value), hostile.expected.words)
        assert not Contact.objects.exists()
        return
    try:
        call_command("import_contacts", str(path), stdout=out, stderr=err)
        code = 0
    except SystemExit as end:
        code = end.code
    assert code == (1 if hostile.expected.failed else 0)
    created, failed = len(hostile.expected.names), len(hostile.expected.failed)
    assert (
        f"{created + failed} rows: {created} created, 0 updated, 0 unchanged, 0 skipped, {failed} failed."
        in out.getvalue()
    )
    for line, words in hostile.expected.failed.items():
        assert re.search(rf"(?m)^Line {line}\b.*{re.escape(words)}", err.getvalue())
    check_stored(hostile.expected)


@EACH
def test_in_the_preview_of_the_admin(name):
    hostile = FILES[name]
    browser = client_of(UserFactory(groups=["Manager"], is_staff=True))
    file = SimpleUploadedFile(hostile.file_name, hostile.bytes)
    page = browser.post("/admin/contacts/contact/import/", {"import_file": file, "format": "0", "resource": "0"})
    assert page.status_code == 200
    html, text = page.content.decode(), text_of(page)
    assert "<script>alert(1)" not in html
    if isinstance(hostile.expected, Refused):
        (message,) = page.context["form"].errors["import_file"]
        # An empty file is refused by Django already.
        check_sentence(message, "empty" if not hostile.bytes else hostile.expected.words)
    else:
        result = page.context["result"]
        assert not result.base_errors
        assert (result.totals["new"], result.totals["invalid"]) == (
            len(hostile.expected.names),
            len(hostile.expected.failed),
        )
        for words in hostile.expected.failed.values():
            assert words in text
    assert not Contact.objects.exists()
