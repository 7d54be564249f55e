"""The public page: who holds the link may answer once, everybody else sees nothing."""

import datetime as dt
import secrets

import pytest
from django.test import Client
from django.utils import timezone

from crm_project.history.timeline import timeline
from crm_project.mail.models import Mail
from feedback.links import hash_of, token_for
from feedback.models import Feedback
from feedback.services import record_answer
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory, UserFactory
from tests.mails import as_sent, part

pytestmark = pytest.mark.django_db
NAME = "Xqnamezw Smith"


@pytest.fixture
def open_request():
    return FeedbackFactory(customer=CustomerFactory(name=NAME))


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def address(feedback):
    return f"/survey/{token_for(feedback.pk)}"


def test_looking_counts_nothing(open_request, browser):
    """A scanner follows every link of the mail, more than once."""
    for query in ("", *(f"?rating={rating}" for rating in range(1, 6))):
        for _ in range(2):
            assert browser.get(address(open_request) + query).status_code == 200
            assert browser.head(address(open_request) + query).status_code == 200
    assert Feedback.objects.get().status == "open"


def test_the_rating_of_the_mail_is_chosen_already(open_request, browser):
    page = browser.get(f"{address(open_request)}?rating=4").content.decode()
    assert page.count("checked") == 1
    assert 'value="4" required checked' in page
    assert NAME in page
    for nonsense in ("6", "0", "x", '"><script>', "44"):
        page = browser.get(f"{address(open_request)}?rating={nonsense}").content.decode()
        assert "checked" not in page
        assert "<script" not in page


def test_an_answer_is_recorded_once(open_request, browser):
    said = {"rating": "2", "category": "delivery", "comment": "Курьер опоздал"}
    response = browser.post(f"{address(open_request)}?rating=4", said)
    assert (response.status_code, response["Location"]) == (303, "/survey/thanks?lang=en")
    assert "Thank you" in browser.get(response["Location"]).content.decode()
    found = Feedback.objects.get()
    assert (found.rating, found.category, found.comment, found.language) == (2, "delivery", "Курьер опоздал", "ru")
    for again in (browser.get(address(open_request)), browser.post(address(open_request), said | {"rating": "5"})):
        assert again.status_code == 404
    assert Feedback.objects.get().rating == 2
    story = timeline([found.customer.contact_id], None, 50, user=UserFactory(is_superuser=True))
    doors = {entry.door for entry in story if entry.type == "feedback.changed"}
    assert doors == {"survey"}


def test_a_page_without_a_rating_comes_back_as_it_was_filled_in(open_request, browser):
    response = browser.post(address(open_request), {"comment": "<b>Nice</b>", "category": "price"})
    page = response.content.decode()
    assert response.status_code == 400
    assert "Please choose how you liked it." in page
    assert "&lt;b&gt;Nice&lt;/b&gt;" in page
    assert 'value="price" selected' in page
    assert Feedback.objects.get().status == "open"


@pytest.mark.parametrize(
    "body",
    [
        {"rating": "9"},
        {"rating": "4", "category": "weather"},
        {"rating": "4", "comment": "x" * 5_001},
        {"rating": "4", "comment": "a\0b"},
    ],
)
def test_bad_input_is_refused_on_the_page(open_request, browser, body):
    assert browser.post(address(open_request), body).status_code == 400
    assert Feedback.objects.get().status == "open"


def links_that_do_not_work():
    """Forged, of nobody, used, expired, withdrawn, of a deleted customer, and by a hash that was put into the table."""
    genuine = token_for(FeedbackFactory(customer=CustomerFactory(name=NAME)).pk)
    yield "x"
    yield secrets.token_urlsafe(32)
    yield genuine[:-1] + ("A" if genuine[-1] != "A" else "B")
    yield genuine[:-1]
    yield genuine.swapcase()
    used, expired, withdrawn, orphan, planted = (FeedbackFactory(customer=CustomerFactory(name=NAME)) for _ in range(5))
    record_answer(feedback=used, actor=None, rating=5)
    Feedback.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    Feedback.objects.filter(pk=withdrawn.pk).update(deleted_at=timezone.now())
    type(orphan.customer).objects.filter(pk=orphan.customer.pk).update(deleted_at=timezone.now())
    for each in (used, expired, withdrawn, orphan):
        yield token_for(each.pk)
    Feedback.objects.filter(pk=planted.pk).update(token_hash=hash_of("planted"))
    yield "planted"


def test_links_that_do_not_work_all_get_the_same_page(browser, settings):
    settings.CRM_SURVEY_RATE = "1000/60"
    pages = set()
    for token in links_that_do_not_work():
        before = list(Feedback.objects.order_by("pk").values_list("pk", "version"))
        for response in (
            browser.get(f"/survey/{token}?lang=en"),
            browser.post(f"/survey/{token}?lang=en", {"rating": "1"}),
        ):
            assert response.status_code == 404, token
            pages.add(response.content)
        assert list(Feedback.objects.order_by("pk").values_list("pk", "version")) == before
    assert len(pages) == 1
    page = pages.pop().decode()
    assert NAME not in page
    assert "This link does not work any more" in page


def test_ten_posts_a_minute_from_one_address(browser, open_request, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_800_000_030.0)
    for _ in range(10):
        assert browser.post("/survey/x", {"rating": "1"}).status_code == 404
    response = browser.post(address(open_request), {"rating": "1"})
    assert (response.status_code, response["Retry-After"]) == (429, "30")
    assert "One moment, please" in response.content.decode()
    assert Feedback.objects.get().status == "open"
    assert browser.get(address(open_request)).status_code == 200
    assert browser.post(address(open_request), {"rating": "1"}, REMOTE_ADDR="192.0.2.7").status_code == 303


def test_in_the_language_of_the_request_or_of_the_readers_choice(browser):
    feedback = FeedbackFactory(language="ru")
    page = browser.get(f"{address(feedback)}?rating=3").content.decode()
    assert '<html lang="ru">' in page
    assert "Ваша оценка" in page
    assert 'href="?lang=en&amp;rating=3"' in page
    page = browser.get(f"{address(feedback)}?lang=en").content.decode()
    assert "Your rating" in page
    response = browser.post(f"{address(feedback)}?lang=en", {"rating": "4"})
    assert response["Location"] == "/survey/thanks?lang=en"
    assert Feedback.objects.get().language == "en"
    assert "больше не работает" in browser.get(f"{address(feedback)}?lang=ru").content.decode()


def test_nothing_leaks_and_nothing_foreign_runs(browser, open_request):
    response = browser.get(address(open_request))
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response.cookies == {}
    assert b"<script" not in response.content


@pytest.mark.django_db(transaction=True)
def test_twenty_answers_at_once_count_once(settings):
    settings.CRM_SURVEY_RATE = "1000/60"
    feedback = FeedbackFactory()
    calls = [lambda: Client().post(address(feedback), {"rating": "5"}).status_code] * 20
    assert sorted(at_once(calls)) == [303] + [404] * 19


def test_the_links_of_the_mail_work(browser, manager):
    feedback = FeedbackFactory()
    text = part(as_sent(Mail.objects.get()), "plain")
    path = text.split("/survey/")[1].split()[0]
    assert browser.get(f"/survey/{path}").status_code == 200
    assert path == token_for(feedback.pk)
