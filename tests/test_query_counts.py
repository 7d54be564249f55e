"""How many queries each list and each record costs: the same number for few rows and for many."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from crm_project.access import services as access
from tests.factories import CategoryFactory, ContactFactory, InteractionFactory, SegmentFactory, UserFactory

pytestmark = pytest.mark.django_db
PREFIX = "/dev/crm"
# Two find the key with its rights and count its rate. By path: the queries of a manager and of a rep.
EXPECTED = {
    "/contacts": (4, 4),
    "/contacts?search=person": (4, 4),
    "/contacts?search=504-621-8927": (4, 4),
    "/contacts?phone=504-621-8927": (4, 4),
    "/contacts?email=1@example.com": (4, 4),
    "/contacts?ordering=name": (4, 4),
    "/contacts?category=VIP": (5, 5),
    "/contacts?company=Firm": (5, 5),
    "/contacts/segment?segment=Newsletter": (5, 5),
    "/contacts/{contact}": (3, 3),
    "/contacts/{contact}/organizations": (4, 4),
    "/contacts/{contact}/custom_fields": (4, 4),
    "/contacts/{contact}/sharing": (5, 5),
    f"{PREFIX}/organizations": (4, 4),
    f"{PREFIX}/categories": (4, 4),
    f"{PREFIX}/segments": (4, 4),
    f"{PREFIX}/custom_fields": (4, 4),
}


@pytest.mark.parametrize("role", ["Manager", "Sales"])
@pytest.mark.parametrize("path", EXPECTED)
def test_queries_are_as_many_for_few_rows_as_for_many(api, role, path):
    user, team = UserFactory(groups=[role]), Group.objects.create(name="Team")
    CategoryFactory(name="VIP")
    newsletter = SegmentFactory(name="Newsletter")

    def add(count):
        for number in range(count):
            contact = ContactFactory(
                name=f"Person {number}", phone="504-621-8927", company="Firm", categories=["VIP"], assigned_to=user,
                email=f"{number}@example.com",
            )  # fmt: skip
            contact.segments.add(newsletter)
            InteractionFactory(contact=contact)
            access.set_shares(record=contact, shares=[access.Share(team=team, verbs=["view"])])
        return Contact.objects.first()

    def count(contact):
        client = api(user.__class__.objects.get(pk=user.pk))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path.format(contact=contact.pk)).status_code == 200
        return len(queries)

    contact = add(1)
    count(contact)  # The first also fills what a process knows of permissions.
    few = count(contact)
    add(12)
    assert count(contact) == few == EXPECTED[path][role == "Sales"]
