"""What the list of contacts can be asked for."""

import datetime as dt

import pytest

from contacts.filters import ContactFilterSet
from contacts.models import Contact, CustomField
from crm_project.api.schema import KEY

from ..factories import ContactFactory, SegmentFactory, TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def renewals():
    """Three contacts, two of which have a plan and a day of renewal."""
    CustomField.objects.create(key="plan", label="Plan", type="choice", choices=["Free", "Team"])
    CustomField.objects.create(key="renewal_on", label="Renewal", type="date")
    for name, values in {
        "Ann": {"plan": "Free", "renewal_on": "2026-03-01"},
        "Ben": {"plan": "Team", "renewal_on": "2027-03-01"},
        "Cleo": {},
    }.items():
        ContactFactory(name=name, custom_fields=values)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"custom_fields.plan": "Team"}, ["Ben"]),
        ({"custom_fields.plan": "Team,Free"}, ["Ann", "Ben"]),
        ({"custom_fields.plan": ""}, ["Cleo"]),
        ({"custom_fields.renewal_on": "2026-03-01"}, ["Ann"]),
        ({"custom_fields.renewal_on_after": "2026-03-01"}, ["Ann", "Ben"]),
        ({"custom_fields.renewal_on_before": "2027-03-01"}, ["Ann"]),
        ({"custom_fields.plan": "Team", "name": "Ann"}, []),
    ],
)
@pytest.mark.parametrize("path", ["/contacts", "/contacts/segment"])
def test_custom_fields_are_filters(path, query, names, manager, renewals):
    answer = manager.get(path, query | {"ordering": "name"}).json()
    assert [contact["name"] for contact in answer["results"]] == names
    assert answer["count"] == len(names)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"custom_fields.pln": "Team"}, "There is no such custom field."),
        ({"custom_fields.": "Team"}, "There is no such custom field."),
        ({"custom_fields": "Team"}, "Unknown parameter."),
        ({"custom_fields.plan_after": "Team"}, "There is no such custom field."),
        ({"custom_fields.renewal_on": "soon"}, "This must be a date such as 2026-01-31."),
    ],
)
def test_filter_by_a_custom_field_that_makes_no_sense_is_refused(query, message, manager, renewals):
    response = manager.get("/contacts", query)
    assert response.status_code == 400
    [[text]] = response.json()["errors"].values()
    assert text.startswith(message)


@pytest.fixture
def people(manager):
    """Two contacts that differ in everything, and what is known of them only now."""
    team, segment = TeamFactory(), SegmentFactory(name="Guests")
    ann = ContactFactory(
        name="Ann Lee",
        email="ann@example.com",
        phone="504-621-8927",
        company="Acme, Inc",
        categories=["VIP", "New"],
        segments=[segment],
        job_title="Boss",
        external_id="42",
        assigned_to=manager.user,
        team=team,
        actor=manager.user,
    )
    ben = ContactFactory(name="Бен", contact_type="company", origin="import", email="ben@example.com", company="Other")
    for contact, month in ((ann, 1), (ben, 2)):
        moment = dt.datetime(2026, month, 1, tzinfo=dt.UTC)
        Contact.objects.filter(pk=contact.pk).update(created_at=moment, updated_at=moment)
    return {
        "ann": ann.pk,
        "ben": ben.pk,
        "me": manager.user.pk,
        "team": team.pk,
        "firm": ann.organization_id,
        "segment": segment.pk,
        "nobody": KEY,
    }


ANN, BEN, BOTH, NONE = ["Ann Lee"], ["Бен"], ["Ann Lee", "Бен"], []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, BOTH),
        ({"id": "{ann}"}, ANN),
        ({"id": "{ann}, {ben}"}, BOTH),
        ({"id": "{nobody}"}, NONE),
        ({"name": "ANN  lee"}, ANN),
        ({"name": "Ann"}, NONE),
        ({"email": "ANN@example.com"}, ANN),
        ({"email": "ann@example"}, NONE),
        ({"phone": "+1 504 621 8927"}, ANN),
        ({"phone": "621 8927"}, NONE),
        ({"company": "acme, inc"}, ANN),
        ({"company": "Acme"}, NONE),
        ({"company": "other,nothing"}, BEN),
        ({"organization": "{firm}"}, ANN),
        ({"organization": "{nobody}"}, NONE),
        ({"category": "vip"}, ANN),
        ({"category": "nothing,new"}, ANN),
        ({"category": "nothing"}, NONE),
        ({"segment": "guests"}, ANN),
        ({"segment": "{segment}"}, ANN),
        ({"contact_type": "person"}, ANN),
        ({"contact_type": "company"}, BEN),
        ({"contact_type": "person,company"}, BOTH),
        ({"origin": "import"}, BEN),
        ({"origin": "api, import"}, BOTH),
        ({"job_title": "boss"}, ANN),
        ({"job_title": "bos"}, NONE),
        ({"external_id": "42"}, ANN),
        ({"external_id": "1,42"}, ANN),
        ({"external_id": "4"}, NONE),
        ({"assigned_to": "{me}"}, ANN),
        ({"assigned_to": "{nobody}"}, NONE),
        ({"created_by": "{me}"}, ANN),
        ({"team": "{team}"}, ANN),
        ({"team": "0"}, NONE),
        ({"created_at_after": "2026-02-01"}, BEN),
        ({"created_at_after": "2026-02-01T00:00:01Z"}, NONE),
        ({"created_at_after": "2026-02-01T03:00:00+03:00"}, BEN),
        ({"created_at_before": "2026-02-01"}, ANN),
        ({"created_at_before": "2026-02-01T00:00:01Z"}, BOTH),
        ({"updated_at_after": "2026-01-02"}, BEN),
        ({"updated_at_before": "2026-01-02"}, ANN),
        ({"created_at_after": "2026-01-01", "created_at_before": "2026-03-01"}, BOTH),
        ({"search": "ann", "contact_type": "company"}, NONE),
        ({"search": "", "name": "", "id": ""}, BOTH),
    ],
)
@pytest.mark.parametrize("path", ["/contacts", "/contacts/segment"])
def test_filter_finds_who_fits_and_nobody_else(path, query, names, manager, people):
    query = {name: value.format(**people) for name, value in query.items()}
    answer = manager.get(path, query | {"ordering": "name"}).json()
    assert [contact["name"] for contact in answer["results"]] == names
    assert (answer["count"], answer["count_is_exact"]) == (len(names), True)


def test_every_filter_is_tried():
    tried = {name for mark in test_filter_finds_who_fits_and_nobody_else.pytestmark for name in names_in(mark)}
    assert set(ContactFilterSet.get_filters()) - tried == {"trashed"}


def names_in(mark):
    return {name for row in mark.args[1] if isinstance(row, tuple) for name in row[0]}


def test_a_wrong_choice_is_named_whatever_signs_it_has(manager):
    answer = manager.get("/contacts", {"contact_type": "100%s"})
    assert answer.status_code == 400
    assert answer.json()["errors"]["contact_type"][0].startswith("“100%s” is not one of: person, company.")
