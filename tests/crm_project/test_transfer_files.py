"""Exports that a worker writes, the files that jobs leave behind, and mappings that are kept by their source."""

import datetime as dt

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from contacts.resources import ContactResource
from crm_project.transfer import exports, tasks
from crm_project.transfer.models import ExportJob, ImportJob, ImportSource
from tests.admin_pages import client_of, text_of, url
from tests.at_once import at_once
from tests.factories import ContactFactory, UserFactory
from tests.importing import receipt, send

pytestmark = pytest.mark.django_db
EXPORT = "/contacts/export"


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def asked(client, **query):
    response = client.get(EXPORT, query)
    assert response.status_code == 202, response.content
    job = response.json()
    assert response["Location"] == job["url"]
    return job


def fetched(link, client=None):
    response = (client or Client()).get(link)
    return response.status_code, b"".join(
        response.streaming_content
    ).decode() if response.streaming else response.json()


def done(client, job):
    exports.run_export(ExportJob.objects.get(pk=job["id"]))
    return client.get(job["url"]).json()


def test_a_worker_writes_what_the_list_shows(manager):
    ContactFactory(name="Ada", email="ada@engine.example", company="Engines")
    ContactFactory(name="Grace", company="Navy")
    asked_for = {"company": "engines", "columns": "name,email", "format": "csv"}
    direct = b"".join(manager.get(EXPORT, asked_for).streaming_content).decode()
    job = asked(manager, background="1", **asked_for)
    assert (job["state"], job["file"], job["rows"]) == ("queued", None, 0)
    assert job["filters"] == {"background": "1", **asked_for}
    assert ProcrastinateJob.objects.filter(task_name__endswith="run_export", args__job_id=job["id"]).count() == 1
    found = done(manager, job)
    assert (found["state"], found["rows"]) == ("done", 1)
    assert fetched(found["file"]) == (200, direct)
    tasks.run_export(job["id"])
    assert manager.get(job["url"]).json()["finished_at"] == found["finished_at"]


@pytest.mark.django_db(transaction=True)
def test_export_tells_how_far_it_is_while_it_runs(manager, monkeypatch):
    monkeypatch.setattr(exports, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(exports, "CHECKED_ROWS", 2)
    Contact.objects.bulk_create(Contact(name=f"Person {number}") for number in range(5))
    job = exports.start_export(
        actor=manager.user, resource=ContactResource(), format="csv", columns=["name"], filters={}
    )
    exports.defer_export(job)
    seen, plain = [], exports._Progress.tell

    def tell(self):
        plain(self)
        seen.append(told_beside(job.pk))

    monkeypatch.setattr(exports._Progress, "tell", tell)
    exports.run_export(ExportJob.objects.get(pk=job.pk))
    assert seen == [("running", 0, 5), ("running", 2, 5), ("running", 4, 5), ("running", 5, 5)]
    found = manager.get(f"/dev/crm/exports/{job.pk}").json()
    assert (found["state"], found["rows"], found["total"], found["percent"]) == ("done", 5, 5, 100)


def told_beside(key):
    """What another connection sees of an export."""
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT state, rows, total FROM transfer_exportjob WHERE id = %s", [key])
        found = cursor.fetchone()
    other.close()
    assert connection.in_atomic_block
    return found


def test_above_a_size_a_worker_writes_the_file(manager, settings):
    ContactFactory.create_batch(3)
    settings.CRM_EXPORT_INLINE_ROWS = 3
    assert manager.get(EXPORT).status_code == 200
    settings.CRM_EXPORT_INLINE_ROWS = 2
    assert asked(manager)["state"] == "queued"
    assert manager.get(EXPORT, {"background": "maybe"}).json()["errors"].keys() == {"background"}


def test_the_link_expires_is_signed_and_is_told_to_its_owner_only(manager, administrator, settings):
    ContactFactory(name="Ada")
    job = done(manager, asked(manager, background="1"))
    assert fetched(job["file"])[0] == 200
    assert administrator.get(job["url"]).json()["file"] is None
    forged = job["file"][:-1] + ("a" if job["file"][-1] != "a" else "b")
    assert fetched(forged)[0] == 404
    assert fetched(forged)[1]["message"] == "This link is wrong or has expired."
    assert Client().post(job["file"]).status_code == 405
    ExportJob.objects.update(finished_at=timezone.now() - dt.timedelta(hours=settings.CRM_EXPORT_LINK_HOURS, minutes=1))
    assert fetched(job["file"])[0] == 404


def test_the_link_dies_with_the_right_to_export(manager):
    job = done(manager, asked(manager, background="1"))
    manager.user.groups.clear()
    assert fetched(job["file"])[0] == 404


def test_a_rep_gets_what_they_may_see(sales):
    ContactFactory(name="Mine", assigned_to=sales.user)
    ContactFactory(name="Theirs", assigned_to=UserFactory())
    job = done(sales, asked(sales, background="1", columns="name"))
    assert fetched(job["file"])[1].split() == ["name", "Mine"]


def test_who_lost_the_right_meanwhile_gets_nothing(sales):
    ContactFactory(name="Mine", assigned_to=sales.user)
    job = asked(sales, background="1")
    sales.user.groups.clear()
    exports.run_export(ExportJob.objects.get())
    stored = ExportJob.objects.get(pk=job["id"])
    assert (stored.state, stored.message, stored.file.name) == ("failed", "The right to export was taken away.", "")


@pytest.mark.django_db(transaction=True)
def test_run_in_parallel_it_is_written_once(manager):
    ContactFactory.create_batch(5)
    job = ExportJob.objects.get(pk=asked(manager, background="1")["id"])
    at_once([lambda: exports.run_export(ExportJob.objects.get(pk=job.pk))] * 5)
    job.refresh_from_db()
    assert (job.state, job.rows) == ("done", 5)


def test_old_files_go_and_receipts_stay(manager, settings):
    settings.CRM_IMPORT_FILE_DAYS, settings.CRM_EXPORT_LINK_HOURS = 30, 24
    old, new = (receipt(manager, "/contacts/import", f"name\n{name}\n") for name in ("Ada", "Grace"))
    export = done(manager, asked(manager, background="1"))
    now = timezone.now()
    ImportJob.objects.filter(pk=old["id"]).update(finished_at=now - dt.timedelta(days=31))
    ImportJob.objects.filter(pk=new["id"]).update(finished_at=now - dt.timedelta(days=29))
    ExportJob.objects.filter(pk=export["id"]).update(finished_at=now - dt.timedelta(hours=25))
    gone = [ImportJob.objects.get(pk=old["id"]).file, ExportJob.objects.get(pk=export["id"]).file]
    tasks.forget_files()
    tasks.forget_files()
    assert not any(file.storage.exists(file.name) for file in gone)
    kept = ImportJob.objects.get(pk=new["id"]).file
    assert kept.storage.exists(kept.name)
    assert ImportJob.objects.get(pk=old["id"]).sha256 == old["sha256"]
    assert manager.get(export["url"]).json()["file"] is None


def test_a_mapping_is_kept_by_its_source(manager):
    text = "Who;Reach\nAda;ada@engine.example\n"
    mapping = '{"Who": "name", "Reach": "email"}'
    unknown = send(manager, "/contacts/import", text, source="Weekly")
    assert (unknown.status_code, [*unknown.json()["errors"]]) == (400, ["source"])
    first = receipt(manager, "/contacts/import", text, source="Weekly", mapping=mapping)
    assert (first["created"], first["options"]["source"]) == (1, "Weekly")
    again = receipt(manager, "/contacts/import", text, source="Weekly", match="email")
    assert (again["unchanged"], again["mapping"]) == (1, {"Who": "name", "Reach": "email"})
    assert send(manager, "/dev/crm/leads/import", text, source="Weekly").status_code == 400
    receipt(manager, "/contacts/import", text, source="Weekly", mapping='{"Who": "job_title", "Reach": "email"}')
    assert ImportSource.objects.get().mapping["Who"] == "job_title"
    wrong = send(manager, "/contacts/import", text, source="Weekly", mapping='{"Nobody": "name"}')
    assert wrong.status_code == 400
    assert ImportSource.objects.get().mapping["Who"] == "job_title"


def test_the_admin_shows_the_link_and_the_sources(manager):
    job = done(manager, asked(manager, background="1"))
    browser = client_of(manager.user)
    page = text_of(browser.get(url("transfer_exportjob_change", job["id"])))
    assert "Fetch the file" in page
    other = client_of(UserFactory(groups=["Administrator"]))
    assert "Fetch the file" not in text_of(other.get(url("transfer_exportjob_change", job["id"])))
    source = ImportSource.objects.create(kind="contact", name="Weekly", mapping={"Who": "name"})
    assert "Weekly" in text_of(browser.get(url("transfer_importsource_changelist")))
    assert browser.get(url("transfer_importsource_change", source.pk)).status_code == 200
