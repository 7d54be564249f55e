"""Answers through the API, and what follows from them."""

import pytest

from contacts.models import Task
from crm_project.mail.models import Mail
from feedback.exceptions import AlreadyAnswered
from feedback.models import Feedback
from feedback.services import record_answer
from feedback.words import language_of, sentiment_of
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory, UserFactory

pytestmark = pytest.mark.django_db
CRM = "/dev/crm"


def answer(client, feedback, status, **body):
    response = client.post(f"{CRM}/feedback/{feedback.pk}", body)
    assert response.status_code == status, response.content
    return response.json()


def test_an_answer_counts_once(manager):
    feedback = FeedbackFactory()
    said = {"rating": 5, "comment": "Great service!", "category": "Support"}
    found = answer(manager, feedback, 200, **said)
    assert found["responded_at"]
    assert {name: found[name] for name in ("status", *said, "sentiment", "language", "remind_at")} == {
        "status": "answered",
        **said,
        "category": "support",
        "sentiment": "positive",
        "language": "en",
        "remind_at": None,
    }
    assert answer(manager, feedback, 409, rating=1)["code"] == "already_answered"
    assert manager.get(f"{CRM}/feedback/{feedback.pk}").json() == found


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": "good"}, "rating"),
        ({"rating": 5, "comment": "x" * 5_001}, "comment"),
        ({"rating": 5, "category": "x" * 51}, "category"),
        ({"rating": 5, "coment": "x"}, "coment"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_recorded(manager, body, field):
    feedback = FeedbackFactory()
    assert list(answer(manager, feedback, 400, **body)["errors"]) == [field]
    assert Feedback.objects.get().status == "open"


def test_a_request_that_expired_can_still_be_answered_by_staff(manager):
    feedback = FeedbackFactory(status="expired")
    assert answer(manager, feedback, 200, rating=3)["status"] == "answered"


def test_what_the_customer_said_cannot_be_changed(manager):
    feedback = FeedbackFactory(rating=2, comment="Slow")
    changed = manager.patch(f"{CRM}/feedback/{feedback.pk}", {"category": "Delivery", "rating": 5, "comment": "Fast"})
    assert changed.status_code == 200
    assert [changed.json()[name] for name in ("category", "rating", "comment")] == ["delivery", 2, "Slow"]


def test_a_mail_that_waits_is_not_sent_after_the_answer(manager):
    feedback = FeedbackFactory()
    assert Mail.objects.get().state == "queued"
    answer(manager, feedback, 200, rating=4)
    assert Mail.objects.get().state == "cancelled"


@pytest.mark.parametrize(("rating", "tasks"), [(1, 1), (2, 1), (3, 0), (5, 0)])
def test_a_low_rating_gives_the_owner_a_task(manager, rating, tasks):
    owner = UserFactory()
    customer = CustomerFactory(name="Jane Smith", assigned_to=owner)
    feedback = FeedbackFactory(customer=customer)
    answer(manager, feedback, 200, rating=rating, comment="The parcel was open")
    assert Task.objects.count() == tasks
    for task in Task.objects.all():
        assert (task.assigned_to, task.contact, task.kind) == (owner, customer.contact, "feedback")
        assert task.title == f"Unhappy customer: Jane Smith gave {rating} of 5"
        assert task.description == "The parcel was open"


@pytest.mark.django_db(transaction=True)
def test_twenty_answers_at_once_count_once():
    feedback = FeedbackFactory(customer=CustomerFactory(assigned_to=UserFactory()))

    def attempt():
        try:
            return record_answer(feedback=feedback, actor=None, rating=1).status
        except AlreadyAnswered as error:
            return error.get_codes()

    results = at_once([attempt] * 20)
    assert (results.count("answered"), results.count("already_answered")) == (1, 19)
    assert Task.objects.count() == 1


def test_withdrawing_a_request_ends_it_and_restoring_does_not_double_it(manager, settings):
    feedback = FeedbackFactory()
    address = f"{CRM}/feedback/{feedback.pk}"
    assert manager.delete(address).json() == {"id": str(feedback.pk)}
    assert Mail.objects.get().state == "cancelled"
    assert manager.get(f"{CRM}/feedback").json()["count"] == 0
    assert manager.post(f"{address}/restore").status_code == 200
    manager.delete(address)
    Feedback.objects.update(requested_at=feedback.requested_at.replace(year=2020))
    FeedbackFactory(customer=feedback.customer)
    assert manager.post(f"{address}/restore").json()["code"] == "feedback_request_open"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("status=answered", [0, 1]),
        ("status=open", [2]),
        ("rating_min=4", [0]),
        ("rating_max=3", [1]),
        ("category=Delivery,price", [1]),
        ("sentiment=positive", [0]),
        ("language=ru", [1]),
        ("search=курьер", [1]),
        ("ordering=-rating&status=answered", [0, 1]),
        ("responded_at_after=2020-01-01", [0, 1]),
        ("responded_at_before=2020-01-01", []),
        ("requested_at_after=2020-01-01", [0, 1, 2]),
    ],
)
def test_filters(manager, query, numbers):
    made = [
        FeedbackFactory(rating=5, comment="Good", category="support"),
        FeedbackFactory(rating=1, comment="Курьер опоздал", category="delivery"),
        FeedbackFactory(),
    ]
    found = manager.get(f"{CRM}/feedback?{query}").json()
    assert sorted(each["id"] for each in found["results"]) == sorted(str(made[number].pk) for number in numbers)


def test_it_shows_in_the_story_of_the_contact(manager):
    feedback = FeedbackFactory()
    record_answer(feedback=feedback, actor=None, rating=2, comment="Too slow")
    story = manager.get(f"/contacts/{feedback.customer.contact_id}/history").json()["results"]
    told = {(each["type"], each["summary"]) for each in story}
    assert {("feedback", "2/5 Too slow"), ("feedback.created", "Feedback created")} <= told
    assert "token_hash" not in str(story)


@pytest.mark.parametrize(
    ("rating", "comment", "language", "sentiment"),
    [
        (5, "terrible", "en", "positive"),
        (1, "good", "en", "negative"),
        (3, "", "en", "neutral"),
        (3, "Good and helpful, a bit slow", "en", "positive"),
        (3, "It was not good", "en", "negative"),
        (3, "Wasn't bad", "en", "positive"),
        (3, "Качество плохое", "ru", "negative"),
        (3, "Не понравилось", "ru", "negative"),
        (3, "Вежливый курьер, спасибо", "ru", "positive"),
    ],
)
def test_sentiment(rating, comment, language, sentiment):
    assert sentiment_of(rating, comment, language) == sentiment


@pytest.mark.parametrize(
    ("text", "language"),
    [("Good", "en"), ("Хорошо", "ru"), ("Купил iPhone, всё хорошо", "ru"), ("👍 10/10", "??"), ("", "??")],
)
def test_language(text, language):
    assert language_of(text, default="??") == language
