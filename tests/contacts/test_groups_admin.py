"""The pages of what contacts are grouped by: segments, organisations, categories, and definitions of custom fields."""

import re

import pytest

from contacts.models import Category, Contact, CustomField, Organization, Segment
from crm_project.admin.forms import ParametersField
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import (
    CategoryFactory,
    ContactFactory,
    OrganizationFactory,
    SegmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def administrator():
    return client_of(UserFactory(groups=["Administrator"]))


def test_a_dynamic_segment_is_written_as_lines_and_checked(manager):
    ContactFactory(name="A", categories=["VIP"])
    ContactFactory(name="B")
    add = url("contacts_segment_add")
    form = form_of(manager.get(add), "segment_form") | {"name": "Important", "kind": "dynamic"}
    for wrong, complaint in (
        ("", "needs parameters of the contact list"),
        ("categry=VIP", "Did you mean “category”?"),
        ("VIP", "is not of the form name=value"),
        ('{"category": ', "not valid JSON"),
        ("contact_type=robot", "is not one of"),
        ("custom_fields.nope=1", "no such custom field"),
    ):
        assert complaint in text_of(manager.post(add, form | {"filter": wrong})), wrong
    assert manager.post(add, form | {"filter": "category=VIP\r\ncontact_type=person"}).status_code == 302
    segment = Segment.objects.get()
    assert segment.filter == {"category": "VIP", "contact_type": "person"}
    shown = manager.get(url("contacts_segment_change", segment.pk))
    assert form_of(shown, "segment_form")["filter"] == "category=VIP\ncontact_type=person"
    assert re.search(r"1 · <a [^>]+>show them</a>", text_of(shown))


def test_a_static_segment_has_no_filter(manager):
    form = form_of(manager.get(url("contacts_segment_add")), "segment_form")
    response = manager.post(
        url("contacts_segment_add"), form | {"name": "S", "kind": "static", "filter": "category=VIP"}
    )
    assert "Only a dynamic segment has a filter." in text_of(response)
    assert not Segment.objects.exists()


def test_filters_may_be_json():
    assert ParametersField().clean('{"category": "VIP"}') == {"category": "VIP"}
    assert ParametersField().prepare_value({"category": "VIP", "a": ["b"]}) == 'category=VIP\na=["b"]'


def test_joining_offers_static_segments_only(manager):
    SegmentFactory(name="Static")
    dynamic = SegmentFactory(name="Dynamic", kind="dynamic", filter={"category": "VIP"})
    asked = {"app_label": "contacts", "model_name": "contact", "field_name": "segments", "term": ""}
    assert [row["text"] for row in manager.get("/admin/autocomplete/", asked).json()["results"]] == ["Static"]
    page = url("contacts_contact_change", ContactFactory().pk)
    response = manager.post(page, form_of(manager.get(page), "contact_form") | {"segments": [dynamic.pk]})
    assert "Select a valid choice" in text_of(response)


def test_names_are_taken_once_in_any_case(manager):
    CategoryFactory(name="VIP")
    for kind in ("category", "organization", "segment"):
        add = url(f"contacts_{kind}_add")
        form = form_of(manager.get(add), f"{kind}_form") | {"name": " vip  ", "kind": "static"}
        assert manager.post(add, form).status_code == (200 if kind == "category" else 302)
    assert Category.objects.count() == 1
    assert Organization.objects.get().created_by == manager.user


def test_an_organisations_people_are_one_click_away(manager):
    acme = OrganizationFactory(name="Acme")
    text = text_of(manager.get("/admin/contacts/organization/"))
    assert f"/admin/contacts/contact/?organization__id__exact={acme.pk}" in text


def test_deleting_a_category_lists_no_million_rows(administrator):
    ContactFactory(categories=["VIP"], name="Grace")
    category = Category.objects.get()
    address = url("contacts_category_delete", category.pk)
    assert "Grace" not in text_of(administrator.get(address))
    assert administrator.post(address, {"post": "yes"}).status_code == 302
    assert not Category.objects.exists()
    assert Contact.objects.get().name == "Grace"


def test_defining_a_custom_field(administrator, manager):
    add = url("contacts_customfield_add")
    assert manager.get(add).status_code == 403
    form = form_of(administrator.get(add), "customfield_form")
    form |= {"label": "Tier", "key": "tier", "type": "choice", "choices": [], "default": ""}
    assert "needs some" in text_of(administrator.post(add, form))
    form["choices"] = ["gold", "silver"]
    assert "This must be one of: gold, silver." in text_of(administrator.post(add, form | {"default": "lead"}))
    assert "Small letters, digits" in text_of(administrator.post(add, form | {"key": "Tier 1"}))
    assert administrator.post(add, form | {"default": "gold"}).status_code == 302
    field = CustomField.objects.get()
    assert (field.entity, field.key, field.choices, field.default) == ("contact", "tier", ["gold", "silver"], "gold")
    change = url("contacts_customfield_change", field.pk)
    form = form_of(administrator.get(change), "customfield_form")
    assert not {"key", "type"} & form.keys()
    assert form["default"] == "gold"
    assert administrator.post(change, form | {"label": "Level", "key": "other", "type": "text"}).status_code == 302
    field.refresh_from_db()
    assert (field.label, field.key, field.type) == ("Level", "tier", "choice")
