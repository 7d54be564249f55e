"""Each way to list contacts is answered by an index that was made for it."""

from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, ContactPoint
from crm_project.access.models import User
from crm_project.api.pagination import Cursor
from crm_project.database import sizes
from tests.plans import indexes_of

CONTACTS = 2_000
IN_ORDER = {"contact_live", "contacts_contact_pkey"}


def wrong_indexes(client, expected):
    """By path: the indexes by which its rows were found, where the expected one is not among them."""
    wrong = {}
    for path, names in expected.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200, path
        asked = [each["sql"] for each in queries]
        counted = [sql for sql in asked if "count(*) OVER ()" in sql]
        (found,) = counted or [sql for sql in asked if "contacts_contactpoint WHERE contact_id" in sql]
        if not (used := indexes_of(found)) & names:
            wrong[path] = used
    return wrong


@pytest.mark.django_db
def test_every_list_is_answered_by_its_index(api, monkeypatch):
    """Sequential scans are made dear, because 2,000 rows are read as fast without an index."""
    call_command("seed_demo", contacts=CONTACTS, stdout=StringIO())
    monkeypatch.setitem(sizes._known, Contact, True)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for index in ("contact_search", "contact_custom_fields"):  # What is not sorted in yet makes an index dear.
            cursor.execute("SELECT gin_clean_pending_list(%s)", [index])
    middle = Contact.objects.order_by("pk")[CONTACTS // 2]
    number = ContactPoint.objects.filter(type="phone").first().normalized
    shapes = {
        "/contacts": IN_ORDER,
        "/contacts?cursor=" + Cursor("-created_at", [str(middle.pk)]).encode(): IN_ORDER,
        "/contacts?ordering=name": {"contact_by_name"},
        "/contacts?ordering=name&cursor=" + Cursor("name", [middle.sort_name, str(middle.pk)]).encode(): {
            "contact_by_name"
        },
        "/contacts?ordering=-updated_at": {"contact_by_change"},
        "/contacts?created_at_before=2999-01-01": {"contact_by_arrival"},
        f"/contacts?phone={quote(number)}": {"contact_point_lookup"},
        "/contacts?email=nobody@example.com": {"contact_point_lookup"},
        "/contacts?name=Nobody+Nobody": {"contact_by_name"},
        "/contacts?external_id=demo-1-7": {"contact_external_id"},
        f"/contacts?organization={middle.organization_id or middle.pk}": {"contact_organization"},
        "/contacts?contact_type=company": {"contact_companies"},
        "/contacts?category=VIP": {"contact_category_once", "contacts_contactcategory_contact_id_7954f0e6"},
        "/contacts?trashed=true": {"contact_trash"},
    }
    found_by_bitmap = {
        "/contacts?search=xyzzyq": {"contact_search"},
        f"/contacts?search={quote(number)}": {"contact_search"},
        "/contacts?search=елкина+алена": {"contact_search"},
        "/contacts?custom_fields.birthday=1901-01-01": {"contact_custom_fields"},
    }
    manager = api(User.objects.get(username="maria.keller"))
    rep = api(User.objects.get(username="olga.sokolova"))
    manager.get("/contacts")
    wrong = wrong_indexes(manager, shapes) | wrong_indexes(rep, {"/contacts": {"contact_owner"}})
    with connection.cursor() as cursor:  # Of so few rows any other index finds what is looked for as fast.
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert wrong | wrong_indexes(manager, found_by_bitmap) == {}
