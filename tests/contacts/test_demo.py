from collections import Counter
from io import StringIO

import phonenumbers
import pytest
from django.core.management import call_command

from contacts.demo.locales import LOCALES
from contacts.demo.people import person, phone_number, random_for
from contacts.models import Contact, ContactPoint, Interaction, Segment
from crm_project import demo
from crm_project.access import rules
from crm_project.access.models import User
from tests.factories import ContactFactory

CONTACTS = 120


def seed_demo(**options):
    """What the command says of contacts; the parts of other apps are left out, and have tests of their own."""
    out = StringIO()
    others = {part.name: 0 for part in demo.parts() if part.name != "contacts"}
    call_command("seed_demo", stdout=out, **{"contacts": CONTACTS, **others, **options})
    return out.getvalue().strip().splitlines()[0]


def told():
    """What the demo says of each contact, without the keys and times that follow from today's date."""
    return list(
        Contact.objects.order_by("external_id").values_list(
            "external_id", "name", "organization__name", "assigned_to__username", "custom_fields", "search_text"
        )
    )


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.region)
def test_every_pattern_makes_valid_numbers_of_its_country(locale):
    random = random_for(1, 3, 0)
    for _ in range(20 * len(locale.phones)):
        value, e164 = phone_number(locale, random)
        number = phonenumbers.parse(value, locale.region)
        assert phonenumbers.is_valid_number_for_region(number, locale.region), value
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == e164


def test_a_person_follows_from_seed_and_number():
    assert person(1, 7, 40) == person(1, 7, 40)
    assert person(1, 7, 40) != person(2, 7, 40)
    assert person(1, 7, 40) != person(1, 8, 40)


def test_every_97th_person_is_somebody_typed_once_more():
    original, again = person(1, 94, 40), person(1, 97, 40)
    assert {reach.normalized.lower() for reach in again.reaches} <= {reach.normalized for reach in original.reaches}
    assert again.company == original.company


@pytest.mark.django_db
def test_the_demo_is_whole_and_a_second_run_adds_nothing():
    assert seed_demo() == f"contacts: {CONTACTS} added"
    first = told()
    assert seed_demo() == "contacts: all there, none added"
    assert told() == first
    assert len(first) == CONTACTS
    assert {*ContactPoint.objects.values_list("type", flat=True)} == {"mail", "phone", "id"}
    assert Interaction.objects.count() > CONTACTS
    assert Counter(Segment.objects.values_list("kind", flat=True)) == {"static": 3, "dynamic": 2}
    assert Contact.objects.trashed().exists() is False  # The first of them is the 150th.
    assert Contact.objects.exclude(custom_fields={}).exists()


@pytest.mark.django_db
def test_a_run_goes_on_where_an_earlier_one_stopped():
    seed_demo(contacts=CONTACTS // 2)
    assert seed_demo() == f"contacts: {CONTACTS - CONTACTS // 2} added"
    assert Contact.objects.values("external_id").distinct().count() == Contact.objects.count() == CONTACTS


@pytest.mark.django_db
def test_another_seed_makes_other_people():
    seed_demo()
    names = {*Contact.objects.values_list("name", flat=True)}
    assert seed_demo(seed=2) == f"contacts: {CONTACTS} added"
    assert len({*Contact.objects.values_list("name", flat=True)} - names) > CONTACTS // 3


@pytest.mark.django_db
def test_if_empty_leaves_what_people_entered_alone():
    ContactFactory()
    call_command("seed_demo", if_empty=True, stdout=(out := StringIO()))
    assert out.getvalue() == "There are contacts already; no demo data was added.\n"
    assert [part.model._default_manager.count() for part in demo.parts()][:2] == [1, 0]


@pytest.mark.django_db
def test_triggers_and_history_work_for_what_is_copied():
    seed_demo()
    contact = Contact.objects.get(external_id="demo-1-10")
    for point in contact.points.exclude(type="phone"):
        assert point.value.lower() in contact.search_text
    for point in contact.points.filter(type="phone"):
        assert point.normalized[1:] in contact.search_text
    (event,) = contact.events.all()
    assert event.pgh_label == "insert"
    assert event.pgh_context.metadata == {"door": "command"}


@pytest.mark.django_db
def test_reps_see_own_teams_and_shared_contacts():
    seed_demo()
    olga = User.objects.get(username="olga.sokolova")
    seen = Contact.objects.visible_to(olga)
    assert 0 < seen.count() < CONTACTS
    assert seen.filter(assigned_to=olga).count() == CONTACTS // 10
    assert seen.filter(user_shares__user=olga).exists()
    assert rules.count_up_to(Contact.objects.all(), User.objects.get(username="maria.keller"), 1000) == CONTACTS
    assert not User.objects.get(username="james.carter").has_usable_password()
