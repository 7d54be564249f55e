"""Counts that are kept as long as nothing is written, and never longer."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from crm_project.access import rules
from crm_project.api import counting
from crm_project.database import changes, sizes
from tests.at_once import at_once
from tests.factories import CategoryFactory, ContactFactory, UserFactory

COUNTED = 'SELECT COUNT(*) FROM (SELECT "contacts_contact"'


@pytest.fixture
def dear(monkeypatch):
    """Whatever is counted of contacts is kept."""
    monkeypatch.setitem(sizes._known, Contact, True)
    monkeypatch.setattr(counting, "DEAR", 0)
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", 0)
    monkeypatch.setattr(rules, "FEW", 0)


@pytest.fixture
def alone(monkeypatch):
    """Nobody else writes, as far as these tests go: others may, in other databases of the same server."""
    monkeypatch.setattr(changes, "last_if_settled", changes.last)


@pytest.fixture
def ask(dear, api, transactional_db):
    """``ask()``: the count of the people of a category, and whether the database counted them."""
    client = api(UserFactory(groups=["Manager"]))
    category = CategoryFactory(name="VIP")
    for number in range(3):
        ContactFactory(name=f"Ann {number}", categories=["VIP"])

    def asked():
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/contacts?category=VIP&page_size=1").json()
        assert page["count_is_exact"]
        return page["count"], any(each["sql"].startswith(COUNTED) for each in queries)

    asked.category = category
    return asked


@pytest.mark.django_db
def test_every_table_is_watched():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'crm_note_change'")
        assert {name for (name,) in cursor.fetchall()} == changes.tables()
    assert {"contacts_contact", "contacts_contactcategory", "orders_order"} < changes.tables()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ('SELECT id FROM "contacts_contact" WHERE id IN (SELECT contact_id FROM contacts_contactcategory U0)', True),
        ('SELECT id FROM "contacts_contact" INNER JOIN "leads_lead" ON (true)', True),
        ('SELECT id FROM "contacts_contact" JOIN "mail_mail" ON (true)', False),
        ('SELECT id FROM "contacts_contact" WHERE id IN (SELECT unnest FROM unnest(ARRAY[1]))', False),
        ('SELECT id FROM "contacts_contact" WHERE created_at < now()', False),
        ('SELECT id FROM "contacts_contact" WHERE created_at < CURRENT_TIMESTAMP', False),
    ],
)
def test_only_what_reads_watched_tables_and_no_clock_is_told(sql, told):
    assert changes.tell(sql) is told


def test_it_is_counted_once_as_long_as_nothing_is_written(ask, alone):
    assert [ask(), ask(), ask()] == [(3, True), (3, False), (3, False)]


def test_each_write_counts_by_whatever_way(ask, alone):
    def sql(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    ask()
    ContactFactory(categories=["VIP"])
    assert [ask(), ask()] == [(4, True), (4, False)]
    Contact.objects.filter(name="Ann 0").update(deleted_at="2026-01-01T00:00Z")
    assert [ask(), ask()] == [(3, True), (3, False)]
    sql(
        "DELETE FROM contacts_contactcategory WHERE contact_id = (SELECT id FROM contacts_contact WHERE name = 'Ann 1')"
    )
    assert [ask(), ask()] == [(2, True), (2, False)]
    ask.category.contacts.clear()
    assert ask() == (0, True) or ask()[0] == 0


def test_what_is_being_written_meanwhile_is_not_missed(ask):
    wrote, may_commit = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            ContactFactory(categories=["VIP"])
            wrote.set()
            assert may_commit.wait(10)

    thread = threading.Thread(target=lambda: (write(), connection.close()))
    thread.start()
    assert wrote.wait(10)
    assert changes.last_if_settled() is None
    assert [ask(), ask()] == [(3, True), (3, True)]  # Nothing is kept before the other one is done.
    may_commit.set()
    thread.join()
    assert [ask()[0], ask()[0]] == [4, 4]


def test_while_many_write_each_count_is_of_its_moment(ask, api):
    clients = [api(UserFactory(groups=["Manager"])) for _ in range(2)]
    before, after = [], []

    def write():
        for _ in range(15):
            with transaction.atomic():
                before.append(1)
                ContactFactory(categories=["VIP"])
            after.append(1)

    def read(client):
        for _ in range(40):
            least = 3 + len(after)
            count = client.get("/contacts?category=VIP&page_size=1").json()["count"]
            assert least <= count <= 3 + len(before)

    at_once([write, write, *(partial(read, client) for client in clients)])
    assert [ask()[0], ask()[0]] == [33, 33]


def test_what_is_kept_is_of_one_user(dear, alone, api, transactional_db):
    ContactFactory(name="Ann", categories=["VIP"])
    path = "/contacts?category=VIP"
    assert api(UserFactory(groups=["Manager"])).get(path).json()["count"] == 1
    assert api(UserFactory(groups=["Sales"])).get(path).json()["count"] == 0
