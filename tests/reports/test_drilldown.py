"""Every figure of every report is the count, sum or mean of the list that it points to, whoever asks."""

import datetime as dt
import random
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contacts import services as contacts
from contacts.models import Task
from crm_project.access import services as access
from crm_project.api import counting
from customers import services as customers
from customers.models import Customer, CustomerInteraction, SavedSegment
from feedback.models import Feedback
from leads.models import Lead, LeadInteraction, LeadStatusChange
from orders.models import Order
from tests.factories import (
    CampaignFactory,
    CustomerFactory,
    LeadFactory,
    OrderFactory,
    ProductFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PHASES = (Phase.explicit, Phase.generate)  # To shrink a whole company would take hours and tell little.
REPORTS = ("reports/leads", "reports/customers", "analytics/dashboard")
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Havana")
ROLES = ("Manager", "Sales", "Support", "Read-only", None)


def figures(value):
    """Everything in an answer that has a drill-down."""
    if isinstance(value, dict):
        if "drilldown" in value:
            yield value
        for each in value.values():
            yield from figures(each)
    elif isinstance(value, list):
        for each in value:
            yield from figures(each)


class Lists:
    """What the lists answer, each address asked once."""

    def __init__(self, client):
        self.client, self.known = client, {}

    def rows(self, url):
        path = url.removeprefix("http://testserver")
        assert path != url
        if path not in self.known:
            answer = self.client.get(f"{path}&page_size=500").json()
            assert (answer["count"], answer["count_is_exact"]) == (len(answer["results"]), True), path
            self.known[path] = answer["results"]
        return self.known[path]


def check(figure, lists, answer):
    rows = lists.rows(figure["drilldown"])
    assert figure["records"] == len(rows), figure
    unit, value = figure.get("unit"), figure["value"]
    if figure.get("of"):
        whole = figure["of"]["value"]
        part = sum(Decimal(row["total"]) for row in rows) if unit not in ("percent",) else len(rows)
        if not whole:
            assert value is None
        elif unit == "percent":
            assert value == round(part / whole * 100, 1)
        else:
            assert Decimal(value) == (part / whole).quantize(Decimal("0.01"))
    elif isinstance(value, int):
        assert value == len(rows), figure
    elif unit == "days":
        days = [(moment(row["status_since"]) - moment(row["created_at"])).total_seconds() / 86_400 for row in rows]
        middle = sorted(days)[len(days) // 2 - (len(days) % 2 == 0) : len(days) // 2 + 1] if days else []
        of = middle if "median" in figure["metric"] else days
        assert value == pytest.approx(sum(of) / len(of), abs=0.006) if of else value is None
    elif unit == "stars":
        assert value == (round(sum(row["rating"] for row in rows) / len(rows), 2) if rows else None)
    elif value is not None and unit:
        totals = [Decimal(row["total"]) for row in rows]
        assert {row["currency"] for row in rows} <= {unit}
        expected = sum(totals) / len(totals) if figure["metric"] == "average_order_value" else sum(totals)
        assert Decimal(value) == Decimal(expected).quantize(Decimal("0.01")), figure


def moment(text):
    return dt.datetime.fromisoformat(text)


class World:
    """Random records of random owners, spread around the edges of days, weeks and months."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = timezone.now()
        self.team = TeamFactory()
        self.users = [UserFactory(), UserFactory()]
        self.campaigns = [None, CampaignFactory(), CampaignFactory()]
        self.products = [ProductFactory(currency=each, price=Decimal("19.99")) for each in ("USD", "EUR")]

    def add(self, user):
        self.users.append(user)
        leads = [self.lead() for _ in range(25)]
        customers = [self.customer() for _ in range(15)]
        for _ in range(45):
            self.order(self.random.choice(customers))
        for record in [*leads, *customers]:
            if self.random.random() < 0.4:
                self.interaction(record)
        for customer in customers:
            self.feedback(customer)
            self.task()
        self.follow_up()

    def past(self, days=200):
        """A moment near the start of a day, somewhere on earth."""
        day = self.now - dt.timedelta(self.random.randrange(days))
        found = day.replace(minute=0, second=0, microsecond=0, hour=self.random.randrange(24))
        return min(self.now, found + dt.timedelta(microseconds=self.random.choice([0, -1, 1, 1_800_000_000])))

    def owned(self, record):
        """Gives it an owner, a team or a share, or the trash."""
        record.assigned_to = self.random.choice([None, *self.users])
        record.team = self.random.choice([None, None, self.team])
        record.created_by = self.random.choice([None, *self.users])
        record.deleted_at = self.now if self.random.random() < 0.1 else None
        record.save(update_fields=["assigned_to", "team", "created_by", "deleted_at"])
        if self.random.random() < 0.2:
            share = access.Share(user=self.random.choice(self.users), verbs=["view"])
            access.set_shares(record=record, shares=[share])
        return record

    def lead(self):
        lead = LeadFactory(source=self.random.choice(Lead.Source.values), campaign=self.random.choice(self.campaigns))
        at = self.past()
        Lead.objects.filter(pk=lead.pk).update(created_at=at, status_since=at)
        lead.status_changes.update(created_at=at)
        before = "new"
        ends = self.random.choice([[], ["converted"], ["won"], ["lost"]])
        for status in [*self.random.sample(Lead.Status.values[1:5], self.random.randrange(4)), *ends]:
            at = min(self.now, at + dt.timedelta(hours=self.random.randrange(1, 400)))
            reason = self.random.choice(["", "Price, too high", "Timing"]) if status == "lost" else ""
            Lead.objects.filter(pk=lead.pk).update(status=status, status_since=at, lost_reason=reason)
            step = LeadStatusChange.objects.create(lead=lead, old=before, new=status)
            LeadStatusChange.objects.filter(pk=step.pk).update(created_at=at)
            before = status
        return self.owned(Lead.objects.get(pk=lead.pk))

    def customer(self):
        customer = CustomerFactory(
            type=self.random.choice(Customer.Type.values), status=self.random.choice(Customer.Status.values)
        )
        Customer.objects.filter(pk=customer.pk).update(created_at=self.past())
        return self.owned(Customer.objects.get(pk=customer.pk))

    def order(self, customer):
        """Also of customers who could not order any more, as if it had been before."""
        Customer.objects.filter(pk=customer.pk).update(deleted_at=None, status=Customer.Status.ACTIVE)
        order = OrderFactory(
            customer=Customer.objects.get(pk=customer.pk),
            product=self.random.choice(self.products),
            quantity=self.random.randrange(1, 9),
            order_date=self.past(),
        )
        Order.objects.filter(pk=order.pk).update(status=self.random.choice(Order.Status.values))
        Customer.objects.filter(pk=customer.pk).update(deleted_at=customer.deleted_at, status=customer.status)
        self.owned(Order.objects.get(pk=order.pk))

    def feedback(self, customer):
        answered = self.random.random() < 0.8
        given = Feedback.objects.create(
            customer=customer,
            status="answered" if answered else "expired",
            token_hash=self.random.randbytes(32),
            requested_at=self.now,
            expires_at=self.now,
            responded_at=self.past() if answered else None,
            rating=self.random.randrange(1, 6) if answered else None,
        )
        self.owned(given)

    def task(self):
        status = self.random.choice(Task.Status.values)
        closed = None if status == Task.Status.OPEN else self.now
        self.owned(Task.objects.create(title="Call", due_at=self.past(), status=status, closed_at=closed))

    def follow_up(self):
        """Promises become tasks, and some of them are done or thrown away."""
        customers.process_followups()
        for task in Task.objects.filter(source_id__isnull=False):
            end = self.random.choice(["open", "open", "done", "trash"])
            if end == "done":
                contacts.close_task(task=task, actor=None)
            elif end == "trash":
                Task.objects.filter(pk=task.pk).update(deleted_at=self.now)

    def interaction(self, record):
        due = self.random.choice([None, self.past(), self.now + dt.timedelta(3)])
        by = self.random.choice([None, *self.users])
        if isinstance(record, Lead):
            made = record.interactions.create(type="call", next_action_date=due, created_by=by)
            LeadInteraction.objects.filter(pk=made.pk).update(created_at=self.past())
        else:
            CustomerInteraction.objects.create(
                customer=record, type="call", subject="Call", date=self.past(), next_action_date=due, created_by=by
            )


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=PHASES)
@given(
    seed=st.integers(0, 10**6),
    role=st.sampled_from(ROLES),
    zone=st.sampled_from(ZONES),
    grain=st.sampled_from(["day", "week", "month", "quarter"]),
    back=st.integers(0, 120),
    length=st.integers(1, 90),
    whose=st.sampled_from(["", "me", "none"]),
    compare=st.sampled_from(["", "previous", "year"]),
)
def test_every_figure_is_the_list_that_it_points_to(api, seed, role, zone, grain, back, length, whose, compare):
    """Also where the list, unasked, would only estimate how many there are."""
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "COUNT_EXACT_TO", 3)
        world = World(seed)
        client = api(UserFactory(groups=[*Group.objects.filter(name=role), world.team]))
        world.add(client.user)
        lists, last = Lists(client), world.now.date() - dt.timedelta(back)
        question = {"from": last - dt.timedelta(length), "to": last, "tz": zone, "group_by": grain}
        question |= {name: value for name, value in (("assigned_to", whose), ("compare", compare)) if value}
        for path in REPORTS:
            response = client.get(f"/dev/crm/{path}", question)
            assert response.status_code == 200, response.content
            found = list(figures(response.json()))
            assert len(found) > 10
            for figure in found:
                check(figure, lists, response.json())
        customers.refresh_segments()
        customers.refresh_all()
        SavedSegment.objects.create(name="Firms", filter={"type": "business", "order_count_min": "2"})
        for segment in client.get("/dev/crm/customers/segments").json()["segments"]:
            assert len(lists.rows(segment["customers"])) == segment["count"], segment
            for currency, url in segment["revenue_orders"].items():
                totals = sum(Decimal(row["total"]) for row in lists.rows(url))
                assert totals == Decimal(segment["revenue"][currency]), segment
        transaction.set_rollback(True)


def test_the_world_of_the_test_has_figures_of_every_kind(manager):
    """The property would hold of empty reports too."""
    world = World(1)
    world.add(manager.user)
    seen = set()
    for path in REPORTS:
        for figure in figures(manager.get(f"/dev/crm/{path}", {"compare": "previous"}).json()):
            if figure["value"] and "metric" in figure:
                seen.add(figure["metric"])
                assert urlsplit(figure["drilldown"]).path.startswith("/dev/crm/")
    assert {"leads_new", "leads_converted", "lead_win_rate", "days_to_convert", "funnel_proposal"} <= seen
    assert {"customers_active", "customers_churned", "repeat_rate", "revenue", "lifetime_value", "cohort"} <= seen
    assert {"leads_due", "customers_touched", "orders_made", "pipeline_value", "tasks_due", "feedback_rating"} <= seen
