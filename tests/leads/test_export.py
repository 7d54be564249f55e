"""GET /dev/crm/leads/export: the way back of an import, for those who may."""

import csv
import io
import json

import pytest

from contacts.models import Contact, CustomField
from crm_project.access import services as access
from crm_project.transfer.models import ExportJob
from leads.models import Campaign, Lead
from tests.factories import CampaignFactory, CustomFieldFactory, LeadFactory, UserFactory
from tests.importing import download

PATH = "/dev/crm/leads/export"
FORMATS = ["csv", "tsv", "json", "ndjson", "xlsx"]


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def rows_of(client, **parameters):
    return list(csv.DictReader(io.StringIO(download(client, PATH, **parameters).decode(), newline="")))


@pytest.fixture
def odd_leads(db):
    """Leads with everything that could get lost on the way."""
    CustomFieldFactory(entity="lead", key="shoe", type=CustomField.Type.INTEGER)
    CustomFieldFactory(entity="lead", key="likes", type=CustomField.Type.MULTI_CHOICE, choices=["tea", "a;b"])
    LeadFactory(
        name="=1+1",
        email="A@Example.com",
        phone="8 (987) 654-32-10 доб. 12",
        company="Benton, John B Jr",
        notes='"quoted",\r\nlines\n',
        source="referral",
        campaign=CampaignFactory(name="Spring; or ::: not"),
        status="lost",
        lost_reason="'=Price",
        score=77,
        last_contact="2026-01-31T12:00:00.123456Z",
        custom_fields={"shoe": 43, "likes": ["tea", "a;b"]},
    )
    LeadFactory(name="Plain", email="b@example.com")
    placeholder = LeadFactory(name="+1 504-621-8927", phone="504-621-8927")
    Lead.objects.filter(pk=placeholder.pk).update(email=None)


def everything():
    left_out = {"version", "created_at", "updated_at", "status_since"}
    left_out |= {"contact_id", "campaign_id", "created_by_id", "assigned_to_id"}
    names = [field.attname for field in Lead._meta.concrete_fields if field.attname not in left_out]
    return [
        ([getattr(lead, name) for name in names], lead.campaign and lead.campaign.name, lead.contact.name)
        for lead in Lead.objects.order_by("pk").select_related("campaign", "contact")
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_an_import_of_an_export_is_the_same(manager, odd_leads, format):
    first, before = download(manager, PATH, format=format), everything()
    for model in (Lead, Contact, Campaign):
        model.objects.all().delete()
    job = manager.post("/dev/crm/leads/import", first, content_type="application/octet-stream").json()
    assert (job["created"], job["failed"]) == (3, 0), job
    assert download(manager, PATH, format=format) == first
    assert everything() == before


@pytest.mark.parametrize("format", FORMATS)
def test_own_export_changes_nothing_on_import(manager, odd_leads, format):
    content = download(manager, PATH, format=format, columns="all")
    job = manager.post("/dev/crm/leads/import?match=id", content, content_type="application/octet-stream").json()
    assert (job["unchanged"], job["rows"]) == (3, 3), job


def test_columns_and_filters(manager):
    LeadFactory(name="A", status="contacted")
    LeadFactory(name="B")
    assert rows_of(manager, columns="name,status", status="contacted") == [{"name": "A", "status": "contacted"}]
    assert {"assigned_to", "team", "created_at", "updated_at"} <= rows_of(manager, columns="all")[0].keys()
    assert manager.get(PATH, {"columns": "nmae"}).json()["errors"]["columns"][0].endswith("Did you mean “name”?")
    assert manager.get(PATH, {"statsu": "new"}).status_code == 400
    assert ExportJob.objects.count() == 2


def test_formulas_are_harmless_in_spreadsheets_only(manager):
    LeadFactory(name="=cmd|' /C calc'!A0")
    assert rows_of(manager)[0]["name"] == "'=cmd|' /C calc'!A0"
    assert json.loads(download(manager, PATH, format="json"))[0]["name"] == "=cmd|' /C calc'!A0"


def test_trash_is_exported_only_when_asked(manager):
    lead = LeadFactory(name="Gone")
    manager.delete(f"/dev/crm/leads/{lead.pk}")
    assert rows_of(manager) == []
    assert [row["name"] for row in rows_of(manager, trashed="true")] == ["Gone"]


def test_rep_exports_what_they_see(sales):
    LeadFactory(name="Mine", assigned_to=sales.user)
    LeadFactory(name="Foreign", assigned_to=UserFactory())
    shared = LeadFactory(name="Shared", assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["view"])])
    assert [row["name"] for row in rows_of(sales)] == ["Mine", "Shared"]


def test_who_may_not_export_is_refused(support):
    assert support.get(PATH).status_code == 403
    assert ExportJob.objects.count() == 0
