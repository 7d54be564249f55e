"""The page of jobs: what is queued and what failed and why; only those who may put a failed job back."""

import pytest
from django.core.management import call_command
from procrastinate.contrib.django import app

from crm_project.jobs.models import Job, JobError
from crm_project.jobs.services import JobInState, retry_job
from tests.admin_pages import client_of, text_of, url, value_of
from tests.at_once import at_once
from tests.crm_project.test_jobs import age, empty_queue, stall, task, work  # noqa: F401  (fixtures)
from tests.factories import UserFactory


@pytest.fixture
def failed(task):  # noqa: F811
    """A job that has failed."""

    @task(name="crm.tasks.unlucky")
    def unlucky(number):
        raise ValueError(f"No such number <b>{number}</b>\0")

    unlucky.defer(number=7)
    work()
    return Job.objects.get(task_name="crm.tasks.unlucky")


def client(role):
    return client_of(UserFactory(groups=[role]))


def retry(staff, job):
    return staff.post(url("jobs_job_changelist"), {"action": "retry", "_selected_action": [str(job.pk)]}, follow=True)


def test_failed_jobs_are_told_with_their_errors(failed):
    manager = client("Manager")
    listed = text_of(manager.get(url("jobs_job_changelist"), {"status": "failed"}))
    assert "ValueError: No such number &lt;b&gt;7&lt;/b&gt;" in listed
    assert "unlucky" in listed
    assert (
        "unlucky"
        not in text_of(manager.get(url("jobs_job_changelist"), {"status": "todo"})).partition("result_list")[2]
    )
    page = text_of(manager.get(url("jobs_job_change", failed.pk)))
    assert "Traceback (most recent call last)" in page
    assert value_of(page, "What it is about") == "number: 7"
    assert value_of(page, "State") == "Failed"


def test_failed_job_is_tried_again(failed, task):  # noqa: F811
    done = []
    del app.tasks["crm.tasks.unlucky"]
    task(name="crm.tasks.unlucky")(lambda **given: done.append(given))
    administrator = client("Administrator")
    assert "Back in the queue: 1." in text_of(retry(administrator, failed))
    assert "has not failed; it is todo" in text_of(retry(administrator, failed))
    work()
    assert (done, Job.objects.get(pk=failed.pk).status) == ([{"number": 7}], "succeeded")


def test_parallel_retries_put_it_back_once(failed):
    def attempt():
        try:
            retry_job(job=failed)
        except JobInState:
            return False
        return True

    assert sum(at_once([attempt] * 5)) == 1
    assert Job.objects.get(pk=failed.pk).status == "todo"


def test_only_those_with_the_right_see_and_retry(failed):
    for role in ("Sales", "Support", "Read-only"):
        assert client(role).get(url("jobs_job_changelist")).status_code == 403
        assert client(role).get(url("jobs_job_change", failed.pk)).status_code in (302, 403, 404)
    retry(client("Manager"), failed)
    assert Job.objects.get(pk=failed.pk).status == "failed"


def test_job_that_kills_its_workers_says_so(task):  # noqa: F811
    @task(name="poison")
    def poison():
        raise AssertionError("taken up once too often")

    from crm_project.jobs import MAX_ATTEMPTS
    from crm_project.jobs.tasks import retry_stalled_jobs

    poison.defer()
    stall(attempts=MAX_ATTEMPTS - 1)
    retry_stalled_jobs.defer(timestamp=0)
    work()
    assert "died" in JobError.objects.get().error


def test_errors_go_with_their_jobs(failed):
    from crm_project.jobs.tasks import delete_finished_jobs

    assert JobError.objects.filter(job_id=failed.pk).count() == 1
    age("7 days 1 hour")
    delete_finished_jobs.defer(timestamp=0)
    call_command("worker", until_empty=True, concurrency=1, queues="housekeeping")
    assert not JobError.objects.exists()
