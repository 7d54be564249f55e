import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.services import Identity, delete_contact, match_contact, match_contacts, merge_contacts

from ..factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def butt():
    return ContactFactory(name="James Butt", email="jbutt@gmail.com", phone="504-621-8927")


def test_equal_email_matches_whatever_the_name(butt):
    assert match_contact("Somebody Else", " JButt@Gmail.COM") == butt


def test_number_needs_a_similar_name(butt):
    assert match_contact("Butt, James", phone="+1 504 621 8927") == butt
    assert match_contact("James A. Butt", phone="5046218927") == butt
    assert match_contact("Josephine Darakjy", phone="504-621-8927") is None
    assert match_contact("", phone="504-621-8927") is None


def test_name_alone_does_not_match(butt):
    assert match_contact("James Butt") is None


def test_email_that_nobody_has_leaves_it_to_the_number(butt):
    assert match_contact("James Butt", "other@gmail.com", "504-621-8927") == butt


def test_several_matches_are_none(butt):
    ContactFactory(name="Jim", email="jbutt@gmail.com")
    assert match_contact("James Butt", "jbutt@gmail.com", "504-621-8927") is None
    ContactFactory(name="James Butt", phone="504-621-8927")
    assert match_contact("James Butt", phone="504-621-8927") is None


def test_same_contact_with_the_address_twice_is_one_match():
    twice = ContactFactory(name="James Butt", email="jbutt@gmail.com")
    twice.points.create(type="mail", service="mail", value="JBUTT@gmail.com", normalized="jbutt@gmail.com")
    assert match_contact(email="jbutt@gmail.com") == twice


def test_number_that_is_none_of_a_region_does_not_match():
    ContactFactory(name="James Butt", phone="1234")
    assert match_contact("James Butt", phone="1234") is None


def test_trash_and_removed_points_do_not_match(butt):
    butt.points.filter(type="mail").update(deleted_at=butt.created_at)
    assert match_contact(email="jbutt@gmail.com") is None
    delete_contact(contact=butt, actor=UserFactory())
    assert match_contact("James Butt", phone="504-621-8927") is None


def test_merged_away_contact_matches_as_its_survivor(butt):
    survivor = ContactFactory(name="J. Butt")
    merge_contacts(survivor_id=survivor.pk, merged_ids=[butt.pk], actor=UserFactory())
    assert match_contact(email="jbutt@gmail.com") == survivor


def test_contacts_of_others_match_silently(butt):
    assert butt.assigned_to is None
    assert match_contact(email="jbutt@gmail.com") == butt


def test_many_people_are_matched_in_one_query(butt):
    josephine = ContactFactory(name="Josephine Darakjy", phone="810-292-9388")
    people = [
        Identity("x", "jbutt@gmail.com"),
        Identity("nobody"),
        Identity("Josephine Darakjy", None, "(810) 292-9388"),
        Identity("y", "jbutt@gmail.com", "810-292-9388"),
        Identity("a\0b", "a\0b@gmail.com", "\0"),
    ]
    with CaptureQueriesContext(connection) as queries:
        assert match_contacts(people) == [butt.pk, None, josephine.pk, butt.pk, None]
    assert len(queries) == 1
    assert match_contacts([]) == []
