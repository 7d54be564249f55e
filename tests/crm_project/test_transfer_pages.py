"""Import and export in the admin of leads, customers and products; how the pages work is tested with contacts."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.models import Customer
from leads.models import Lead
from orders.models import Product
from tests.factories import CustomerFactory, LeadFactory, ProductFactory, UserFactory

PEOPLE = "name,email\nNew,a@example.com\nB,x\n"
KINDS = {
    "leads/lead": (
        Lead,
        LeadFactory,
        {"name": "Old", "email": "a@example.com"},
        PEOPLE,
    ),
    "customers/customer": (
        Customer,
        CustomerFactory,
        {"name": "Old", "email": "a@example.com"},
        PEOPLE,
    ),
    "orders/product": (Product, ProductFactory, {"name": "Old", "sku": "A"}, "name,sku,price\nNew,a,10\nB,B,x\n"),
}


@pytest.fixture
def staff(client, db):
    def sign_in(role):
        client.force_login(UserFactory(groups=[role], is_staff=True))
        return client

    return sign_in


@pytest.mark.parametrize("kind", KINDS)
def test_preview_and_confirmed_import(staff, kind):
    client = staff("Administrator")
    model, factory, values, content = KINDS[kind]
    factory(**values)
    key = "sku" if "sku" in values else "email"
    assert key in client.get(f"/admin/{kind}/import/").content.decode()
    file = SimpleUploadedFile("file.csv", content.encode())
    fields = {"import_file": file, "format": "0", "resource": "0", "match": key}
    preview = client.post(f"/admin/{kind}/import/", fields)
    assert "<del>Old</del> <ins>New</ins>" in preview.content.decode()
    assert model.objects.get().name == "Old"
    token = {"token": preview.context["confirm_token"]}
    page = client.post(f"/admin/{kind}/process_import/", token, follow=True).content.decode()
    assert "Import finished: 0 created, 1 updated, 0 unchanged, 0 skipped, 1 failed." in page
    assert model.objects.get().name == "New"


def test_preview_of_a_new_record_strikes_no_defaults_out(staff):
    client = staff("Administrator")
    file = SimpleUploadedFile(
        "file.csv", b"name,email,status,score\nA,a@example.com,contacted,70\nB,b@example.com,new,\n"
    )
    fields = {"import_file": file, "format": "0", "resource": "0"}
    page = client.post("/admin/leads/lead/import/", fields).content.decode()
    assert ("<ins>contacted</ins>" in page, "<ins>new</ins>" in page, "<ins>70</ins>" in page) == (True, True, True)
    assert "<del>" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_export_with_a_choice_of_columns(staff, kind):
    client = staff("Administrator")
    model, factory, values, _ = KINDS[kind]
    factory(**values)
    page = client.get(f"/admin/{kind}/export/")
    prefix = f"{model.__name__.lower()}resource_"
    names = [name for name in page.context["form"].fields if name.startswith(prefix)]
    assert f"{prefix}name" in names
    body = {"format": "0", "resource": "0", f"{prefix}id": "", f"{prefix}name": "on", "export_items": []}
    response = client.post(f"/admin/{kind}/export/", body)
    text = b"".join(response.streaming_content).decode()
    assert list(csv.reader(io.StringIO(text))) == [["name"], ["Old"]]


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_is_offered_nothing(staff, kind):
    client = staff("Read-only")
    assert client.get(f"/admin/{kind}/import/").status_code == 403
    assert client.get(f"/admin/{kind}/export/").status_code == 403
    assert f"/admin/{kind}/import/" not in client.get(f"/admin/{kind}/").content.decode()
