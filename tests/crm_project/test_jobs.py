"""The queue's wiring, on real jobs that a real worker takes up."""

import asyncio

import pghistory
import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import JobAborted

from contacts.models import Category
from crm_project.jobs import MAX_ATTEMPTS, STALLED_SECONDS
from crm_project.jobs.retry import Patiently
from crm_project.jobs.tasks import delete_finished_jobs, retry_stalled_jobs


@pytest.fixture(autouse=True)
def empty_queue(transactional_db, monkeypatch):
    """Nothing is waiting, and nothing falls due while a test works; Django empties only tables that it manages."""
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def task():
    """A function that makes tasks for one test."""
    known = set(app.tasks)
    yield app.task
    for name in set(app.tasks) - known:
        del app.tasks[name]


def work():
    call_command("worker", until_empty=True, concurrency=2, queues="default, housekeeping")


def statuses():
    return dict(ProcrastinateJob.objects.exclude(queue_name="housekeeping").values_list("task_name", "status"))


def age(sql_interval):
    """Let everything in the queue have happened long ago."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = at - %s::interval", [sql_interval])


def stall(attempts):
    """Leave the only job in the hands of a worker that was last heard of too long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second') RETURNING id",
            [STALLED_SECONDS + 1],
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', attempts = %s, worker_id = %s",
            [attempts, *cursor.fetchone()],
        )


def test_worker_does_what_was_deferred(task):
    done = []

    @task(name="note")
    def note(text):
        done.append(text)

    note.defer(text="привет")
    work()

    assert done == ["привет"]
    assert statuses() == {"note": "succeeded"}


def test_job_defers_in_the_transaction_of_the_job(task):
    @task(name="second")
    def second():
        pass

    @task(name="first")
    def first():
        with transaction.atomic():
            second.defer()
            transaction.set_rollback(True)
        connection.close()  # It is that of the worker's thread, which ends with the test.

    first.defer()
    work()

    assert statuses() == {"first": "succeeded"}


def test_what_a_job_changes_came_from_the_worker(task):
    @task(name="rename")
    def rename():
        Category.objects.create(name="VIP")
        connection.close()

    rename.defer()
    work()

    assert pghistory.models.Context.objects.get().metadata == {"door": "worker"}


def test_job_of_a_dead_worker_is_done_by_another(task):
    done = []

    @task(name="note")
    def note():
        done.append("done")

    note.defer()
    stall(attempts=0)
    retry_stalled_jobs.defer(timestamp=0)
    work()
    work()

    assert done == ["done"]
    assert ProcrastinateJob.objects.get(task_name="note").attempts == 2


def test_job_that_kills_its_workers_is_given_up(task):
    @task(name="poison")
    def poison():
        raise AssertionError("taken up once too often")

    poison.defer()
    stall(attempts=MAX_ATTEMPTS - 1)
    retry_stalled_jobs.defer(timestamp=0)
    work()
    work()

    assert statuses() == {"poison": "failed"}


def test_housekeeping_leaves_nothing_in_the_table():
    first = retry_stalled_jobs.defer(timestamp=0)
    work()
    retry_stalled_jobs.defer(timestamp=0)
    work()

    assert not ProcrastinateJob.objects.filter(pk=first).exists()


def test_only_jobs_that_ended_a_week_ago_are_deleted(task):
    @task(name="old")
    def old():
        pass

    @task(name="failed")
    def failed():
        raise ValueError

    @task(name="new", queue="nobody works on")
    def new():
        pass

    old.defer()
    failed.defer()
    work()
    new.defer()
    age("7 days 1 hour")
    delete_finished_jobs.defer(timestamp=0)
    work()

    assert statuses() == {"new": "todo"}


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 1), (1, 5), (2, 25), (3, 125)])
def test_failed_job_is_tried_again_later_and_later(task, attempts, minutes):
    @task(name="unlucky", retry=Patiently())
    def unlucky():
        raise ValueError

    unlucky.defer()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s", [attempts])
    work()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, round(extract(epoch FROM scheduled_at - now()) / 60) FROM procrastinate_jobs "
            "WHERE task_name = 'unlucky'"
        )
        assert cursor.fetchone() == ("todo", minutes)


def test_fifth_failure_is_the_last(task):
    @task(name="unlucky", retry=Patiently())
    def unlucky():
        raise ValueError

    unlucky.defer()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s", [MAX_ATTEMPTS - 1])
    work()

    assert statuses() == {"unlucky": "failed"}


@pytest.mark.parametrize("told_to_stop", [JobAborted(), asyncio.CancelledError()])
def test_job_whose_worker_stops_goes_back_at_once(told_to_stop):
    job = app.configure_task("any").job.evolve(attempts=1)

    decision = Patiently().get_retry_decision(exception=told_to_stop, job=job)

    assert decision.retry_at is None


def test_job_whose_database_went_away_is_tried_again_soon():
    job = app.configure_task("any").job.evolve(attempts=3)

    def seconds(error):
        due = Patiently().get_retry_decision(exception=error, job=job).retry_at
        return round((due - timezone.now()).total_seconds(), -1)

    told = OperationalError("terminating connection due to administrator command")
    told.__cause__ = psycopg.errors.AdminShutdown()
    refused = OperationalError("deadlock detected")
    refused.__cause__ = psycopg.errors.DeadlockDetected()
    assert [seconds(OperationalError("the connection is lost")), seconds(told)] == [10, 10]
    assert seconds(refused) == 125 * 60
