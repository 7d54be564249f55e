"""A number calls: who is it?"""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.app_connect import numbers
from contacts.services import merge_contacts
from crm_project.access import services as access
from crm_project.access.models import User
from tests.factories import ContactFactory, CustomerFactory, InteractionFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NUMBER = "+14156201234"


def test_every_kind_of_record_is_found_newest_first(manager, call):
    contact = ContactFactory(
        name="Ada Lovelace", phone="(415) 620-1234", company="Analytical Ltd", job_title="Engineer"
    )
    lead = LeadFactory(name="Babbage", phone="415.620.1234", email="b@example.com")
    customer = CustomerFactory(name="Menabrea", phone="+1 415 620 1234")
    answer = call(manager, "findContact", {"phoneNumber": NUMBER})
    rows = answer["matchedContactInfo"]
    assert answer == {"successful": True, "matchedContactInfo": rows}
    told = {(row["type"], row["id"], row["phone"]) for row in rows[:-1]}
    assert told >= {
        ("Contact", str(contact.pk), "(415) 620-1234"),
        ("Lead", str(lead.pk), "415.620.1234"),
        ("Customer", str(customer.pk), "+1 415 620 1234"),
    }
    assert len(rows) == len(told) + 1
    assert [row["createdDate"] for row in rows[:-1]] == sorted((row["createdDate"] for row in rows[:-1]), reverse=True)
    assert rows[-1] == {
        "id": "createNewContact",
        "name": "Create new contact...",
        "isNewContact": True,
        "additionalInfo": {},
    }
    ada = next(row for row in rows if row["id"] == str(contact.pk))
    assert (ada["title"], ada["company"], ada["additionalInfo"]) == ("Engineer", "Analytical Ltd", {})
    assert ada["createdDate"].endswith("Z")


def test_last_activity_is_told(manager, find):
    at = timezone.now() - dt.timedelta(days=1)
    contact = ContactFactory(phone=NUMBER)
    InteractionFactory(contact=contact, started_at=at)
    InteractionFactory(contact=contact, started_at=at - dt.timedelta(days=9))
    (row,) = find(manager, NUMBER)
    assert dt.datetime.fromisoformat(row["mostRecentActivityDate"]) == at


@pytest.mark.parametrize(
    "stored", [NUMBER, "(415) 620-1234", "1-415-620-1234", "415 620 1234 ext. 5", "tel 415.620.1234"]
)
@pytest.mark.parametrize("asked", [NUMBER, " 14156201234", "4156201234", "(415) 620-1234", 14156201234])
def test_any_spelling_finds_any_spelling(manager, names, stored, asked):
    ContactFactory(name="Ada", phone=stored)
    ContactFactory(name="Other", phone="+14156201235")
    assert names(manager, asked) == ["Ada"]


def test_every_number_of_a_contact_counts_and_the_contact_is_told_once(manager, find):
    points = [
        {"type": "phone", "value": "+7 987 123-45-67"},
        {"type": "phone", "value": "8 (987) 123-45-67"},
        {"type": "phone", "value": NUMBER},
    ]
    manager.post("/contacts", {"name": "Ada", "contact_points": points})
    (row,) = find(manager, "+79871234567")
    assert (row["name"], row["phone"]) == ("Ada", "+7 987 123-45-67")
    (row,) = find(manager, NUMBER)
    assert row["phone"] == NUMBER


@pytest.mark.parametrize("stored", ["030 123456", "(030) 12 34 56", "30 123456", "49 30 123456"])
def test_what_is_no_number_of_ours_is_found_by_its_national_digits(manager, names, settings, stored):
    settings.CRM_PHONE_REGIONS = ["US"]
    ContactFactory(name="Ada", phone=stored)
    assert names(manager, "+4930123456") == ["Ada"]


def test_numbers_that_nobody_has_are_found_as_they_are(manager, names):
    ContactFactory(name="Ada", phone="+1 555 123 4567")
    ContactFactory(name="Bob", phone="(555) 123-4567")
    assert set(names(manager, "+15551234567")) == {"Ada", "Bob"}


def test_short_numbers_match_nobody(manager, names):
    ContactFactory(phone="911")
    ContactFactory(phone="620123")
    ContactFactory(phone=NUMBER)
    for asked in ("911", "1234", "620123", "101"):
        assert names(manager, asked) == []


@pytest.mark.parametrize("flag", [True, "true", "True"])
def test_an_extension_matches_nobody(manager, call, flag):
    ContactFactory(phone=NUMBER)
    ContactFactory(phone="+1 415 620 1299 x101")
    for number in ("101", "1234", NUMBER):
        answer = call(manager, "findContact", {"phoneNumber": number, "isExtension": flag})
        assert [row["id"] for row in answer["matchedContactInfo"]] == ["createNewContact"]


@pytest.mark.parametrize("flag", [False, "false", None, [], 7])
def test_what_does_not_say_that_it_is_an_extension_is_none(manager, names, flag):
    ContactFactory(name="Ada", phone=NUMBER)
    assert names(manager, NUMBER, isExtension=flag) == ["Ada"]


def test_the_offer_to_make_a_contact_can_be_left_out(manager, call):
    answer = call(manager, "findContact", {"phoneNumber": NUMBER, "omitNewContactOption": True})
    assert answer == {"successful": True, "matchedContactInfo": []}


@pytest.mark.parametrize(
    ("pattern", "spelled"),
    [
        ("(***) ***-****", "(415) 620-1234"),
        ("###.###.####", "415.620.1234"),
        ("1-###-###-####", "1-415-620-1234"),
        ("+1##########", "+14156201234"),
        (" ### ", "415"),
        ("###-####", "415-6201"),
        ("###########", "4156201234#"),
        ("*#", "41"),
    ],
)
def test_formats_are_filled_from_the_left(pattern, spelled):
    assert numbers.read(NUMBER, pattern).spelled == (spelled,)


@pytest.mark.parametrize("formats", ["abc", "", ",,,", "[.*]+", "%,_", "\\", "(((", "#" * 20_000, "," * 20_000])
def test_odd_formats_do_no_harm(manager, names, formats):
    ContactFactory(name="Ada", phone=NUMBER)
    assert names(manager, NUMBER, formats) == ["Ada"]


def test_formats_find_texts_as_they_are_stored(manager, names):
    ContactFactory(name="Short", phone="415-6201")
    ContactFactory(name="Whole", phone=NUMBER)
    LeadFactory(name="Lead", phone="415-6201")
    assert names(manager, NUMBER) == ["Whole"]
    assert set(names(manager, NUMBER, "###-####, (***) ***")) >= {"Short", "Whole", "Lead"}
    assert names(manager, NUMBER, "###.####") == ["Whole"]


def test_formats_are_skipped_for_what_is_no_valid_number(manager, names):
    ContactFactory(phone="555")
    assert names(manager, "+15551234567", "###") == []


ODD = ["anonymous", "911", "+", "", "   ", "' OR 1=1 --", f"{NUMBER}'; DROP TABLE contacts;--", "😀", "\0"]
ODD += ["9" * 20_000, "x" * 300]


@pytest.mark.parametrize("asked", [*ODD, None, True, [NUMBER], {"a": 1}, 1e300, 10**30])
def test_odd_numbers_are_nobodys(manager, names, asked):
    ContactFactory(name="Ada", phone=NUMBER)
    assert names(manager, asked, "(***) ***-****") == []


def test_trash_is_not_found_and_what_was_merged_is_its_survivor(manager, names):
    gone, lead = ContactFactory(phone=NUMBER), LeadFactory(name="Lead", phone=NUMBER)
    for path in (f"/contacts/{gone.pk}", f"/contacts/{lead.contact_id}", f"/dev/crm/leads/{lead.pk}"):
        assert manager.delete(path).status_code == 200
    assert names(manager, NUMBER) == []
    kept, merged = ContactFactory(name="Kept"), ContactFactory(name="Merged", phone=NUMBER)
    merge_contacts(survivor_id=kept.pk, merged_ids=[merged.pk], actor=manager.user)
    assert names(manager, NUMBER) == ["Kept"]


def test_a_removed_number_is_not_found(manager, names):
    contact = ContactFactory(phone=NUMBER)
    manager.patch(f"/contacts/{contact.pk}", {"phone": ""})
    assert names(manager, NUMBER) == []


def test_a_user_finds_only_what_they_may_see(api, find):
    user, team = UserFactory(groups=["Sales"]), TeamFactory()
    user.groups.add(team)
    mine = [
        ContactFactory(phone=NUMBER, assigned_to=user),
        ContactFactory(phone=NUMBER, team=team),
        LeadFactory(phone=NUMBER, assigned_to=user, name="Mine"),
        CustomerFactory(phone=NUMBER, team=team),
    ]
    for share in ({"user": user}, {"team": team}):
        shared = ContactFactory(phone=NUMBER)
        access.set_shares(record=shared, shares=[access.Share(**share, verbs=["view"])])
        mine.append(shared)
    foreign = [ContactFactory(phone=NUMBER, assigned_to=UserFactory())]
    foreign += [LeadFactory(phone=NUMBER), CustomerFactory(phone=NUMBER)]
    found = {row["id"] for row in find(api(user), NUMBER)}
    assert {str(record.pk) for record in mine} <= found
    assert not {str(record.pk) for record in foreign} & found
    assert find(api(UserFactory()), NUMBER) == []


@pytest.mark.parametrize("is_used", [True, False], ids=["key just used", "key never used"])
@pytest.mark.parametrize("role", ["Manager", "Sales"])
def test_a_lookup_costs_three_queries_with_signing_in(api, find, role, is_used):
    user, team = UserFactory(groups=[role]), TeamFactory()
    user.groups.add(team)

    def count():
        client = api(User.objects.get(pk=user.pk), last_used_at=timezone.now() if is_used else None)
        with CaptureQueriesContext(connection) as queries:
            find(client, NUMBER, "(***) ***-****,###.###.####")
        return len(queries)

    ContactFactory(phone=NUMBER, team=team)
    count()  # The first also fills what a process knows of permissions.
    few = count()
    for _ in range(5):
        ContactFactory(phone="(415) 620-1234", assigned_to=user)
        LeadFactory(phone=NUMBER, assigned_to=user)
        CustomerFactory(phone=NUMBER, assigned_to=user)
    assert count() == few == 3


def test_a_lookup_changes_nothing(api, find):
    client = api(UserFactory(groups=["Sales"]), scopes=["read"])
    find(client, NUMBER)
    assert client.get("/contacts").json()["count"] == 0


# By name


@pytest.mark.parametrize("asked", ["lovelace", "  ADA  ", "ada lovelace", "Lovelace  Ada", "ovela", "Adä", "a lov"])
def test_a_part_of_the_name_in_any_order_and_case_finds(manager, call, asked):
    ContactFactory(name="Ada Lovelace")
    ContactFactory(name="Charles Babbage")
    answer = call(manager, "findContactWithName", {"name": asked})
    assert answer["successful"] is True
    assert [row["name"] for row in answer["matchedContactInfo"]] == ["Ada Lovelace"]
    assert "isNewContact" not in answer["matchedContactInfo"][0]


@pytest.mark.parametrize(
    "asked", ["", "   ", None, [], {}, True, "nobody", "ada@", "%", "_", "\\", "'", "A%e", "x" * 20_000]
)
def test_what_is_in_no_name_finds_nobody(manager, call, asked):
    ContactFactory(name="Ada Lovelace", email="ada@example.com")
    LeadFactory(name="Lead", email="ada@lead.example", company="Nobody & Sons")
    assert call(manager, "findContactWithName", {"name": asked})["matchedContactInfo"] == []


@pytest.mark.parametrize("name", ["100% O'Neil", "a_b", "back\\slash", "<b>x</b>", "7"])
def test_signs_are_ordinary_characters(manager, call, name):
    ContactFactory(name=name)
    ContactFactory(name="Somebody")
    asked = 7 if name == "7" else name
    assert [row["name"] for row in call(manager, "findContactWithName", {"name": asked})["matchedContactInfo"]] == [
        name
    ]


def test_in_large_tables_one_and_two_letters_are_the_beginning_of_a_word(manager, call, monkeypatch):
    monkeypatch.setattr("contacts.search.is_large", lambda model: True)
    ContactFactory(name="Ada Lovelace")
    LeadFactory(name="Li Wei", email="l@example.com", company="Ada & Sons")

    def found(asked):
        return {row["name"] for row in call(manager, "findContactWithName", {"name": asked})["matchedContactInfo"]}

    assert found("a") == found("lo ad") == found("AD") == found("vela") == {"Ada Lovelace"}
    assert found("li") == found("w l") == {"Li Wei"}
    assert found("l") == {"Ada Lovelace", "Li Wei"}
    assert found("da") == found("%") == found("& '") == set()


def test_all_kinds_are_found_by_name_at_most_fifty_newest_first(manager, call):
    for number in range(20):
        LeadFactory(name=f"Same {number}", email=f"l{number}@example.com")
        CustomerFactory(name=f"Same {number}", email=f"c{number}@example.com")
    rows = call(manager, "findContactWithName", {"name": "same"})["matchedContactInfo"]
    assert len(rows) == 50
    assert {row["type"] for row in rows} == {"Contact", "Lead", "Customer"}
    assert [row["createdDate"] for row in rows] == sorted((row["createdDate"] for row in rows), reverse=True)


@pytest.mark.parametrize("is_large", [False, True])
def test_by_name_a_user_finds_only_what_they_may_see(api, call, monkeypatch, is_large):
    monkeypatch.setattr("crm_project.access.rules.is_large", lambda model: is_large)
    user = UserFactory(groups=["Sales"])
    mine = [ContactFactory(name="Same mine", assigned_to=user), LeadFactory(name="Same lead", assigned_to=user)]
    shared = CustomerFactory(name="Same shared")
    access.set_shares(record=shared, shares=[access.Share(user=user, verbs=["view"])])
    for _ in range(3):
        ContactFactory(name="Same", assigned_to=UserFactory())
    rows = call(api(user), "findContactWithName", {"name": "same"})["matchedContactInfo"]
    assert {str(record.pk) for record in [*mine, shared]} <= {row["id"] for row in rows}
    assert {row["name"] for row in rows} <= {"Same mine", "Same lead", "Same shared"}
    assert call(api(UserFactory()), "findContactWithName", {"name": "same"})["matchedContactInfo"] == []


def test_other_rights_count_at_once(api, names):
    """The query is kept for a user as long as their rights are the same."""
    client = api(UserFactory(groups=["Sales"]))
    ContactFactory(name="Mine", phone=NUMBER, assigned_to=client.user)
    ContactFactory(name="Theirs", phone=NUMBER)
    assert names(client, NUMBER) == ["Mine"]
    client.user.groups.add(Group.objects.get(name="Manager"))
    assert names(client, NUMBER) == ["Theirs", "Mine"]
    client.user.groups.remove(Group.objects.get(name="Manager"))
    assert names(client, NUMBER) == ["Mine"]
