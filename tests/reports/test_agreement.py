"""The figures agree with those that pandas makes of the same 20,000 orders, to the cent."""

import datetime as dt
import random
from decimal import Decimal

import pandas as pd
import pytest
from django.utils import timezone

from contacts.models import Contact
from customers.models import Customer
from orders.models import Order
from tests.factories import ProductFactory, UserFactory

pytestmark = pytest.mark.django_db

ORDERS, CUSTOMERS = 20_000, 3_000
ZONE = "Europe/Paris"
CHURN = pd.Timedelta(days=90)


@pytest.fixture
def frame():
    """Orders as pandas sees them; money in cents."""
    chance, now = random.Random(4), timezone.now()
    person, sellers = Contact.objects.create(name="Everybody"), UserFactory.create_batch(3)
    products = [
        ProductFactory(currency=currency, price=price)
        for currency, price in (("USD", "19.99"), ("USD", "0.07"), ("EUR", "1234.56"), ("EUR", "3.33"))
    ]
    customers = Customer.objects.bulk_create(Customer(name=f"C{each}", contact=person) for each in range(CUSTOMERS))
    orders = []
    for number in range(1, ORDERS + 1):
        product, quantity = chance.choice(products), chance.randrange(1, 50)
        price = Decimal(product.price)
        orders.append(
            Order(
                number=number,
                customer=customers[int(CUSTOMERS * chance.random() ** 2)],
                product=product,
                quantity=quantity,
                unit_price=price,
                total=price * quantity,
                currency=product.currency,
                status=chance.choice(Order.Status.values),
                order_date=now - dt.timedelta(seconds=chance.randrange(500 * 86_400)),
                assigned_to=chance.choice(sellers),
                deleted_at=now if chance.random() < 0.03 else None,
            )
        )
    Order.objects.bulk_create(orders, batch_size=5_000)
    return pd.DataFrame(
        {
            "customer": str(each.customer_id),
            "product": str(each.product_id),
            "seller": str(each.assigned_to_id),
            "currency": each.currency,
            "cents": int(each.total * 100),
            "status": each.status,
            "at": each.order_date,
        }
        for each in orders
        if each.deleted_at is None
    )


def days(day):
    return pd.Timestamp(day, tz=ZONE)


def cents(text):
    return int(Decimal(text) * 100)


def test_the_customer_report_agrees_with_pandas(manager, frame):
    today = timezone.now().astimezone(days("2026-01-01").tzinfo).date()
    first, last = today - dt.timedelta(240), today - dt.timedelta(40)
    question = {"from": first, "to": last, "tz": ZONE, "group_by": "month"}
    answer = manager.get("/dev/crm/reports/customers", question).json()
    figures = {(each["metric"], each["unit"]): each for each in answer["figures"]}
    start, end = days(first), days(last + dt.timedelta(1))

    sold = frame[frame.status != "cancelled"]
    period = sold[(sold["at"] >= start) & (sold["at"] < end)]
    before = sold[sold["at"] < end]
    habits = before.groupby("customer")["at"].agg(["min", "max", "size"])

    assert figures["orders", "records"]["value"] == len(period)
    cancelled = frame[(frame.status == "cancelled") & (frame["at"] >= start) & (frame["at"] < end)]
    assert figures["orders_cancelled", "records"]["value"] == len(cancelled)
    assert figures["customers_bought", "records"]["value"] == len(habits)
    assert figures["customers_buying", "records"]["value"] == period.customer.nunique()
    assert figures["customers_first_bought", "records"]["value"] == (habits["min"] >= start).sum()
    assert figures["customers_active", "records"]["value"] == (habits["max"] >= end - CHURN).sum()
    gone = (habits["max"] >= start - CHURN) & (habits["max"] < end - CHURN)
    assert figures["customers_churned", "records"]["value"] == gone.sum()
    assert figures["repeat_rate", "percent"]["value"] == round((habits["size"] >= 2).mean() * 100, 1)

    for currency, rows in period.groupby("currency"):
        assert cents(figures["revenue", currency]["value"]) == rows.cents.sum()
        assert abs(cents(figures["average_order_value", currency]["value"]) - rows.cents.mean()) <= 0.5
        ever = before[before.currency == currency]
        value = cents(figures["lifetime_value", currency]["value"])
        assert abs(value - ever.cents.sum() / ever.customer.nunique()) <= 0.5

    for name, dimension in (("product", "product"), ("seller", "seller")):
        shown = {
            (row["key"], each["unit"]): (each["records"], cents(each["value"]))
            for row in answer["groups"][name]
            for each in row["figures"]
            if each["metric"] == "revenue"
        }
        sums = period.groupby([dimension, "currency"], dropna=False).cents.agg(["size", "sum"])
        expected = {(key, currency): (size, total) for (key, currency), (size, total) in sums.iterrows()}
        assert shown == expected

    local = period.assign(month=period["at"].dt.tz_convert(ZONE).dt.strftime("%Y-%m"))
    by_month = local.groupby(["month", "currency"]).cents.sum().to_dict()
    shown = {
        (part["from"][:7], each["unit"]): cents(each["value"])
        for part in answer["series"]
        for each in part["figures"]
        if each["metric"] == "revenue"
    }
    assert shown == by_month

    best = period.groupby(["currency", "customer"]).cents.sum().reset_index()
    for currency, rows in best.groupby("currency"):
        expected = sorted(rows.cents, reverse=True)[:10]
        top = [row for row in answer["top_customers"] if row["figures"][0]["unit"] == currency]
        assert [cents(row["figures"][0]["value"]) for row in top] == expected


def test_the_cohorts_agree_with_pandas(manager, frame):
    today = timezone.now().date()
    first = (today.replace(day=1) - dt.timedelta(150)).replace(day=1)
    answer = manager.get("/dev/crm/reports/customers", {"from": first, "to": today, "tz": ZONE}).json()
    sold = frame[frame.status != "cancelled"]
    sold = sold.assign(month=sold["at"].dt.tz_convert(ZONE).dt.strftime("%Y-%m"))
    came = sold.groupby("customer").month.min().rename("cohort")
    table = sold.join(came, on="customer").groupby(["cohort", "month"]).customer.nunique()
    for row in answer["cohorts"]:
        months = pd.period_range(row["label"], periods=len(row["figures"]), freq="M").strftime("%Y-%m")
        expected = [int(table.get((row["label"], month), 0)) for month in months]
        assert [each["value"] for each in row["figures"]] == expected
    assert sum(each["value"] for row in answer["cohorts"] for each in row["figures"]) > 100
