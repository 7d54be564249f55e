import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.resources import ContactResource
from contacts.services import Identity, delete_contact, match_contact, match_contacts, matching, merge_contacts

from ..factories import ContactFactory, UserFactory
from ..importing import receipt

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


NUMBER = "+1 504 621 8927"


@pytest.fixture
def crowd(db):
    """People of a company whose one number they all have: enough to make it nobody's."""
    return [ContactFactory(name=word, phone=NUMBER) for word in words(matching.CROWD + 1)]


def words(count):
    """So many words that are not like each other."""
    letters = "bcdfghjklmnpqrstvwxz"
    return [f"{a * 2}e{b * 2}o" for a in letters for b in letters][:count]


def test_number_of_a_crowd_needs_the_same_name(crowd):
    name = crowd[5].name
    assert match_contact(name=name.upper(), phone=NUMBER) == crowd[5]
    assert match_contact(name=f"{name} Jr", phone=NUMBER) is None
    assert match_contact(name="Somebody Else", phone=NUMBER) is None
    ContactFactory(name=name, phone=NUMBER)
    assert match_contact(name=name, phone=NUMBER) is None


def test_one_less_is_no_crowd(crowd):
    crowd.pop().delete()
    assert match_contact(name=f"{crowd[5].name} Jr", phone=NUMBER) == crowd[5]


def test_people_of_a_crowd_in_one_list_match_each_other_by_the_same_name():
    people = [Identity(word, None, NUMBER) for word in words(matching.CROWD + 1)]
    found = matching.candidates_for([*people, people[3], Identity("Somebody Else", None, NUMBER)], with_mates=True)
    assert [each.mates for each in found] == [*[[]] * len(people), [3], []]


def test_very_many_with_one_address_are_not_all_read(butt):
    for number in range(5):
        ContactFactory(name=f"Person {number}", email="all@x.example")
    (found,) = matching.candidates_for([Identity("Anybody", "all@x.example")])
    assert (len(found.found), found.only) == (2, None)


@pytest.mark.parametrize("key", ["phone", "email", "external_id"])
def test_import_reads_few_of_the_many_that_a_key_finds(manager, settings, key):
    settings.CRM_SCOPED_RATES = {}
    values = {"phone": NUMBER, "email": "all@x.example", "external_id": "A-1"}
    for number in range(8):
        ContactFactory(name=f"Person {number}", **{key: values[key]})
    only = ContactFactory(
        name="Only", **{key: {"phone": "+1 504 621 8928", "external_id": "A-2"}.get(key, "b@x.example")}
    )
    found = ContactResource(user=manager.user).find(key, ["+15046218927", "all@x.example", "A-1"])
    assert len(found) == 6
    other = {"phone": "+15046218928", "email": "b@x.example", "external_id": "A-2"}[key]
    assert ContactResource(user=manager.user).find(key, [other, "nobody"]) == [(other, only.pk)]
    job = receipt(manager, "/contacts/import", f"name,{key}\nNew,{values[key]}\n", match=key)
    words = key.replace("_", " ")
    assert job["errors"][0]["message"].startswith(f"More than 5 contacts have this {words}: “Person 0”, “Person 1”,")
    assert job["errors"][0]["message"].endswith("“Person 4”. Merge them, or match by something else.")
