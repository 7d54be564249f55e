"""import_… and export_… of every kind of record but contacts, which have their own tests."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from customers.models import Customer
from leads.models import Lead
from orders.models import Product
from tests.factories import CustomerFactory, LeadFactory, ProductFactory, UserFactory

KINDS = {
    "leads": (Lead, LeadFactory, "name,email\nA,a@example.com\nB,b@example.com\n", "email"),
    "customers": (Customer, CustomerFactory, "name,email\nA,a@example.com\nB,b@example.com\n", "email"),
    "products": (Product, ProductFactory, "sku,name,price\nA,Tea,1\nB,Coffee,2\n", "sku"),
}


@pytest.fixture(autouse=True)
def administrator_user(db):
    return UserFactory(username="first", groups=["Administrator"])


def run(name, *arguments, **options):
    out, code = io.StringIO(), 0
    try:
        call_command(name, *map(str, arguments), stdout=out, stderr=out, **options)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_import_of_an_export(kind, tmp_path, administrator_user):
    model, _, content, key = KINDS[kind]
    (path := tmp_path / "in.csv").write_text(content)
    code, text = run(f"import_{kind}", path)
    assert (code, text.splitlines()[0]) == (0, "2 rows: 2 created, 0 updated, 0 unchanged, 0 skipped, 0 failed.")
    assert model.objects.count() == 2
    code, text = run(f"export_{kind}", tmp_path / "out.csv")
    assert (code, text) == (0, "2 rows.\n")
    code, text = run(f"import_{kind}", tmp_path / "out.csv", match=key)
    assert (code, "2 unchanged" in text) == (0, True)
    code, text = run(f"import_{kind}", tmp_path / "out.csv")
    assert (code, "2 failed" in text, "Line 2" in text) == (1, True, True)


@pytest.mark.parametrize("kind", KINDS)
def test_export_takes_the_filters_of_the_list(kind, tmp_path):
    _, factory, _, _ = KINDS[kind]
    factory(name="Wanted")
    factory(name="Other")
    code, _ = run(f"export_{kind}", tmp_path / "out.csv", "search=wanted", columns="name")
    assert (code, (tmp_path / "out.csv").read_text().split()) == (0, ["name", "Wanted"])
    with pytest.raises(CommandError, match="sarch"):
        run(f"export_{kind}", tmp_path / "out.csv", "sarch=wanted")


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_is_refused(kind, tmp_path):
    UserFactory(username="support", groups=["Support"])
    (path := tmp_path / "in.csv").write_text(KINDS[kind][2])
    code, text = run(f"import_{kind}", path, owner="support")
    assert (code, "support may not import" in text) == (2, True)
    with pytest.raises(CommandError, match="support may not export"):
        run(f"export_{kind}", tmp_path / "out.csv", owner="support")
