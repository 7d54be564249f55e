"""Imports and undoings whose worker or PostgreSQL is killed, or which are stopped, at random moments.

In the end there are exactly the rows and the receipt of a run that nobody disturbed.
"""

import hashlib
import json
import random
import time
from types import SimpleNamespace

import psycopg
import pytest

from tests.own_site import own_sites

START = """
from django.core.files import File
from contacts.models import CustomField
from contacts.resources import ContactResource
from crm_project.access.models import User
from crm_project.transfer import services
from crm_project.transfer.options import Options
CustomField.objects.get_or_create(key="city", defaults={"label": "City", "type": "text"})
with open(sys.argv[1], "rb") as file:
    job = services.keep_import(actor=User.objects.get(username="maria"), resource=ContactResource, file=File(file),
        file_name="people.csv", options=Options(match=("email",)))
services.defer(job)
print(job.pk)
"""
UNDO = """
from crm_project.access.models import User
from crm_project.transfer.models import ImportJob
from crm_project.transfer.undo import start_undo
print(start_undo(job=ImportJob.objects.get(pk=sys.argv[1]), actor=User.objects.get(), inline_rows=0).pk)
"""
STOP = "UPDATE transfer_importjob SET cancel_requested_at = now() WHERE id = %s AND state = 'running' RETURNING 1"
RESUME = """
from crm_project.transfer import services
from crm_project.transfer.models import ImportJob
services.resume_import(job=ImportJob.objects.get(pk=sys.argv[1]))
"""
RECEIPT = """
    SELECT state, rows, total, created, updated, unchanged, skipped, failed, checkpoint, sha256, message,
        (SELECT json_agg(json_build_array(line, problems, cells) ORDER BY line, id) FROM transfer_importfailure
            WHERE job_id = job.id)::text
    FROM transfer_importjob AS job WHERE id = %s
"""
# Everything that there is, by its values: keys and times differ from run to run.
TABLES = {
    "contacts": """
        SELECT c.name, c.job_title, c.contact_type, c.origin, c.custom_fields::text, c.search_text, o.name,
            (SELECT array_agg(ROW(type, service, value, normalized, label, is_primary, position, deleted_at)::text
                ORDER BY position) FROM contacts_contactpoint WHERE contact_id = c.id),
            (SELECT array_agg(g.name ORDER BY g.name) FROM contacts_contactcategory m
                JOIN contacts_category g ON g.id = m.category_id WHERE m.contact_id = c.id)
        FROM contacts_contact c LEFT JOIN contacts_organization o ON o.id = c.organization_id ORDER BY c.name, 6
    """,
    "points without a contact": """
        SELECT count(*) FROM contacts_contactpoint
        WHERE NOT EXISTS (SELECT FROM contacts_contact WHERE id = contact_id)
    """,
    "organizations": "SELECT name FROM contacts_organization ORDER BY name",
    "categories": "SELECT name FROM contacts_category ORDER BY name",
    "history": """
        SELECT 'contact', pgh_label, name, job_title FROM contacts_contactevent
        UNION ALL SELECT 'point', pgh_label, value, '' FROM contacts_contactpointevent
        UNION ALL SELECT 'category', pgh_label, category_id::text <> '', '' FROM contacts_contactcategoryevent
        ORDER BY 1, 2, 3, 4
    """.replace("category_id::text <> ''", "'a category'"),
}
UNDONE = """
    SELECT counts, rows, total, (SELECT count(*) FROM transfer_undoconflict WHERE job_id = job.id)
    FROM transfer_undojob AS job WHERE id = %s
"""
IMPORT, UNDOING = "transfer_importjob", "transfer_undojob"
ROWS, MOMENTS, PATIENCE = 100_000, 20, 900
pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def make_site(tmp_path_factory):
    with own_sites(tmp_path_factory.mktemp("faults")) as make:
        yield make


def file_of(path, rows, title):
    """People with two numbers, a company, categories and a custom field; of fifty rows one is broken."""
    lines = ["name,email,phone,other_phones,company,categories,job_title,custom_fields.city"]
    for n in range(rows):
        mail = "broken@" if n % 50 == 7 else f"person{n}@example.com"
        lines.append(
            f"Person {n},{mail},+1 504 {n // 10_000 + 200:03} {n % 10_000:04},+7 916 {n:07},"
            f"Firm {n % 997},Group {n % 7};All,{title},City {n % 31}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def fingerprints(site):
    found = {}
    with psycopg.connect(site.url) as connection:
        for name, query in TABLES.items():
            digest, count = hashlib.sha256(), 0
            with connection.cursor(name="all") as cursor:
                for row in cursor.execute(query):
                    digest.update(json.dumps(row, default=str).encode())
                    count += 1
            found[name] = (count, digest.hexdigest())
    return found


def state(site, job, table=IMPORT):
    """(state, rows that are done, rows in all); nothing while the server is down."""
    try:
        return site.rows(f"SELECT state, rows, total FROM {table} WHERE id = %s", job)[0]
    except psycopg.OperationalError:
        return None


def is_open(found):
    return found is None or found[0] in ("queued", "running")


def run_to_its_end(site, job, table=IMPORT):
    """Whatever becomes of workers; how it ended."""
    deadline = time.monotonic() + PATIENCE
    while is_open(found := state(site, job, table)):
        assert time.monotonic() < deadline, found
        site.keep_working()
        time.sleep(0.1)
    return found[0]


def at_random_moments(site, job, disturb, table=IMPORT, moments=MOMENTS):
    """Let the job run, and disturb it when it has got on so far, and a little later; how often that was."""
    shares, disturbed = sorted(random.uniform(0, 0.95) for _ in range(moments)), 0
    for share in shares:
        deadline = time.monotonic() + PATIENCE
        while is_open(found := state(site, job, table)):
            if found and found[2] and found[1] >= share * found[2]:
                break
            assert time.monotonic() < deadline, (found, share)
            site.keep_working()
            time.sleep(0.02)
        time.sleep(random.uniform(0, 1))
        disturbed += is_open(state(site, job, table))
        disturb()
    return disturbed


def start(site, path):
    site.folder.mkdir(exist_ok=True)
    return site.python(START, str(path))


def crash(site):
    site.kill_server()
    time.sleep(random.uniform(0, 1))
    site.server.start()


def stop(site, job):
    site.rows(STOP, job)
    return run_to_its_end(site, job) == "cancelled"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Some people, and a file of all of them that says something new of those."""
    folder = tmp_path_factory.mktemp("files")
    return file_of(folder / "some.csv", ROWS * 3 // 100, "Clerk"), file_of(folder / "people.csv", ROWS, "Boss")


@pytest.fixture(scope="module")
def peace(make_site, files):
    """What is there after an import that nobody disturbs, what was there before, and its receipt."""
    site = make_site("peace")
    assert run_to_its_end(site, start(site, files[0])) == "done"
    before, job = fingerprints(site), start(site, files[1])
    assert run_to_its_end(site, job) == "done"
    site.kill_worker()
    (receipt,) = site.rows(RECEIPT, job)
    return SimpleNamespace(before=before, after=fingerprints(site), receipt=receipt)


@pytest.fixture
def begun(make_site, files, request):
    """A site on which the import has just begun, and the import."""
    site = make_site(request.node.name)
    assert run_to_its_end(site, start(site, files[0])) == "done"
    yield site, start(site, files[1])
    site.kill_worker()


def test_worker_is_killed(begun, peace):
    site, job = begun
    assert at_random_moments(site, job, site.kill_worker) == MOMENTS
    assert run_to_its_end(site, job) == "done"
    assert site.rows(RECEIPT, job) == [peace.receipt]
    assert fingerprints(site) == peace.after


def test_postgresql_is_killed(begun, peace):
    site, job = begun
    assert at_random_moments(site, job, lambda: crash(site)) == MOMENTS
    assert run_to_its_end(site, job) == "done"
    assert site.rows(RECEIPT, job) == [peace.receipt]
    assert fingerprints(site) == peace.after


def test_import_is_stopped_and_gone_on_with(begun, peace):
    site, job = begun
    stopped = at_random_moments(site, job, lambda: stop(site, job) and site.python(RESUME, job))
    assert stopped > MOMENTS // 2
    assert run_to_its_end(site, job) == "done"
    assert site.rows(RECEIPT, job) == [peace.receipt]
    assert fingerprints(site) == peace.after


def test_import_is_stopped_and_the_file_sent_again(begun, peace, files):
    site, job = begun
    jobs = [job]
    for _ in range(3):
        at_random_moments(site, jobs[-1], lambda: stop(site, jobs[-1]), moments=1)
        jobs.append(start(site, files[1]))
    assert run_to_its_end(site, jobs[-1]) == "done"
    assert fingerprints(site) == peace.after
    made = site.rows("SELECT sum(created), sum(updated) FROM transfer_importjob WHERE id = ANY(%s::uuid[])", jobs)
    assert made == site.rows("SELECT %s::bigint, %s::bigint", *peace.receipt[3:5])
    ((_state, rows, total, created, updated, unchanged, skipped, failed, *_),) = site.rows(RECEIPT, jobs[-1])
    assert (rows, total, skipped, failed) == (ROWS, ROWS, 0, peace.receipt[7])
    assert created + updated + unchanged == ROWS - failed


def test_worker_is_killed_while_it_undoes(begun, peace):
    site, job = begun
    assert run_to_its_end(site, job) == "done"
    undo = site.python(UNDO, job)
    assert at_random_moments(site, undo, site.kill_worker, UNDOING) > MOMENTS // 2
    assert run_to_its_end(site, undo, UNDOING) == "done"
    ((counts, rows, total, conflicts),) = site.rows(UNDONE, undo)
    created, updated = peace.receipt[3:5]
    assert counts["contact"] == {"removed": created, "reverted": updated, "kept": 0}
    assert (rows, conflicts) == (total, 0)
    assert {name: found for name, found in fingerprints(site).items() if name != "history"} == {
        name: found for name, found in peace.before.items() if name != "history"
    }
