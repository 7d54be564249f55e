"""Health and segments: what makes them, who is told of what, and that they can be computed again and again."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Task
from crm_project.access import services as access
from customers import services, tasks
from customers.models import BuyerSegment, Customer, FactorWeight, SavedSegment, Standing, StandingRules
from customers.standing import health
from leads.nurturing.models import NurtureEnrollment
from leads.tasks import process_nurturing
from orders.models import Order
from tests.at_once import at_once
from tests.factories import CustomerFactory, CustomFieldFactory, LeadFactory, OrderFactory, ProductFactory, UserFactory

pytestmark = pytest.mark.django_db

SEGMENTS = "/dev/crm/customers/segments"


def ordered(customer, *days_ago, **fields):
    now = timezone.now()
    return [OrderFactory(customer=customer, order_date=now - dt.timedelta(days), **fields) for days in days_ago]


def ask(client, customer):
    response = client.get(f"/dev/crm/customers/{customer.pk}/health")
    assert response.status_code == 200, response.content
    return response.json()


def test_who_buys_in_rhythm_is_healthier_than_who_fell_silent(manager):
    faithful, silent = CustomerFactory(), CustomerFactory()
    ordered(faithful, 5, 35, 65, 95, 125)
    ordered(silent, 200, 230, 260, 290, 320)
    well, ill = ask(manager, faithful), ask(manager, silent)
    assert well["health"] > 70 > 40 > ill["health"]
    assert (well["band"], ill["band"]) == ("healthy", "at_risk")


def test_silence_is_measured_by_the_own_rhythm(manager):
    monthly, yearly = CustomerFactory(), CustomerFactory()
    ordered(monthly, 120, 130, 140)
    ordered(yearly, 120, 300, 360)
    rhythm = [
        next(each for each in ask(manager, who)["factors"] if each["factor"] == "rhythm") for who in (monthly, yearly)
    ]
    assert rhythm[0]["points"] / rhythm[0]["of"] < rhythm[1]["points"] / rhythm[1]["of"]


def test_the_points_add_up_and_each_is_explained(manager):
    customer = CustomerFactory()
    ordered(customer, 10, 40)
    customer.interactions.create(type="call", subject="Call", date=timezone.now(), outcome="Very happy")
    answer = ask(manager, customer)
    assert sum(each["points"] for each in answer["factors"]) == pytest.approx(answer["health"], abs=0.7)
    assert sum(each["of"] for each in answer["factors"]) == pytest.approx(100, abs=0.3)
    texts = {each["factor"]: each["text"] for each in answer["factors"]}
    assert texts["rhythm"] == "The last order was 10 days ago; usually one comes every 35 days."
    assert texts["frequency"] == "2 orders in the last year."
    assert texts["interactions"] == "1 interaction in the last 180 days: 1 ended well, 0 badly."
    assert {each["factor"] for each in answer["missing"]} >= {"follow_ups", "trend"}


def test_missing_data_lowers_the_confidence_and_not_the_health(manager):
    customer = CustomerFactory()
    ordered(customer, *range(5, 300, 20))
    before = ask(manager, customer)
    for days in (1, 2, 3):
        at = timezone.now() - dt.timedelta(days)
        customer.interactions.create(type="call", subject="Call", date=at, outcome="positive")
    after = ask(manager, customer)
    assert after["confidence"] > before["confidence"]
    assert abs(after["health"] - before["health"]) <= 5


def test_nothing_known_is_no_health(manager):
    answer = ask(manager, CustomerFactory())
    assert (answer["health"], answer["band"], answer["trend"], answer["confidence"]) == (None, "unknown", "unknown", 0)


def test_bad_outcomes_and_overdue_follow_ups_lower_it(manager):
    customer = CustomerFactory(assigned_to=manager.user)
    ordered(customer, 10, 40, 70)
    well = ask(manager, customer)["health"]
    customer.interactions.create(type="call", subject="Call", date=timezone.now(), outcome="unhappy, complained")
    annoyed = ask(manager, customer)["health"]
    Task.objects.create(
        title="Call", contact=customer.contact, due_at=timezone.now() - dt.timedelta(3), kind="follow_up"
    )
    forgotten = ask(manager, customer)
    assert well > annoyed > forgotten["health"]
    assert "1 follow-up is overdue." in {each["text"] for each in forgotten["factors"]}


def test_a_weight_of_nothing_leaves_a_factor_out(manager):
    customer = CustomerFactory()
    ordered(customer, 10, 40)
    FactorWeight.objects.create(key="frequency", weight=0)
    answer = ask(manager, customer)
    assert "frequency" not in {each["factor"] for each in answer["factors"]}
    FactorWeight.objects.create(key="rhythm", weight=1)
    assert [each["of"] for each in ask(manager, customer)["factors"]] == [100.0]


def test_cancelled_orders_and_the_trash_do_not_count(manager):
    customer = CustomerFactory()
    gone, cancelled = ordered(customer, 5, 10)
    Order.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    Order.objects.filter(pk=cancelled.pk).update(status="cancelled")
    assert ask(manager, customer)["health"] is None


def test_why_is_told_only_to_who_may_see_all_of_it(sales):
    customer = CustomerFactory(assigned_to=sales.user)
    first, _second = ordered(customer, 10, 40)
    assert "days ago" in ask(sales, customer)["factors"][0]["text"]
    Order.objects.filter(pk=first.pk).update(assigned_to=UserFactory())
    answer = ask(sales, customer)
    assert {each["text"] for each in answer["factors"]} == {"This is made of records that you may not all see."}


def test_all_at_once_gives_what_one_at_a_time_gives(manager, monkeypatch):
    monkeypatch.setattr(health, "BATCH", 3)
    customers = CustomerFactory.create_batch(10)
    for number, customer in enumerate(customers[:8]):
        ordered(customer, *range(number + 1, 200, 15 * number + 20))
    assert services.refresh_all() == 10
    assert services.refresh_all() == 0
    for customer in customers:
        stored = Standing.objects.get(customer=customer)
        asked = ask(manager, customer)
        assert (stored.health, stored.band, stored.confidence) == (asked["health"], asked["band"], asked["confidence"])


def test_what_has_not_changed_is_not_written_again():
    customer = CustomerFactory()
    ordered(customer, 10, 40, 70)
    tasks.refresh_standing()
    first = Standing.objects.values().get(customer=customer)
    tasks.refresh_standing()
    assert Standing.objects.values().get(customer=customer) == first
    ordered(customer, 1)
    tasks.refresh_standing()
    assert Standing.objects.get(customer=customer).health_at > first["health_at"]


@pytest.mark.django_db(transaction=True)
def test_computing_at_the_same_moment_is_computing_once():
    for customer in CustomerFactory.create_batch(8):
        ordered(customer, 10, 40)
    at_once([tasks.refresh_standing] * 4)
    assert Standing.objects.count() == 8
    assert set(Standing.objects.values_list("health", flat=True)) != {None}


# Segments


def found(client):
    answer = client.get(SEGMENTS).json()
    return {(each["kind"], each["key"]): each for each in answer["segments"]}


@pytest.fixture
def buyers():
    """Ten customers, the later the better, and one who never bought."""
    made = CustomerFactory.create_batch(11)
    for number, customer in enumerate(made[:10]):
        ordered(customer, *[300 - 30 * number + each for each in range(number + 1)], quantity=number + 1)
    services.refresh_segments()
    services.refresh_all()
    return made


def test_buyers_are_scored_and_named(buyers):
    best, worst = Standing.objects.get(customer=buyers[9]), Standing.objects.get(customer=buyers[0])
    assert (best.recency_score, best.frequency_score, best.monetary_score, best.segment) == (5, 5, 5, "champions")
    assert (worst.recency_score, worst.frequency_score, worst.monetary_score, worst.segment) == (1, 1, 1, "hibernating")
    assert Standing.objects.get(customer=buyers[10]).segment == ""


def test_every_segment_opens_as_the_list_of_its_members(manager, buyers):
    SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    Customer.objects.filter(pk=buyers[3].pk).update(type="business")
    segments = found(manager)
    for each in segments.values():
        listed = manager.get(each["customers"]).json()
        assert listed["count"] == each["count"], each
    for kind in ("buyers", "health", "type", "status"):
        assert sum(each["count"] for (of, _key), each in segments.items() if of == kind) == 11
    assert segments["buyers", "champions"]["count"] > 0
    assert segments["buyers", "none"]["count"] == 1
    assert next(each for (kind, _), each in segments.items() if kind == "saved")["count"] == 1


def test_revenue_of_segments_is_that_of_their_orders(manager, buyers):
    segments = found(manager)
    total = sum(order.total for order in Order.objects.all())
    for kind in ("buyers", "health", "type", "status"):
        sums = [float(each["revenue"].get("USD", 0)) for (of, _key), each in segments.items() if of == kind]
        assert sum(sums) == pytest.approx(float(total))


def money_of(client, url):
    """The sum of the totals of a list of orders, and how many there are."""
    answer = client.get(f"{url}&page_size=500").json()
    assert (answer["count"], answer["count_is_exact"]) == (len(answer["results"]), True)
    return sum(Decimal(row["total"]) for row in answer["results"])


@pytest.mark.parametrize("role", ["Manager", "Sales"])
def test_revenue_of_a_segment_opens_as_the_list_of_its_orders(api, buyers, role):
    """For a rep too, who sees some of the orders of some of the customers."""
    client = api(UserFactory(groups=[role]))
    SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    SavedSegment.objects.create(name="Good firms", filter={"type": "business", "segment": "champions"})
    Customer.objects.filter(pk__in=[buyers[3].pk, buyers[9].pk]).update(type="business", assigned_to=client.user)
    ordered(buyers[9], 4, product=ProductFactory(currency="EUR", price="19.99"))
    seen = [*Order.objects.order_by("pk")[5:40:2], *Order.objects.filter(currency="EUR")]
    Order.objects.filter(pk__in=[order.pk for order in seen]).update(assigned_to=client.user)
    Order.objects.filter(pk=seen[-2].pk).update(status="cancelled")
    segments = found(client)
    figures = 0
    for each in segments.values():
        assert each["revenue"].keys() == each["revenue_orders"].keys()
        for currency, url in each["revenue_orders"].items():
            assert money_of(client, url) == Decimal(each["revenue"][currency]), each
            figures += 1
    firms = {each["name"]: each for (kind, _key), each in segments.items() if kind == "saved"}
    assert firms["Firms"]["revenue"]["EUR"] == firms["Good firms"]["revenue"]["EUR"] == "19.99"
    assert figures > 8


def test_however_many_segments_are_saved_they_cost_the_same_queries(manager):
    CustomerFactory(type="business")
    CustomFieldFactory(entity="customer", key="region", type="text")
    filters = [
        {"type": "business"},
        {"segment": "champions"},
        {"custom_fields.region": "north"},
        {"order_count_min": "2"},
    ]

    def queries(count):
        for number in range(count):
            SavedSegment.objects.create(name=f"S{SavedSegment.objects.count()}", filter=filters[number % len(filters)])
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(SEGMENTS).status_code == 200
        return len(captured)

    queries(4)
    assert queries(0) == queries(8)


def test_a_saved_segment_may_name_one_of_buyers_but_no_other_saved_one(manager, buyers):
    SavedSegment.objects.create(name="Best", filter={"segment": "champions"})
    circle = SavedSegment.objects.create(name="Circle", filter={"segment": "Circle"})
    segments = {each["name"]: each for each in found(manager).values()}
    assert segments["Best"]["count"] == segments["Champions"]["count"] > 0
    assert manager.get(segments["Best"]["customers"]).json()["count"] == segments["Best"]["count"]
    refusal = "segment: A saved segment does not name another saved one."
    assert (segments["Circle"]["count"], segments["Circle"]["problem"]) == (0, refusal)
    assert manager.get(f"/dev/crm/customers?segment={circle.pk}").status_code == 400


def test_a_saved_segment_whose_filter_fits_no_more_says_so_and_leaves_the_others(manager):
    CustomerFactory(type="business")
    SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    SavedSegment.objects.create(name="North", filter={"custom_fields.region": "north"})
    segments = {each["name"]: each for each in found(manager).values()}
    assert (segments["Firms"]["count"], segments["Firms"]["problem"]) == (1, "")
    assert segments["North"]["problem"] == "custom_fields.region: There is no such custom field."


# Segments of customers, asked of leads and orders


def test_leads_of_customers_are_found_by_the_segment(manager, sales, buyers):
    """A customer whom the user may not see is in no segment for them."""
    lead = LeadFactory(contact=buyers[9].contact, assigned_to=sales.user)
    LeadFactory(assigned_to=sales.user)

    def listed(client, query):
        return [row["id"] for row in client.get(f"/dev/crm/leads?{query}").json()["results"]]

    assert listed(manager, "customer_segment=champions") == [str(lead.pk)]
    assert listed(manager, "customer_status=active&customer_health=at_risk,healthy,steady") == [str(lead.pk)]
    assert listed(manager, "customer_segment=hibernating") == []
    assert listed(sales, "customer_segment=champions") == []
    Customer.objects.filter(pk=buyers[9].pk).update(assigned_to=sales.user)
    assert listed(sales, "customer_segment=champions") == [str(lead.pk)]


@pytest.mark.parametrize("path", ["leads", "orders"])
def test_a_wrong_segment_of_customers_names_the_parameter(manager, path):
    answer = manager.get(f"/dev/crm/{path}?customer_segment=nobody")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["customer_segment"])


def test_leads_join_a_sequence_by_the_segment_of_the_customer(manager, buyers):
    """Also by a saved one that asks what was bought: a worker sees all of it."""
    SavedSegment.objects.create(name="Many", filter={"order_count_min": "10"})
    best, other = LeadFactory(contact=buyers[9].contact), LeadFactory(contact=buyers[0].contact)
    steps = [{"kind": "task", "title": "Call"}]
    for segment in ("champions", "Many"):
        body = {"name": segment, "is_active": True, "filter": {"customer_segment": segment}, "steps": steps}
        made = manager.post("/dev/crm/nurture_sequences", body)
        assert made.status_code == 201, made.content
        process_nurturing()
        joined = NurtureEnrollment.objects.filter(sequence=made.json()["id"])
        assert [each.lead_id for each in joined] == [best.pk]
    assert not other.nurturing.exists()


def test_who_moved_is_counted(manager):
    customer = CustomerFactory()
    ordered(customer, 5)
    services.refresh_segments()
    standing = Standing.objects.get(customer=customer)
    assert (standing.segment_before, standing.segment != "") == ("", True)
    segments = found(manager)
    assert segments["buyers", standing.segment]["joined"] == 1
    assert segments["buyers", "none"]["left"] == 1


def test_a_rep_counts_only_what_they_see(sales, manager, buyers):
    Customer.objects.filter(pk=buyers[9].pk).update(assigned_to=sales.user)
    segments = found(sales)
    assert sum(each["count"] for (kind, _), each in segments.items() if kind == "buyers") == 1
    assert all(each["revenue"] == {} for each in segments.values())
    assert found(manager)["buyers", "champions"]["count"] >= segments["buyers", "champions"]["count"] == 1


def test_bounds_window_and_groups_are_the_managers_to_set(buyers):
    BuyerSegment.objects.filter(key="champions").update(recency_min=9)
    services.refresh_segments()
    assert not Standing.objects.filter(segment="champions").exists()
    StandingRules.objects.create(window_days=7, groups=2)
    services.refresh_segments()
    assert set(Standing.objects.exclude(segment="").values_list("recency_score", flat=True)) <= {1, 2}
    assert Standing.objects.exclude(segment="").count() < 10


def test_money_is_ranked_within_its_currency():
    rich, poor = CustomerFactory(), CustomerFactory()
    ordered(rich, 5, product=ProductFactory(currency="USD", price="900"))
    ordered(poor, 5, product=ProductFactory(currency="EUR", price="5"))
    services.refresh_segments()
    assert set(Standing.objects.values_list("monetary_score", flat=True)) == {1}


@pytest.mark.parametrize("text", ["nobody", "0198f2b4-0000-7000-8000-000000000000", "%00"])
def test_an_unknown_segment_is_refused(manager, text):
    response = manager.get(f"/dev/crm/customers?segment={text}")
    assert response.status_code == 400
    assert "segment" in response.json()["errors"]


def test_a_lead_is_no_customer(manager):
    assert manager.get(f"/dev/crm/customers/{LeadFactory().pk}/health").status_code == 404


def test_a_customer_that_is_shared_shows_its_health(sales):
    customer = CustomerFactory(assigned_to=UserFactory())
    assert sales.get(f"/dev/crm/customers/{customer.pk}/health").status_code == 403
    access.set_shares(record=customer, shares=[access.Share(user=sales.user, verbs=["view"])])
    assert ask(sales, customer)["band"] == "unknown"
