"""Each way to list leads, customers and orders is answered by an index that was made for it."""

from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm_project.access.models import User
from crm_project.api.pagination import Cursor
from crm_project.database import sizes
from customers.models import Customer
from leads.models import Lead
from orders.models import Order
from tests.plans import indexes_of

SIZES = {"contacts": 300, "leads": 900, "customers": 600, "products": 30, "orders": 1_500}
LEADS, CUSTOMERS, ORDERS = "/dev/crm/leads", "/dev/crm/customers", "/dev/crm/orders"


def indexes_of_page(client, path):
    """The indexes by which the page's rows were found: by what counts them too, or reads the most columns."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200, path
    table = {LEADS: "leads_lead", CUSTOMERS: "customers_customer", ORDERS: "orders_order"}[path.partition("?")[0]]
    pages = [each["sql"] for each in queries if f'FROM "{table}"' in each["sql"] and "LIMIT" in each["sql"]]
    return indexes_of(max(pages, key=lambda sql: ("count(*) OVER ()" in sql, sql.partition(" FROM ")[0].count(","))))


def wrong(client, expected):
    """By path: the indexes that its page was read with, where none of the expected ones is among them."""
    found = {path: indexes_of_page(client, path) for path in expected}
    return {path: used for path, used in found.items() if not used.intersection(expected[path].split())}


@pytest.mark.django_db
def test_every_list_is_answered_by_its_index(api, monkeypatch):
    """Other ways to read are made dear and a third is trash, because so few rows are read as fast by any index."""
    call_command("seed_demo", stdout=StringIO(), **SIZES)
    for model in (Lead, Customer, Order):
        monkeypatch.setitem(sizes._known, model, True)
        deleted = model.objects.order_by("pk").values("pk")[: SIZES[model._meta.model_name + "s"] // 3]
        model.objects.filter(pk__in=deleted).update(deleted_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE leads_lead, customers_customer, orders_order")
        for index in ("lead_search", "customer_search", "lead_custom_fields"):
            cursor.execute("SELECT gin_clean_pending_list(%s)", [index])
    lead, customer = (model.objects.live().order_by("pk")[200] for model in (Lead, Customer))
    after = "2999-01-01"
    ordered = {
        LEADS: "lead_live",
        f"{LEADS}?cursor={Cursor('-created_at', [str(lead.pk)]).encode()}": "lead_live",
        f"{LEADS}?ordering=name": "lead_by_name",
        f"{LEADS}?ordering=-updated_at": "lead_by_change",
        f"{LEADS}?ordering=-score": "lead_by_score",
        f"{LEADS}?email={quote(lead.email)}": "lead_email_unique",
        f"{LEADS}?trashed=true": "lead_trash",
        f"{LEADS}?last_contact_after={after}": "lead_by_contact",
        f"{LEADS}?created_at_after={after}": "lead_by_arrival",
        CUSTOMERS: "customer_live",
        f"{CUSTOMERS}?ordering=name": "customer_by_name",
        f"{CUSTOMERS}?ordering=-updated_at": "customer_by_change",
        f"{CUSTOMERS}?email={quote(customer.email)}": "customer_email_unique",
        f"{CUSTOMERS}?trashed=true": "customer_trash",
        f"{CUSTOMERS}?created_at_after={after}": "customer_by_arrival",
        f"{CUSTOMERS}?credit_limit_min=1000000000": "customer_by_limit",
        ORDERS: "order_live",
        f"{ORDERS}?ordering=-order_date": "order_by_date",
        f"{ORDERS}?customer_id={customer.pk}": "order_customer",
        f"{ORDERS}?order_date_after={after}": "order_by_date order_by_period",
        f"{ORDERS}?created_at_after={after}": "order_by_arrival",
        f"{ORDERS}?updated_at_after={after}": "order_by_change",
        f"{ORDERS}?total_min=1000000000": "order_by_total",
    }
    by_owner = {LEADS: "lead_owner", CUSTOMERS: "customer_owner", ORDERS: "order_owner"}
    by_owner |= {f"{path}?trashed=true": index for path, index in by_owner.items()}
    searched = {f"{LEADS}?search=xyzzyq": "lead_search", f"{CUSTOMERS}?search=xyzzyq": "customer_search"}
    manager, rep = (api(User.objects.get(username=name)) for name in ("maria.keller", "olga.sokolova"))
    found = wrong(manager, ordered) | wrong(rep, by_owner)
    with connection.cursor() as cursor:  # Of so few rows any other index finds what is looked for as fast.
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert found | wrong(manager, searched) == {}
