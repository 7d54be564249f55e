"""Figures: what is counted, in which period, and for whom."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Feedback
from tests.factories import CustomerFactory, FeedbackFactory, UserFactory

pytestmark = pytest.mark.django_db
PATH = "/dev/crm/feedback"


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def made(requested, responded=None, **fields):
    feedback = FeedbackFactory(**fields)
    times = {"requested_at": at(requested)} | ({"responded_at": at(responded)} if responded else {})
    Feedback.objects.filter(pk=feedback.pk).update(**times)
    return feedback


@pytest.fixture
def some():
    made("2026-01-30", "2026-02-02", rating=5, category="support")
    made("2026-01-31", "2026-01-31T12:00", rating=2, category="delivery")
    made("2026-02-01", "2026-02-03", rating=4, category="support")
    made("2026-02-28T23:59:59")
    made("2026-02-10", status="expired")


def test_all_of_it(manager, some):
    found = manager.get(f"{PATH}/analytics").json()
    assert found["requests"] == {"sent": 5, "open": 1, "answered": 3, "expired": 1}
    assert found["response_rate"] == {"value": 60.0, "n": 5, "interval": [23.07, 88.24]}
    assert found["mean_rating"]["value"] == 3.67
    assert (found["csat"]["value"], found["nps_like"]["value"]) == (66.67, 0.0)
    assert [(each["category"], each["csat"]["n"]) for each in found["by_category"]] == [("support", 2), ("delivery", 1)]
    assert [
        (each["month"], each["requests"]["sent"], each["response_rate"]["value"], each["mean_rating"]["value"])
        for each in found["by_month"]
    ] == [("2026-01", 2, 100.0, 2.0), ("2026-02", 3, 33.33, 4.5)]


@pytest.mark.parametrize(
    ("query", "sent", "rated"),
    [
        ("from=2026-02-01", 3, 2),
        ("to=2026-02-01", 2, 1),
        ("from=2026-01-31&to=2026-02-03T00:00:00Z", 2, 2),
        ("category=Support", 2, 2),
        ("sentiment=negative", 1, 1),
        ("language=ru", 0, 0),
    ],
)
def test_periods_and_filters(manager, some, query, sent, rated):
    found = manager.get(f"{PATH}/analytics?{query}").json()
    assert (found["requests"]["sent"], found["mean_rating"]["n"]) == (sent, rated)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-02-01&to=2026-01-01", "to"),
        ("languages=en", "languages"),
        ("language=de", "language"),
        ("category=a%00b", "category"),
        ("customer_id=1", "customer_id"),
    ],
)
@pytest.mark.parametrize("name", ["analytics", "themes"])
def test_what_is_wrong_is_named(manager, name, query, field):
    response = manager.get(f"{PATH}/{name}?{query}")
    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


def test_nothing_has_no_figures(manager):
    found = manager.get(f"{PATH}/analytics").json()
    assert found["response_rate"] == {"value": None, "n": 0, "interval": None}
    assert found["by_month"] == found["by_category"] == []
    assert manager.get(f"{PATH}/dashboard").json()["change"]["csat"] is None


def test_everybody_gets_the_figures_of_what_they_see(sales, nobody, manager):
    FeedbackFactory(customer=CustomerFactory(assigned_to=sales.user), rating=5, comment="Mine")
    FeedbackFactory(customer=CustomerFactory(assigned_to=UserFactory()), rating=1, comment="Theirs")
    for client, sent, mean in ((manager, 2, 3.0), (sales, 1, 5.0), (nobody, 0, None)):
        found = client.get(f"{PATH}/analytics").json()
        assert (found["requests"]["sent"], found["mean_rating"]["value"]) == (sent, mean)
        dashboard = client.get(f"{PATH}/dashboard").json()
        assert dashboard["last_30_days"]["requests"]["sent"] == len(dashboard["latest"]) == sent
        assert client.get(f"{PATH}/themes").json()["comments"] == sent


def test_the_dashboard_compares_with_the_month_before(manager):
    now = dt.datetime.now(dt.UTC)
    for days, rating in ((1, 5), (2, 4), (40, 2)):
        moment = (now - dt.timedelta(days=days)).replace(tzinfo=None).isoformat()
        made(moment, moment, rating=rating)
    FeedbackFactory()
    found = manager.get(f"{PATH}/dashboard").json()
    assert found["last_30_days"]["mean_rating"]["value"] == 4.5
    assert found["change"] == {"response_rate": -33.33, "mean_rating": 2.5, "csat": 100.0, "nps_like": 150.0}
    assert found["open_requests"] == 1
    assert [each["rating"] for each in found["latest"]] == [5, 4, 2]
    assert 2 <= len(found["by_month"]) <= 3


@pytest.mark.parametrize(("name", "expected"), [("analytics", 4), ("themes", 9), ("dashboard", 14)])
def test_queries_do_not_grow_with_rows(api, name, expected):
    def count():
        client = api(UserFactory(groups=["Manager"]))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{PATH}/{name}").status_code == 200
        return len(queries)

    FeedbackFactory(rating=5, comment="Fine delivery", category="a")
    count()
    few = count()
    for number in range(8):
        FeedbackFactory(rating=number % 5 + 1, comment="Late delivery", category=f"c{number}")
    assert count() == few <= expected
