"""The demo of the whole business: leads, the customers that some of them become, products, orders and feedback."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import F, Sum

from contacts.models import Contact
from crm_project.access.models import User
from customers.models import Conversion, Customer, Standing
from leads.models import Campaign, Lead, LeadStatusChange
from leads.services import time_in_statuses
from leads.services.status import NEXT as NEXT_OF_LEADS
from orders.models import Order, OrderCounter, OrderStatusChange, Product
from orders.services import create_order
from orders.services.status import NEXT as NEXT_OF_ORDERS

pytestmark = pytest.mark.django_db
SIZES = {"contacts": 150, "leads": 120, "customers": 90, "products": 30, "orders": 400, "feedback": 100}


def seed_demo(**options):
    call_command("seed_demo", stdout=(out := StringIO()), **{**SIZES, **options})
    return dict(line.split(": ") for line in out.getvalue().splitlines())


def told():
    """What the demo says of each record, without the times, which follow from today's date."""
    columns = {
        Lead: ("email", "name", "source", "status", "assigned_to__username"),
        Customer: ("email", "name", "type", "tax_id"),
        Product: ("sku", "name", "price", "stock"),
        Order: ("number", "total", "customer__email"),
    }
    return [list(model.objects.order_by(names[0]).values_list(*names)) for model, names in columns.items()]


def test_the_demo_is_whole_and_a_second_run_adds_nothing():
    assert seed_demo() == {name: f"{count} added" for name, count in SIZES.items()}
    first = told()
    assert seed_demo() == dict.fromkeys(SIZES, "all there, none added")
    assert told() == first
    assert [model.objects.count() for model in (Lead, Customer, Product, Order)] == [120, 90, 30, 400]
    assert Standing.objects.filter(band=Standing.Band.HEALTHY).exists(), "Health is there at once."


def test_the_same_seed_makes_the_same_business():
    seed_demo()
    first = told()
    for model in (Order, OrderCounter, Product, Conversion, Customer, Lead, Contact):
        model.objects.all().delete()
    seed_demo()
    assert told() == first
    assert seed_demo(seed=2)["leads"] == "120 added"


def test_a_run_goes_on_where_an_earlier_one_stopped():
    seed_demo(**{name: count // 2 for name, count in SIZES.items()})
    assert seed_demo() == {name: f"{count - count // 2} added" for name, count in SIZES.items()}
    numbers = list(Order.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 401))


def test_everybody_has_a_contact_and_some_demo_contacts_have_roles():
    seed_demo()
    for model in (Lead, Customer):
        for record in model.objects.select_related("contact"):
            points = {point.normalized for point in record.contact.points.live()}
            assert {record.email.lower(), record.normalized_phone} - {""} <= points
            assert record.contact.created_at <= record.created_at
    assert Lead.objects.filter(contact__external_id__startswith="demo-1-").count() > 30
    assert Customer.objects.filter(contact__external_id__startswith="demo-1-").count() > 30


def test_statuses_follow_the_tables_of_steps():
    seed_demo()
    for lead in Lead.objects.all():
        stays = time_in_statuses(lead)
        assert (stays[0].status, stays[-1].status) == ("new", lead.status)
        assert stays[-1].entered_at == lead.status_since
        steps = list(lead.status_changes.order_by("pk").values_list("old", "new"))
        assert all(new in NEXT_OF_LEADS[old] or new == "converted" for old, new in steps[1:]), steps
    for order in Order.objects.all():
        steps = list(order.status_changes.order_by("pk").values_list("old", "new"))
        assert (steps[0], steps[-1][1]) == (("", "pending"), order.status)
        assert all(new in NEXT_OF_ORDERS[old] for old, new in steps[1:])
    statuses = {status for (status,) in Lead.objects.values_list("status")}
    assert {"new", "contacted", "qualified", "lost", "won", "converted"} <= statuses


def test_converted_leads_are_customers():
    seed_demo()
    converted = Lead.objects.filter(status="converted").select_related("customer")
    assert converted.count() == Conversion.objects.count() > 15
    for lead in converted:
        assert (lead.customer.email, lead.customer.contact_id) == (lead.email, lead.contact_id)
        assert lead.customer.created_at >= lead.created_at


def test_orders_have_rhythms_and_their_money_is_right():
    seed_demo()
    assert not Order.objects.exclude(total=F("unit_price") * F("quantity")).exists()
    assert not Order.objects.filter(order_date__lt=F("customer__created_at")).exists()
    bought = Counter(Order.objects.values_list("customer", flat=True))
    assert max(bought.values()) > 10
    assert Customer.objects.count() > len(bought) > 20
    assert (OrderCounter.objects.get().last, OrderStatusChange.objects.filter(old="").count()) == (400, 400)
    days = (Order.objects.latest("order_date").order_date - Order.objects.earliest("order_date").order_date).days
    assert days > 600


def test_work_goes_on_after_the_demo():
    seed_demo()
    customer = Customer.objects.filter(status="active", credit_limit=None).first()
    order = create_order(actor=None, customer=customer, product=Product.objects.filter(active=True).first(), quantity=1)
    assert order.number == 401


def test_reps_see_own_and_shared_records():
    seed_demo()
    olga = User.objects.get(username="olga.sokolova")
    for model in (Lead, Customer, Order):
        seen = model.objects.visible_to(olga)
        assert 0 < seen.filter(assigned_to=olga).count() <= seen.count() < model.objects.count()
    assert Lead.objects.visible_to(olga).filter(user_shares__user=olga).exists()


def test_scores_campaigns_and_totals_are_believable():
    seed_demo()
    assert Campaign.objects.count() == 8
    assert Lead.objects.filter(source="campaign", campaign=None).count() == 0
    assert {score for (score,) in Lead.objects.values_list("score")} > {20, 30}
    assert LeadStatusChange.objects.filter(changed_by=None).exists()
    assert Order.objects.aggregate(sum=Sum("total"))["sum"] > 10_000
