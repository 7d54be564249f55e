"""The admin in a real browser: scripts, styles and forms work under our policies, and nothing leaves the host."""

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect, sync_playwright

from contacts.models import Contact
from crm_project.access.models import ApiKey
from feedback.models import Feedback
from orders.models import Order
from tests.factories import (
    CategoryFactory,
    ContactFactory,
    CustomerFactory,
    CustomFieldFactory,
    LeadFactory,
    OrderFactory,
    UserFactory,
)

from .conftest import CHROMIUM, picture

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(live_server, monkeypatch):
    """A page that has signed in as a manager. What it asked for and complained of is checked in the end."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread; we do not use it.
    user = UserFactory(username="mia", first_name="Mia", last_name="Rossi", groups=["Manager"], is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        tab = browser.new_context(base_url=live_server.url).new_page()
        tab.set_default_timeout(30_000)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto("/admin/")
        tab.fill("[name=username]", "mia")
        tab.fill("[name=password]", PASSWORD)
        tab.click("button[type=submit]")
        tab.user = user
        yield tab
        browser.close()
    ours = urlsplit(live_server.url).netloc
    assert {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in ("http", "https", "ws")} == {ours}
    assert complaints == []


def test_find_a_person_and_change_them(page: Page):
    CategoryFactory(name="VIP")
    CustomFieldFactory(key="tier", label="Tier", type="choice", choices=["gold", "silver"])
    contact = ContactFactory(name="Grace Hopper", email="grace@example.com", assigned_to=page.user)
    page.goto("/admin/")
    expect(page.get_by_role("link", name="Grace Hopper")).to_be_visible()
    page.get_by_placeholder("Find a person").fill("hopper gra")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Grace Hopper").click()
    page.get_by_label("Job title").fill("Rear Admiral")
    page.get_by_label("Tier").select_option("gold")
    page.locator(".field-categories .select2-selection").click()
    page.locator(".select2-results__option", has_text="VIP").click()
    page.get_by_role("link", name="Add another Contact point").click()
    page.locator("[name=points-1-type]").select_option("phone")
    page.locator("[name=points-1-value]").fill("(504) 621-8927")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    expect(page.get_by_text("+15046218927")).to_be_visible()
    expect(page.get_by_text("Mia Rossi · admin").first).to_be_visible()
    contact.refresh_from_db()
    assert (contact.job_title, contact.custom_fields) == ("Rear Admiral", {"tier": "gold"})
    assert [category.name for category in contact.categories.all()] == ["VIP"]
    assert sorted(contact.points.values_list("normalized", flat=True)) == ["+15046218927", "grace@example.com"]


def test_two_tabs_do_not_overwrite_each_other(page: Page):
    contact = ContactFactory(name="Grace Hopper")
    address = f"/admin/contacts/contact/{contact.pk}/change/"
    page.goto(address)
    other = page.context.new_page()
    other.goto(address)
    other.get_by_label("Job title").fill("Commodore")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("was changed successfully")).to_be_visible()
    page.get_by_label("Job title").fill("Rear Admiral")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Somebody else changed this record")).to_be_visible()
    expect(page.get_by_text("Job title: “–” → “Commodore”")).to_be_visible()
    assert Contact.objects.get().job_title == "Commodore"


def test_a_new_key_is_shown_and_copied(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/admin/access/apikey/add/")
    page.get_by_label("Name").fill("Nightly export")
    page.get_by_role("button", name="Save", exact=True).click()
    secret = page.get_by_label("API key").input_value()
    assert re.fullmatch(r"crm_[\w-]{43}", secret)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("Nightly export")).to_be_visible()
    assert secret not in page.content()
    assert ApiKey.objects.get().digest == ApiKey.digest_of(secret)


def test_a_phone_shows_everything_without_scrolling_sideways(page: Page):
    contact = ContactFactory(name="Grace Hopper", email=f"{'long-' * 12}@example.com", phone="504-621-8927")
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/admin/", "/admin/contacts/contact/", f"/admin/contacts/contact/{contact.pk}/change/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_the_dashboard_is_drawn_and_every_bar_leads_to_its_records(page: Page, tmp_path):
    LeadFactory.create_batch(3, source="website")
    OrderFactory(customer=CustomerFactory(name="Acme"))
    page.goto("/admin/")
    chart = page.locator("[data-key=sources]")
    expect(chart.locator("svg text", has_text="Website")).to_be_visible()
    with page.expect_download() as download:
        chart.get_by_role("button", name="PNG").click()
    assert (download.value.suggested_filename, download.value.path().read_bytes()[:4]) == ("sources.png", b"\x89PNG")
    with page.expect_download() as download:
        chart.get_by_role("link", name="CSV").click()
    assert "Website,3" in download.value.path().read_text()
    chart.get_by_role("link", name="Website, New leads: 3").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 records")).to_be_visible()


@pytest.mark.parametrize(("role", "leads"), [("Manager", 4), ("Sales", 3)])
def test_each_chart_is_read_by_keyboard_and_taken_away(page: Page, role, leads):
    """By a rep too, whose charts are made of their own records."""
    page.user.groups.set(Group.objects.filter(name=role))
    LeadFactory.create_batch(3, source="website", assigned_to=page.user)
    LeadFactory(source="referral")
    OrderFactory(customer=CustomerFactory(assigned_to=page.user))
    Order.objects.update(assigned_to=page.user)
    page.goto("/admin/")
    charts = page.locator(".report-chart[data-kind]")
    keys = [chart.get_attribute("data-key") for chart in charts.all()]
    assert {"revenue_usd", "leads", "customers", "funnel", "sources", "stages", "top_usd", "buyers", "health"} <= {
        *keys
    }
    for chart, key in zip(charts.all(), keys, strict=True):
        expect(chart.locator("svg a").first).to_be_attached()
        for kind in ("PNG", "CSV"):
            with page.expect_download() as download:
                chart.get_by_text(kind, exact=True).click()
            assert download.value.suggested_filename == f"{key}.{kind.lower()}"
            assert download.value.path().stat().st_size > 30
    picture(page, f"dashboard-{role}")
    page.locator("[data-key=funnel] summary").focus()
    for _ in range(100):
        page.keyboard.press("Tab")
        says = page.evaluate(
            "document.activeElement.closest('[data-key=sources] svg') && document.activeElement.ariaLabel"
        )
        if says:
            break
    assert says == "Website, New leads: 3"
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 records")).to_be_visible()
    page.goto("/admin/")
    page.get_by_role("link", name=f"New leads {leads}").first.click()
    expect(page.get_by_text(f"{leads} records")).to_be_visible()


def test_a_segment_is_taken_out_and_asked_for_feedback(page: Page):
    CustomerFactory.create_batch(2, name="Acme", type="business")
    page.goto("/admin/reports/records/customers?type=business")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert download.value.path().read_text().count("Acme") == 2
    page.get_by_role("link", name="Ask for feedback").click()
    expect(page.get_by_text("Customers who fit: 2.")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list").get_by_text("type=business")).to_be_visible()
    assert Feedback.objects.count() == 2


def test_the_dashboard_fits_a_phone_in_light_and_dark(page: Page):
    OrderFactory(customer=CustomerFactory(name="A rather long name of a company, " * 3))
    page.set_viewport_size({"width": 360, "height": 800})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/admin/")
        expect(page.locator("[data-key=top_usd] svg")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, f"dashboard-phone-{scheme}")
