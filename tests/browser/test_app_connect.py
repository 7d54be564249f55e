"""The addresses that App Connect opens when a rep clicks a name or a log, in the rep's own browser."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from tests.factories import ContactFactory, CustomerFactory, InteractionFactory, LeadFactory, UserFactory

from .conftest import CHROMIUM, picture

PASSWORD = "correct horse battery"
ROOT = Path(__file__).resolve().parent.parent.parent
MANIFEST = json.loads((ROOT / "integrations/app-connect/manifest.json").read_text())
KINDS = {"Contact": ContactFactory, "Lead": LeadFactory, "Customer": CustomerFactory}
PLATFORM = MANIFEST["platforms"]["customerconnect"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rep():
    user = UserFactory(username="sam", groups=["Sales"], is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def tab(live_server, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread; we do not use it.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(base_url=live_server.url).new_page()
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def contact_page(kind, record):
    return path_of(PLATFORM["contactPageUrl"], contactType=kind, contactId=record.pk)


def log_page(log):
    return path_of(PLATFORM["logPageUrl"], logId=log.pk)


def path_of(address, **parts):
    return urlsplit(address.format(hostname="crm.example.com", **parts)).path


def sign_in(tab):
    tab.fill("[name=username]", "sam")
    tab.fill("[name=password]", PASSWORD)
    tab.click("button[type=submit]")


def test_who_is_signed_out_signs_in_and_comes_to_the_record(tab, rep):
    contact = ContactFactory(name="Grace Hopper", assigned_to=rep)
    tab.goto(contact_page("Contact", contact))
    expect(tab.locator("[name=password]")).to_be_visible()
    assert "Grace" not in tab.content()
    picture(tab, "app-connect-signed-out")
    sign_in(tab)
    expect(tab.locator("[name=name]")).to_have_value("Grace Hopper")
    assert urlsplit(tab.url).path == f"/admin/contacts/contact/{contact.pk}/change/"
    picture(tab, "app-connect-signed-in")


def test_a_name_or_a_log_opens_the_record(tab, rep):
    tab.goto("/admin/")
    sign_in(tab)
    for kind, factory in KINDS.items():
        tab.goto(contact_page(kind, factory(name=f"Grace {kind}", assigned_to=rep)))
        expect(tab.locator("[name=name]")).to_have_value(f"Grace {kind}")
        picture(tab, f"app-connect-{kind.lower()}")
    log = InteractionFactory(contact=ContactFactory(assigned_to=rep), type="call", subject="Asked for an offer")
    tab.goto(log_page(log))
    expect(tab.locator("[name=subject]")).to_have_value("Asked for an offer")
    picture(tab, "app-connect-log")


def test_what_the_rep_may_not_see_is_not_there(tab, rep):
    tab.goto("/admin/")
    sign_in(tab)
    for address in (
        *(contact_page(kind, factory(name="Secret")) for kind, factory in KINDS.items()),
        log_page(InteractionFactory(subject="Secret")),
        contact_page("Contact", ContactFactory(name="Secret", assigned_to=rep, deleted_at=timezone.now())),
    ):
        assert tab.goto(address).status == 404
        expect(tab.get_by_text("There is no such record, or you may not see it.")).to_be_visible()
        assert "Secret" not in tab.content()
    picture(tab, "app-connect-not-visible")
