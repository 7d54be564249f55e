"""Imports, undoings and exports whose workers fail or die: none stays open for ever, none that gets on is given up."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.resources import ContactResource
from crm_project.transfer import exports, services, tasks
from crm_project.transfer.models import ExportJob, ImportJob, Job, UndoJob
from crm_project.transfer.undo import start_undo
from tests.factories import UserFactory

from .test_engine import kept_job, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def user(db):
    return UserFactory(groups=["Manager"])


def an_import(user):
    job = kept_job(user, people(1))
    services.defer(job)
    return job


def an_undoing(user):
    job = kept_job(user, people(3))
    services.run_import(job)
    return start_undo(job=job, actor=user, inline_rows=0)


def an_export(user):
    job = exports.start_export(
        actor=user, resource=ContactResource(user=user), format="csv", columns=["name"], filters={}
    )
    exports.defer_export(job)
    return job


KINDS = pytest.mark.parametrize("make", [an_import, an_undoing, an_export])


def age(job, **ago):
    type(job).objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(**ago))


def queue_ends(job, status):
    found = ProcrastinateJob.objects.filter(args__job_id=str(job.pk))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = %s WHERE id = ANY(%s)", [status, [each.pk for each in found]]
        )


def state_of(job):
    tasks.end_lost_jobs.func()
    job.refresh_from_db()
    return job.state


def waiting(job):
    return ProcrastinateJob.objects.filter(args__job_id=str(job.pk), status="todo").count()


@KINDS
@pytest.mark.parametrize("status", ["failed", "aborted"])
def test_what_the_queue_gave_up_has_failed(user, make, status):
    job, other = make(user), make(user)
    queue_ends(job, status)
    assert state_of(job) == Job.State.QUEUED, "It ended a moment ago; its end may not be written yet."
    age(job, minutes=2)
    age(other, days=1)
    assert (state_of(job), state_of(other), waiting(job), waiting(other)) == ("failed", "queued", 0, 1)
    assert "given up" in job.message
    assert job.finished_at


@pytest.mark.parametrize("make", [an_import, an_undoing])
def test_what_gets_on_is_never_given_up(user, make):
    job = make(user)
    for rows in (2_000, 4_000):
        type(job).objects.filter(pk=job.pk).update(state="running", rows=rows)
        age(job, minutes=2)
        queue_ends(job, "failed")
        assert (state_of(job), waiting(job)) == ("running", 1)
    queue_ends(job, "failed")
    assert (state_of(job), waiting(job)) == ("failed", 0)


@KINDS
def test_what_another_process_was_at_is_taken_up_when_that_died(user, make):
    job = make(user)
    queue_ends(job, "succeeded")
    age(job, minutes=2)
    assert (state_of(job), waiting(job)) == ("queued", 1)


@KINDS
def test_what_was_never_queued_has_failed_when_it_is_silent(user, make):
    job = make(user)
    ProcrastinateJob.objects.all()._raw_delete("default")
    age(job, minutes=14)
    assert state_of(job) == "queued"
    age(job, minutes=16)
    assert state_of(job) == "failed"
    assert "process" in job.message


def test_undoing_that_failed_goes_on_when_it_is_asked_for_again(user):
    undo = an_undoing(user)
    queue_ends(undo, "failed")
    age(undo, minutes=2)
    assert state_of(undo) == "failed"
    again = start_undo(job=ImportJob.objects.get(), actor=user, inline_rows=100)
    assert (again.pk, again.state, again.counts["contact"]["removed"]) == (undo.pk, "done", 3)
    assert UndoJob.objects.count() == 1
    assert start_undo(job=ImportJob.objects.get(), actor=user, inline_rows=100) == again
    assert not ExportJob.objects.exists()
