"""The unsubscribe page as a person sees it on a phone, whether or not its browser runs scripts."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from crm_project.mail.links import token_of, unsubscribe_url
from crm_project.mail.models import Suppression, Template
from crm_project.mail.services import queue_mail

from .conftest import CHROMIUM, picture

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {
    "en": (
        "Do you want no more mail?",
        "All mail",
        "Unsubscribe",
        "Done",
        "That was a mistake, go on writing to me",
        "Welcome back",
    ),
    "ru": (
        "Больше не хотите получать письма?",
        "Все письма",
        "Отписаться",
        "Готово",
        "Это ошибка, продолжайте мне писать",
        "Рады, что вы снова с нами",
    ),
}


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def phone(request, live_server, monkeypatch):
    """A page of 360 pixels; what it complained of is checked in the end."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread; we do not use it.
    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        context = browser.new_context(
            base_url=live_server.url,
            java_script_enabled=request.param,
            viewport={"width": 360, "height": 640},
            is_mobile=True,
        )
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        tab.on("requestfailed", lambda request: complaints.append(request.url))
        yield tab
        browser.close()
    assert complaints == []


@pytest.mark.parametrize("language", WORDS)
def test_somebody_unsubscribes_and_comes_back(phone, language):
    Template.objects.create(key="greeting", name="Greeting", language=language, subject="Hello", text="Hello")
    mail = queue_mail(
        template="greeting",
        to="a-rather-long-address-of-somebody@example.com",
        purpose="nurturing",
        context={},
        once="x",
        language=language,
    )
    question, everything, button, done, mistake, back = WORDS[language]
    phone.goto(urlsplit(unsubscribe_url(token_of(mail))).path)
    expect(phone.get_by_role("heading", name=question)).to_be_visible()
    box = phone.get_by_role("button", name=button).bounding_box()
    assert box["height"] >= 44, "Large enough for a thumb."
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    picture(phone, f"unsubscribe-{language}")
    phone.get_by_label(everything).check()
    assert not Suppression.objects.exists()
    phone.get_by_role("button", name=button).click()
    expect(phone.get_by_role("heading", name=done)).to_be_visible()
    assert Suppression.objects.values_list("address", "purpose", "reason").get() == (mail.to, "", "unsubscribed")
    picture(phone, f"unsubscribed-{language}")
    phone.get_by_role("button", name=mistake).click()
    expect(phone.get_by_role("heading", name=back)).to_be_visible()
    assert not Suppression.objects.exists()


def test_link_that_is_broken_has_a_page_too(phone):
    response = phone.goto("/mail/unsubscribe/broken")
    assert response.status == 404
    expect(phone.get_by_role("heading", name="This link does not work")).to_be_visible()
    picture(phone, "unsubscribe-broken")
