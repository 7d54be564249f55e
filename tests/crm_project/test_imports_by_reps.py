"""A rep imports only what they may own: the rest is refused row by row, by the API, the command and the admin alike."""

import io
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from contacts.models import Contact
from crm_project.access import services as access
from crm_project.transfer.models import ImportJob
from customers.models import Customer
from leads.models import Lead
from orders.models import Product
from tests.admin_pages import client_of
from tests.factories import ContactFactory, CustomerFactory, LeadFactory, ProductFactory, TeamFactory, UserFactory
from tests.importing import send

pytestmark = pytest.mark.django_db
KINDS = {"contacts": (Contact, ContactFactory), "leads": (Lead, LeadFactory), "customers": (Customer, CustomerFactory)}
ADMIN = {
    "contacts": "contacts/contact",
    "leads": "leads/lead",
    "customers": "customers/customer",
    "products": "orders/product",
}


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


@pytest.fixture
def rep(db):
    return UserFactory(username="rep", groups=["Sales"])


def path_of(kind):
    return "/contacts/import" if kind == "contacts" else f"/dev/crm/{kind}/import"


def by_api(api, user, kind, content, **options):
    assert send(api(user), path_of(kind), content, **options).status_code == 200


def by_command(api, user, kind, content, tmp_path, **options):
    (path := tmp_path / "people.csv").write_text(content)
    with suppress(SystemExit):  # Some rows failed.
        out = io.StringIO()
        call_command(f"import_{kind}", str(path), owner=user.username, stdout=out, stderr=out, **options)


def by_admin(api, user, kind, content, **options):
    browser = client_of(user)
    form = {"import_file": SimpleUploadedFile("people.csv", content.encode()), "format": "0", "resource": "0"}
    page = browser.post(f"/admin/{ADMIN[kind]}/import/", form | options)
    assert page.status_code == 200
    assert "Foreign" not in page.content.decode()
    browser.post(f"/admin/{ADMIN[kind]}/process_import/", {"token": page.context["confirm_token"]})


@pytest.fixture(params=[by_api, by_command, by_admin], ids=["api", "command", "admin"])
def door(request, api, rep, tmp_path):
    """Import a file as the rep; the failures by line."""

    def come_in(kind, content, **options):
        more = {"tmp_path": tmp_path} if request.param is by_command else {}
        request.param(api, rep, kind, content, **more, **options)
        job = ImportJob.objects.get()
        assert job.owner == rep
        assert job.rows == job.created + job.updated + job.unchanged + job.skipped + job.failed
        return {failure.line: " ".join(each["message"] for each in failure.problems) for failure in job.failures.all()}

    return come_in


@pytest.mark.parametrize("kind", KINDS)
def test_others_as_owners_and_foreign_teams_are_refused_by_row(door, kind, rep):
    model, _ = KINDS[kind]
    other, mine, theirs = UserFactory(username="other"), TeamFactory(name="Mine"), TeamFactory(name="Theirs")
    rep.groups.add(mine)
    rows = [
        "Nobody's,n@x.example,,",
        "Own,o@x.example,rep,",
        "Given away,g@x.example,other,",
        f"By id,i@x.example,{other.pk},",
        "My team's,m@x.example,,Mine",
        "Their team's,t@x.example,,Theirs",
    ]
    failed = door(kind, "\n".join(["name,email,assigned_to,team", *rows]))
    assert failed == {
        4: f"You may not assign {kind} to other people.",
        5: f"You may not assign {kind} to other people.",
        7: f"You may not assign {kind} to a team that you are not in.",
    }
    stored = model.objects.order_by("pk").values_list("name", "assigned_to__username", "team__name", "created_by")
    assert list(stored) == [
        ("Nobody's", "rep", None, rep.pk),
        ("Own", "rep", None, rep.pk),
        ("My team's", "rep", "Mine", rep.pk),
    ]
    assert theirs.pk


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_others_are_refused_by_row_and_not_told_apart(door, kind, rep):
    model, factory = KINDS[kind]
    other = UserFactory()
    foreign = factory(name="Foreign", email="foreign@x.example", assigned_to=other)
    mine = factory(name="Mine", email="mine@x.example", assigned_to=rep)
    content = f"id,name,email\n{foreign.pk},Stolen,stolen@x.example\n{mine.pk},Changed,mine@x.example\n"
    failed = door(kind, content, match="id")
    assert failed == {2: "The id is taken."}
    foreign.refresh_from_db()
    mine.refresh_from_db()
    assert (foreign.name, foreign.assigned_to, mine.name) == ("Foreign", other, "Changed")
    assert model.objects.count() == 2


@pytest.mark.parametrize("kind", ["leads", "customers"])
def test_addresses_of_others_are_refused_by_row_without_a_name(door, kind, rep):
    model, factory = KINDS[kind]
    factory(name="Foreign", email="foreign@x.example", assigned_to=UserFactory())
    failed = door(kind, "name,email\nStolen,FOREIGN@x.example\nNew,new@x.example\n", match="email")
    assert failed == {2: f"Another {kind[:-1]} has this e-mail address."}
    assert set(model.objects.values_list("name", flat=True)) == {"Foreign", "New"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_only_seen_is_not_changed_and_what_is_shared_is_not_given_away(door, kind, rep):
    _, factory = KINDS[kind]
    seen = factory(name="Seen", email="seen@x.example", assigned_to=UserFactory())
    shared = factory(name="Shared", email="shared@x.example", assigned_to=seen.assigned_to)
    access.set_shares(record=seen, shares=[access.Share(user=rep, verbs=["view"])])
    access.set_shares(record=shared, shares=[access.Share(user=rep, verbs=["view", "change"])])
    rows = ["Changed,seen@x.example,", "Taken,shared@x.example,rep", "Changed,shared@x.example,"]
    failed = door(kind, "\n".join(["name,email,assigned_to", *rows]), match="email")
    assert failed == {
        2: f"The row matches “Seen”, a {kind[:-1]} that you may not change.",
        3: "It is shared with you; only its owner or a manager may assign it.",
    }
    for record in (seen, shared):
        record.refresh_from_db()
    assert (seen.name, shared.name, shared.assigned_to) == ("Seen", "Changed", seen.assigned_to)


@pytest.mark.parametrize("kind", KINDS)
def test_owner_of_all_rows_is_nobody_else(kind, rep, api):
    other = UserFactory(username="other")
    refused = send(api(rep), path_of(kind), "name,email\nA,a@x.example\n", owner=other.username)
    assert (refused.status_code, refused.json()["errors"]) == (400, {"owner": ["You may not import for other people."]})
    assert not KINDS[kind][0].objects.exists()


def test_products_are_not_theirs_to_import_at_all(rep, api, tmp_path):
    content = "sku,name,price\nA,Tea,1\n"
    assert send(api(rep), path_of("products"), content).status_code == 403
    (path := tmp_path / "products.csv").write_text(content)
    with pytest.raises((CommandError, SystemExit)):
        call_command("import_products", str(path), owner="rep", stdout=io.StringIO(), stderr=io.StringIO())
    assert client_of(rep).get("/admin/orders/product/import/").status_code == 403
    assert not Product.objects.exists()
    ProductFactory()
