"""Several imports of the same people at the same time, and API calls among them: each person and record once."""

import threading
from collections import Counter
from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.functions import Lower
from rest_framework.test import APIClient

from contacts.models import Category, Contact, ContactPoint, Organization
from contacts.resources import ContactResource
from contacts.services import create_contact, delete_contact, merge_contacts
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
from tests.factories import ApiKeyFactory

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


@pytest.mark.parametrize("merges", [True, False])
def test_contact_that_goes_while_an_import_waits_for_it_is_not_written_to(manager, merges):
    stays, goes = (create_contact(actor=manager.user, email=f"{name}@x.example") for name in ("stays", "goes"))
    waiting = threading.Event()

    def remove():
        with transaction.atomic():
            if merges:
                merge_contacts(survivor_id=stays.pk, merged_ids=[goes.pk], actor=manager.user)
            else:
                delete_contact(contact=goes, actor=manager.user)
            waiting.wait(30)

    def load():
        file = ContentFile(b"email,job_title\ngoes@x.example,Boss\n", "a.csv")
        options = Options(match=("email",))
        job = services.keep_import(
            actor=manager.user, resource=ContactResource, file=file, file_name="a.csv", options=options
        )
        threading.Timer(1, waiting.set).start()
        services.run_import(job)
        return job

    _, job = at_once([remove, load])
    assert job.rows == 1
    assert not Contact.objects.trashed().filter(job_title="Boss").exists()
    assert Contact.objects.live().filter(job_title="Boss").count() == job.created + job.updated == 1


def test_who_becomes_a_lead_and_a_customer_at_once_is_one_contact(manager):
    def post(path):
        client = APIClient(headers={"Authorization": f"Bearer {ApiKeyFactory(user=manager.user).secret}"})
        return partial(client.post, path, {"name": "Ann Lee", "email": "ann@x.example"}, format="json")

    for _ in range(ROUNDS):
        answers = at_once([post(f"/dev/crm/{kind}") for kind in ("leads", "customers")])
        assert [answer.status_code for answer in answers] == [201, 201]
        assert Contact.objects.count() == 1
        for model in (Lead, Customer, Contact):
            model.objects.all().delete()
