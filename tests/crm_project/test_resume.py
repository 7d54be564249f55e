"""Imports that were stopped or given up, and go on: in the end they are as if they had never stopped."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from crm_project.transfer import engine, services
from crm_project.transfer.models import ImportJob, Job
from crm_project.transfer.services import running
from tests.admin_pages import client_of, url
from tests.factories import UserFactory
from tests.importing import receipt

from .test_engine import counts, kept_job, people

pytestmark = pytest.mark.django_db
FILE = people(9) + b"\nBad,broken@,1"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch, settings):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    settings.CRM_SCOPED_RATES = {}


def stopped_job(client, **options):
    """An import that was cancelled after its first rows."""
    job = kept_job(client.user, FILE, **options)
    services.run_import(job, on_progress=lambda job: services.cancel_import(job=job))
    assert (job.state, job.checkpoint) == (Job.State.CANCELLED, 2)
    return job


def run_queued(job):
    queued = ProcrastinateJob.objects.get(args__job_id=str(job.pk), status="todo")
    assert queued.args["rows"] == job.rows
    services.run_import(ImportJob.objects.get(pk=job.pk))
    job.refresh_from_db()


@pytest.mark.parametrize("options", [{}, {"atomic": True}, {"dry_run": True}], ids=["plain", "atomic", "dry run"])
def test_cancelled_import_goes_on_to_the_receipt_of_one_that_never_stopped(manager, options):
    whole = kept_job(manager.user, FILE, **options)
    services.run_import(whole)
    Contact.objects.all().delete()
    job = stopped_job(manager, **options)
    response = manager.post(f"/dev/crm/imports/{job.pk}/resume")
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    assert response["Location"] == response.json()["url"]
    run_queued(job)
    assert (job.state, counts(job), job.rows, job.message) == (whole.state, counts(whole), 10, whole.message)
    assert list(job.failures.values_list("line", flat=True)) == [11]
    assert Contact.objects.count() == (0 if options else 9)


def test_import_that_was_given_up_goes_on(manager):
    job = stopped_job(manager)
    ImportJob.objects.update(state=Job.State.FAILED, message="It failed several times.")
    assert manager.post(f"/dev/crm/imports/{job.pk}/resume").json()["message"] == ""
    run_queued(job)
    assert (job.state, counts(job)) == (Job.State.DONE, {"created": 9, "failed": 1})


def test_what_cannot_go_on_says_why(manager):
    done = receipt(manager, "/contacts/import", FILE)
    running = kept_job(manager.user, FILE)
    undone, gone = stopped_job(manager), stopped_job(manager)
    manager.post(f"/dev/crm/imports/{undone.pk}/undo")
    gone.file.delete()
    for key, words in (
        (done["id"], "dealt with all rows"),
        (running.pk, "has not ended"),
        (undone.pk, "was undone"),
        (gone.pk, "send it again"),
    ):
        refused = manager.post(f"/dev/crm/imports/{key}/resume")
        assert (refused.status_code, refused.json()["code"]) == (409, "job_not_resumable")
        assert words in refused.json()["message"]
    assert not ProcrastinateJob.objects.filter(task_name__endswith="run_import").exists()


def test_nobody_else_goes_on_with_a_reps_import(sales, support, api):
    job = stopped_job(sales)
    for stranger in (support, api(UserFactory(groups=["Sales"]))):
        assert stranger.post(f"/dev/crm/imports/{job.pk}/resume").status_code == 403
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_page_of_a_stopped_import_has_a_button_to_go_on(manager):
    browser, job = client_of(manager.user), stopped_job(manager)
    page = browser.get(url("transfer_importjob_change", job.pk))
    assert "Go on with this import" in [str(each["label"]) for each in page.context["receipts"][0]["buttons"]]
    assert browser.get(url("transfer_importjob_resume", job.pk)).status_code == 405
    page = browser.post(url("transfer_importjob_resume", job.pk), follow=True)
    assert page["Refresh"]
    run_queued(job)
    page = browser.get(url("transfer_importjob_change", job.pk))
    assert "Go on with this import" not in [str(each["label"]) for each in page.context["receipts"][0]["buttons"]]


@pytest.mark.parametrize("chunks", [2, 100])
def test_job_that_another_worker_has_gone_on_with_is_left_to_it(manager, monkeypatch, chunks):
    job = kept_job(manager.user, FILE)
    look, others = running.note_columns, []

    def note_columns(*args):
        look(*args)
        if not others:
            others.append(ImportJob.objects.get(pk=job.pk))
            steps = iter(range(chunks))
            services.run_import(others[0], should_stop=lambda: next(steps, None) is None)

    monkeypatch.setattr(running, "note_columns", note_columns)
    services.run_import(job)
    assert (job.state, counts(job), job.checkpoint) == (others[0].state, counts(others[0]), others[0].checkpoint)
    services.run_import(ImportJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert (job.state, counts(job), Contact.objects.count()) == (Job.State.DONE, {"created": 9, "failed": 1}, 9)
