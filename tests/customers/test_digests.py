"""One mail a day to whoever has something to do, over a real mail server."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Task
from crm_project.mail import sending
from crm_project.mail.models import Mail
from crm_project.mail.services import suppress
from customers.models import CustomerInteraction
from customers.services import digests, process_followups
from leads.models import LeadInteraction
from tests.at_once import at_once
from tests.factories import CustomerFactory, LeadFactory, TaskFactory, UserFactory

NOW = dt.datetime(2030, 5, 14, 9, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_escalation(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 0


@pytest.fixture
def rep(db):
    return UserFactory(first_name="Mia", email="mia@example.com", groups=["Sales"])


def promise(owner, at, action="Send proposal", name="Jane Smith"):
    lead = LeadFactory(name=name, assigned_to=owner)
    return LeadInteraction.objects.create(lead=lead, type="call", next_action=action, next_action_date=at)


def run(now=NOW, **given):
    return process_followups(now=now, **given).mailed


def text():
    return Mail.objects.latest("created_at").text


def test_a_digest_tells_what_is_overdue_what_is_due_and_what_today_brings(rep, smtp):
    promise(rep, NOW - 2 * DAY, "Send proposal")
    promise(rep, NOW - HOUR, "Call back")
    promise(rep, NOW + 2 * HOUR, "Ask for the contract", "Bob")
    customer = CustomerFactory(assigned_to=rep, name="Tech Corp")
    CustomerInteraction.objects.create(
        customer=customer, type="call", subject="x", date=NOW, next_action="Visit", next_action_date=NOW + 3 * HOUR
    )
    promise(rep, NOW + DAY, "Tomorrow's business")
    promise(UserFactory(), NOW - DAY, "Somebody else's business")
    TaskFactory(title="Own idea", due_at=NOW + HOUR, assigned_to=rep)
    assert run() == 1
    for key in sending.due():
        sending.send(key)
    (message,) = smtp.received
    assert (message["To"], message["Subject"]) == ("mia@example.com", "5 to do on 14 May")
    lines = message.get_body(("plain",)).get_content().splitlines()
    assert lines[:11] == [
        "Hello Mia,",
        "",
        "Overdue",
        "– 12 May  Send proposal (Jane Smith)",
        "",
        "Today",
        "– 08:00  Call back (Jane Smith)",
        "– 10:00  Own idea",
        "– 11:00  Ask for the contract (Bob)",
        "– 12:00  Visit (Tech Corp)",
        "",
    ]
    html = message.get_body(("html",)).get_content()
    task = Task.objects.get(title="Send proposal")
    assert f"/admin/contacts/task/{task.pk}/change/" in html
    assert "business" not in html
    assert Mail.objects.get().purpose == "digest"


def test_one_digest_a_day_by_the_calendar_of_the_receiver(rep):
    rep.time_zone = "Asia/Tokyo"  # Nine hours ahead: its day begins at 15:00 UTC.
    rep.save()
    promise(rep, NOW - DAY)
    assert [run(), run(), run(NOW + 5 * HOUR), run(NOW + 6 * HOUR), run(NOW + 7 * HOUR)] == [1, 0, 0, 1, 0]
    assert list(Mail.objects.order_by("pk").values_list("once", flat=True)) == [
        f"digest:{rep.pk}:2030-05-14",
        f"digest:{rep.pk}:2030-05-15",
    ]
    assert {mail.time_zone for mail in Mail.objects.all()} == {"Asia/Tokyo"}


@pytest.mark.django_db(transaction=True)
def test_parallel_runs_queue_one(rep):
    promise(rep, NOW - DAY)
    outcomes = at_once([lambda: process_followups(now=NOW)] * 20)
    assert sum(outcome.mailed for outcome in outcomes) == 1
    assert Mail.objects.count() == 1


def test_who_has_nothing_to_do_or_wants_no_mail_gets_none(rep):
    promise(rep, NOW + DAY)
    UserFactory(email="idle@example.com")
    for user in (UserFactory(email=""), UserFactory(is_active=False, email="gone@example.com")):
        TaskFactory(due_at=NOW - DAY, assigned_to=user)
    unwilling = UserFactory(email="No@example.com")
    TaskFactory(due_at=NOW - DAY, assigned_to=unwilling)
    suppress(address="no@example.com", purpose="digest", reason="unsubscribed")
    TaskFactory(due_at=NOW - DAY, assigned_to=rep, status="done", closed_at=NOW)
    assert (run(), Mail.objects.count()) == (0, 0)


def test_managers_read_what_was_escalated_to_them(settings, rep):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 3
    manager = UserFactory(email="boss@example.com", groups=["Manager"])
    promise(rep, NOW - 5 * DAY)
    assert run() == 2
    mail = Mail.objects.get(to="boss@example.com")
    assert "Hello user" in mail.text
    assert ",\n\nOverdue for long, for you to see to\n– 9 May  Send proposal (Jane Smith) – task of Mia\n" in mail.text
    assert Task.objects.get().escalated_to == manager


def test_names_of_contacts_are_told_only_to_who_sees_them(rep):
    lead = LeadFactory(name="Secret Person", assigned_to=UserFactory())
    TaskFactory(title="Check", due_at=NOW - DAY, assigned_to=rep, contact=lead.contact)
    assert run() == 1
    assert "Secret" not in text()


def test_russian(rep):
    rep.language = "ru"
    rep.save()
    promise(rep, NOW - DAY, "Отправить договор")
    assert run() == 1
    mail = Mail.objects.get()
    assert mail.subject == "Дел на 14 мая: 1"
    assert mail.text.startswith("Здравствуйте, Mia!\n\nПросрочено\n– 13 мая  Отправить договор")


def test_a_long_list_is_cut_and_counted(rep, monkeypatch):
    monkeypatch.setattr(digests, "LINES", 2)
    for number in range(5):
        TaskFactory(title=f"Task {number}", due_at=NOW - 2 * DAY + number * HOUR, assigned_to=rep)
    assert run() == 1
    assert "– 12 May  Task 1\nand 3 more\n" in text()
    assert Mail.objects.get().subject == "5 to do on 14 May"


def test_a_rep_asks_for_their_own_digest_only(rep):
    promise(rep, NOW - DAY)
    TaskFactory(due_at=NOW - DAY, assigned_to=UserFactory(email="other@example.com"))
    assert run(actor=rep) == 1
    assert Mail.objects.get().to == "mia@example.com"


def test_more_people_than_a_batch_are_left_to_the_next(monkeypatch):
    monkeypatch.setattr(digests, "PEOPLE", 2)
    monkeypatch.setattr("customers.services.followups.PEOPLE", 2)
    for number in range(5):
        TaskFactory(due_at=NOW - DAY, assigned_to=UserFactory(email=f"{number}@example.com"))
    outcomes = [process_followups(now=NOW) for _number in range(3)]
    assert [(outcome.mailed, outcome.more) for outcome in outcomes] == [(2, True), (2, True), (1, False)]
    assert set(Mail.objects.values_list("to", flat=True)) == {f"{number}@example.com" for number in range(5)}


def test_who_has_the_digest_costs_nothing_more():
    def count(number):
        for _each in range(number):
            TaskFactory(due_at=NOW - DAY, assigned_to=UserFactory(email=f"{_each}.{number}@example.com"))
        run()
        with CaptureQueriesContext(connection) as queries:
            run()
        return len(queries)

    assert count(1) == count(7)
