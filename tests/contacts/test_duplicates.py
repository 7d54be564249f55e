import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import duplicates
from crm_project.access import services as access

from ..factories import ContactFactory, ContactPointFactory, TeamFactory, UserFactory

URL = "/contacts/duplicate"


def ask(client, **person):
    answer = client.get(URL, person)
    assert answer.status_code == 200, answer.content
    return answer.json()


def scores(client, **person):
    return {row["id"]: row["score"] for row in ask(client, **person)["candidates"]}


@pytest.fixture
def butt(db):
    return ContactFactory(name="James Butt", email="jbutt@gmail.com", phone="504-621-8927", company="Benton, John B Jr")


def test_equal_email_is_the_duplicate_and_says_why(manager, butt):
    assert ask(manager, email="  JButt@GMAIL.com ") == {
        "id": str(butt.pk),
        "candidates": [
            {
                "id": str(butt.pk),
                "name": "James Butt",
                "email": "jbutt@gmail.com",
                "phone": "504-621-8927",
                "company": "Benton, John B Jr",
                "score": 0.95,
                "reasons": ["same e-mail address jbutt@gmail.com"],
            }
        ],
    }


@pytest.mark.parametrize("phone", ["(504) 621 8927", "+15046218927", "1-504-621-8927", "504.621.8927 x12"])
def test_any_spelling_of_a_number_finds_it(manager, butt, phone):
    (found,) = ask(manager, phone=phone)["candidates"]
    assert (found["id"], found["score"], found["reasons"]) == (
        str(butt.pk),
        0.8,
        ["same phone number +15046218927"],
    )


def test_russian_national_prefix_is_the_same_number(manager):
    contact = ContactFactory(name="Алёна Ёлкина", phone="8 (987) 654-32-10")
    assert ask(manager, phone="+79876543210")["id"] == str(contact.pk)


@pytest.mark.parametrize("name", ["james butt", "Butt, James", "Butt James", "JAMÉS  BÜTT"])
def test_name_is_the_same_in_any_order_case_and_accents(manager, butt, name):
    (found,) = ask(manager, name=name)["candidates"]
    assert (found["id"], found["score"], found["reasons"]) == (str(butt.pk), 0.8, ["same name"])


def test_yo_is_folded(manager):
    contact = ContactFactory(name="Алёна Ёлкина")
    assert ask(manager, name="елкина алена")["id"] == str(contact.pk)


def test_similar_name_gives_its_percentage_and_is_not_called_a_duplicate_alone(manager, butt):
    answer = ask(manager, name="Jams Butt")
    (found,) = answer["candidates"]
    assert answer["id"] is None
    assert found["reasons"] == ["similar name (62 %)"]
    assert found["score"] == 0.303


def test_name_below_the_threshold_is_no_candidate(manager, butt):
    assert ask(manager, name="Josephine Darakjy") == {"id": None, "candidates": []}


def test_company_supports_a_similar_name_and_another_one_weakens_it(manager, butt):
    alone = scores(manager, name="Jams Butt")[str(butt.pk)]
    same = ask(manager, name="Jams Butt", company="benton,  JOHN b jr")
    ContactFactory(name="Other", company="Chanay")
    other = scores(manager, name="Jams Butt", company="Chanay")[str(butt.pk)]
    assert same["candidates"][0]["reasons"] == ["similar name (62 %)", "same company"]
    assert same["id"] == str(butt.pk)
    assert [same["candidates"][0]["score"], alone, other] == [0.651, 0.303, 0.151]


def test_company_alone_is_the_name_as_for_a_new_contact(manager):
    company = ContactFactory(name="Benton, John B Jr", company="Benton, John B Jr")
    ContactFactory(name="James Butt", company="Benton, John B Jr")
    answer = ask(manager, company="Benton, John B Jr")
    assert [row["id"] for row in answer["candidates"]] == [str(company.pk)]


def test_switchboard_weighs_less_the_more_names_share_it(manager):
    people = [ContactFactory(name=name, phone="504-621-8927") for name in ("Ann Lee", "Bob Roe", "Cid Fox", "Dee Kay")]
    assert set(scores(manager, phone="5046218927").values()) == {0.4}
    mine = ask(manager, phone="5046218927", name="Bob Roe")
    assert (mine["id"], mine["candidates"][0]["score"]) == (str(people[1].pk), 0.88)
    assert [row["score"] for row in mine["candidates"][1:]] == [0.4, 0.4, 0.4]


def test_number_of_somebody_of_another_name_is_no_duplicate(manager, butt):
    answer = ask(manager, phone="504-621-8927", name="Josephine Darakjy")
    assert answer["id"] is None
    assert answer["candidates"][0]["score"] == 0.566


def test_common_name_is_weak_evidence(manager):
    ContactFactory.create_batch(16, name="John Smith")
    assert set(scores(manager, name="John Smith").values()) == {0.4}


def test_more_than_a_screenful_is_cut(manager, monkeypatch):
    ContactFactory.create_batch(duplicates.MOST + 1, name="John Smith")
    assert len(ask(manager, name="John Smith")["candidates"]) == duplicates.MOST


def test_name_that_many_have_is_compared_for_equality_only(manager, monkeypatch):
    monkeypatch.setattr(duplicates, "PREPARE", duplicates.PREPARE.replace("50", "2"))
    john, jon = ContactFactory(name="John Smith"), ContactFactory(name="Jon Smith")
    assert scores(manager, name="Smith John").keys() == {str(john.pk), str(jon.pk)}
    ContactFactory(name="John Smith")
    assert str(jon.pk) not in scores(manager, name="Smith John")


def test_evidence_adds_up(manager, butt):
    found = ask(manager, name="James Butt", email="jbutt@gmail.com", phone="504-621-8927", company="Benton, John B Jr")
    assert found["candidates"][0]["score"] == 0.999
    assert found["candidates"][0]["reasons"] == [
        "same e-mail address jbutt@gmail.com",
        "same phone number +15046218927",
        "same name",
        "same company",
    ]


def test_every_point_is_compared_not_only_the_primary_ones(manager, butt):
    ContactPointFactory(contact=butt, type="mail", value="james@home.example")
    assert ask(manager, email="james@home.example")["id"] == str(butt.pk)


def test_removed_points_and_the_trash_are_not_found(manager, butt):
    manager.patch(f"/contacts/{butt.pk}", {"email": "new@gmail.com"}, format="json")
    assert ask(manager, email="jbutt@gmail.com")["candidates"] == []
    manager.delete(f"/contacts/{butt.pk}")
    assert ask(manager, email="new@gmail.com", name="James Butt")["candidates"] == []


def test_duplicates_of_a_record_leave_it_out(manager, butt):
    twin = ContactFactory(name="Butt James", email="JBUTT@gmail.com")
    answer = manager.get(f"/contacts/{butt.pk}/duplicates").json()
    assert (answer["id"], [row["id"] for row in answer["candidates"]]) == (str(twin.pk), [str(twin.pk)])
    assert answer["candidates"][0]["reasons"] == ["same e-mail address jbutt@gmail.com", "same name"]


def test_record_without_points_and_name_has_no_duplicates(manager):
    empty = ContactFactory(name="!!!")
    ContactFactory(name="???")
    assert manager.get(f"/contacts/{empty.pk}/duplicates").json() == {"id": None, "candidates": []}


def test_duplicates_of_a_record_that_one_may_not_see_are_refused(sales, butt):
    assert sales.get(f"/contacts/{butt.pk}/duplicates").status_code == 403


def test_only_visible_contacts_are_found_and_counted(sales, manager):
    facts = {"name": "James Butt", "email": "jbutt@gmail.com", "phone": "504-621-8927"}
    ContactFactory.create_batch(3, **facts)
    assert ask(sales, **facts) == {"id": None, "candidates": []}
    team = TeamFactory()
    sales.user.groups.add(team)
    own = ContactFactory(**facts, actor=sales.user, assigned_to=sales.user)
    assert scores(sales, name="James Butt") == {str(own.pk): 0.8}
    of_team, shared, for_team = ContactFactory(team=team, **facts), ContactFactory(**facts), ContactFactory(**facts)
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    access.set_shares(record=for_team, shares=[access.Share(team=team, verbs=["view"])])
    seen = {str(contact.pk) for contact in (own, of_team, shared, for_team)}
    assert scores(sales, name="James Butt") == dict.fromkeys(seen, 0.566)
    assert scores(sales, email="jbutt@gmail.com").keys() == seen
    assert len(scores(manager, **facts)) == 7


def test_nobody_finds_nothing(nobody, butt):
    assert ask(nobody, email="jbutt@gmail.com") == {"id": None, "candidates": []}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, "non_field_errors"),
        ({"name": " "}, "non_field_errors"),
        ({"email": "not an address"}, "email"),
        ({"phone": "none"}, "phone"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"nmae": "James"}, "nmae"),
    ],
)
def test_bad_parameters_are_named(manager, parameters, named):
    answer = manager.get(URL, parameters)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [named]


def test_cost_does_not_grow_with_what_is_found(api, butt):
    def count():
        client = api(UserFactory(groups=["Sales"]))
        with CaptureQueriesContext(connection) as queries:
            ask(client, name="James Butt", email="jbutt@gmail.com", company="Chanay")
        return len(queries)

    count()
    few = count()
    ContactFactory.create_batch(10, name="James Butt", email="jbutt@gmail.com")
    assert count() == few
