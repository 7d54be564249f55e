"""Static segments have members, dynamic ones a stored filter; both show a user only what is his to see."""

import pytest

from contacts.models import Segment
from tests.factories import ContactFactory, CustomFieldFactory, SegmentFactory

pytestmark = pytest.mark.django_db

PATH = "/dev/crm/segments"


def names(client, segment, **query):
    answer = client.get("/contacts/segment", {"segment": segment, "ordering": "name", **query})
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] == len(answer.json()["results"])
    return [contact["name"] for contact in answer.json()["results"]]


def test_contacts_join_and_leave_static_segments(manager):
    segment = manager.post(PATH, {"name": "Guests"}).json()
    assert segment["kind"] == "static"
    ann = manager.post("/contacts", {"name": "Ann", "segments": [segment["id"]]}).json()
    manager.post("/contacts", {"name": "Ben"})
    assert ann["segments"] == [segment["id"]]
    assert names(manager, segment["id"]) == names(manager, "guests") == names(manager, " GUESTS ") == ["Ann"]
    assert manager.put(f"/contacts/{ann['id']}", {"segments": []}).json()["segments"] == []
    assert names(manager, "Guests") == []


def test_dynamic_segment_is_who_fits_its_filter(manager):
    ContactFactory(name="Ann", company="Acme", categories=["VIP"])
    ContactFactory(name="Ben", company="Acme")
    manager.post(PATH, {"name": "Best", "kind": "dynamic", "filter": {"company": "acme", "category": "vip"}})
    assert names(manager, "Best") == ["Ann"]
    ContactFactory(name="Cleo", company="Acme", categories=["VIP"])
    assert names(manager, "Best") == ["Ann", "Cleo"]
    assert names(manager, "Best", search="cleo") == ["Cleo"]
    assert manager.get("/contacts", {"segment": "Best"}).json()["count"] == 2


def test_dynamic_segment_by_a_custom_field(manager):
    CustomFieldFactory(key="size", type="integer")
    ContactFactory(name="Ann", custom_fields={"size": 43})
    ContactFactory(name="Ben", custom_fields={"size": 44})
    manager.post(PATH, {"name": "Big", "kind": "dynamic", "filter": {"custom_fields.size_min": 44}})
    assert names(manager, "Big") == ["Ben"]


def test_rep_sees_of_a_segment_only_his_own(manager, sales):
    static = SegmentFactory(name="Static")
    SegmentFactory(name="Dynamic", kind="dynamic", filter={"contact_type": "person"})
    ContactFactory(name="Mine", assigned_to=sales.user, segments=[static])
    ContactFactory(name="Foreign", segments=[static])
    for segment in ("Static", "Dynamic"):
        assert names(sales, segment) == ["Mine"]
        assert names(manager, segment) == ["Foreign", "Mine"]


@pytest.mark.parametrize(
    ("filter", "name"),
    [
        ({}, "filter"),
        ([], "filter"),
        ("category=VIP", "filter"),
        ({"categry": "VIP"}, "filter.categry"),
        ({"contact_type": "robot"}, "filter.contact_type"),
        ({"created_at_after": "soon"}, "filter.created_at_after"),
        ({"segment": "Other"}, "filter.segment"),
        ({"trashed": "true"}, "filter.trashed"),
        ({"ordering": "name"}, "filter.ordering"),
        ({"custom_fields.nope": "x"}, "filter.custom_fields.nope"),
        ({"search": "x" * 201}, "filter.search"),
        ({"id": "1"}, "filter.id"),
    ],
)
def test_filter_that_the_list_would_refuse_is_not_stored(manager, filter, name):
    response = manager.post(PATH, {"name": "Bad", "kind": "dynamic", "filter": filter})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]
    assert not Segment.objects.exists()


def test_filter_is_checked_when_it_changes_too(manager):
    segment = SegmentFactory(kind="dynamic", filter={"category": "VIP"})
    path = f"{PATH}/{segment.pk}"
    assert manager.put(path, {"filter": {"nope": 1}}).status_code == 400
    assert manager.put(path, {"name": "Renamed"}).json()["filter"] == {"category": "VIP"}
    static = SegmentFactory()
    assert manager.put(f"{PATH}/{static.pk}", {"kind": "dynamic"}).status_code == 400
    assert manager.put(f"{PATH}/{static.pk}", {"filter": {"category": "VIP"}}).status_code == 400


def test_dynamic_segment_has_no_members(manager):
    segment = SegmentFactory(kind="dynamic", filter={"category": "VIP"})
    response = manager.post("/contacts", {"name": "A", "segments": [str(segment.pk)]})
    assert response.status_code == 400
    assert "segments" in next(iter(response.json()["errors"]))


def test_deleted_segment_leaves_its_contacts(manager):
    segment = SegmentFactory()
    contact = ContactFactory(segments=[segment])
    assert manager.delete(f"{PATH}/{segment.pk}").json() == {"id": str(segment.pk)}
    assert manager.get(f"/contacts/{contact.pk}").json()["segments"] == []
    assert manager.get("/contacts/segment", {"segment": str(segment.pk)}).status_code == 400


@pytest.mark.parametrize("value", [["VIP"], {"a": 1}, None])
def test_filter_of_what_is_no_parameter_is_refused(manager, value):
    body = {"name": "S", "kind": "dynamic", "filter": {"category": value}}
    assert list(manager.post(PATH, body).json()["errors"]) == ["filter.category"]


def test_segment_with_members_stays_static(manager):
    segment = SegmentFactory()
    ContactFactory(segments=[segment])
    change = {"kind": "dynamic", "filter": {"category": "VIP"}}
    assert list(manager.patch(f"{PATH}/{segment.pk}", change).json()["errors"]) == ["kind"]
    assert manager.patch(f"{PATH}/{SegmentFactory().pk}", change).status_code == 200
