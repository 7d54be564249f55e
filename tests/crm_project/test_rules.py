"""The one rule, asked in every way that there is to ask it, of any users, groups and records."""

from unittest import mock

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, ContactPoint, Interaction, Organization
from crm_project.access import rules, services
from crm_project.access.models import Role, User
from tests.factories import ContactFactory, InteractionFactory, OrganizationFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

VERBS = ["view", "change", "delete", "share", "export"]
HOLDERS = ["me", "other", "north", "south"]
GROUPS = ["north", "south", "Sales", "Manager", "Support", "Read-only", "looks at all", "changes own"]

shares = st.lists(
    st.tuples(st.sampled_from(HOLDERS), st.sets(st.sampled_from(services.SHARED_VERBS), min_size=1)), max_size=3
)
records = st.lists(
    st.tuples(st.sampled_from(["me", "other", None]), st.sampled_from(["north", "south", "Sales", None]), shares),
    min_size=1,
    max_size=5,
)
users = st.fixed_dictionaries(
    {
        "groups": st.sets(st.sampled_from(GROUPS), max_size=4),
        "direct": st.sets(st.sampled_from(VERBS), max_size=2),
        "is_superuser": st.integers(0, 9).map(lambda number: number == 0),
        "is_active": st.integers(0, 9).map(lambda number: number != 0),
    }
)


def contact_permissions(*verbs):
    return Permission.objects.filter(codename__in=[f"{verb}_contact" for verb in verbs])


def make_world(user, owned):
    """The user and the contacts that a description asks for."""
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in GROUPS}
    groups["looks at all"].permissions.set(contact_permissions("view"))
    Role.objects.create(group=groups["looks at all"], reach=Role.Reach.COMPANY)
    groups["changes own"].permissions.set(contact_permissions("change"))
    me = User.objects.create(username="me", is_superuser=user["is_superuser"], is_active=user["is_active"])
    me.groups.set(groups[name] for name in user["groups"])
    me.user_permissions.set(contact_permissions(*user["direct"]))
    people = {"me": me, "other": User.objects.create(username="other"), None: None}
    contacts = []
    for owner, team, given_shares in owned:
        contact = Contact.objects.create(assigned_to=people[owner], team=groups.get(team))
        wanted = [
            services.Share(user=people.get(holder), team=groups.get(holder), verbs=sorted(verbs))
            for holder, verbs in given_shares
        ]
        services.set_shares(record=contact, shares=wanted)
        contacts.append(contact)
    return User.objects.get(pk=me.pk), contacts


def by_description(user, owned, index, verb):
    """The rule of the design, in words of its own."""
    owner, team, given_shares = owned[index]
    if not user["is_active"]:
        return False
    everything = {
        "Manager": {*VERBS},
        "Support": {"view"},
        "Read-only": {"view"},
        "looks at all": {"view"},
    }
    own = {"Sales": {"view", "change", "delete", "export"}, "changes own": {"change"}}
    if user["is_superuser"] or any(verb in everything.get(group, ()) for group in user["groups"]):
        return True
    holds = verb in user["direct"] or any(verb in own.get(group, ()) for group in user["groups"])
    if holds and (owner == "me" or team in user["groups"]):
        return True
    mine = {"me", *user["groups"]}
    return any(holder in mine and verb in {*verbs, "view"} for holder, verbs in given_shares)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=users, owned=records, verb=st.sampled_from(VERBS))
def test_every_way_to_ask_gives_the_same_answer(db, user, owned, verb):
    with transaction.atomic():
        me, contacts = make_world(user, owned)
        expected = {each.pk for index, each in enumerate(contacts) if by_description(user, owned, index, verb)}
        everything = Contact.objects.order_by("-pk")
        assert set(Contact.objects.visible_to(me, verb).values_list("pk", flat=True)) == expected
        assert {each.pk for each in contacts if rules.allows(me, each, verb)} == expected
        assert {each.pk for each in contacts if me.has_perm(f"contacts.{verb}_contact", each)} == expected
        assert rules.count_up_to(everything, me, 100, verb) == len(expected)
        assert rules.count_up_to(everything, me, 1, verb) == min(len(expected), 1)
        first = sorted(expected, reverse=True)[:2]
        assert [each.pk for each in rules.top_k(everything, me, 2, verb)[:2]] == first
        for few in (2_000, 0):  # A large table is asked in two more ways, by how much the user sees.
            cache.clear()
            with mock.patch.object(rules, "is_large", return_value=True), mock.patch.object(rules, "FEW", few):
                assert rules.count_up_to(everything, me, 100, verb, is_narrowed=True) == len(expected)
                for rows, first_rows in ((everything, first), (everything.reverse(), sorted(expected)[:2])):
                    for are_many in (False, True):
                        narrowed = rules.top_k(rows, me, 2, verb, is_narrowed=True, are_many=are_many)
                        assert [each.pk for each in narrowed[:2]] == first_rows
                if verb == "view" and rules.branches(me, Contact):
                    some = Contact.objects.filter(deleted_at=None)
                    by_key = some.filter(pk__in=Contact.objects.values("pk"))
                    for rows in (some, some.filter(sort_name__gte=""), by_key):
                        for order in (["-id"], ["-sort_name", "-id"]):
                            found = rules.first_of_few(rows, me, order, [], 9, is_filtered=rows is not some)
                            assert (set(found[0]), found[1]) == (expected, len(expected))
        if verb == "view":
            assert rules.seen(me, Contact, [each.pk for each in contacts]) == expected
            assert rules.seen(me, Contact, [str(each.pk) for each in contacts]) in (expected, {*map(str, expected)})
            assert {each.pk for each in rules.each_visible(everything, me)} == expected
        transaction.set_rollback(True)


@pytest.mark.parametrize("kind", [Interaction, ContactPoint])
def test_parts_follow_the_whole(kind):
    rep = UserFactory(groups=["Sales"])

    def part_of(**fields):
        contact = ContactFactory(phone="504-621-8927", **fields)
        return InteractionFactory(contact=contact) if kind is Interaction else contact.points.get()

    mine, shared, foreign = part_of(assigned_to=rep), part_of(), part_of()
    services.set_shares(record=shared.contact, shares=[services.Share(user=rep, verbs=["view"])])
    assert set(kind.objects.visible_to(rep)) == {mine, shared}
    assert set(kind.objects.visible_to(rep, "change")) == {mine}
    for record, view, change in ((mine, True, True), (shared, True, False), (foreign, False, False)):
        assert (rules.allows(rep, record, "view"), rules.allows(rep, record, "change")) == (view, change)


def test_organizations_are_seen_through_contacts():
    rep = UserFactory(groups=["Sales"])
    entered = OrganizationFactory(created_by=rep)
    through = ContactFactory(assigned_to=rep, company="Through").organization
    trashed = ContactFactory(assigned_to=rep, company="Trashed", deleted_at="2026-01-01T00:00Z").organization
    foreign = ContactFactory(company="Foreign").organization
    assert set(Organization.objects.visible_to(rep)) == {entered, through}
    seen = [rules.allows(rep, each, "view") for each in (entered, through, trashed, foreign)]
    assert seen == [True, True, False, False]
    assert not Organization.objects.visible_to(rep, "change").exists()
    assert set(Organization.objects.visible_to(UserFactory(groups=["Read-only"]))) == {
        entered,
        through,
        trashed,
        foreign,
    }


@pytest.mark.parametrize("nobody", [None, AnonymousUser(), User(username="new", is_active=False)], ids=str)
def test_nobody_sees_nothing(nobody):
    contact = ContactFactory()
    for model in (Contact, Interaction, ContactPoint, Organization):
        assert not model.objects.visible_to(nobody).exists()
        assert not rules.may(nobody, model, "view")
    assert not rules.allows(nobody, contact, "view")
    assert rules.count_up_to(Contact.objects.all(), nobody, 5) == 0


def test_to_change_includes_to_view():
    contact, user = ContactFactory(), UserFactory()
    services.set_shares(record=contact, shares=[services.Share(user=user, verbs=["delete"])])
    assert [rules.allows(user, contact, verb) for verb in ("view", "change", "delete")] == [True, False, True]


def test_shares_are_replaced_and_told_in_order():
    contact, team = ContactFactory(), TeamFactory(name="North")
    ann, bob = UserFactory(username="ann"), UserFactory(username="bob")
    services.set_shares(record=contact, shares=[services.Share(user=bob, verbs=["view"])])
    wanted = [services.Share(team=team, verbs=["change"]), services.Share(user=ann, verbs=["delete", "change"])]
    services.set_shares(record=contact, shares=wanted)
    told = [(each.user, each.team, each.verbs) for each in services.shares_of(contact)]
    assert told == [(ann, None, ["view", "change", "delete"]), (None, team, ["view", "change"])]


def test_sharing_the_same_again_touches_no_row():
    contact, user = ContactFactory(), UserFactory()
    services.set_shares(record=contact, shares=[services.Share(user=user, verbs=["view"])])
    before = list(contact.user_shares.values_list("pk", flat=True))
    services.set_shares(record=contact, shares=[services.Share(user=user, verbs=["view"])])
    assert list(contact.user_shares.values_list("pk", flat=True)) == before


def test_shares_go_with_their_record():
    contact, user = ContactFactory(), UserFactory()
    services.set_shares(record=contact, shares=[services.Share(user=user, verbs=["view"])])
    contact.delete()
    assert not Contact.user_shares.rel.related_model.objects.exists()
