"""Products in and out."""

import csv
import io
import json
from decimal import Decimal
from functools import partial

import pytest

from crm_project.transfer.models import ExportJob, ImportJob
from orders.models import Product
from tests import importing
from tests.at_once import at_once
from tests.factories import OrderFactory, ProductFactory
from tests.importing import counts, download, errors_of

IMPORT, EXPORT = "/dev/crm/products/import", "/dev/crm/products/export"
FORMATS = ["csv", "tsv", "json", "ndjson", "xlsx"]


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def do(client, content, content_type="text/csv", **options):
    return importing.receipt(client, IMPORT, content, content_type, **options)


def test_everything_a_row_says(manager):
    content = 'sku,name,description,price,currency,active,stock\npro-1,Premium,Best,"1 299,50",eur,No,7'
    job = do(manager, content)
    product = manager.get(f"/dev/crm/products/{job['ids'][0]}").json()
    assert {name: product[name] for name in ("sku", "name", "price", "currency", "active", "stock", "description")} == {
        "sku": "pro-1",
        "name": "Premium",
        "price": "1299.50",
        "currency": "EUR",
        "active": False,
        "stock": 7,
        "description": "Best",
    }


def test_what_a_row_does_not_say(manager):
    do(manager, "sku,name,price\nA,B,1")
    product = Product.objects.get()
    assert (product.currency, product.active, product.stock, product.price) == ("USD", True, None, 1)


def test_headers_in_russian(manager):
    do(manager, "Артикул;Наименование;Цена;Валюта;Остаток;В продаже\nА-1;Чайник;990,00;rub;12;да")
    product = Product.objects.get()
    assert (product.sku, product.name, product.price) == ("А-1", "Чайник", Decimal("990.00"))
    assert (product.currency, product.stock, product.active) == ("RUB", 12, True)


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("name,price\nA,1", "sku", "A product needs a sku."),
        ("sku,price\nA,1", "name", "A product needs a name."),
        ("sku,name\nA,B", "price", "A product needs a price."),
        ("sku,name,price\nA,B,-1", "price", "greater than or equal to 0"),
        ("sku,name,price\nA,B,1.005", "price", "no more than 2 decimal places"),
        ("sku,name,price\nA,B,free", "price", "A valid number is required."),
        ("sku,name,price,currency\nA,B,1,euro", "currency", "three capital letters"),
        ("sku,name,price,stock\nA,B,1,-1", "stock", "greater than or equal to 0"),
        ("sku,name,price,stock\nA,B,1,3000000000", "stock", "less than or equal to 2147483647"),
        ("sku,name,price,stock\nA,B,1,1.5", "stock", "A valid integer is required."),
        ("sku,name,price,active\nA,B,1,perhaps", "active", "Must be a valid boolean."),
        (f"sku,name,price\n{'x' * 65},B,1", "sku", "at most 64 fit"),
        ("id,sku,name,price\n7,A,B,1", "id", "This is not an id of this CRM"),
    ],
)
def test_bad_row_is_named_with_line_column_and_reason(manager, content, column, message):
    [(line, named, reason)] = errors_of(do(manager, content + "\n"))
    assert (line, named) == (2, column)
    assert message in reason
    assert Product.objects.count() == 0


def test_sku_is_the_key_in_any_case(manager):
    ProductFactory(sku="pro-1", name="Old", price=10, stock=5)
    content = "sku,name,price\nPRO-1,New,20"
    assert errors_of(do(manager, content)) == [
        (2, "sku", "Another product has this SKU. To change that product, match by sku.")
    ]
    assert counts(do(manager, content, match="sku")) == {"updated": 1}
    product = Product.objects.get()
    assert (product.sku, product.name, product.price, product.stock) == ("PRO-1", "New", 20, 5)
    assert counts(do(manager, content, match="sku")) == {"unchanged": 1}
    assert counts(do(manager, "sku,stock\npro-1,9", match="sku", on_match="fill")) == {"unchanged": 1}


def test_sku_twice_in_one_file(manager):
    content = "sku,name,price\nA,One,1\na,Two,2"
    assert counts(do(manager, content)) == {"created": 1, "failed": 1}
    assert counts(do(manager, content, match="sku")) == {"unchanged": 1, "updated": 1}


def test_orders_keep_their_price(manager):
    order = OrderFactory(product=ProductFactory(sku="A", price=10))
    do(manager, "sku,price\nA,99", match="sku")
    order.refresh_from_db()
    assert (order.unit_price, order.product.price) == (10, 99)


@pytest.mark.django_db(transaction=True)
def test_same_file_twice_at_the_same_time(manager):
    content = "sku,name,price\n" + "".join(f"S{n},Product {n},{n}\n" for n in range(200))
    jobs = at_once([partial(do, manager, content)] * 3)
    assert (sum(job["created"] for job in jobs), sum(job["failed"] for job in jobs)) == (200, 400)
    assert Product.objects.count() == 200


def test_dry_run_and_all_or_nothing(manager):
    assert counts(do(manager, "sku,name,price\nA,B,1\nC,D,x", dry_run=1)) == {"created": 1, "failed": 1}
    assert do(manager, "sku,name,price\nA,B,1\nC,D,x", atomic=1)["state"] == "failed"
    assert Product.objects.count() == 0


def test_only_who_may_imports_and_exports(sales, support):
    for client in (sales, support):
        assert importing.send(client, IMPORT, "sku,name,price\nA,B,1").status_code == 403
        assert client.get(EXPORT).status_code == 403
    assert (Product.objects.count(), ImportJob.objects.count(), ExportJob.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_an_import_of_an_export_is_the_same(manager, format):
    ProductFactory(sku="=1", name="'x", description="a\r\nb", price="0.00", currency="EUR", stock=0, active=False)
    ProductFactory(sku="B", name="Endless", price="12345678901.99")
    first = download(manager, EXPORT, format=format)
    Product.objects.all().delete()
    job = manager.post(IMPORT, first, content_type="application/octet-stream").json()
    assert (job["created"], job["failed"]) == (2, 0), job
    assert download(manager, EXPORT, format=format) == first
    job = manager.post(f"{IMPORT}?match=sku", first, content_type="application/octet-stream").json()
    assert (job["unchanged"], job["rows"]) == (2, 2), job


def test_columns_and_filters(manager):
    ProductFactory(sku="A", active=False)
    ProductFactory(sku="B")
    text = download(manager, EXPORT, columns="sku,active", active="true").decode()
    assert list(csv.reader(io.StringIO(text))) == [["sku", "active"], ["B", "true"]]
    assert [row["sku"] for row in json.loads(download(manager, EXPORT, format="json"))] == ["A", "B"]
