"""What the reports are asked and answer."""

import datetime as dt

import pytest
from django.utils import timezone

from crm_project.access import services as access
from crm_project.database import sizes
from customers.models import Customer
from leads import services as leads
from leads.models import Lead
from orders.models import Order
from tests.factories import CustomerFactory, LeadFactory, OrderFactory, ProductFactory, UserFactory

pytestmark = pytest.mark.django_db

LEADS, CUSTOMERS, DASHBOARD = "/dev/crm/reports/leads", "/dev/crm/reports/customers", "/dev/crm/analytics/dashboard"


def values(answer, **unit):
    return {figure["metric"]: figure["value"] for figure in answer["figures"]}


def test_a_lead_that_ends_counts_where_it_ended(manager):
    lost, won, _open = LeadFactory.create_batch(3, source="website")
    leads.update_lead(lead=lost, actor=manager.user, status="lost", lost_reason="Price, too high")
    leads.update_lead(lead=won, actor=manager.user, status="won")
    answer = manager.get(LEADS).json()
    found = values(answer)
    assert (found["leads_new"], found["leads_open"], found["leads_lost"], found["leads_won"]) == (3, 1, 1, 1)
    assert (found["lead_win_rate"], found["lead_conversion_rate"]) == (50.0, 0.0)
    (reason,) = answer["groups"]["lost_reason"]
    assert (reason["key"], reason["figures"][0]["value"]) == ("Price, too high", 1)
    listed = manager.get(reason["figures"][0]["drilldown"]).json()
    assert [row["id"] for row in listed["results"]] == [str(lost.pk)]


def test_a_status_set_by_any_way_starts_its_time():
    lead = LeadFactory()
    before = lead.status_since
    Lead.objects.filter(pk=lead.pk).update(notes="Spoke with her")
    lead.refresh_from_db()
    assert lead.status_since == before
    Lead.objects.filter(pk=lead.pk).update(status="contacted")
    lead.refresh_from_db()
    assert lead.status_since > before


def test_the_funnel_counts_stages_that_were_passed(manager):
    first, second, _third = LeadFactory.create_batch(3)
    for status in ("qualified", "proposal", "lost"):
        leads.update_lead(lead=first, actor=manager.user, status=status)
    leads.update_lead(lead=second, actor=manager.user, status="contacted")
    funnel = manager.get(LEADS).json()["funnel"]
    assert [stage["figure"]["value"] for stage in funnel] == [3, 2, 1, 1, 0, 0]
    assert [stage["stays"] for stage in funnel] == [2, 0, 1, 1, 0, 0]
    reached = manager.get(funnel[3]["figure"]["drilldown"]).json()["results"]
    assert [row["id"] for row in reached] == [str(first.pk)]


def test_money_is_kept_apart_by_currency_and_to_the_cent(manager):
    customer = CustomerFactory()
    for currency, price, quantity in (("USD", "0.10", 3), ("USD", "19.99", 1), ("EUR", "5.00", 2)):
        OrderFactory(customer=customer, product=ProductFactory(currency=currency, price=price), quantity=quantity)
    found = [each for each in manager.get(CUSTOMERS).json()["figures"] if each["metric"] == "revenue"]
    assert [(each["unit"], each["value"], each["records"]) for each in found] == [
        ("EUR", "10.00", 1),
        ("USD", "20.29", 2),
    ]


def test_nothing_at_all_is_zero_and_no_rate(manager):
    found = values(manager.get(LEADS).json())
    assert (found["leads_new"], found["lead_conversion_rate"], found["days_to_convert"]) == (0, None, None)
    found = values(manager.get(CUSTOMERS).json())
    assert (found["orders"], found["customers_active"], found["repeat_rate"]) == (0, 0, None)
    assert "revenue" not in found


def test_a_day_is_a_day_of_the_time_zone(manager):
    lead = LeadFactory()
    Lead.objects.filter(pk=lead.pk).update(created_at=dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC))

    def new(zone, first, last):
        return values(manager.get(LEADS, {"from": first, "to": last, "tz": zone}).json())["leads_new"]

    assert (new("UTC", "2026-03-01", "2026-03-31"), new("UTC", "2026-04-01", "2026-04-30")) == (1, 0)
    assert (new("Europe/Paris", "2026-03-01", "2026-03-31"), new("Europe/Paris", "2026-04-01", "2026-04-30")) == (0, 1)


def test_the_time_zone_of_the_user_counts_when_none_is_named(api):
    user = UserFactory(groups=["Manager"], time_zone="Asia/Tokyo")
    assert api(user).get(LEADS).json()["period"]["time_zone"] == "Asia/Tokyo"


def test_periods_are_compared(manager):
    LeadFactory.create_batch(3)
    lead = LeadFactory()
    Lead.objects.filter(pk=lead.pk).update(created_at=timezone.now() - dt.timedelta(10))
    today = timezone.now().date()
    answer = manager.get(LEADS, {"from": today - dt.timedelta(6), "to": today, "compare": "previous"}).json()
    assert answer["compared_with"]["to"] == str(today - dt.timedelta(7))
    figure = answer["figures"][0]
    assert (figure["value"], figure["previous"]["value"], figure["change_percent"]) == (3, 1, 200.0)
    assert "previous" not in next(each for each in answer["figures"] if each["metric"] == "leads_open")


def test_parts_of_the_period_add_up_to_it(manager):
    LeadFactory.create_batch(4)
    answer = manager.get(LEADS, {"group_by": "week"}).json()
    assert answer["period"]["group_by"] == "week"
    assert sum(part["figures"][0]["value"] for part in answer["series"]) == 4
    assert [part["from"] for part in answer["series"]][1:] == [
        str(dt.date.fromisoformat(part["to"]) + dt.timedelta(1)) for part in answer["series"]
    ][:-1]


def test_only_the_groups_that_were_asked_for(manager):
    LeadFactory()
    assert [*manager.get(LEADS, {"group_by": "source,month"}).json()["groups"]] == ["source"]


def test_a_rep_is_told_of_nothing_that_is_hidden(sales, manager):
    CustomerFactory(assigned_to=sales.user)
    OrderFactory(customer=CustomerFactory(assigned_to=UserFactory()))
    shared = LeadFactory(assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    LeadFactory.create_batch(2, assigned_to=UserFactory(), source="referral")
    found, everything = values(sales.get(DASHBOARD).json()), values(manager.get(DASHBOARD).json())
    assert (found["leads_new"], found["customers_new"], found["orders"]) == (1, 1, 0)
    assert (everything["leads_new"], everything["customers_new"], everything["orders"]) == (3, 2, 1)
    assert [row["key"] for row in sales.get(LEADS).json()["groups"]["source"]] == ["other"]


def test_a_filter_by_orders_tells_nothing_of_hidden_orders(sales):
    customer = CustomerFactory(assigned_to=sales.user)
    order = OrderFactory(customer=customer)
    count = lambda: sales.get("/dev/crm/customers?has_orders=true").json()["count"]  # noqa: E731
    assert count() == 1
    order.assigned_to = UserFactory()
    order.save(update_fields=["assigned_to"])
    assert count() == 0
    assert sales.get("/dev/crm/customers?has_orders=false").json()["count"] == 1


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        ("from", "yesterday", "A day such as 2026-01-31, from 1970 to 2199."),
        ("from", "2026-02-30", "A day such as 2026-01-31, from 1970 to 2199."),
        ("to", "9999-12-31", "A day such as 2026-01-31, from 1970 to 2199."),
        ("from", "2199-01-01", "The period begins after its end."),
        ("tz", "Europe/Pariss", "A time zone such as Europe/Paris. Did you mean “Europe/Paris”?"),
        ("compare", "last", "“last” is not one of: previous, year."),
        ("group_by", "sources", "is not one of: day, week, month, quarter, year"),
        ("group_by", "day,week", "Only one of: day, week, month, quarter, year."),
        ("assigned_to", "mia", "“mia” is not a user's id, “me” or “none”."),
        ("form", "2026-01-01", "Unknown parameter. Did you mean “from”?"),
    ],
)
def test_what_is_wrong_is_named(manager, parameter, text, message):
    response = manager.get(LEADS, {parameter: text})
    assert response.status_code == 400
    assert message in response.json()["errors"][parameter][0]


def test_too_many_parts_are_refused(manager):
    response = manager.get(LEADS, {"from": "2000-01-01", "to": "2026-01-01", "group_by": "day"})
    assert response.json()["errors"]["group_by"] == ["The period has more than 400 parts; choose larger ones."]


@pytest.fixture
def large_tables(monkeypatch):
    monkeypatch.setattr(sizes, "_known", {Lead: True, Customer: True, Order: True})


def test_what_takes_long_is_kept_for_who_asked_and_says_so(manager, read_only, large_tables):
    LeadFactory()
    first = manager.get(LEADS).json()
    LeadFactory()
    again = manager.get(LEADS).json()
    assert (first["is_kept"], again["is_kept"], again["as_of"]) == (False, True, first["as_of"])
    assert values(again)["leads_new"] == 1
    assert values(read_only.get(LEADS).json())["leads_new"] == 2
    assert values(manager.get(LEADS, {"tz": "Asia/Tokyo"}).json())["leads_new"] == 2


def test_what_is_quick_is_always_of_this_moment(manager):
    manager.get(LEADS)
    LeadFactory()
    answer = manager.get(LEADS).json()
    assert (answer["is_kept"], values(answer)["leads_new"]) == (False, 1)


def test_rights_that_are_gone_end_what_was_kept(api, large_tables):
    user = UserFactory(groups=["Manager"])
    LeadFactory()
    assert values(api(user).get(LEADS).json())["leads_new"] == 1
    user.groups.clear()
    assert values(api(type(user).objects.get(pk=user.pk)).get(LEADS).json())["leads_new"] == 0
