import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import services
from contacts.models import Contact, ContactMerge, Interaction
from contacts.services import merging
from crm_project.access import services as access
from crm_project.access.grants import permission_id_of
from crm_project.access.models import User

from ..at_once import at_once
from ..factories import (
    CategoryFactory,
    ContactFactory,
    ContactPointFactory,
    CustomFieldFactory,
    InteractionFactory,
    OrganizationFactory,
    SegmentFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MOST_MERGE_QUERIES = 27


def merge(client, survivor, *others, fields=None, status=200):
    body = {"ids": [str(getattr(other, "pk", other)) for other in others]} | ({"fields": fields} if fields else {})
    answer = client.post(f"/contacts/{survivor.pk}/merge", body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def undo(client, merge_id, status=200):
    answer = client.post(f"/contacts/merges/{merge_id}/undo")
    assert answer.status_code == status, answer.content
    return answer.json()


def read(client, contact):
    answer = client.get(f"/contacts/{contact.pk}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def state(*contacts):
    """All that a merge may touch, of contacts in the trash too, without what tells the time of a change."""
    found = {}
    for contact in Contact.objects.filter(pk__in=[each.pk for each in contacts]):
        found[contact.pk] = {
            "columns": {
                name: getattr(contact, name) for name in (*merging.COLUMNS.values(), "created_by_id", "origin")
            },
            "custom_fields": contact.custom_fields,
            "trash": (contact.deleted_at, contact.deleted_by_id, contact.merged_into_id),
            "points": sorted(contact.points.values_list("value", "type", "is_primary", "label", "deleted_at")),
            "interactions": sorted(contact.interactions.values_list("pk", "body")),
            "categories": sorted(contact.categories.values_list("name", flat=True)),
            "segments": sorted(contact.segments.values_list("name", flat=True)),
            "users": sorted(contact.user_shares.values_list("user", "permission")),
            "teams": sorted(contact.group_shares.values_list("group", "permission")),
        }
    return found


@pytest.fixture
def james():
    return ContactFactory(name="James Butt", email="james@work.example", phone="504-621-8927", categories=["VIP"])


@pytest.fixture
def jim():
    return ContactFactory(
        name="Jim Butt",
        email="JAMES@work.example",
        phone="810-292-9388",
        company="Acme",
        categories=["VIP", "Friend"],
        description="Likes tea",
        assigned_to=UserFactory(),
    )


# Merging


def test_survivor_keeps_its_values_and_gets_those_it_lacks(manager, james, jim):
    answer = merge(manager, james, jim)
    assert answer["id"] == str(james.pk)
    assert answer["merge"] == str(ContactMerge.objects.get().pk)
    kept = {name: answer[name] for name in ("name", "email", "phone", "description", "company", "assigned_to")}
    assert kept == {
        "name": "James Butt",
        "email": "james@work.example",
        "phone": "504-621-8927",
        "description": "Likes tea",
        "company": "Acme",
        "assigned_to": str(jim.assigned_to_id),
    }
    assert answer["categories"] == ["Friend", "VIP"]
    assert [point["value"] for point in answer["contact_points"]] == [
        "504-621-8927",
        "james@work.example",
        "810-292-9388",
    ]
    assert read(manager, james) | {"merge": answer["merge"]} == answer


def test_fields_say_whose_value_wins(manager, james, jim):
    CustomFieldFactory(key="size")
    james.custom_fields, jim.custom_fields = {"size": "1"}, {"size": "2"}
    james.save()
    jim.save()
    winner = str(jim.pk)
    fields = dict.fromkeys(("name", "phone", "email", "contact_type"), winner) | {"custom_fields": {"size": winner}}
    answer = merge(manager, james, jim, fields=fields)
    assert (answer["name"], answer["phone"], answer["email"]) == ("Jim Butt", "810-292-9388", "james@work.example")
    assert answer["custom_fields"] == {"size": "2"}
    assert [point["is_primary"] for point in answer["contact_points"] if point["type"] == "phone"] == [True, False]


def test_winner_may_have_nothing(manager, james, jim):
    answer = merge(manager, jim, james, fields={"description": str(james.pk), "company": str(james.pk)})
    assert (answer["description"], answer["company"]) == ("", None)
    undo(manager, answer["merge"])
    assert (read(manager, jim)["description"], read(manager, jim)["company"]) == ("Likes tea", "Acme")


def test_everything_is_united(manager, james, jim):
    segment, team, user = SegmentFactory(), TeamFactory(), UserFactory()
    jim.segments.add(segment)
    access.set_shares(
        record=jim, shares=[access.Share(user=user, verbs=["change"]), access.Share(team=team, verbs=["view"])]
    )
    access.set_shares(record=james, shares=[access.Share(user=user, verbs=["view"])])
    calls = [InteractionFactory(contact=jim, subject=subject) for subject in ("one", "two")]
    calls.append(InteractionFactory(contact=james, subject="three"))
    answer = merge(manager, james, jim)
    assert answer["segments"] == [str(segment.pk)]
    assert {row.pk for row in james.interactions.all()} == {call.pk for call in calls}
    assert [(share.user or share.team, share.verbs) for share in access.shares_of(james)] == [
        (user, ["view", "change"]),
        (team, ["view"]),
    ]
    listed = manager.get(f"/contacts/{jim.pk}/interactions").json()
    assert listed["count"] == 3


def test_several_are_merged_at_once_in_the_order_given(manager, james):
    first, second = ContactFactory(job_title="Baker"), ContactFactory(job_title="Cook", description="Sings")
    answer = merge(manager, james, first, second, second)
    assert (answer["job_title"], answer["description"]) == ("Baker", "Sings")
    assert ContactMerge.objects.get().merged_ids == [first.pk, second.pk]


def test_merged_away_id_answers_with_the_survivor(manager, james, jim):
    merge(manager, james, jim)
    answer = read(manager, jim)
    assert (answer["id"], answer["merged_into"]) == (str(james.pk), str(james.pk))
    assert manager.get("/contacts").json()["count"] == 1
    assert manager.patch(f"/contacts/{jim.pk}", {"name": "J. Butt"}, format="json").json()["id"] == str(james.pk)
    posted = manager.post(f"/contacts/{jim.pk}/interactions", {"type": "note", "body": "Hi"}, format="json")
    assert posted.json()["contact"] == str(james.pk)


def test_chain_ends_at_the_last_survivor(manager, james, jim):
    last = ContactFactory(name="Last")
    first = merge(manager, jim, james)["merge"]
    second = merge(manager, last, jim)["merge"]
    assert read(manager, james)["merged_into"] == str(last.pk)
    assert "itself merged" in undo(manager, first, 409)["message"]
    undo(manager, second)
    assert read(manager, james)["merged_into"] == str(jim.pk)
    undo(manager, first)
    assert read(manager, james)["merged_into"] is None


def test_merged_away_contact_cannot_be_restored(manager, james, jim):
    merge(manager, james, jim)
    answer = manager.post(f"/contacts/{jim.pk}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "merged_away")


def test_merge_and_its_undoing_are_told_in_the_history(manager, james, jim):
    key = merge(manager, james, jim)["merge"]
    story = manager.get(f"/contacts/{james.pk}/history", {"page_size": 500}).json()["results"]
    (told,) = [entry for entry in story if entry["type"] == "contact.merged"]
    assert told["summary"] == "Merged with Jim Butt"
    assert told["data"] == {"merge": key, "merged_ids": [str(jim.pk)]}
    assert (told["actor"], told["door"]) == (str(manager.user.pk), "api")
    undo(manager, key)
    story = manager.get(f"/contacts/{james.pk}/history", {"page_size": 500}).json()["results"]
    assert [entry["summary"] for entry in story if "merge" in entry["data"]] == [
        "Merge with another contact undone",
        "Merged with another contact",
    ]


def test_history_with_merges_pages_without_loss(manager, james, jim):
    merge(manager, james, jim)
    whole = manager.get(f"/contacts/{james.pk}/history", {"page_size": 500}).json()["results"]
    paged, url = [], f"/contacts/{james.pk}/history?page_size=1"
    while url:
        page = manager.get(url).json()
        paged += page["results"]
        url = page["next"]
    assert paged == whole
    assert len({entry["id"] for entry in whole}) == len(whole)


# Refusals: each leaves everything as it was


def test_bad_merges_are_refused_and_change_nothing(manager, james, jim):
    trashed, gone = ContactFactory(), ContactFactory()
    services.delete_contact(contact=trashed, actor=manager.user)
    merge(manager, ContactFactory(), gone)
    before = state(james, jim, trashed, gone)
    unknown = uuid.uuid4()
    assert merge(manager, james, james, status=400)["errors"]["ids"] == ["A contact cannot be merged into itself."]
    assert merge(manager, james, unknown, status=400)["errors"]["ids"] == [f"There is no contact {unknown}."]
    assert "in the trash" in merge(manager, james, trashed, status=409)["message"]
    assert "merged into another one" in merge(manager, james, gone, status=409)["message"]
    assert "merged into another one" in merge(manager, gone, james, status=409)["message"]
    assert "fields.name" in merge(manager, james, jim, fields={"name": str(trashed.pk)}, status=400)["errors"]
    assert "fields.nmae" in merge(manager, james, jim, fields={"nmae": str(jim.pk)}, status=400)["errors"]
    custom = merge(manager, james, jim, fields={"custom_fields": {"no": str(jim.pk)}}, status=400)
    assert list(custom["errors"]) == ["fields.custom_fields.no"]
    for body in ({}, {"ids": []}, {"ids": "x"}, {"ids": ["x"]}, {"ids": [None]}, {"id": [str(jim.pk)]}, [], "x", None):
        assert manager.post(f"/contacts/{james.pk}/merge", body, format="json").status_code == 400
    assert manager.post(f"/contacts/{unknown}/merge", {"ids": [str(jim.pk)]}, format="json").status_code == 404
    assert state(james, jim, trashed, gone) == before
    assert ContactMerge.objects.count() == 1


def test_if_match_guards_the_survivor(manager, james, jim):
    url, body = f"/contacts/{james.pk}/merge", {"ids": [str(jim.pk)]}
    tag = manager.get(f"/contacts/{james.pk}")["ETag"]
    assert manager.post(url, body, format="json", HTTP_IF_MATCH='"0"').status_code == 412
    answer = manager.post(url, body, format="json", HTTP_IF_MATCH=tag)
    assert (answer.status_code, answer["ETag"]) == (200, manager.get(f"/contacts/{james.pk}")["ETag"])
    assert answer["ETag"] != tag


@pytest.mark.parametrize("hidden", ["survivor", "merged"])
def test_right_to_merge_is_needed_on_all_of_them(api, client_with, james, jim, hidden):
    user = UserFactory(groups=["Sales"])
    team = TeamFactory()
    team.permissions.add(permission_id_of("contacts", "merge_contact"))
    user.groups.add(team)
    Contact.objects.filter(pk=(jim if hidden == "survivor" else james).pk).update(assigned_to=user)
    before = state(james, jim)
    answer = merge(api(user), james, jim, status=403)
    assert answer["message"] == (
        "You may not merge this contact: it is neither yours nor your team's, nor shared with you for that."
    )
    assert "Butt" not in str(answer)
    assert state(james, jim) == before
    Contact.objects.update(assigned_to=user)
    key = merge(api(user), james, jim)["merge"]
    assert undo(api(user), key)["undone_by"] == str(user.pk)


def test_roles_without_the_right_may_not_merge_or_undo(manager, support, read_only, sales, james, jim):
    for client in (support, read_only, sales):
        merge(client, james, jim, status=403)
        assert client.post(f"/contacts/{james.pk}/merge").status_code == 403
    key = merge(manager, james, jim)["merge"]
    for client in (support, read_only, sales):
        undo(client, key, 403)
    assert read(manager, jim)["merged_into"] == str(james.pk)


# Undoing


def test_undo_brings_everything_back(manager, james, jim):
    ContactPointFactory(contact=jim, type="mail", value="jim@home.example", label="home")
    InteractionFactory(contact=jim)
    jim.segments.add(SegmentFactory())
    access.set_shares(record=jim, shares=[access.Share(user=UserFactory(), verbs=["view"])])
    before = state(james, jim)
    answer = undo(manager, merge(manager, james, jim, fields={"name": str(jim.pk), "phone": str(jim.pk)})["merge"])
    assert state(james, jim) == before
    assert (answer["survivor"], answer["merged_ids"]) == (str(james.pk), [str(jim.pk)])
    assert answer["undone_by"] == str(manager.user.pk)
    assert answer["undone_at"] is not None


def test_what_changed_on_the_survivor_since_stays(manager, james, jim):
    moved = InteractionFactory(contact=jim, body="old")
    before = state(jim)
    answer = merge(manager, james, jim)
    copy = next(point["id"] for point in answer["contact_points"] if point["value"] == "810-292-9388")
    changes = {
        "name": "James B. Butt",
        "description": "Likes coffee",
        "categories": ["VIP", "Friend", "New"],
        "contact_points": [
            {"type": "mail", "value": "james@work.example", "is_primary": True},
            {"id": copy, "type": "phone", "value": "810-292-0000", "is_primary": True},
            {"type": "phone", "value": "504-621-0000"},
        ],
    }
    assert manager.patch(f"/contacts/{james.pk}", changes, format="json").status_code == 200
    manager.post(f"/contacts/{james.pk}/interactions", {"type": "note", "body": "new"}, format="json")
    manager.patch(f"/contacts/{james.pk}/interactions/{moved.pk}", {"body": "edited"}, format="json")
    undo(manager, answer["merge"])
    before[jim.pk]["interactions"] = [(moved.pk, "edited")]
    assert state(jim) == before
    after = read(manager, james)
    assert (after["name"], after["description"], after["company"]) == ("James B. Butt", "Likes coffee", None)
    assert after["categories"] == ["New", "VIP"]
    assert [point["value"] for point in after["contact_points"]] == [
        "james@work.example",
        "810-292-0000",
        "504-621-0000",
    ]
    assert [row.body for row in james.interactions.all()] == ["new"]


def test_what_was_removed_from_the_survivor_since_comes_back_to_its_owner(manager, james, jim):
    before = state(jim)
    key = merge(manager, james, jim)["merge"]
    manager.patch(f"/contacts/{james.pk}", {"contact_points": [], "categories": []}, format="json")
    undo(manager, key)
    assert state(jim) == before
    assert read(manager, james)["contact_points"] == []


def test_undo_makes_another_point_primary_when_the_primary_one_leaves(manager, jim):
    bare = ContactFactory(name="Bare")
    key = merge(manager, bare, jim)["merge"]
    assert read(manager, bare)["phone"] == "810-292-9388"
    added = {"type": "phone", "value": "504-621-8927"}
    points = [*read(manager, bare)["contact_points"], added]
    writable = ("id", "type", "value", "is_primary")
    points = [{name: point[name] for name in writable if name in point} for point in points]
    assert manager.patch(f"/contacts/{bare.pk}", {"contact_points": points}, format="json").status_code == 200
    undo(manager, key)
    after = read(manager, bare)
    assert (after["phone"], after["email"], len(after["contact_points"])) == ("504-621-8927", None, 1)


def test_undone_twice_is_refused(manager, james, jim):
    key = merge(manager, james, jim)["merge"]
    undo(manager, key)
    before = state(james, jim)
    assert undo(manager, key, 409)["message"] == "This merge was undone before."
    assert state(james, jim) == before
    undo(manager, uuid.uuid4(), 404)


def test_merges_of_one_survivor_are_undone_newest_first(manager, james, jim):
    third = ContactFactory(description="Third")
    first, second = merge(manager, james, jim)["merge"], merge(manager, james, third)["merge"]
    assert f"undo the merge {second} first" in undo(manager, first, 409)["message"]
    undo(manager, second)
    undo(manager, first)
    assert manager.get("/contacts").json()["count"] == 3


def test_undo_of_a_merge_into_a_trashed_contact_brings_the_merged_back(manager, james, jim):
    before = state(jim)
    key = merge(manager, james, jim)["merge"]
    manager.delete(f"/contacts/{james.pk}")
    undo(manager, key)
    assert state(jim) == before
    assert manager.get(f"/contacts/{james.pk}").status_code == 404


def test_unique_value_taken_meanwhile_is_a_conflict_in_a_sentence(manager, james, jim):
    CustomFieldFactory(key="number", unique=True)
    jim.custom_fields = {"number": "7"}
    jim.save()
    key = merge(manager, james, jim)["merge"]
    services.update_contact(contact=Contact.objects.get(pk=james.pk), actor=None, custom_fields={"number": None})
    other = ContactFactory(custom_fields={"number": "7"})
    before = state(james, jim)
    assert undo(manager, key, 409)["message"] == (
        "Another contact has by now the unique value that Jim Butt had in number."
    )
    assert state(james, jim) == before
    services.update_contact(contact=other, actor=None, custom_fields={"number": "8"})
    undo(manager, key)
    assert read(manager, jim)["custom_fields"] == {"number": "7"}


def test_company_that_was_deleted_since_is_none(manager, james, jim):
    old = OrganizationFactory()
    Contact.objects.filter(pk=james.pk).update(organization=old)
    key = merge(manager, james, jim, fields={"company": str(jim.pk)})["merge"]
    old.delete()
    undo(manager, key)
    assert read(manager, james)["company"] is None


# Reading merges


def test_merges_are_found_by_either_contact(manager, james, jim):
    key = merge(manager, james, jim)["merge"]
    merge(manager, ContactFactory(), ContactFactory())
    for contact in (james, jim):
        listed = manager.get("/contacts/merges", {"contact": str(contact.pk)}).json()
        assert [row["id"] for row in listed["results"]] == [key]
    assert manager.get(f"/contacts/merges/{key}").json() == listed["results"][0]
    assert manager.get("/contacts/merges").json()["count"] == 2
    undo(manager, key)
    assert manager.get("/contacts/merges", {"undone": "true"}).json()["count"] == 1
    assert manager.get("/contacts/merges", {"undone": "false"}).json()["count"] == 1
    assert manager.get("/contacts/merges", {"survivor": "x"}).status_code == 400


def test_merges_of_others_are_not_shown(manager, sales, james, jim):
    key = merge(manager, james, jim)["merge"]
    Contact.objects.filter(pk=james.pk).update(assigned_to=manager.user)
    assert sales.get("/contacts/merges").json()["count"] == 0
    assert sales.get(f"/contacts/merges/{key}").status_code == 403
    Contact.objects.filter(pk=james.pk).update(assigned_to=sales.user)
    assert sales.get("/contacts/merges").json()["count"] == 1
    assert sales.get(f"/contacts/merges/{key}").status_code == 200


def test_merge_costs_the_same_for_much_and_little(api, james):
    def count(others):
        client = api(UserFactory(groups=["Manager"]))
        with CaptureQueriesContext(connection) as queries:
            merge(client, james, *others)
        return len(queries)

    def crowd(number):
        people = [ContactFactory(phone=f"504-621-{place}{number:03}") for place in range(1, 4)]
        for person in people:
            person.categories.add(CategoryFactory())
            InteractionFactory.create_batch(number, contact=person)
        return people

    count(crowd(1))
    few, many = count(crowd(2)), count(crowd(9))
    assert few == many <= MOST_MERGE_QUERIES


def test_later_app_moves_what_is_its_own_and_takes_it_back(manager, james, jim, monkeypatch):
    monkeypatch.setattr(merging, "_parts", dict(merging._parts))
    seen = []

    def unite(survivor, others):
        seen.append(("unite", survivor.pk, [other.pk for other in others]))
        return {"orders": [1, 2]}

    merging.register(merging.Part("orders", unite, lambda survivor, kept: seen.append(("back", survivor.pk, kept))))
    undo(manager, merge(manager, james, jim)["merge"])
    assert seen == [("unite", james.pk, [jim.pk]), ("back", james.pk, {"orders": [1, 2]})]


# Any merge, any edits, and back


VALUES = st.sampled_from(["", "a", "b", "c"])
PHONES = st.sampled_from(["504-621-8927", "810-292-9388", "856-636-8749", "907-385-4412"])
NAMES = st.sampled_from(["VIP", "Friend", "Press"])
PEOPLE = st.fixed_dictionaries(
    {
        "description": VALUES,
        "job_title": VALUES,
        "external_id": VALUES,
        "company": st.sampled_from([None, "Acme", "Chanay"]),
        "custom_fields": st.dictionaries(st.sampled_from(["size", "hue"]), st.sampled_from(["1", "2"])),
        "categories": st.sets(NAMES),
        "phones": st.lists(PHONES, unique=True),
        "notes": st.integers(0, 2),
    }
)
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "description": VALUES,
        "job_title": VALUES,
        "company": st.sampled_from(["", "Acme", "Other"]),
        "categories": st.sets(NAMES | st.just("New")),
        "phones": st.lists(PHONES | st.just("212-582-4976"), unique=True),
        "custom_fields": st.dictionaries(st.sampled_from(["size", "hue"]), st.sampled_from([None, "1", "3"])),
    },
)


def points_of(numbers):
    return [services.contacts.PointData("phone", number) for number in numbers]


def make(person):
    person = dict(person)
    notes, numbers = person.pop("notes"), person.pop("phones")
    contact = ContactFactory(contact_points=points_of(numbers), **person)
    InteractionFactory.create_batch(notes, contact=contact)
    return contact


def facts(contact):
    """What the model below foretells of a contact."""
    contact = Contact.objects.select_related("organization").get(pk=contact.pk)
    return {
        "description": contact.description,
        "job_title": contact.job_title,
        "external_id": contact.external_id,
        "company": contact.organization.name if contact.organization else "",
        "custom_fields": contact.custom_fields,
        "categories": set(contact.categories.values_list("name", flat=True)),
        "phones": set(contact.points.live().values_list("value", flat=True)),
        "notes": contact.interactions.count(),
    }


def foretold(before, merged, after):
    """The survivor after the undo: each value that is still the merged one is as before, sets lose what was added."""
    result = {}
    for name, value in after.items():
        if name in {"categories", "phones"}:
            result[name] = value - (merged[name] - before[name])
        elif name == "custom_fields":
            keys = before[name].keys() | value.keys()
            now = {
                key: before[name].get(key) if value.get(key) == merged[name].get(key) else value.get(key)
                for key in keys
            }
            result[name] = {key: each for key, each in now.items() if each is not None}
        elif name == "notes":
            result[name] = value - (merged[name] - before[name])
        else:
            result[name] = before[name] if value == merged[name] else value
    return result


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PEOPLE, min_size=2, max_size=4), edits=EDITS, winner=st.integers(0, 3), note=st.booleans())
def test_undo_is_the_inverse_of_merge_whatever_happened_since(people, edits, winner, note):
    for key in ("size", "hue"):
        if not services.contacts.custom.CustomField.objects.filter(key=key).exists():
            CustomFieldFactory(key=key)
    actor = User.objects.first() or UserFactory()
    survivor, *others = contacts = [make(person) for person in people]
    owners_before, before = state(*others), facts(survivor)
    chosen = contacts[winner % len(contacts)].pk
    done = services.merge_contacts(
        survivor_id=survivor.pk,
        merged_ids=[other.pk for other in others],
        actor=actor,
        winners={"description": chosen, "phone": chosen},
    )
    merged = facts(survivor)
    assert merged["categories"] == set().union(*(person["categories"] for person in people))
    assert merged["phones"] == set().union(*(person["phones"] for person in people))
    assert merged["notes"] == sum(person["notes"] for person in people)
    edits = dict(edits)
    if "phones" in edits:
        edits["contact_points"] = points_of(edits.pop("phones"))
    services.update_contact(contact=Contact.objects.get(pk=survivor.pk), actor=actor, **edits)
    if note:
        InteractionFactory(contact=survivor)
    after = facts(survivor)
    services.undo_merge(merge_id=done.pk, actor=actor)
    assert state(*others) == owners_before
    assert facts(survivor) == foretold(before, merged, after)
    live = survivor.points.live()
    assert live.filter(is_primary=True).count() == min(1, live.count())


# At once


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_the_same_contacts_at_once_make_one(manager, james, jim):
    def posting(survivor, other):
        url, body = f"/contacts/{survivor.pk}/merge", {"ids": [str(other.pk)]}
        return lambda: manager.post(url, body, format="json").status_code

    pairs = [(james, jim), (jim, james)] * 3
    answers = at_once(posting(*pair) for pair in pairs)
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert Contact.objects.live().count() == 1
    assert Contact.objects.get(merged_into__isnull=False).merged_into_id == Contact.objects.live().get().pk


@pytest.mark.django_db(transaction=True)
def test_chains_merged_at_once_end_at_a_live_contact(manager):
    people = ContactFactory.create_batch(6)
    pairs = zip(people, people[1:] + people[:1], strict=True)
    bodies = [(survivor, {"ids": [str(other.pk)]}) for survivor, other in pairs]
    answers = at_once(
        lambda survivor=survivor, body=body: (
            manager.post(f"/contacts/{survivor.pk}/merge", body, format="json").status_code
        )
        for survivor, body in bodies
    )
    assert set(answers) <= {200, 409}
    merged = Contact.objects.exclude(merged_into=None)
    assert answers.count(200) == ContactMerge.objects.count() >= 1
    assert not merged.exclude(merged_into__merged_into=None).exists()
    assert not merged.filter(deleted_at=None).exists()
    assert Contact.objects.live().count() + merged.count() == 6


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_merging_is_not_lost(manager, james, jim):
    def note(number):
        url, body = f"/contacts/{jim.pk}/interactions", {"type": "note", "body": str(number)}
        return lambda: manager.post(url, body, format="json").status_code

    def rename():
        return manager.patch(f"/contacts/{jim.pk}", {"job_title": "Cook"}, format="json").status_code

    def merging_them():
        return manager.post(f"/contacts/{james.pk}/merge", {"ids": [str(jim.pk)]}, format="json").status_code

    answers = at_once([*map(note, range(6)), rename, merging_them])
    assert answers == [201] * 6 + [200, 200]
    survivor = Contact.objects.live().get()
    assert (survivor.pk, survivor.job_title) == (james.pk, "Cook")
    assert set(Interaction.objects.values_list("contact", "body")) == {(james.pk, str(number)) for number in range(6)}


@pytest.mark.django_db(transaction=True)
def test_one_of_several_undoings_at_once_wins(manager, james, jim):
    before = state(james, jim)
    key = merge(manager, james, jim)["merge"]
    answers = at_once([lambda: manager.post(f"/contacts/merges/{key}/undo").status_code] * 4)
    assert sorted(answers) == [200, 409, 409, 409]
    assert state(james, jim) == before
    assert ContactMerge.objects.get().undone_at < timezone.now()


def test_winning_number_differs_by_its_extension_alone(manager):
    one = ContactFactory(name="A", phone="+1 504 621 8927 ext 1")
    other = ContactFactory(name="B", phone="+1 504 621 8927 ext 2")
    body = {"ids": [str(other.pk)], "fields": {"phone": str(other.pk)}}
    merged = manager.post(f"/contacts/{one.pk}/merge", body)
    assert (merged.status_code, merged.json()["phone"]) == (200, "+1 504 621 8927 ext 2")
