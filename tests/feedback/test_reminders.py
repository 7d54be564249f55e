"""Reminders: the same link, never too many, never after the answer, and each once whoever processes them."""

import datetime as dt
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm_project.mail.models import Mail, Suppression
from customers.models import Customer
from feedback.links import token_for
from feedback.models import Feedback
from feedback.services import process_reminders, record_answer
from feedback.tasks import remind_of_feedback
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory, UserFactory
from tests.mails import as_sent, part

pytestmark = pytest.mark.django_db
PATH = "/dev/crm/feedback/process-reminders"
NOTHING = {"reminded": 0, "skipped": 0, "expired": 0}


def let_pass(days):
    """Move everything into the past, as if so many days had gone by."""
    past = dt.timedelta(days=days)
    for feedback in Feedback.objects.all():
        moved = {
            name: getattr(feedback, name) - past
            for name in ("requested_at", "expires_at", "remind_at")
            if getattr(feedback, name)
        }
        Feedback.objects.filter(pk=feedback.pk).update(**moved)


def reminders():
    return Mail.objects.filter(template="feedback_reminder").order_by("created_at")


def test_the_same_link_twice_and_then_no_more(manager, settings):
    feedback = FeedbackFactory()
    assert manager.post(PATH).json() == NOTHING
    for number in (1, 2):
        let_pass(settings.CRM_FEEDBACK_REMINDER_DAYS - 1)
        assert manager.post(PATH).json() == NOTHING
        let_pass(1)
        assert manager.post(PATH).json() == NOTHING | {"reminded": 1}
        assert manager.post(PATH).json() == NOTHING
        assert manager.get(f"/dev/crm/feedback/{feedback.pk}").json()["reminders_sent"] == number
    let_pass(settings.CRM_FEEDBACK_REMINDER_DAYS)
    assert manager.post(PATH).json() == NOTHING
    link = f"/survey/{token_for(feedback.pk)}"
    assert [link in part(as_sent(mail), "plain") for mail in reminders()] == [True, True]


def test_none_after_the_answer(manager):
    feedback = FeedbackFactory()
    record_answer(feedback=feedback, actor=None, rating=3)
    Feedback.objects.update(remind_at=timezone.now() - dt.timedelta(days=1))
    assert manager.post(PATH).json() == NOTHING
    assert not reminders().exists()


def test_none_when_the_time_is_over(manager, settings):
    feedback = FeedbackFactory()
    let_pass(settings.CRM_FEEDBACK_LINK_DAYS)
    assert manager.post(PATH).json() == NOTHING | {"expired": 1}
    found = manager.get(f"/dev/crm/feedback/{feedback.pk}").json()
    assert (found["status"], found["remind_at"]) == ("expired", None)


@pytest.mark.parametrize("change", ["unsubscribed", "no address"])
def test_who_cannot_be_reminded_is_not_tried_again(manager, change):
    feedback = FeedbackFactory()
    if change == "unsubscribed":
        Suppression.objects.create(address=feedback.customer.email, purpose="feedback")
    else:
        Customer.objects.update(email=None)
    let_pass(5)
    assert manager.post(PATH).json() == NOTHING | {"skipped": 1}
    assert manager.post(PATH).json() == NOTHING
    assert Feedback.objects.get().reminders_sent == 0


def test_none_of_what_is_in_the_trash(manager):
    withdrawn, orphan = FeedbackFactory(), FeedbackFactory()
    manager.delete(f"/dev/crm/feedback/{withdrawn.pk}")
    manager.delete(f"/dev/crm/customers/{orphan.customer_id}")
    let_pass(5)
    assert manager.post(PATH).json() == NOTHING


def test_by_the_api_only_what_the_caller_may_change(sales, read_only):
    FeedbackFactory(customer=CustomerFactory(assigned_to=sales.user))
    FeedbackFactory(customer=CustomerFactory(assigned_to=UserFactory()))
    let_pass(5)
    assert read_only.post(PATH).json() == NOTHING
    assert sales.post(PATH).json() == NOTHING | {"reminded": 1}
    assert reminders().count() == 1
    remind_of_feedback()
    assert reminders().count() == 2


@pytest.mark.django_db(transaction=True)
def test_twenty_calls_at_once_remind_once(api):
    for _ in range(7):
        FeedbackFactory()
    let_pass(5)
    manager = UserFactory(groups=["Manager"])
    clients = [api(manager) for _ in range(20)]
    answers = at_once([lambda client=client: client.post(PATH).json() for client in clients])
    assert sum(answer["reminded"] for answer in answers) == 7
    assert set(Feedback.objects.values_list("reminders_sent", flat=True)) == {1}
    assert reminders().count() == len(set(reminders().values_list("to", flat=True))) == 7


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_reminder_at_once_leave_no_mail_that_waits():
    for _ in range(5):
        feedback = FeedbackFactory()
        let_pass(5)
        at_once([process_reminders, partial(record_answer, feedback=feedback, actor=None, rating=5)])
        feedback.refresh_from_db()
        assert (feedback.status, feedback.remind_at) == ("answered", None)
        assert not Mail.objects.filter(state="queued").exists()


def test_a_round_that_dies_in_the_middle_is_finished_by_the_next(monkeypatch):
    monkeypatch.setattr("feedback.services.reminders.BATCH", 2)
    for _ in range(5):
        FeedbackFactory()
    let_pass(5)
    from feedback import mails

    send, sent = mails.send_reminder, []

    def dies(feedback, number):
        if len(sent) == 3:
            raise RuntimeError
        sent.append(feedback)
        return send(feedback, number)

    monkeypatch.setattr(mails, "send_reminder", dies)
    with pytest.raises(RuntimeError):
        process_reminders()
    assert reminders().count() == 2, "The batch in which it died was taken back."
    monkeypatch.setattr(mails, "send_reminder", send)
    assert process_reminders().reminded == 3
    assert reminders().count() == 5


def test_rounds_without_work_cost_the_same_for_many_requests():
    def count():
        with CaptureQueriesContext(connection) as queries:
            process_reminders()
        return len(queries)

    FeedbackFactory()
    few = count()
    for _ in range(10):
        FeedbackFactory()
    assert count() == few
