"""The survey page in a real browser: from the link in the mail to the answer, with and without JavaScript."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from crm_project.mail.models import Mail
from feedback.models import Feedback
from tests.factories import CustomerFactory, FeedbackFactory
from tests.mails import as_sent, part

from .conftest import CHROMIUM, picture

pytestmark = pytest.mark.django_db(transaction=True)
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture
def open_page(live_server, monkeypatch):
    """``open_page(viewport, runs_scripts)``: a tab; what it asked for and complained of is checked in the end."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread; we do not use it.
    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])

        def start(viewport, runs_scripts=False):
            context = browser.new_context(
                base_url=live_server.url,
                viewport=viewport,
                java_script_enabled=runs_scripts,
                is_mobile=viewport == PHONE,
            )
            tab = context.new_page()
            tab.set_default_timeout(30_000)
            tab.on("request", lambda request: asked.append(request.url))
            tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            return tab

        yield start
        browser.close()
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(live_server.url).netloc}
    assert [text for text in complaints if "404" not in text] == []


def link_in(mail, rating):
    return re.search(rf'href="https?://[^/"]+(/survey/[^"]+\?rating={rating})"', part(as_sent(mail), "html")).group(1)


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_from_the_mail_to_the_answer(open_page, viewport, runs_scripts):
    FeedbackFactory(customer=CustomerFactory(name="Jane Smith"))
    page = open_page(viewport, runs_scripts)
    link = link_in(Mail.objects.get(), rating=4)
    page.goto(link)
    expect(page.get_by_role("radio", name="4 Good")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert Feedback.objects.get().status == "open", "Looking at the page is no answer."
    picture(page, f"survey-{viewport['width']}")
    page.get_by_role("radio", name="2 Bad", exact=True).check()
    page.get_by_label("What is it about?").select_option("The delivery")
    page.get_by_label("What went well, what did not?").fill("Two days late")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    picture(page, f"survey-thanks-{viewport['width']}")
    found = Feedback.objects.get()
    assert (found.rating, found.category, found.comment) == (2, "delivery", "Two days late")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    picture(page, f"survey-used-{viewport['width']}")


def test_in_russian_and_back(open_page):
    FeedbackFactory(customer=CustomerFactory(name="Анна Иванова"))
    page = open_page(PHONE)
    page.goto(link_in(Mail.objects.get(), rating=5))
    expect(page.get_by_text("Ваша оценка")).to_be_visible()
    picture(page, "survey-ru")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("radio", name="5 Very good")).to_be_checked()
    page.get_by_role("link", name="Русский").click()
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("heading", name="Спасибо!")).to_be_visible()
    assert (Feedback.objects.get().rating, Feedback.objects.get().language) == (5, "ru")


def test_a_rating_must_be_chosen(open_page):
    FeedbackFactory()
    page = open_page(DESKTOP)
    page.goto(link_in(Mail.objects.get(), rating=1).partition("?")[0])
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    picture(page, "survey-no-rating")
    assert Feedback.objects.get().status == "open"
