"""What the calls cost: as many queries for few rows as for many, and searches that use their indexes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from crm_project.access import services as access
from tests.contacts.test_plans import indexes_of
from tests.factories import ContactFactory, ContactPointFactory, SegmentFactory, TeamFactory, UserFactory

from .test_people import BASE

pytestmark = pytest.mark.django_db
# Two find the key with its rights and count its rate; two begin and end a transaction with a search's time in it, and
# two more set that time and set it back. People come with their data and their segments by three.
EXPECTED = {
    "read": 6,
    "read?type=phone&needExistingRecords=1": 6,
    "read?search=person": 10,
    "contacts/read": 3,
    "contacts/read?search=555&service=phone": 7,
    "contacts/read?contact_id={contact}&id={point}": 5,
}


@pytest.mark.parametrize("role", ["Manager", "Sales"])
@pytest.mark.parametrize("call", EXPECTED)
def test_queries_are_as_many_for_few_rows_as_for_many(api, role, call):
    user, team = UserFactory(groups=[role]), TeamFactory()
    newsletter = SegmentFactory()

    def add(count):
        for number in range(count):
            contact = ContactFactory(name=f"Person {number}", assigned_to=user, segments=[newsletter])
            ContactPointFactory(contact=contact, value=f"504-555-{number:04d}")
            access.set_shares(record=contact, shares=[access.Share(team=team, verbs=["view"])])

    def count():
        client = api(user.__class__.objects.get(pk=user.pk))
        contact = Contact.objects.first()
        path = f"{BASE}/{call.format(contact=contact.pk, point=contact.points.get().pk)}"
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    add(1)
    count()  # The first also fills what a process knows of permissions and of itself.
    few = count()
    add(12)
    assert count() == few == EXPECTED[call]


@pytest.mark.parametrize(
    ("call", "indexes"),
    [
        ("read?search=quist", {"contact_name_pattern"}),
        ("contacts/read?search=quist", {"contact_point_pattern"}),
        ("contacts/read?value=quist@example.com", {"contact_point_pattern"}),
    ],
)
def test_searches_are_answered_by_trigram_indexes(manager, call, indexes):
    """Other ways are forbidden, because a few rows are read as fast without an index."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    with CaptureQueriesContext(connection) as queries:
        assert manager.get(f"{BASE}/{call}").status_code == 200
    (asked,) = (each["sql"] for each in queries if "quist" in each["sql"] and "EXPLAIN" not in each["sql"])
    assert indexes <= indexes_of(asked)
