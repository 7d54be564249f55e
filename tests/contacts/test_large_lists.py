"""Lists of tables that are so large that the planner is asked before a query."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, CustomField
from crm_project.access import rules
from crm_project.api import counting
from crm_project.database import sizes
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db
CONTACTS = 30


@pytest.fixture
def large_table(monkeypatch):
    """Thirty contacts count as a million: half of them named Ann, of the number 15 to 29."""
    monkeypatch.setitem(sizes._known, Contact, True)
    monkeypatch.setattr(counting, "COUNT_EXACT_TO", 10)
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_MORE", 25)
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", 0)
    CustomField.objects.create(key="number", label="Number", type=CustomField.Type.INTEGER)
    made = [
        ContactFactory(name=f"{'Ann' if number >= 15 else 'Bob'} {number}", custom_fields={"number": number})
        for number in range(CONTACTS)
    ]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    return made


def counted(client, path):
    page = client.get(path).json()
    return page["count"], page["count_is_exact"]


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def test_what_the_planner_expects_to_be_many_is_not_counted(large_table, manager):
    assert counted(manager, "/contacts?page_size=5") == (CONTACTS, False)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        manager.get("/contacts?page_size=5")
    assert len(queries) == 4  # Key and rights, rate, page, plan.
    assert queries_of(manager, "/contacts?page_size=5") == 3  # An estimate holds for a minute.


def test_an_estimate_is_of_one_question_of_one_user(large_table, manager, api):
    assert counted(manager, "/contacts?page_size=5") == (CONTACTS, False)
    assert counted(manager, "/contacts?page_size=5&name=Ann+20") == (1, True)
    assert counted(api(UserFactory(groups=["Sales"])), "/contacts?page_size=5") == (0, True)


def test_what_it_expects_to_be_fewer_is_counted(large_table, manager):
    assert counted(manager, "/contacts?page_size=5&name=Ann+20") == (1, True)
    assert counted(manager, "/contacts?page_size=5&search=Ann&created_at_before=2020-01-01") == (0, True)
    count, is_exact = counted(manager, "/contacts?page_size=5&search=Ann")
    assert (count > 10, is_exact) == (True, False)


def test_guesses_about_computed_values_are_not_believed(large_table, manager, monkeypatch):
    """Of ``custom_fields.number_min`` the planner expects a third of all rows, whatever the number is."""
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_MORE", CONTACTS // 4)
    assert counted(manager, "/contacts?page_size=2&custom_fields.number_min=26") == (4, True)


def test_a_page_that_holds_all_needs_no_count(large_table, manager):
    assert counted(manager, "/contacts?search=Ann+20") == (1, True)
    assert queries_of(manager, "/contacts?search=Ann+20") == 4  # Key and rights, rate, plan, page.


@pytest.mark.parametrize("few", [0, 25])
def test_a_page_of_few_counts_them_along(large_table, manager, monkeypatch, few):
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", few)
    monkeypatch.setattr(counting, "COUNT_EXACT_TO", CONTACTS)
    path = "/contacts?search=Ann&page_size=2&created_at_after=2020-01-01"
    first = manager.get(path).json()
    second = manager.get(first["next"]).json()
    assert [(page["count"], page["count_is_exact"], len(page["results"])) for page in (first, second)] == [
        (CONTACTS - 15, True, 2)
    ] * 2
    assert queries_of(manager, path) == 5  # Key and rights, rate, plan, page and count, in either order.


def test_what_a_page_of_few_counted_beyond_the_bound_holds_for_a_minute(large_table, manager, monkeypatch):
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", CONTACTS)
    path = "/contacts?search=Ann&page_size=2&created_at_after=2020-01-01"
    assert [counted(manager, path), counted(manager, path)] == [(15, True), (15, False)]
    assert queries_of(manager, path) == 3  # Key and rights, rate, page.


@pytest.mark.parametrize(("few", "plan"), [(CONTACTS, "count(*) OVER ()"), (0, "OFFSET 0")])
def test_what_was_changed_long_ago_is_not_looked_for_from_the_newest_on(large_table, manager, monkeypatch, few, plan):
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", few)
    old = large_table[3:9]
    Contact.objects.filter(pk__in=[each.pk for each in old]).update(updated_at="2020-02-01T00:00Z")
    path = "/contacts?updated_at_after=2020-01-01&updated_at_before=2020-03-01&page_size=4"
    first = manager.get(path).json()
    second = manager.get(first["next"]).json()
    assert [(page["count"], page["count_is_exact"]) for page in (first, second)] == [(6, True)] * 2
    assert [row["id"] for row in first["results"] + second["results"]] == [str(each.pk) for each in reversed(old)]
    with CaptureQueriesContext(connection) as queries:
        manager.get(path)
    assert sum(plan in each["sql"] for each in queries) == 1


@pytest.mark.parametrize("asked", ["504-621-8927", "ann20@mail.example"])
def test_a_number_or_an_address_needs_no_plan(large_table, manager, asked):
    contact = ContactFactory(phone="504-621-8927", email="ann20@mail.example")
    path = f"/contacts?search={asked}&page_size=1"
    assert [row["id"] for row in manager.get(path).json()["results"]] == [str(contact.pk)]
    assert queries_of(manager, path) == 3  # Key and rights, rate, page.


@pytest.mark.parametrize("few", [100, 1])
@pytest.mark.parametrize("are", ["few", "any", "many"])
@pytest.mark.parametrize("path", ["/contacts?", "/contacts?search=ann&", "/contacts?ordering=name&"])
def test_a_rep_sees_the_same_of_a_large_table(large_table, api, monkeypatch, few, are, path):
    """However many records they see, and however many are found or were counted a moment ago."""
    client = api(UserFactory(groups=["Sales"]))
    mine = large_table[10:20]
    Contact.objects.filter(pk__in=[each.pk for each in mine]).update(assigned_to=client.user)
    monkeypatch.setattr(rules, "FEW", few)
    monkeypatch.setattr(counting, "EXPECTED_TO_BE_FEW", CONTACTS if are == "few" else 0)
    monkeypatch.setattr(counting.Counter, "were_many", lambda counter: are == "many")
    expected = [each for each in mine if "search" not in path or each.name.startswith("Ann")]
    found, url = [], f"{path}page_size=3"
    while url:
        page = client.get(url).json()
        assert (page["count"], page["count_is_exact"]) == (len(expected), True)
        found += [row["id"] for row in page["results"]]
        url = page["next"]
    in_order = sorted(expected, key=lambda each: each.name) if "ordering" in path else expected[::-1]
    assert found == [str(each.pk) for each in in_order]


def test_a_rep_who_sees_more_than_is_counted_gets_an_estimate(large_table, api, monkeypatch):
    monkeypatch.setattr(rules, "FEW", 10)
    client = api(UserFactory(groups=["Sales"]))
    Contact.objects.update(assigned_to=client.user)
    count, is_exact = counted(client, "/contacts?page_size=5")
    assert (count > 10, is_exact) == (True, False)
