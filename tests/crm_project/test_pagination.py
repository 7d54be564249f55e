"""Pages: every row once, in both directions and any order, while others write."""

import base64
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from crm_project.access import rules, services
from crm_project.api import counting
from crm_project.history.timeline import source_count
from tests.factories import CategoryFactory, ContactFactory, InteractionFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

ORDERINGS = ["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]
COLUMNS = {"created_at": ["pk"], "name": ["sort_name", "pk"], "updated_at": ["updated_at", "pk"]}


def follow(client, url, link="next", between=lambda: None):
    """All rows' names from the page at ``url`` on, and the last page."""
    names = []
    while url:
        page = client.get(url).json()
        names += [row["name"] for row in page["results"]]
        last, url = page, page[link]
        between()
    return names, last


def stored(ordering):
    sign = "-" if ordering.startswith("-") else ""
    columns = COLUMNS[ordering.removeprefix("-")]
    return list(Contact.objects.order_by(*(sign + column for column in columns)).values_list("name", flat=True))


@pytest.fixture(params=[rules.FEW, 0], ids=["few", "many"])
def rep(request, sales, monkeypatch):
    """Sees contacts in each way that there is, some of them in several ways at once; taken for few and for many."""
    monkeypatch.setattr(rules, "FEW", request.param)
    monkeypatch.setattr(rules, "is_large", lambda model: True)
    team = TeamFactory()
    sales.user.groups.add(team)
    for index in range(13):
        name = f"{'Anna' if index % 3 else 'анна'} {index // 4}"  # Ties, in two scripts.
        contact = ContactFactory(
            name=name, assigned_to=sales.user if index % 2 else None, team=None if index % 3 else team
        )
        if index % 2 == 0:
            services.set_shares(record=contact, shares=[services.Share(user=sales.user, verbs=["view"])])
        if index % 5 == 0:
            services.set_shares(record=contact, shares=[services.Share(team=team, verbs=["view"])])
    Contact.objects.exclude(pk__in=Contact.objects.visible_to(sales.user)).update(assigned_to=sales.user)
    return sales


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("size", [1, 4, 13])
def test_every_row_once_forwards_and_backwards(rep, ordering, size):
    expected = stored(ordering)
    forwards, last = follow(rep, f"/contacts?ordering={ordering}&page_size={size}")
    assert forwards == expected
    assert last["next"] is None
    backwards = list(last["results"])
    url = last["previous"]
    while url:
        page = rep.get(url).json()
        backwards = page["results"] + backwards
        url = page["previous"]
    assert [row["name"] for row in backwards] == expected


@pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
@pytest.mark.parametrize("size", [1, 4, 13])
def test_rows_of_a_period_come_in_the_order_of_their_times(rep, ordering, size):
    """Their keys may be in another order; four of each day are of the same moment."""
    for index, contact in enumerate(Contact.objects.order_by("sort_name", "pk")):
        Contact.objects.filter(pk=contact.pk).update(created_at=f"2026-01-{1 + index // 4:02}T00:00Z", name=str(index))
    sign = "-" if ordering.startswith("-") else ""
    found = Contact.objects.filter(created_at__lt="2026-01-03T00:00Z").order_by(ordering, f"{sign}pk")
    expected = list(found.values_list("name", flat=True))
    url = f"/contacts?created_at_after=2026-01-01&created_at_before=2026-01-03&ordering={ordering}&page_size={size}"
    forwards, last = follow(rep, url)
    assert (forwards, len(forwards)) == (expected, 8)
    before = follow(rep, last["previous"], "previous")[0] if last["previous"] else []
    assert sorted([*before, *(row["name"] for row in last["results"])]) == sorted(expected)


def test_page_in_the_middle_leads_both_ways(manager):
    for index in range(5):
        ContactFactory(name=str(index))
    first = manager.get("/contacts?ordering=created_at&page_size=2").json()
    second = manager.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["2", "3"]
    assert [row["name"] for row in manager.get(second["previous"]).json()["results"]] == ["0", "1"]
    assert [row["name"] for row in manager.get(second["next"]).json()["results"]] == ["4"]
    assert manager.get(second["previous"]).json()["previous"] is None


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "name", "-name"])
def test_rows_that_others_write_disturb_nobody(manager, ordering):
    """What was there at the beginning comes once, whatever is put before, between and behind meanwhile."""
    for name in "bdfhjlnprt":
        ContactFactory(name=name)
    names = iter("acegikmoqsu")

    def disturb():
        ContactFactory(name=next(names))
        Contact.objects.filter(name="p").update(deleted_at="2026-01-01T00:00Z")

    seen, _ = follow(manager, f"/contacts?ordering={ordering}&page_size=2", between=disturb)
    old = [name for name in seen if name in "bdfhjlnrt"]
    assert sorted(old) == list("bdfhjlnrt")
    assert len(seen) == len(set(seen))


def test_names_are_ordered_as_people_expect(manager):
    for name in ("яков", "Борис", "ёлка", "Ель", "bob", "Alice", "Zoë", "alice"):
        ContactFactory(name=name)
    names, _ = follow(manager, "/contacts?ordering=name&page_size=3")
    assert [name.lower() for name in names] == ["alice", "alice", "bob", "zoë", "борис", "ёлка", "ель", "яков"]


@pytest.mark.parametrize("size", ["0", "-1", "501", "1.5", "abc", "", "١", "9" * 30, "1e3", "%00"])
def test_absurd_page_size_is_400(manager, size):
    body = manager.get(f"/contacts?page_size={size}")
    assert body.status_code == 400
    assert body.json()["errors"] == {"page_size": ["A whole number from 1 to 500."]}


@pytest.mark.parametrize("ordering", ["id", "password", "-", "--name", "name,id", "assigned_to__password", "%00", "?"])
def test_unknown_ordering_is_400(manager, ordering):
    body = manager.get("/contacts", {"ordering": ordering})
    assert body.status_code == 400
    assert body.json()["errors"]["ordering"][0].startswith("One of: created_at, -created_at, name, -name,")


def cursor(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "%00",
        "////",
        "ÿ",
        "W10",
        cursor(),
        cursor("-created_at"),
        cursor("-created_at", False, []),
        cursor("-created_at", False, [None]),
        cursor("-created_at", False, ["x"]),
        cursor("-created_at", False, [{"a": 1}]),
        cursor("-created_at", False, [["x"]]),
        cursor("-created_at", 1, ["01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        cursor("-created_at", False, ["01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f", 1]),
        cursor("name", False, ["a", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        cursor("-created_at", False, [10**400]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"9" * 10_000).decode(),
    ],
)
def test_nonsense_cursor_is_400(manager, text):
    ContactFactory()
    body = manager.get("/contacts", {"cursor": text})
    assert body.status_code == 400, body.content
    assert list(body.json()["errors"]) == ["cursor"]


@pytest.mark.parametrize(
    ("ordering", "values"),
    [
        ("name", ["a\0b", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        ("name", ["a", "b"]),
        ("name", [None, "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        ("name", ["\ud800", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        ("updated_at", ["yesterday", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        ("updated_at", ["0001-01-01T00:00:00+23:59", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
        ("updated_at", [5, "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]),
    ],
)
def test_forged_values_in_a_cursor_are_400(manager, ordering, values):
    ContactFactory()
    body = manager.get("/contacts", {"ordering": ordering, "cursor": cursor(ordering, False, values)})
    assert body.status_code == 400, body.content


def test_cursor_of_another_order_is_400(manager):
    ContactFactory.create_batch(3)
    url = manager.get("/contacts?ordering=name&page_size=1").json()["next"]
    assert manager.get(url).status_code == 200
    body = manager.get(url.replace("ordering=name", "ordering=-name"))
    assert body.status_code == 400
    assert list(body.json()["errors"]) == ["cursor"]


def test_cursor_shows_only_what_its_user_may_see(manager, sales):
    ContactFactory.create_batch(3)
    url = manager.get("/contacts?page_size=1").json()["next"]
    assert sales.get(url).json()["results"] == []


def test_links_keep_the_filters(manager):
    for index in range(3):
        ContactFactory(name=f"A & B {index}")
    ContactFactory(name="C")
    names, _ = follow(manager, "/contacts?search=A %26 B&page_size=2&contact_type=person,company")
    assert sorted(names) == ["A & B 0", "A & B 1", "A & B 2"]


def test_count_is_exact_to_its_bound_and_an_estimate_beyond(manager, monkeypatch):
    ContactFactory.create_batch(6)
    for bound, exact in ((7, True), (6, True), (5, False)):
        monkeypatch.setattr(counting, "COUNT_EXACT_TO", bound)
        page = manager.get("/contacts?page_size=2").json()
        assert page["count_is_exact"] is exact
        assert page["count"] == 6 if exact else page["count"] >= 6


@pytest.mark.parametrize("role", ["Manager", "Sales"])
def test_an_exact_count_is_exact_beyond_the_bound_too(role, api, monkeypatch):
    client = api(UserFactory(groups=[role]))
    ContactFactory.create_batch(7, assigned_to=client.user)
    monkeypatch.setattr(counting, "COUNT_EXACT_TO", 5)
    monkeypatch.setattr(rules, "FEW", 5)
    monkeypatch.setattr(rules, "is_large", lambda model: True)
    for asked in ("count=exact", "count=exact&contact_type=person&ordering=name"):
        page = client.get(f"/contacts?page_size=2&{asked}").json()
        assert (page["count"], page["count_is_exact"]) == (7, True)
        assert "count=exact" in page["next"]
    assert not client.get("/contacts?page_size=2&count=bounded").json()["count_is_exact"]


def test_a_count_is_counted_in_one_of_two_ways(manager):
    answer = manager.get("/contacts?count=all")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"count": ["One of: bounded, exact."]})


@pytest.mark.parametrize("asked", ["", "&ordering=name", "&contact_type=person", "&search=anna"])
def test_count_of_overlapping_ways_counts_each_row_once(rep, asked):
    page = rep.get(f"/contacts?page_size=5{asked}").json()
    assert (page["count"], page["count_is_exact"]) == (13 if asked != "&search=anna" else 8, True)


def test_a_page_beyond_the_end_has_the_count(rep):
    page = rep.get(f"/contacts?ordering=name&cursor={cursor('name', False, ['я', str(rep.user.pk)])}").json()
    assert (page["results"], page["count"], page["count_is_exact"]) == ([], 13, True)


@pytest.mark.parametrize("path", ["/dev/crm/categories", "/dev/crm/organizations", "/dev/crm/segments"])
def test_lists_beside_have_pages_too(manager, path):
    for index in range(5):
        assert manager.post(path, {"name": f"N {index}"}).status_code == 201
    names, _ = follow(manager, f"{path}?page_size=2")
    assert names == [f"N {index}" for index in range(5)]


def test_interactions_with_equal_times_come_once(manager):
    contact = ContactFactory()
    rows = [InteractionFactory(contact=contact, started_at="2026-01-31T12:00:00Z") for _ in range(5)]
    url, seen = f"/contacts/{contact.pk}/interactions?page_size=2", []
    while url:
        page = manager.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == [str(row.pk) for row in reversed(rows)]


@pytest.mark.parametrize("role", ["Manager", "Sales"])
@pytest.mark.parametrize(
    ("path", "expected"),
    # Key and rights, rate, page and count, in either order; a category's name is looked up before.
    [("/contacts", 4), ("/contacts?search=Contact", 4), ("/contacts?category=VIP&ordering=name", 5)],
)
def test_queries_of_a_list_do_not_grow_with_its_rows(api, role, path, expected):
    def count():
        client = api(UserFactory(groups=[role]))
        Contact.objects.update(assigned_to=client.user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    CategoryFactory(name="VIP")
    ContactFactory(categories=["VIP"], email="a@example.com", phone="504-621-8927", company="A")
    count()  # The first also looks up permissions' ids.
    few = count()
    for index in range(10):
        ContactFactory(categories=["VIP", "New"], email=f"{index}@example.com", company=f"Firm {index}")
    assert count() == few == expected


@pytest.mark.parametrize("path", ["", "/organizations", "/history", "/custom_fields", "/sharing", "/interactions"])
def test_queries_of_a_record_do_not_grow_with_what_it_has(api, path):
    def count(contact):
        client = api(UserFactory(groups=["Manager"]))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/contacts/{contact.pk}{path}").status_code == 200
        return len(queries)

    poor = ContactFactory()
    rich = ContactFactory(categories=["A", "B"], company="C", email="a@example.com", phone="504-621-8927")
    InteractionFactory.create_batch(10, contact=rich)
    for _ in range(3):
        services.set_shares(record=rich, shares=[services.Share(user=UserFactory(), verbs=["view"]) for _ in range(5)])
    count(poor)
    most = 6 + source_count() if path == "/history" else 10
    assert count(poor) == count(rich) <= most


def test_endless_number_in_a_cursor_is_400(manager):
    values = [float("inf"), "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]
    body = manager.get("/dev/crm/leads", {"ordering": "score", "cursor": cursor("score", False, values)})
    assert list(body.json()["errors"]) == ["cursor"]
