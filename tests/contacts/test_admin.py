"""The pages of contacts and of what belongs to them."""

import re

import pytest
from django.utils import timezone

from contacts.models import Category, Contact, Interaction, Organization
from crm_project.access import services as access
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import (
    CategoryFactory,
    ContactFactory,
    CustomFieldFactory,
    InteractionFactory,
    OrganizationFactory,
    SegmentFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/contacts/contact/"


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


@pytest.fixture
def administrator():
    return client_of(UserFactory(groups=["Administrator"]))


def page(contact):
    return url("contacts_contact_change", contact.pk)


def form_for(client, contact):
    return form_of(client.get(page(contact)), "contact_form")


def point(number, **given):
    empty = {"type": "", "value": "", "service": "", "label": ""}
    return {f"points-{number}-{name}": value for name, value in {**empty, **given}.items()}


def values(contact):
    return list(contact.points.live().values_list("type", "value", "normalized", "is_primary"))


def test_adding_a_contact_goes_through_the_service(rep):
    form = form_of(rep.get(url("contacts_contact_add")), "contact_form")
    assert form["assigned_to"] == [str(rep.user.pk)]
    vip, spring = CategoryFactory(name="VIP"), SegmentFactory(name="Spring")
    form |= {"name": "Алёна Ёлкина", "categories": [vip.pk], "segments": [spring.pk], "points-TOTAL_FORMS": "2"}
    form |= point(0, type="mail", value="Alena@Romashka.example") | point(1, type="phone", value="8 (987) 654-32-10")
    response = rep.post(url("contacts_contact_add"), form)
    assert response.status_code == 302, response.context["errors"]
    contact = Contact.objects.get()
    assert (contact.name, contact.origin, contact.created_by, contact.assigned_to) == (
        "Алёна Ёлкина",
        "admin",
        rep.user,
        rep.user,
    )
    assert values(contact) == [
        ("mail", "Alena@Romashka.example", "alena@romashka.example", True),
        ("phone", "8 (987) 654-32-10", "+79876543210", True),
    ]
    assert [each.name for each in contact.categories.all()] == ["VIP"]
    assert [each.name for each in contact.segments.all()] == ["Spring"]


def test_who_may_not_add_cannot():
    client = client_of(UserFactory(groups=["Support"]))
    assert client.post(url("contacts_contact_add"), {"name": "Eve"}).status_code == 403
    assert not Contact.objects.exists()


def test_saving_without_a_change_changes_nothing(manager):
    CustomFieldFactory(key="birthday", type="date")
    contact = ContactFactory(
        name="Grace",
        email="g@example.com",
        phone="504-621-8927",
        categories=["VIP"],
        custom_fields={"birthday": "1976-12-09"},
    )
    before = Contact.objects.values().get()
    assert manager.post(page(contact), form_for(manager, contact)).status_code == 302
    assert Contact.objects.values().get() == before
    assert contact.pgh_event_model.objects.count() == 1


def test_editing_contact_points(manager):
    contact = ContactFactory(email="old@example.com", phone="504-621-8927")
    form = form_for(manager, contact)
    assert (form["points-0-value"], form["points-1-value"]) == ("504-621-8927", "old@example.com")
    form |= {"points-TOTAL_FORMS": "3", "points-0-DELETE": "on", "points-1-is_primary": []}
    form |= point(2, type="mail", value="new@example.com", label="home", is_primary="on")
    response = manager.post(page(contact), form)
    assert response.status_code == 302
    assert values(contact) == [
        ("mail", "new@example.com", "new@example.com", True),
        ("mail", "old@example.com", "old@example.com", False),
    ]
    assert contact.points.exclude(deleted_at=None).get().value == "504-621-8927"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"type": "mail", "value": "nonsense"}, "is not a valid e-mail address"),
        ({"type": "phone", "value": "nonsense"}, "is not a telephone number"),
        ({"type": "mail", "value": ""}, "This field is required"),
        ({"type": "fax", "value": "1"}, "Select a valid choice"),
        ({"type": "mail", "value": "second@example.com", "is_primary": "on"}, "are primary; choose one of them"),
    ],
)
def test_wrong_contact_points_are_refused_with_a_reason(manager, given, complaint):
    contact = ContactFactory(name="Grace", email="first@example.com")
    form = form_for(manager, contact) | {"points-TOTAL_FORMS": "2", "name": "Changed"} | point(1, **given)
    response = manager.post(page(contact), form)
    assert response.status_code == 200
    assert complaint in text_of(response)
    contact.refresh_from_db()
    assert contact.name == "Grace"
    assert contact.points.count() == 1


def test_a_foreign_contacts_point_cannot_be_taken_over(manager):
    contact, other = ContactFactory(email="a@example.com"), ContactFactory(email="b@example.com")
    form = form_for(manager, contact) | {"points-0-id": other.points.get().pk, "points-0-value": "c@example.com"}
    manager.post(page(contact), form)
    assert other.points.get().value == "b@example.com"


CUSTOM = {
    "text": ("plain", "plain"),
    "long_text": ("two\r\nlines", "two\r\nlines"),
    "integer": ("42", 42),
    "decimal": ("12,50", "12.5"),
    "boolean": ("false", False),
    "date": ("1976-12-09", "1976-12-09"),
    "choice": ("b", "b"),
    "multi_choice": (["b", "a"], ["b", "a"]),
    "url": ("https://example.com/", "https://example.com/"),
    "email": ("a@example.com", "a@example.com"),
    "phone": ("504-621-8927", "504-621-8927"),
}


@pytest.mark.parametrize("kind", CUSTOM)
def test_custom_fields_are_form_fields(manager, kind):
    sent, stored = CUSTOM[kind]
    field = CustomFieldFactory(
        key="extra", type=kind, choices=["a", "b", "c"] if "choice" in kind else [], label="My field"
    )
    contact = ContactFactory()
    form = form_for(manager, contact)
    response = manager.post(page(contact), form | {"custom_fields.extra": sent})
    assert response.status_code == 302, text_of(response)
    contact.refresh_from_db()
    assert contact.custom_fields == {"extra": stored}
    again = form_for(manager, contact)
    assert manager.post(page(contact), again).status_code == 302
    contact.refresh_from_db()
    assert contact.custom_fields == {"extra": stored}
    again["custom_fields.extra"] = [] if kind == "multi_choice" else ""
    assert manager.post(page(contact), again | {"version": contact.version}).status_code == 302
    contact.refresh_from_db()
    assert contact.custom_fields == {}
    assert field.label in text_of(manager.get(page(contact)))


def test_a_time_in_a_custom_field_is_that_of_the_users_zone(manager):
    manager.user.time_zone = "Asia/Tokyo"
    manager.user.save()
    CustomFieldFactory(key="call_at", type="datetime")
    contact = ContactFactory()
    form = form_for(manager, contact) | {"custom_fields.call_at_0": "2026-02-01", "custom_fields.call_at_1": "05:00:00"}
    assert manager.post(page(contact), form).status_code == 302
    contact.refresh_from_db()
    assert contact.custom_fields == {"call_at": "2026-01-31T20:00:00Z"}
    assert form_for(manager, contact)["custom_fields.call_at_1"] == "05:00:00"


@pytest.mark.parametrize(
    ("kind", "sent", "complaint"),
    [
        ("integer", "many", "This must be a whole number."),
        ("decimal", "1e99", "This must be a number of at most 30 digits."),
        ("date", "31.31.2026", "Enter a valid date."),
        ("choice", "d", "Select a valid choice."),
        ("url", "javascript:alert(1)", "Enter a valid URL."),
        ("phone", "x", "This must be a telephone number."),
    ],
)
def test_wrong_custom_values_are_refused_at_their_field(manager, kind, sent, complaint):
    CustomFieldFactory(key="extra", type=kind, choices=["a"] if kind == "choice" else [])
    contact = ContactFactory(name="Grace")
    form = form_for(manager, contact) | {"custom_fields.extra": sent, "name": "Changed"}
    response = manager.post(page(contact), form)
    assert complaint in text_of(response)
    contact.refresh_from_db()
    assert (contact.name, contact.custom_fields) == ("Grace", {})


def test_required_unique_and_default_custom_fields(manager):
    CustomFieldFactory(key="number", required=True, unique=True)
    CustomFieldFactory(key="tier", default="gold")
    ContactFactory(custom_fields={"number": "7"})
    add = url("contacts_contact_add")
    form = form_of(manager.get(add), "contact_form") | {"name": "Grace"}
    assert form["custom_fields.tier"] == "gold"
    assert "This field is required." in text_of(manager.post(add, form))
    assert "which must be unique" in text_of(manager.post(add, form | {"custom_fields.number": "7"}))
    assert Contact.objects.count() == 1
    assert manager.post(add, form | {"custom_fields.number": "8"}).status_code == 302
    assert Contact.objects.get(name="Grace").custom_fields == {"number": "8", "tier": "gold"}


def test_a_stored_value_that_is_no_choice_any_more_stays(manager):
    field = CustomFieldFactory(key="tier", type="choice", choices=["gold", "silver"])
    contact = ContactFactory(custom_fields={"tier": "gold"})
    field.choices = ["silver"]
    field.save()
    assert "gold (no longer a choice)" in text_of(manager.get(page(contact)))
    assert manager.post(page(contact), form_for(manager, contact) | {"name": "New"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.custom_fields) == ("New", {"tier": "gold"})


def test_who_only_looks_reads_custom_fields_too():
    CustomFieldFactory(key="tier", label="Tier")
    CustomFieldFactory(key="news", type="boolean", label="Newsletter")
    contact = ContactFactory(custom_fields={"tier": "gold", "news": True}, categories=["VIP"], email="g@example.com")
    text = text_of(client_of(UserFactory(groups=["Read-only"])).get(page(contact)))
    assert all(each in text for each in ("Tier", "gold", "Newsletter", "Yes", "VIP", "g@example.com"))


def test_handing_over_keeps_an_owner_who_has_left(manager):
    gone = UserFactory(is_active=False, first_name="Gone", last_name="Girl")
    contact = ContactFactory(name="Grace", assigned_to=gone)
    form = form_for(manager, contact)
    assert form["assigned_to"] == [str(gone.pk)]
    assert manager.post(page(contact), form | {"name": "New"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.assigned_to) == ("New", gone)


def test_the_trash(manager):
    kept, gone = ContactFactory(name="Kept"), ContactFactory(name="Gone")
    response = manager.get(url("contacts_contact_delete", gone.pk))
    assert "It can be restored from there" in text_of(response)
    assert manager.post(url("contacts_contact_delete", gone.pk), {"post": "yes"}).status_code == 302
    gone.refresh_from_db()
    assert (gone.deleted_by, gone.deleted_at is not None) == (manager.user, True)
    assert "“Gone” was moved to the trash." in text_of(manager.get(LIST))
    assert "Gone" not in text_of(manager.get(LIST))
    trash = text_of(manager.get(LIST, {"trash": "1"}))
    assert "Gone" in trash
    assert "Kept" not in trash
    shown = manager.get(page(gone))
    assert "In the trash since" in text_of(shown)
    assert "name" not in form_of(shown, "contact_form")
    assert manager.post(page(gone), {"name": "Changed"}).status_code == 403
    assert manager.get(url("contacts_contact_restore", gone.pk)).status_code == 405
    assert manager.post(url("contacts_contact_restore", gone.pk)).status_code == 302
    assert set(Contact.objects.live()) == {kept, gone}


def test_bulk_trash_and_restore_touch_only_what_one_may(rep):
    mine = ContactFactory(name="Mine", assigned_to=rep.user)
    lent = ContactFactory(name="Lent", assigned_to=UserFactory())
    foreign = ContactFactory(name="Foreign", assigned_to=UserFactory())
    access.set_shares(record=lent, shares=[access.Share(user=rep.user, verbs=["view"])])
    chosen = [mine.pk, lent.pk, foreign.pk]
    data = {"action": "delete_selected", "_selected_action": chosen}
    asked = rep.post(LIST, data)
    assert "You may not move all of these records" in text_of(asked)
    assert rep.post(LIST, data | {"post": "yes"}).status_code == 403
    assert Contact.objects.trashed().count() == 0
    data["_selected_action"] = [mine.pk, foreign.pk]
    assert "Foreign" not in text_of(rep.post(LIST, data))
    assert rep.post(LIST, data | {"post": "yes"}).status_code == 302
    assert [contact.name for contact in Contact.objects.trashed()] == ["Mine"]
    Contact.objects.filter(pk=foreign.pk).update(deleted_at=timezone.now())
    data = {"action": "restore_selected", "_selected_action": [mine.pk, foreign.pk]}
    assert rep.post(f"{LIST}?trash=1", data).status_code == 302
    assert {contact.name for contact in Contact.objects.live()} == {"Mine", "Lent"}


def test_the_list_shows_and_finds_people(manager):
    ContactFactory(name="Алёна Ёлкина", phone="8 (987) 654-32-10", company="Ромашка", categories=["VIP"])
    ContactFactory(name="James Butt", email="jbutt@example.com")
    row = text_of(manager.get(LIST, {"q": "елкина алена"}))
    assert all(each in row for each in ("Алёна Ёлкина", "8 (987) 654-32-10", "Ромашка", "VIP"))
    assert "James Butt" not in row
    for term, found in (("+79876543210", "Алёна"), ("jbutt@", "James"), ("654-32-10", "Алёна")):
        response = manager.get(LIST, {"q": term})
        assert [contact.name.split()[0] for contact in response.context["cl"].result_list] == [found]


def test_filters(rep):
    team, other = TeamFactory(), UserFactory()
    rep.user.groups.add(team)
    vip = ContactFactory(name="Vip", categories=["VIP"], assigned_to=rep.user, company="Acme")
    ContactFactory(name="Teamed", team=team, assigned_to=other, contact_type="company", origin="import")
    static = SegmentFactory(name="Static")
    vip.segments.add(static)
    dynamic = SegmentFactory(name="Dynamic", kind="dynamic", filter={"contact_type": "company"})
    broken = SegmentFactory(name="Broken", kind="dynamic", filter={"nonsense": "1"})

    def found(**parameters):
        return [contact.name for contact in rep.get(LIST, parameters).context["cl"].result_list]

    assert found() == ["Teamed", "Vip"]
    assert found(assigned_to="me") == ["Vip"]
    assert found(assigned_to=other.pk) == ["Teamed"]
    assert found(assigned_to="nobody") == []
    assert found(team=team.pk) == ["Teamed"]
    assert found(category=Category.objects.get().pk) == ["Vip"]
    assert found(segment=static.pk) == ["Vip"]
    assert found(segment=dynamic.pk) == ["Teamed"]
    assert found(segment=broken.pk) == []
    assert found(organization__id__exact=Organization.objects.get().pk) == ["Vip"]
    assert found(contact_type__exact="company") == ["Teamed"]
    assert found(origin__exact="import") == ["Teamed"]
    assert found(created_at_from="2000-01-01", created_at_to="2000-12-31") == []
    assert found(created_at_from="2000-01-01") == ["Teamed", "Vip"]
    assert found(o="1") == ["Teamed", "Vip"]
    assert found(o="-1") == ["Vip", "Teamed"]


def test_the_timeline_says_who_did_what_and_what_was_before(manager):
    contact = ContactFactory(name="Grace", actor=manager.user, job_title="Commodore", email="g@example.com")
    InteractionFactory(contact=contact, subject="Asked for an offer", body="By <b>Friday</b>", created_by=manager.user)
    manager.user.first_name, manager.user.last_name = "Mia", "Rossi"
    manager.user.save()
    form = form_for(manager, contact) | {"job_title": "Rear Admiral"}
    assert manager.post(page(contact), form).status_code == 302
    for address in (page(contact), url("contacts_contact_history", contact.pk)):
        text = text_of(manager.get(address))
        assert re.search(
            r"Job title:</span>\s*<span class=\"line-through\">Commodore</span>.*Rear Admiral", text, re.DOTALL
        )
        assert "Mia Rossi · admin" in text
        assert "Asked for an offer" in text
        assert "By &lt;b&gt;Friday&lt;/b&gt;" in text


@pytest.mark.django_db(transaction=True)
def test_the_timeline_goes_on_where_the_page_ended(manager, monkeypatch):
    monkeypatch.setattr("crm_project.admin.records.PAGE", 2)
    contact = ContactFactory(name="Grace")
    for number in range(5):
        InteractionFactory(contact=contact, subject=f"Call {number}", started_at=f"2020-01-0{number + 1}T12:00:00Z")
    address, told = url("contacts_contact_history", contact.pk), []
    while address:
        text = text_of(manager.get(address))
        told += re.findall(r"Call \d|Contact added", text)
        following = re.search(r"\?before=[\w-]+", text)
        address = following and url("contacts_contact_history", contact.pk) + following[0]
    assert told == ["Contact added", "Call 4", "Call 3", "Call 2", "Call 1", "Call 0"]
    assert manager.get(url("contacts_contact_history", contact.pk), {"before": "nonsense"}).status_code == 200


def test_the_timeline_names_no_record_that_one_may_not_see(rep):
    contact = ContactFactory(name="Mine", assigned_to=rep.user, company="Secret Ltd")
    contact.organization = OrganizationFactory(name="Open Ltd")
    contact.save()
    text = text_of(rep.get(url("contacts_contact_history", contact.pk)))
    assert "Open Ltd" in text
    assert "(not visible)" in text
    assert "Secret Ltd" not in text


def test_writing_down_a_call(rep):
    contact = ContactFactory(assigned_to=rep.user)
    address = url("contacts_contact_history", contact.pk)
    form = form_of(rep.get(address)) | {"type": "call", "direction": "outbound", "subject": "Offer", "body": "Friday"}
    assert rep.post(address, form).status_code == 302
    made = Interaction.objects.get()
    assert (made.contact, made.created_by, made.origin, made.subject) == (contact, rep.user, "admin", "Offer")
    assert "This field is required." in text_of(rep.post(address, form | {"type": ""}))
    assert Interaction.objects.count() == 1


def test_who_may_not_change_a_contact_writes_nothing_down(rep):
    contact = ContactFactory(assigned_to=UserFactory())
    access.set_shares(record=contact, shares=[access.Share(user=rep.user, verbs=["view"])])
    address = url("contacts_contact_history", contact.pk)
    assert "Write down what was said" not in text_of(rep.get(address))
    rep.post(address, {"type": "call", "started_at_0": "2026-01-31", "started_at_1": "12:00:00"})
    assert not Interaction.objects.exists()


def test_sharing(manager):
    anna, team = UserFactory(username="anna"), TeamFactory(name="North")
    contact = ContactFactory()
    address = url("contacts_contact_sharing", contact.pk)

    def shares():
        return [(str(share.user or share.team), share.verbs) for share in access.shares_of(contact)]

    form = form_of(manager.get(address)) | {"form-0-user": anna.pk, "form-0-team": "", "form-0-level": "change"}
    assert manager.post(address, form).status_code == 302
    assert shares() == [("anna", ["view", "change"])]
    form = form_of(manager.get(address)) | {"form-1-user": "", "form-1-team": team.pk, "form-1-level": "view"}
    assert manager.post(address, form).status_code == 302
    assert shares() == [("anna", ["view", "change"]), ("North", ["view"])]
    form = form_of(manager.get(address)) | {"form-0-DELETE": "on"}
    assert manager.post(address, form).status_code == 302
    assert shares() == [("North", ["view"])]
    form = form_of(manager.get(address)) | {"form-1-user": anna.pk, "form-1-team": team.pk, "form-1-level": "view"}
    assert "Choose either a person or a team" in text_of(manager.post(address, form))
    assert shares() == [("North", ["view"])]


def test_sharing_needs_the_right_to_share(rep):
    contact = ContactFactory(assigned_to=rep.user)
    address = url("contacts_contact_sharing", contact.pk)
    assert rep.get(address).status_code == 403
    assert rep.post(address, {}).status_code == 403
    assert address not in text_of(rep.get(page(contact)))


def duplicates(contact):
    return url("contacts_contact_duplicates", contact.pk)


def test_duplicates_are_shown_with_reasons(manager, rep):
    contact = ContactFactory(name="Grace Hopper", email="grace@example.com", assigned_to=rep.user)
    double = ContactFactory(name="Hopper, Grace", email="grace@example.com")
    ContactFactory(name="Somebody Else")
    text = text_of(manager.get(duplicates(contact)))
    assert "Hopper, Grace" in text
    assert "same e-mail address grace@example.com" in text
    assert "Somebody Else" not in text
    assert url("contacts_contact_merge", contact.pk, double.pk) in text
    seen = text_of(rep.get(duplicates(contact)))
    assert "Hopper, Grace" not in seen
    assert "Nobody looks like this person." in seen
    assert rep.get(duplicates(double)).status_code == 404


def test_merging_with_chosen_values_and_undoing_it(manager):
    CustomFieldFactory(key="tier", label="Tier")
    contact = ContactFactory(
        name="Grace Hopper", job_title="Commodore", email="g@example.com", custom_fields={"tier": "a"}
    )
    double = ContactFactory(
        name="Grace B. Hopper",
        job_title="Admiral",
        phone="504-621-8927",
        description="Wrote it",
        custom_fields={"tier": "b"},
    )
    address = url("contacts_contact_merge", contact.pk, double.pk)
    shown = manager.get(address)
    assert [row["name"] for row in shown.context["differences"]] == ["name", "job_title", "custom_fields.tier"]
    choice = form_of(shown) | {"job_title": "theirs", "custom_fields.tier": "theirs", "name": "mine"}
    assert manager.post(address, choice).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.job_title, contact.description, contact.custom_fields) == (
        "Grace Hopper",
        "Admiral",
        "Wrote it",
        {"tier": "b"},
    )
    assert {value for _type, value, _normalized, _primary in values(contact)} == {"g@example.com", "504-621-8927"}
    assert "“Grace B. Hopper” was merged in." in text_of(manager.get(page(contact)))
    assert "Grace B. Hopper" not in text_of(manager.get(LIST, {"trash": "1"}))
    assert manager.get(page(double)).url == page(contact)
    assert "Merged with Grace B. Hopper" in text_of(manager.get(url("contacts_contact_history", contact.pk)))
    merge = contact.merges.get()
    undo = url("contacts_contact_unmerge", contact.pk, merge.pk)
    assert undo in text_of(manager.get(duplicates(contact)))
    assert manager.get(undo).status_code == 405
    assert manager.post(undo).status_code == 302
    contact.refresh_from_db()
    assert (contact.job_title, contact.custom_fields) == ("Commodore", {"tier": "a"})
    assert "Grace B. Hopper" in text_of(manager.get(LIST))
    assert manager.post(undo).status_code == 302
    assert "undone" in text_of(manager.get(duplicates(contact)))


def test_merging_needs_the_right_on_both(manager, rep):
    mine, foreign = ContactFactory(name="Mine", assigned_to=rep.user), ContactFactory(name="Xanthippe")
    assert rep.get(url("contacts_contact_merge", mine.pk, foreign.pk)).status_code in (403, 404)
    assert rep.post(url("contacts_contact_merge", mine.pk, foreign.pk), {}).status_code in (403, 404)
    other = ContactFactory(name="Mine too", assigned_to=rep.user)
    assert rep.post(url("contacts_contact_merge", mine.pk, other.pk), {}).status_code == 403
    assert manager.get(url("contacts_contact_merge", mine.pk, mine.pk)).status_code == 404
    assert Contact.objects.filter(merged_into=None).count() == 3


def test_merging_with_the_trash_is_refused_with_a_reason(manager):
    contact, gone = ContactFactory(), ContactFactory(name="Gone")
    Contact.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    response = manager.post(url("contacts_contact_merge", contact.pk, gone.pk), {}, follow=True)
    assert "is in the trash; restore it first" in text_of(response)


def test_interactions_are_listed_by_the_rights_on_their_contact(rep):
    InteractionFactory(contact=ContactFactory(assigned_to=rep.user), subject="Mine")
    foreign = InteractionFactory(contact=ContactFactory(name="Xanthippe"), subject="Foreign")
    text = text_of(rep.get("/admin/contacts/interaction/"))
    assert "Mine" in text
    assert not [each for each in ("Foreign", "Xanthippe") if each in text]
    assert rep.get(url("contacts_interaction_change", foreign.pk)).status_code == 404
    assert rep.get(url("contacts_interaction_add")).status_code == 403


def test_the_start_page_counts_and_finds_what_one_may_see(rep):
    ContactFactory(name="Mine", assigned_to=rep.user)
    ContactFactory(name="Foreign", assigned_to=UserFactory())
    response = rep.get("/admin/")
    assert "Mine" in text_of(response)
    assert "Foreign" not in text_of(response)
    panels = {panel["template"]: panel for panel in response.context["panels"]}
    assert [tile["count"] for tile in panels["contacts/panel.html"]["tiles"]] == [1, 1]


def test_text_of_people_stays_text(manager):
    evil = "<script>alert(1)</script>{{ 7|add:7 }}"
    contact = ContactFactory(name=evil, description=evil, company=evil, categories=[evil], job_title=evil)
    InteractionFactory(contact=contact, subject=evil, body=evil)
    for address in (
        "/admin/",
        LIST,
        page(contact),
        url("contacts_contact_history", contact.pk),
        "/admin/contacts/category/",
    ):
        text = text_of(manager.get(address))
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
        assert "14" not in re.findall(r"script&gt;(\d+)", text)
