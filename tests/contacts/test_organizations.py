"""Organisations and categories beside the contacts."""

from functools import partial

import pytest
from rest_framework.test import APIClient

from contacts.models import Organization
from contacts.services import find_or_make
from tests.at_once import at_once
from tests.factories import ApiKeyFactory, ContactFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db

PATH = "/dev/crm/organizations"


def test_organization_goes_in_and_comes_out(manager):
    given = {"name": "Acme", "domain": "acme.example", "phone": "1", "address": "Street 1\nTown", "notes": "Good"}
    body = manager.post(PATH, given).json()
    assert given.items() <= body.items()
    assert manager.get(f"{PATH}/{body['id']}").json() == body


@pytest.mark.parametrize("name", ["ACME", " acme ", "Acmé"])
def test_same_name_in_another_spelling_is_409(manager, name):
    OrganizationFactory(name="Acme")
    assert manager.post(PATH, {"name": name}).status_code == 409
    other = OrganizationFactory(name="Other")
    assert manager.put(f"{PATH}/{other.pk}", {"name": name}).status_code == 409
    assert manager.put(f"{PATH}/{other.pk}", {"name": "OTHER"}).status_code == 200


def test_filters(manager):
    OrganizationFactory(name="Acme, Inc", domain="acme.example")
    OrganizationFactory(name="Ёлка")

    def names(**query):
        return [each["name"] for each in manager.get(PATH, query).json()["results"]]

    assert names() == ["Acme, Inc", "Ёлка"]
    assert names(ordering="-name") == ["Ёлка", "Acme, Inc"]
    assert names(search="елк") == names(name="елка") == ["Ёлка"]
    assert names(name="acme, inc") == names(domain="ACME.example") == ["Acme, Inc"]
    assert names(name="ёлка,nobody") == ["Ёлка"]
    assert names(search="%") == []


def test_deleted_organization_leaves_its_contacts(manager):
    contact = ContactFactory(name="Ann", company="Acme")
    assert manager.delete(f"{PATH}/{contact.organization_id}").status_code == 200
    body = manager.get(f"/contacts/{contact.pk}").json()
    assert (body["company"], body["organization"]) == (None, None)
    assert manager.get("/contacts?search=acme").json()["count"] == 0


def test_rep_sees_organizations_that_he_entered_or_whose_people_he_sees(sales):
    ContactFactory(company="Foreign")
    ContactFactory(company="Mine", assigned_to=sales.user)
    assert sales.post(PATH, {"name": "Entered"}).status_code == 201
    assert [each["name"] for each in sales.get(PATH).json()["results"]] == ["Entered", "Mine"]
    assert sales.get(PATH, {"search": "foreign"}).json()["count"] == 0


def test_find_or_make_keeps_the_first_spelling():
    made = find_or_make(Organization, ["Acme", "ACME ", "New  one", " "])
    assert made["Acme"] == made["ACME "]
    assert set(Organization.objects.values_list("name", flat=True)) == {"Acme", "New one"}
    assert find_or_make(Organization, ["acmé"]) == {"acmé": made["Acme"]}
    assert find_or_make(Organization, []) == {}


@pytest.mark.django_db(transaction=True)
def test_contacts_that_bring_the_same_new_company_at_once_share_it():
    secret = ApiKeyFactory(user=UserFactory(groups=["Manager"])).secret
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    bodies = [
        {"name": str(index), "company": "Acme", "categories": ["A", "B"][:: 1 - 2 * (index % 2)]} for index in range(12)
    ]
    responses = at_once([partial(client.post, "/contacts", body) for body in bodies])
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["organization"] for response in responses}) == 1


@pytest.mark.parametrize("kind", ["organizations", "categories", "segments"])
def test_name_is_one_however_it_is_spaced(administrator, kind):
    path = f"/dev/crm/{kind}"
    assert administrator.post(path, {"name": " Two   Words "}).json()["name"] == "Two Words"
    assert administrator.post(path, {"name": "Two \t Words"}).status_code == 409
