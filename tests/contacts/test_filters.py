"""What the list of contacts can be asked for."""

import pytest

from contacts.models import CustomField

from ..factories import ContactFactory

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
