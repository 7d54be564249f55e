"""Each endpoint of contacts with its documented result: what goes in comes out, and nothing else changes."""

import pytest
from django.contrib.auth.models import Group

from contacts.models import Category, Contact, Organization
from tests.factories import (
    CategoryFactory,
    ContactFactory,
    OrganizationFactory,
    SegmentFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

JAMES = {
    "name": "James Butt",
    "email": "jbutt@gmail.com",
    "phone": "504-621-8927",
    "company": "Benton, John B Jr",
    "job_title": "Owner",
    "contact_type": "person",
    "description": "Met in New Orleans.",
    "categories": ["VIP", "Wholesale"],
    "external_id": "42",
}


def test_create_answers_the_whole_contact_with_its_id(manager):
    response = manager.post("/contacts", JAMES)
    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/contacts/{body['id']}"
    assert JAMES.items() <= body.items()
    assert body["assigned_to"] == body["created_by"] == str(manager.user.pk)
    assert (body["origin"], body["merged_into"], body["team"], body["segments"]) == ("api", None, None, [])
    assert body["organization"] == str(Organization.objects.get(name="Benton, John B Jr").pk)
    points = [(each["type"], each["value"], each["normalized"], each["is_primary"]) for each in body["contact_points"]]
    assert sorted(points) == [
        ("mail", "jbutt@gmail.com", "jbutt@gmail.com", True),
        ("phone", "504-621-8927", "+15046218927", True),
    ]
    assert body["created_at"].endswith("Z")


def test_retrieve_answers_what_create_did(manager):
    created = manager.post("/contacts", JAMES).json()
    assert manager.get(f"/contacts/{created['id']}").json() == created


def test_list_has_ids_and_information(manager):
    created = manager.post("/contacts", JAMES).json()
    answer = manager.get("/contacts?company=benton, john b jr&category=vip").json()
    assert answer == {"count": 1, "count_is_exact": True, "next": None, "previous": None, "results": [created]}
    assert manager.get("/contacts?company=other").json()["results"] == []


@pytest.mark.parametrize("method", ["put", "patch"])
def test_update_changes_the_given_fields_only(manager, method):
    created = manager.post("/contacts", JAMES).json()
    response = getattr(manager, method)(f"/contacts/{created['id']}", {"job_title": "Partner"})
    changed = response.json()
    assert response.status_code == 200
    assert changed["updated_at"] > created["updated_at"]
    assert changed == created | {"job_title": "Partner", "updated_at": changed["updated_at"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Jim Butt"),
        ("email", "jim@example.com"),
        ("email", None),
        ("phone", "+7 987 654-32-10"),
        ("phone", None),
        ("company", "Another"),
        ("company", None),
        ("categories", ["New"]),
        ("categories", []),
        ("contact_type", "company"),
        ("description", ""),
        ("external_id", "43"),
    ],
)
def test_every_field_can_be_changed(manager, field, value):
    created = manager.post("/contacts", JAMES).json()
    path = f"/contacts/{created['id']}"
    assert manager.put(path, {field: value}).json()[field] == value
    assert manager.get(path).json()[field] == value


def test_answer_can_be_sent_back_as_it_is(manager):
    created = manager.post("/contacts", JAMES).json()
    version = Contact.objects.get().version
    body = {name: value for name, value in created.items() if name != "company"}
    assert manager.put(f"/contacts/{created['id']}", body).json() == created
    assert Contact.objects.get().version == version


def test_delete_answers_the_id_and_hides_the_contact(manager):
    path = f"/contacts/{ContactFactory().pk}"
    response = manager.delete(path)
    assert (response.status_code, response.json()) == (200, {"id": path.removeprefix("/contacts/")})
    assert manager.get(path).status_code == 404
    assert manager.delete(path).status_code == 404
    assert manager.get("/contacts").json()["count"] == 0


def test_organizations_and_categories_of_a_contact(manager):
    created = manager.post("/contacts", JAMES).json()
    body = manager.get(f"/contacts/{created['id']}/organizations").json()
    assert [each["name"] for each in body["organizations"]] == ["Benton, John B Jr"]
    assert [each["name"] for each in body["categories"]] == ["VIP", "Wholesale"]
    empty = manager.get(f"/contacts/{ContactFactory().pk}/organizations").json()
    assert empty == {"organizations": [], "categories": []}


def test_sharing_with_a_colleague_and_a_team(manager, sales):
    contact, team = ContactFactory(), TeamFactory(name="North")
    path = f"/contacts/{contact.pk}"
    assert sales.get(path).status_code == 403
    shares = [
        {"user": str(sales.user.pk), "team": None, "name": sales.user.username, "verbs": ["view", "change"]},
        {"user": None, "team": team.pk, "name": "North", "verbs": ["view"]},
    ]
    given = [{name: value for name, value in share.items() if name != "name" and value} for share in shares]
    assert manager.put(f"{path}/sharing", {"shares": given}).json() == {"shares": shares}
    assert manager.get(f"{path}/sharing").json() == {"shares": shares}
    assert sales.put(path, {"name": "B"}).status_code == 200
    assert sales.get("/contacts").json()["count"] == 1
    manager.put(f"{path}/sharing", {"shares": []})
    assert sales.get(path).status_code == 403


@pytest.mark.parametrize(
    "share",
    [
        {},
        {"verbs": ["view"]},
        {"user": "me", "verbs": []},
        {"user": "me", "verbs": ["own"]},
        {"user": "me", "team": "north", "verbs": ["view"]},
        {"user": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f", "verbs": ["view"]},
        {"user": "gone", "verbs": ["view"]},
        {"team": 10**12, "verbs": ["view"]},
        {"user": "me", "verbs": "view"},
        {"user": "me", "verbs": ["view"], "until": "2030-01-01"},
    ],
)
def test_nonsense_is_not_shared(manager, share):
    path = f"/contacts/{ContactFactory().pk}/sharing"
    holders = {"me": manager.user.pk, "gone": UserFactory(is_active=False).pk, "north": TeamFactory().pk}
    share = {
        name: str(holders[value]) if isinstance(value, str) and value in holders else value
        for name, value in share.items()
    }
    response = manager.put(path, {"shares": [share]})
    assert response.status_code == 400, response.content
    assert manager.get(path).json() == {"shares": []}


# Names of companies and categories


@pytest.mark.parametrize("company", ["Acme Inc", "ACME INC", " acme   inc ", "Acmé Inc"])
def test_company_is_found_by_its_folded_name(manager, company):
    known = OrganizationFactory(name="Acme Inc")
    body = manager.post("/contacts", {"name": "A", "company": company}).json()
    assert (body["organization"], body["company"]) == (str(known.pk), "Acme Inc")
    assert Organization.objects.count() == 1


def test_categories_are_found_by_their_folded_names_and_listed_once(manager):
    CategoryFactory(name="VIP")
    body = manager.post("/contacts", {"name": "A", "categories": ["vip", "VIP ", "Новый", "НОВЫЙ"]}).json()
    assert sorted(body["categories"]) == ["VIP", "Новый"]
    assert Category.objects.count() == 2


def test_company_and_organization_together_are_refused(manager):
    body = {"name": "A", "company": "Acme", "organization": str(OrganizationFactory().pk)}
    assert list(manager.post("/contacts", body).json()["errors"]) == ["company"]


def test_organization_by_id(manager):
    known = OrganizationFactory(name="Acme")
    body = manager.post("/contacts", {"name": "A", "organization": str(known.pk)}).json()
    assert body["company"] == "Acme"
    path = f"/contacts/{body['id']}"
    assert manager.put(path, {"organization": None}).json()["company"] is None


def test_rep_may_not_refer_to_an_organization_that_he_does_not_see(sales):
    foreign = ContactFactory(company="Foreign").organization
    response = sales.post("/contacts", {"name": "A", "organization": str(foreign.pk)})
    assert response.status_code == 400
    assert "Foreign" not in response.content.decode()


# What a contact is called when nobody says


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"company": "Acme"}, "Acme"),
        ({"email": "a@example.com"}, "a@example.com"),
        ({"phone": "504-621-8927"}, "504-621-8927"),
        ({"name": "  ", "email": "a@example.com"}, "a@example.com"),
        ({"name": " Ann "}, "Ann"),
    ],
)
def test_contact_without_a_name_is_called_by_what_is_known(manager, given, name):
    assert manager.post("/contacts", given).json()["name"] == name


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"description": "x"}, {"name": " ", "email": ""}, {"company": None}]
)
def test_contact_of_whom_nothing_is_known_is_refused(manager, body):
    assert list(manager.post("/contacts", body).json()["errors"]) == ["name"]


# Owners


def test_reassigning_hands_over(sales):
    contact, colleague = ContactFactory(assigned_to=sales.user), UserFactory()
    path = f"/contacts/{contact.pk}"
    assert sales.put(path, {"assigned_to": str(colleague.pk)}).json()["assigned_to"] == str(colleague.pk)
    assert sales.get(path).status_code == 403


def test_only_teams_and_active_people_can_own(manager):
    role = Group.objects.get(name="Sales")
    for field, value in (("team", role.pk), ("assigned_to", str(UserFactory(is_active=False).pk))):
        assert list(manager.post("/contacts", {"name": "A", field: value}).json()["errors"]) == [field]
    team = TeamFactory()
    assert manager.post("/contacts", {"name": "A", "team": team.pk}).json()["team"] == team.pk
    assert manager.post("/contacts", {"name": "A", "assigned_to": None}).json()["assigned_to"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
        ("created_by", None),
        ("created_at", "2000-01-01T00:00:00Z"),
        ("updated_at", "2000-01-01T00:00:00Z"),
        ("origin", "admin"),
        ("merged_into", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
    ],
)
def test_what_the_server_decides_is_not_taken_from_outside(manager, field, value):
    created = manager.post("/contacts", {"name": "A", field: value}).json()
    assert created[field] != value
    changed = manager.put(f"/contacts/{created['id']}", {"name": "B", field: value}).json()
    assert changed[field] == created[field] if field != "updated_at" else changed[field] > created[field]


@pytest.mark.parametrize("field", ["deleted_at", "deleted_by", "version", "search_text", "sort_name", "is_superuser"])
def test_columns_that_are_not_public_do_not_exist(manager, field):
    assert list(manager.post("/contacts", {"name": "A", field: 1}).json()["errors"]) == [field]


def test_ids_are_time_ordered():
    first, second = ContactFactory(), ContactFactory()
    assert first.pk.version == 7
    assert first.pk < second.pk


def test_segments_are_kept_when_other_things_change(manager):
    segment = SegmentFactory()
    contact = ContactFactory(segments=[segment], categories=["VIP"])
    body = manager.put(f"/contacts/{contact.pk}", {"name": "B"}).json()
    assert (body["segments"], body["categories"]) == ([str(segment.pk)], ["VIP"])


# What an answer says twice, when it is sent back


@pytest.mark.parametrize(
    ("change", "company"),
    [
        ({}, "Acme"),
        ({"company": "Other"}, "Other"),
        ({"company": None}, None),
        ({"organization": None}, None),
        ({"organization": "new"}, "New"),
        ({"company": "New", "organization": "new"}, "New"),
    ],
)
def test_company_and_organization_are_sent_back_together(manager, change, company):
    new = OrganizationFactory(name="New")
    body = manager.post("/contacts", {"name": "A", "company": "Acme"}).json()
    change = {name: str(new.pk) if value == "new" else value for name, value in change.items()}
    response = manager.put(f"/contacts/{body['id']}", body | change)
    assert (response.status_code, response.json()["company"]) == (200, company)


def test_company_and_another_organization_are_not_guessed_from(manager):
    new = OrganizationFactory(name="New")
    body = manager.post("/contacts", {"name": "A", "company": "Acme"}).json()
    both = {"company": "Other", "organization": str(new.pk)}
    for response in (manager.put(f"/contacts/{body['id']}", both), manager.post("/contacts", both)):
        assert list(response.json()["errors"]) == ["company"]


def test_list_of_points_counts_beside_an_address_that_was_not_changed(manager):
    body = manager.post("/contacts", {"name": "A", "email": "old@example.com"}).json()
    path = f"/contacts/{body['id']}"
    body["contact_points"][0]["value"] = "new@example.com"
    assert manager.put(path, body).json()["email"] == "new@example.com"
    assert manager.put(path, body | {"contact_points": []}).json()["email"] == "old@example.com"
    assert manager.put(path, {"email": "old@example.com", "contact_points": []}).json()["email"] is None
    point = {"type": "mail", "value": "first@example.com"}
    assert manager.put(path, {"email": None, "contact_points": [point]}).json()["email"] == "first@example.com"


def test_name_taken_away_leaves_what_else_is_known(manager):
    path = f"/contacts/{manager.post('/contacts', {'name': 'A', 'email': 'a@example.com'}).json()['id']}"
    assert manager.patch(path, {"name": ""}).json()["name"] == "a@example.com"
    assert manager.patch(path, {"name": "", "company": "Acme"}).json()["name"] == "Acme"
    assert manager.patch(path, {"email": None, "company": None}).json()["name"] == "Acme"
    assert list(manager.patch(path, {"name": " "}).json()["errors"]) == ["name"]


def test_address_that_is_longer_than_a_name_makes_a_contact(manager):
    email = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"
    body = manager.post("/contacts", {"email": email}).json()
    assert (body["email"], body["name"]) == (email, email[:255])


def test_sharing_is_sent_back_as_it_was_read(manager, sales):
    path = f"/contacts/{ContactFactory().pk}/sharing"
    manager.put(path, {"shares": [{"user": str(sales.user.pk), "verbs": ["view"]}]})
    shares = manager.get(path).json()
    assert manager.put(path, shares).json() == shares
