"""What every page of the admin does: rights by the one rule, lists that stay cheap, and no lost updates."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import services
from contacts.models import Contact, ContactUserShare
from crm_project.access import services as access
from crm_project.admin import BoundedPaginator, CrmModelAdmin
from crm_project.admin import lists as admin_lists
from crm_project.history.timeline import source_count
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import CategoryFactory, ContactFactory, OrganizationFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/contacts/contact/"


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


@pytest.fixture
def read_only():
    return client_of(UserFactory(groups=["Read-only"]))


def change(contact):
    return url("contacts_contact_change", contact.pk)


def test_who_is_no_member_of_staff_stays_outside():
    user = UserFactory(groups=["Manager"])
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(LIST).status_code == 302


def test_a_list_shows_each_what_they_may_see(manager, rep):
    team, stranger = TeamFactory(), UserFactory(groups=["Sales"])
    rep.user.groups.add(team)
    ContactFactory(name="Mine", actor=rep.user, assigned_to=rep.user)
    ContactFactory(name="Ours", team=team)
    ContactFactory(name="Foreign", assigned_to=stranger)
    shared = ContactFactory(name="Lent", assigned_to=stranger)
    access.set_shares(record=shared, shares=[access.Share(user=rep.user, verbs=["view"])])
    seen = text_of(rep.get(LIST))
    assert [name in seen for name in ("Mine", "Ours", "Lent", "Foreign")] == [True, True, True, False]
    assert "3 contacts" in seen
    assert all(name in text_of(manager.get(LIST)) for name in ("Mine", "Ours", "Lent", "Foreign"))


def test_a_foreign_record_is_not_found_and_not_named(rep):
    foreign = ContactFactory(name="Xanthippe", email="x@secret.example", assigned_to=UserFactory())
    for page in ("change", "history", "delete", "sharing"):
        response = rep.get(url(f"contacts_contact_{page}", foreign.pk))
        assert response.status_code == 404, page
        assert "Xanthippe" not in text_of(response)
        assert "secret.example" not in text_of(response)
    response = rep.post(change(foreign), {"name": "Taken"})
    assert response.status_code == 404
    assert rep.post(url("contacts_contact_restore", foreign.pk)).status_code == 404
    foreign.refresh_from_db()
    assert foreign.name == "Xanthippe"


def test_an_id_that_is_none_is_not_found(manager):
    for key in ("00000000-0000-7000-8000-000000000000", "no-id", "1"):
        assert manager.get(url("contacts_contact_change", key)).status_code == 404


def test_who_only_looks_finds_no_fields_and_cannot_send_any(read_only):
    contact = ContactFactory(name="Grace")
    response = read_only.get(change(contact))
    assert response.status_code == 200
    assert "name" not in form_of(response, "contact_form")
    assert read_only.post(change(contact), {"name": "Taken", "version": contact.version}).status_code == 403
    assert read_only.get(url("contacts_contact_add")).status_code == 403
    assert read_only.get(url("contacts_contact_delete", contact.pk)).status_code == 403
    contact.refresh_from_db()
    assert (contact.name, contact.deleted_at) == ("Grace", None)


def test_a_shared_record_is_changed_only_by_who_may(rep):
    contact = ContactFactory(name="Lent", assigned_to=UserFactory())
    access.set_shares(record=contact, shares=[access.Share(user=rep.user, verbs=["view"])])
    assert "name" not in form_of(rep.get(change(contact)), "contact_form")
    assert rep.post(change(contact), {"name": "Taken", "version": contact.version}).status_code == 403
    access.set_shares(record=contact, shares=[access.Share(user=rep.user, verbs=["change"])])
    assert form_of(rep.get(change(contact)), "contact_form")["name"] == "Lent"


@pytest.mark.django_db(transaction=True)
def test_a_form_that_others_overtook_saves_nothing_and_says_what_changed(manager):
    contact = ContactFactory(name="Grace", job_title="Commodore")
    form = form_of(manager.get(change(contact)), "contact_form")
    services.update_contact(contact=contact, actor=manager.user, job_title="Rear Admiral")
    response = manager.post(change(contact), form | {"name": "Grace Brewster"})
    assert response.status_code == 200
    assert "Somebody else changed this record" in text_of(response)
    assert re.search(r"Job title: “Commodore” → “Rear Admiral”", text_of(response))
    contact.refresh_from_db()
    assert (contact.name, contact.job_title) == ("Grace", "Rear Admiral")
    fresh = form_of(manager.get(change(contact)), "contact_form") | {"name": "Grace Brewster"}
    assert manager.post(change(contact), fresh).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.job_title) == ("Grace Brewster", "Rear Admiral")


def test_a_form_without_version_is_refused(manager):
    contact = ContactFactory(name="Grace")
    form = form_of(manager.get(change(contact)), "contact_form")
    for version in ("", "x"):
        response = manager.post(change(contact), form | {"name": "Taken", "version": version})
        assert "nothing was saved" in text_of(response)
    contact.refresh_from_db()
    assert contact.name == "Grace"


@pytest.mark.django_db(transaction=True)
def test_other_records_have_the_same_guard(manager):
    acme = OrganizationFactory(name="Acme")
    page = url("contacts_organization_change", acme.pk)
    form = form_of(manager.get(page), "organization_form")
    acme.domain = "acme.example"
    acme.save()
    response = manager.post(page, form | {"name": "Acme 2"})
    assert "Domain: “–” → “acme.example”" in text_of(response)
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_autocomplete_finds_only_what_one_may_see(manager, rep):
    mine = ContactFactory(name="Mine", company="Seen Ltd", actor=rep.user, assigned_to=rep.user)
    ContactFactory(name="Foreign", company="Hidden Ltd", assigned_to=UserFactory())

    def found(client, term):
        asked = {"app_label": "contacts", "model_name": "contact", "field_name": "organization", "term": term}
        return [row["text"] for row in client.get("/admin/autocomplete/", asked).json()["results"]]

    assert found(rep, "ltd") == ["Seen Ltd"]
    assert found(manager, "ltd") == ["Hidden Ltd", "Seen Ltd"]
    assert found(rep, "\0ltd") == ["Seen Ltd"]
    hidden = Contact.objects.get(name="Foreign").organization
    form = form_of(rep.get(change(mine)), "contact_form") | {"organization": hidden.pk}
    response = rep.post(change(mine), form)
    assert "Select a valid choice" in text_of(response)
    assert "Hidden Ltd" not in text_of(response)
    filtered = rep.get(LIST, {"organization__id__exact": hidden.pk})
    assert "Hidden Ltd" not in text_of(filtered)
    assert "0 contacts" in text_of(filtered)


def test_autocomplete_of_users_needs_the_right_to_see_users(rep):
    asked = {"app_label": "contacts", "model_name": "contact", "field_name": "assigned_to", "term": ""}
    assert rep.get("/admin/autocomplete/", asked).status_code == 403


@pytest.mark.parametrize(
    "parameters",
    [
        {"category": "x"},
        {"assigned_to": "x"},
        {"team": "x"},
        {"segment": "x"},
        {"organization__id__exact": "x"},
        {"created_at_from": "x"},
        {"p": "999999"},
        {"p": "-1"},
        {"o": "99"},
        {"nonsense": "1"},
        {"q": "a\0b"},
    ],
)
def test_nonsense_in_a_lists_address_is_no_error(manager, parameters):
    ContactFactory()
    assert manager.get(LIST, parameters, follow=True).status_code == 200


def test_columns_are_not_looked_through_by_address(manager):
    """What is no filter of the list must not be guessed letter by letter."""
    assert manager.get(LIST, {"assigned_to__password__startswith": "a"}).status_code == 400


def test_query_counts_do_not_grow_with_rows(manager, rep):
    def counts(client, *addresses):
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    def make(number):
        for _each in range(number):
            contact = ContactFactory(
                email="a@example.com", company=f"Firm {number}", categories=["VIP"], assigned_to=rep.user
            )
        return contact

    pages = (LIST, f"{LIST}?q=contact", f"{LIST}?trash=1", "/admin/", "/admin/contacts/organization/")
    contact = make(2)
    counts(manager, *pages, change(contact)), counts(rep, *pages, change(contact))  # Fill process-wide caches.
    few = counts(manager, *pages, change(contact)), counts(rep, *pages, change(contact))
    make(20)
    assert (counts(manager, *pages, change(contact)), counts(rep, *pages, change(contact))) == few
    assert max(*few[0], *few[1]) <= 21 + source_count()


def test_a_page_number_beyond_the_bound_does_not_exist(manager, monkeypatch):
    monkeypatch.setattr(admin_lists, "COUNT_EXACT_TO", 4)
    monkeypatch.setattr(CrmModelAdmin, "list_per_page", 2)
    for number in range(7):
        ContactFactory(name=f"Contact {number}")
    first = text_of(manager.get(LIST))
    assert "more than 4 contacts" in first
    assert "Contact 6" in first
    assert "Contact 4" not in first
    assert "Contact 3" in text_of(manager.get(LIST, {"p": 2}))
    assert manager.get(LIST, {"p": 3}).status_code == 302


def test_pages_of_both_ways_show_each_row_once(rep, monkeypatch):
    """Own and shared records at once: a record that is reached twice is listed once, in the list's order."""
    monkeypatch.setattr(CrmModelAdmin, "list_per_page", 3)
    for number in range(6):
        contact = ContactFactory(name=f"C{number}", assigned_to=rep.user)
        access.set_shares(record=contact, shares=[access.Share(user=rep.user, verbs=["view"])])
    assert ContactUserShare.objects.count() == 6
    for order, names in (("1", "012345"), ("-1", "543210"), ("", "543210")):
        shown = []
        for page in (1, 2):
            response = rep.get(LIST, {"o": order, "p": page} if order else {"p": page})
            shown += [contact.name for contact in response.context["cl"].result_list]
        assert shown == [f"C{number}" for number in names]


def test_the_paginator_counts_no_further_than_its_bound(monkeypatch):
    monkeypatch.setattr(admin_lists, "COUNT_EXACT_TO", 3)
    CategoryFactory.create_batch(3)
    paginator = BoundedPaginator(CategoryFactory._meta.model.objects.all(), 2)
    assert (paginator.count, paginator.is_exact, paginator.num_pages) == (3, True, 2)
    CategoryFactory.create_batch(2)
    paginator = BoundedPaginator(CategoryFactory._meta.model.objects.all(), 2)
    assert (paginator.count, paginator.is_exact, paginator.num_pages) == (3, False, 2)


def test_the_sidebar_offers_what_one_may_open(manager, rep):
    assert "/admin/contacts/customfield/" in text_of(manager.get("/admin/"))
    assert "/admin/access/user/" not in text_of(manager.get("/admin/"))
    administrator = client_of(UserFactory(groups=["Administrator"]))
    assert "/admin/access/user/" in text_of(administrator.get("/admin/"))
    nobody = client_of(UserFactory())
    assert "/admin/contacts/contact/" not in text_of(nobody.get("/admin/"))
    assert nobody.get(LIST).status_code == 403


def test_everything_on_a_page_comes_from_here(manager):
    """No address of another host, which would tell others who works with whom."""
    contact = ContactFactory(name="Grace")
    for page in ("/admin/", LIST, change(contact), "/admin/login/"):
        sources = re.findall(r"(?:src|href|action)=\"([^\"]+)\"", text_of(manager.get(page, follow=True)))
        assert sources
        assert [each for each in sources if "//" in each] == []


def test_no_script_runs_that_stands_in_a_page(manager):
    for address in ("/admin/", LIST, "/admin/nonsense/"):
        response = manager.get(address)
        directives = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
        assert directives["script-src"] == "'self' 'unsafe-eval'"
        assert directives["object-src"] == "'none'"
        assert not re.findall(r"<script(?![^>]* src=)|<[^>]+ on[a-z]+=", text_of(response))


def test_refusals_are_pages_in_the_admin_and_json_elsewhere(read_only):
    for address, status in (
        ("/admin/nonsense/", 404),
        ("/admin/contacts/contact/add/", 403),
        (f"{LIST}?team__name__contains=a", 400),
    ):
        response = read_only.get(address)
        assert (response.status_code, response["Content-Type"].split(";")[0]) == (status, "text/html"), address
        assert "To the start page" in text_of(response)
    assert read_only.get("/nonsense").json()["message"] == "Resource not found"


def test_pages_speak_the_users_language_and_time_zone(manager):
    manager.user.language, manager.user.time_zone = "ru", "Asia/Tokyo"
    manager.user.save()
    contact = ContactFactory(name="Grace")
    Contact.objects.filter(pk=contact.pk).update(created_at="2026-01-31T20:00:00Z")
    response = manager.get(change(contact))
    assert response["Content-Language"] == "ru"
    assert "Сохранить" in text_of(response)
    assert "1 фев 2026, 05:00" in text_of(response)


def test_every_registered_page_of_ours_has_a_place_and_asks_the_rule():
    apps = ("crm_", "contacts", "leads", "customers", "orders")
    ours = [page for page in admin.site._registry.values() if type(page).__module__.startswith(apps)]
    assert len(ours) >= 16
    for page in ours:
        assert page.menu
        assert page.icon
        assert hasattr(page, "may"), page
