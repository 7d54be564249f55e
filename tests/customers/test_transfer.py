"""Customers in and out: what differs from leads. What both share is tested in tests/leads."""

import csv
import io
import json
from functools import partial

import pytest

from contacts.models import Contact
from crm_project.access import services as access
from customers.models import Customer
from leads.models import Lead
from tests import importing
from tests.at_once import at_once
from tests.factories import CustomerFactory, LeadFactory, UserFactory
from tests.importing import counts, download, errors_of

IMPORT, EXPORT = "/dev/crm/customers/import", "/dev/crm/customers/export"
FORMATS = ["csv", "tsv", "json", "ndjson", "xlsx"]


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def do(client, content, content_type="text/csv", **options):
    return importing.receipt(client, IMPORT, content, content_type, **options)


def rows_of(client, **parameters):
    return list(csv.DictReader(io.StringIO(download(client, EXPORT, **parameters).decode(), newline="")))


def test_everything_a_row_says(manager):
    job = do(
        manager,
        "name,email,company,type,status,billing_address,shipping_address,payment_terms,credit_limit,tax_id,notes\n"
        'Jane,jane@example.com,Tech Corp,Business,inactive,"123 Main St, X",Dock 4,Net 30,"1 299,50",DE1,Hi',
    )
    customer = manager.get(f"/dev/crm/customers/{job['ids'][0]}").json()
    expected = {
        "name": "Jane",
        "email": "jane@example.com",
        "type": "business",
        "status": "inactive",
        "billing_address": "123 Main St, X",
        "shipping_address": "Dock 4",
        "payment_terms": "Net 30",
        "credit_limit": "1299.50",
        "tax_id": "DE1",
        "notes": "Hi",
        "lead_id": None,
    }
    assert {name: customer[name] for name in expected} == expected


def test_headers_in_russian(manager):
    do(
        manager,
        "Клиент;Почта;Тип клиента;Адрес доставки;Условия оплаты;Кредитный лимит;ИНН\n"
        "ООО Ромашка;info@example.ru;business;Москва;30 дней;50000;7701234567",
    )
    customer = Customer.objects.get()
    assert (customer.name, customer.type, customer.shipping_address) == ("ООО Ромашка", "business", "Москва")
    assert (customer.payment_terms, customer.credit_limit, customer.tax_id) == ("30 дней", 50_000, "7701234567")


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("name,email\n,a@example.com", "name", "A customer needs a name."),
        ("name,phone\nA,504-621-8927", "email", "A customer needs an e-mail address."),
        ("name,email,type\nA,a@example.com,busines", "type", "Did you mean “business”?"),
        ("name,email,status\nA,a@example.com,vip", "status", "This must be one of: active, inactive, blocked."),
        ("name,email,credit_limit\nA,a@example.com,-1", "credit_limit", "greater than or equal to 0"),
        ("name,email,credit_limit\nA,a@example.com,1.234", "credit_limit", "no more than 2 decimal places"),
        ('name,email,credit_limit\nA,a@example.com,"1,299"', "credit_limit", "no more than 2 decimal places"),
        ("name,email,credit_limit\nA,a@example.com,1e20", "credit_limit", "no more than"),
        ("name,email,credit_limit\nA,a@example.com,NaN", "credit_limit", "A valid number is required."),
        ("name,email,credit_limit\nA,a@example.com,much", "credit_limit", "A valid number is required."),
    ],
)
def test_bad_row_is_named_with_line_column_and_reason(manager, content, column, message):
    job = do(manager, content + "\n")
    [(line, named, reason)] = errors_of(job)
    assert (line, named) == (2, column)
    assert message in reason
    assert (Customer.objects.count(), Contact.objects.count()) == (0, 0)


def test_lead_and_customer_of_one_address_are_one_contact(manager):
    lead = LeadFactory(email="a@example.com")
    job = do(manager, f"name,email,lead_id\nA,A@example.com,{lead.pk}")
    assert Customer.objects.get().contact_id == lead.contact_id
    assert Customer.objects.get().lead is None
    assert job["ignored_columns"] == {"lead_id": "A customer comes from a lead only by its conversion."}


def test_taken_address_fails_unless_it_is_matched(manager):
    CustomerFactory(name="Old", email="A@Example.com", credit_limit=100)
    content = "name,email,credit_limit\nNew,a@example.com,200"
    message = "Another customer has this e-mail address. To change that customer, match by email."
    assert errors_of(do(manager, content)) == [(2, "email", message)]
    assert counts(do(manager, content, match="email", on_match="fill")) == {"unchanged": 1}
    assert counts(do(manager, content, match="email")) == {"updated": 1}
    assert Customer.objects.get().credit_limit == 200


@pytest.mark.django_db(transaction=True)
def test_same_file_twice_at_the_same_time(manager):
    content = "name,email\n" + "".join(f"Person {n},p{n}@example.com\n" for n in range(200))
    jobs = at_once([partial(do, manager, content)] * 3)
    assert (sum(job["created"] for job in jobs), sum(job["failed"] for job in jobs)) == (200, 400)
    assert (Customer.objects.count(), Contact.objects.count()) == (200, 200)


def test_rep_never_touches_foreign_customers(sales):
    foreign = CustomerFactory(name="Foreign", email="a@example.com", assigned_to=UserFactory())
    job = do(sales, "name,email\nMine,a@example.com", match="email")
    assert counts(job) == {"failed": 1}
    assert "Foreign" not in json.dumps(job)
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"
    shared = CustomerFactory(email="b@example.com", assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    assert (
        "a customer that you may not change"
        in do(sales, "email,notes\nb@example.com,x", match="email")["errors"][0]["message"]
    )


def test_who_may_not_import_or_export_is_refused(support, read_only):
    for client in (support, read_only):
        assert importing.send(client, IMPORT, "name,email\nA,a@example.com").status_code == 403
        assert client.get(EXPORT).status_code == 403
    assert Customer.objects.count() == 0


# Export


@pytest.fixture
def odd_customers(db):
    CustomerFactory(
        name="=1+1",
        email="A@Example.com",
        phone="8 (987) 654-32-10",
        company="Benton, John B Jr",
        type="business",
        status="blocked",
        billing_address="Line 1\nLine 2",
        shipping_address="  kept  ",
        payment_terms="-30 days",
        credit_limit="0.00",
        tax_id="007",
        notes="@note",
    )
    CustomerFactory(name="Plain", email="b@example.com")


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_an_import_of_an_export_is_the_same(manager, odd_customers, format):
    first = download(manager, EXPORT, format=format)
    Customer.objects.all().delete()
    Contact.objects.all().delete()
    job = manager.post(IMPORT, first, content_type="application/octet-stream").json()
    assert (job["created"], job["failed"]) == (2, 0), job
    assert download(manager, EXPORT, format=format) == first
    job = manager.post(f"{IMPORT}?match=id", first, content_type="application/octet-stream").json()
    assert (job["unchanged"], job["rows"]) == (2, 2), job


def test_lead_is_told_only_to_who_may_see_it(manager, sales):
    lead = LeadFactory(email="a@example.com", assigned_to=UserFactory())
    answer = manager.post(f"/dev/crm/leads/{lead.pk}/convert", {}, format="json").json()
    Customer.objects.filter(pk=answer["id"]).update(assigned_to=sales.user)
    assert [row["lead_id"] for row in rows_of(manager, columns="lead_id")] == [str(lead.pk)]
    assert [row["lead_id"] for row in rows_of(sales, columns="lead_id")] == [""]
    Lead.objects.filter(pk=lead.pk).update(assigned_to=sales.user)
    assert [row["lead_id"] for row in rows_of(sales, columns="lead_id")] == [str(lead.pk)]


def test_filters_are_those_of_the_list(manager):
    CustomerFactory(name="A", type="business")
    CustomerFactory(name="B")
    assert rows_of(manager, columns="name", type="business") == [{"name": "A"}]
    assert manager.get(EXPORT, {"tpye": "business"}).status_code == 400
