"""The engine under imports and exports: formulas, files that are written, jobs that are killed, stopped and doubled."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Contact, ContactPoint
from contacts.resources import ContactResource
from crm_project.transfer import engine, formulas, services, writing
from crm_project.transfer.models import ImportJob
from crm_project.transfer.options import Options
from crm_project.transfer.reading import open_table
from tests.factories import UserFactory

ROOT = Path(__file__).resolve().parents[2]
State = ImportJob.State


@pytest.fixture
def manager_user(db):
    return UserFactory(groups=["Manager"])


def people(count, start=0):
    rows = [f"Person {n},person{n}@example.com,+1 504 621 {n:04}" for n in range(start, start + count)]
    return "\n".join(["name,email,phone", *rows]).encode()


def kept_job(user, content, **options):
    return services.keep_import(
        actor=user,
        resource=ContactResource,
        file=ContentFile(content),
        file_name="people.csv",
        options=Options(**options),
    )


def counts(job):
    return {kind: getattr(job, kind) for kind in services.COUNTS if getattr(job, kind)}


@given(st.text(max_size=20))
def test_restore_gives_back_what_was_neutralised(text):
    assert formulas.restore(formulas.neutralise(text)) == text


@given(st.text("=+-@'\t\r\n \u00a0＝a1", max_size=8))
def test_neutralised_text_never_begins_a_formula(text):
    cell = formulas.neutralise(text)
    assert formulas.restore(cell) == text
    assert cell == text or cell.startswith("'")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\u00a0=1", "\u200b=1", "＝1", "+cmd", "-x", "\rx"],
)
def test_formulas_are_made_text(text):
    assert formulas.neutralise(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["+1 (504) 621-8927", "+7 987 654-32-10 доб. 12", "-5", "-5.25", "a=b", "'quoted'", ""]
)
def test_harmless_text_stays_readable(text):
    assert formulas.neutralise(text) == text


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx"])
@given(rows=st.lists(st.tuples(CELLS.filter(lambda text: text.strip()), CELLS), min_size=1, max_size=5))
def test_written_file_is_read_as_it_was(format, rows):
    content = b"".join(writing.write(format, ["first", "second"], rows))
    table = open_table(io.BytesIO(content), format=format, encoding=None if format == "xlsx" else "utf-8")
    read = [[formulas.restore(str(row.values[name])) for name in ("first", "second")] for row in table]
    assert read == [list(row) for row in rows]


def test_first_piece_comes_before_the_rows():
    def rows():
        raise AssertionError("No row was asked for yet.")
        yield

    for format in ("csv", "tsv", "json", "ndjson", "xlsx"):
        next(writing.write(format, ["name"], rows()))


def test_chunks_are_cut_by_rows_and_by_size(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 3)
    table = open_table(io.BytesIO(people(7)))
    importing = engine.Engine(ContactResource(user=manager_user), table)
    assert [len(chunk) for chunk in importing.chunks(table)] == [3, 3, 1]
    monkeypatch.setattr(engine, "CHUNK_CHARACTERS", 10)
    assert [len(chunk) for chunk in importing.chunks(table)] == [1] * 7


def test_queries_do_not_grow_with_rows(manager_user, django_assert_max_num_queries):
    def queries(count, start):
        job = kept_job(manager_user, people(count, start), match=("email", "phone"))
        with django_assert_max_num_queries(100) as captured:
            services.run_import(job)
        assert job.created == count
        return len(captured)

    queries(1, 0)
    assert queries(2, 100) == queries(200, 200)


def test_job_run_twice_imports_once(manager_user):
    job = kept_job(manager_user, people(5))
    services.run_import(job)
    services.run_import(ImportJob.objects.get(pk=job.pk))
    assert Contact.objects.count() == 5
    assert counts(ImportJob.objects.get(pk=job.pk)) == {"created": 5}


def test_job_goes_on_from_its_checkpoint(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    job = kept_job(manager_user, people(7))
    stops = iter([False, False, True])
    services.run_import(job, should_stop=lambda: next(stops))
    assert (job.state, job.checkpoint, Contact.objects.count()) == (State.RUNNING, 4, 4)
    services.run_import(ImportJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert (job.state, counts(job), Contact.objects.count()) == (State.DONE, {"created": 7}, 7)


def test_cancelled_job_keeps_what_is_in(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    job = kept_job(manager_user, people(6))
    services.run_import(job, on_progress=lambda job: services.cancel_import(job=job))
    assert (job.state, counts(job), Contact.objects.count()) == (State.CANCELLED, {"created": 2}, 2)
    with pytest.raises(services.JobHasEnded):
        services.cancel_import(job=job)


def test_queued_job_is_cancelled_at_once(manager_user):
    job = services.cancel_import(job=kept_job(manager_user, people(2)))
    services.run_import(job)
    assert (job.state, Contact.objects.count()) == (State.CANCELLED, 0)


def test_rights_taken_away_end_the_job(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    job = kept_job(manager_user, people(6))
    services.run_import(job, on_progress=lambda job: manager_user.groups.clear())
    assert (job.state, Contact.objects.count()) == (State.FAILED, 2)
    assert "may not import" in job.message


def test_all_or_nothing_takes_no_row_when_one_fails(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    content = people(5) + b"\nBad,broken@,1"
    job = kept_job(manager_user, content, atomic=True)
    services.run_import(job)
    assert (job.state, counts(job), job.rows) == (State.FAILED, {"skipped": 5, "failed": 1}, 6)
    assert Contact.objects.count() == 0
    job = kept_job(manager_user, people(5), atomic=True)
    services.run_import(job)
    assert (job.state, counts(job), Contact.objects.count()) == (State.DONE, {"created": 5}, 5)


def test_dry_run_counts_as_the_import_does(manager_user, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    content = people(3) + b"\n,person0@example.com,\nOther,person1@example.com,\nBad,x,"
    options = {"match": ("email",), "on_match": Options().on_match}
    tried = kept_job(manager_user, content, dry_run=True, **options)
    services.run_import(tried)
    assert (Contact.objects.count(), ContactPoint.objects.count(), tried.seen.count()) == (0, 0, 0)
    assert counts(tried) == {"created": 3, "updated": 2, "failed": 1}


@pytest.mark.django_db(transaction=True)
def test_two_runs_of_a_job_at_once_import_once(monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 10)
    job = kept_job(UserFactory(groups=["Manager"]), people(100))
    at_once([lambda: services.run_import(ImportJob.objects.get(pk=job.pk))] * 3)
    services.run_import(ImportJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert (job.state, counts(job), Contact.objects.count()) == (State.DONE, {"created": 100}, 100)


@pytest.mark.django_db(transaction=True)
def test_four_imports_of_one_file_at_once_make_each_contact_once(monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 20)
    user = UserFactory(groups=["Manager"])
    jobs = [kept_job(user, people(100), match=("email",)) for _ in range(4)]
    at_once([lambda job=job: services.run_import(ImportJob.objects.get(pk=job.pk)) for job in jobs])
    done = ImportJob.objects.filter(pk__in=[job.pk for job in jobs])
    assert Contact.objects.count() == 100
    assert sum(job.created for job in done) == 100
    assert [(job.state, job.created + job.unchanged) for job in done] == [(State.DONE, 100)] * 4


def at_once(works):
    def run(work):
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


SLOW_RUN = """
import sys, time, django
django.setup()
from crm_project.transfer import engine, services
from crm_project.transfer.models import ImportJob
engine.CHUNK_ROWS = 25
services.run_import(ImportJob.objects.get(pk=sys.argv[1]), on_progress=lambda job: time.sleep(0.02))
"""


@pytest.mark.django_db(transaction=True)
def test_import_killed_again_and_again_has_each_row_once(settings, tmp_path):
    user = UserFactory(groups=["Manager"])
    content = people(600) + b"\nBad,broken@,1"
    job = kept_job(user, content, match=("email",))
    environment = os.environ | {"DATABASE_URL": url_of_test_database(), "CRM_DATA_DIR": str(tmp_path)}
    kills = 0
    for threshold in (1, 120, 300, 10_000):
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SLOW_RUN, str(job.pk)], cwd=ROOT, env=environment
        )
        while process.poll() is None:
            if ImportJob.objects.get(pk=job.pk).checkpoint >= threshold:
                process.send_signal(signal.SIGKILL)
                kills += 1
                process.wait()
            time.sleep(0.005)
    job.refresh_from_db()
    assert kills == 3
    assert (job.state, counts(job), job.failures.count()) == (State.DONE, {"created": 600, "failed": 1}, 1)
    assert Contact.objects.count() == Contact.objects.values("name").distinct().count() == 600
    assert ContactPoint.objects.count() == 1200


def url_of_test_database():
    database = connection.settings_dict
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    credentials = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    if host.startswith("/"):
        return f"postgres://{credentials}@/{database['NAME']}?host={host}"
    return f"postgres://{credentials}@{host}:{database['PORT']}/{database['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_chunk_that_meets_a_deadlock_is_tried_again(monkeypatch):
    job = kept_job(UserFactory(groups=["Manager"]), people(3))
    real, calls = ContactResource.write, []

    def write(self, drafts):
        real(self, drafts)
        calls.append(len(drafts))
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

    monkeypatch.setattr(ContactResource, "write", write)
    services.run_import(job)
    assert (calls, counts(job), Contact.objects.count()) == ([3, 3], {"created": 3}, 3)
