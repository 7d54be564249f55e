"""Several imports of the same people at the same time, and API calls among them: each person and record once."""

from collections import Counter

import pytest
from django.core.files.base import ContentFile
from django.db.models.functions import Lower

from contacts.models import Category, Contact, ContactPoint, Organization
from contacts.resources import ContactResource
from crm_project.transfer import engine, services
from crm_project.transfer.models import ImportJob
from crm_project.transfer.options import Options
from customers.models import Customer
from customers.resources import CustomerResource
from leads.models import Campaign, Lead, LeadStatusChange
from leads.resources import LeadResource
from orders.models import Product
from orders.resources import ProductResource
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3
KINDS = {
    "contacts": (
        ContactResource,
        "email",
        "name,email,phone,company,categories",
        "Person {n},{e}{n}@x.example,+1 504 621 {n:04},Firm {g},All;Group {g}",
    ),
    "leads": (
        LeadResource,
        "email",
        "name,email,phone,company,campaign,status",
        "Person {n},{e}{n}@x.example,+1 504 621 {n:04},Firm {g},Fair {g},contacted",
    ),
    "customers": (
        CustomerResource,
        "email",
        "name,email,phone,company,credit_limit",
        "Person {n},{e}{n}@x.example,+1 504 621 {n:04},Firm {g},1{n}.00",
    ),
    "products": (ProductResource, "sku", "sku,name,price", "{e}{n},Product {n},1{n}.00"),
}
BODIES = {
    "contacts": lambda n: {"name": f"Person {n}", "email": f"p{n}@x.example"},
    "leads": lambda n: {"name": f"Person {n}", "email": f"p{n}@x.example"},
    "customers": lambda n: {"name": f"Person {n}", "email": f"p{n}@x.example"},
    "products": lambda n: {"sku": f"p{n}", "name": f"Product {n}", "price": f"1{n}.00"},
}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch, settings):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 7)
    settings.CRM_SCOPED_RATES = {}


def kept(user, kind, numbers, prefix="p", **options):
    resource, key, header, row = KINDS[kind]
    lines = [header, *(row.format(n=number, g=number % 3, e=prefix) for number in numbers)]
    options = {"match": (key,), **options}
    file = ContentFile("\n".join(lines).encode())
    job = services.keep_import(actor=user, resource=resource, file=file, file_name="a.csv", options=Options(**options))
    return job.pk


def run(*jobs, calls=()):
    """Run the jobs at once, each in a thread of its own and with a connection of its own; the receipts."""
    work = [lambda job=job: services.run_import(ImportJob.objects.get(pk=job)) for job in jobs]
    answers = at_once([*work, *calls])[len(jobs) :]
    found = [ImportJob.objects.get(pk=job) for job in jobs]
    for job in found:
        assert job.state == "done", job.message
        assert job.rows == job.total == sum(getattr(job, count) for count in services.COUNTS)
    return found, answers


def keys(kind):
    model = {"contacts": ContactPoint, "leads": Lead, "customers": Customer, "products": Product}[kind]
    column = {"contacts": "value", "products": "sku"}.get(kind, "email")
    rows = model.objects.filter(type="mail") if kind == "contacts" else model.objects.all()
    return Counter(rows.annotate(folded=Lower(column)).values_list("folded", flat=True))


def once(kind, numbers):
    suffix = "" if kind == "products" else "@x.example"
    return Counter(f"p{number}{suffix}" for number in numbers)


@pytest.mark.parametrize("kind", KINDS)
def test_same_file_several_times_at_once_makes_one_set_of_rows(manager, kind):
    for turn in range(ROUNDS):
        numbers = range(turn * 40, turn * 40 + 40)
        jobs, _ = run(*(kept(manager.user, kind, numbers, "P" if each % 2 else "p") for each in range(4)))
        assert sum(job.created for job in jobs) == 40
        assert [job.created + job.updated + job.unchanged for job in jobs] == [40] * 4
        assert all(not job.updated for job in jobs) or kind == "products"  # A SKU in capitals is another spelling.
    assert keys(kind) == once(kind, range(ROUNDS * 40))
    if kind == "leads":
        assert LeadStatusChange.objects.count() == ROUNDS * 40
        assert Campaign.objects.count() == 3
    if kind != "products":
        assert Contact.objects.count() == ROUNDS * 40
        assert Organization.objects.count() == 3
        assert set(ContactPoint.objects.values_list("type", flat=True)) == {"mail", "phone"}
        assert ContactPoint.objects.count() == 2 * ROUNDS * 40
    if kind == "contacts":
        assert Category.objects.count() == 4


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_overlap_in_any_order_make_each_record_once(manager, kind):
    for turn in range(ROUNDS):
        first = turn * 60
        parts = [range(first, first + 40), range(first + 20, first + 60), range(first + 59, first - 1, -1)]
        jobs, _ = run(*(kept(manager.user, kind, part) for part in parts))
        assert sum(job.created for job in jobs) == 60
        assert [job.created + job.unchanged for job in jobs] == [40, 40, 60]
    assert keys(kind) == once(kind, range(ROUNDS * 60))


@pytest.mark.parametrize("kind", ["leads", "customers", "products"])
def test_api_calls_among_imports_make_no_record_twice(manager, kind, api):
    path = f"/dev/crm/{kind}"
    clients = [api(manager.user) for _ in range(3)]

    def post(client, numbers):
        return lambda: [client.post(path, BODIES[kind](number)).status_code for number in numbers]

    for turn in range(ROUNDS):
        numbers = range(turn * 30, turn * 30 + 30)
        calls = [post(clients[0], numbers), post(clients[1], reversed(numbers)), post(clients[2], numbers)]
        jobs, answers = run(kept(manager.user, kind, numbers), kept(manager.user, kind, numbers), calls=calls)
        made = Counter(code for codes in answers for code in codes)
        assert made.keys() <= {201, 409}
        assert made[201] + sum(job.created for job in jobs) == 30
        assert not sum(job.failed for job in jobs)
    assert keys(kind) == once(kind, range(ROUNDS * 30))


def test_same_people_as_contacts_leads_and_customers_are_one_contact_each(manager):
    for turn in range(ROUNDS):
        numbers = range(turn * 40, turn * 40 + 40)
        jobs, _ = run(
            kept(manager.user, "contacts", numbers),
            kept(manager.user, "leads", numbers),
            kept(manager.user, "customers", reversed(numbers)),
        )
        assert [job.created + job.unchanged + job.updated for job in jobs] == [40] * 3
    assert Contact.objects.count() == ROUNDS * 40
    assert (Lead.objects.count(), Customer.objects.count()) == (ROUNDS * 40, ROUNDS * 40)
    assert keys("contacts") == once("contacts", range(ROUNDS * 40))


def test_without_a_match_each_file_makes_its_own_contacts(manager):
    jobs, _ = run(*(kept(manager.user, "contacts", range(30), match=()) for _ in range(3)))
    assert [job.created for job in jobs] == [30] * 3
    assert Contact.objects.count() == 90
