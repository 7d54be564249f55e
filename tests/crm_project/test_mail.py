"""Mail, sent to a real server: once, only to who wants it, at a decent hour, and written down."""

import datetime as dt
import re
from email.utils import parseaddr

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.services import create_contact
from crm_project.mail import sending, services, templates
from crm_project.mail.models import Mail, Suppression, Template
from crm_project.mail.services import MailInState, queue_mail
from crm_project.mail.tasks import ENOUGH, send_due_mail
from crm_project.mail.templates import MailTemplate
from tests.at_once import at_once

pytestmark = pytest.mark.django_db
State = Mail.State


@pytest.fixture(autouse=True)
def greeting(db, monkeypatch):
    """A template of staff, and nothing that an app keeps back."""
    monkeypatch.setattr(sending, "_guards", {})
    Template.objects.create(
        key="greeting", name="Greeting", subject="Hello {{ name }}", text="Dear {{ name }},\nhow are you?"
    )


def write(to="ada@example.com", once="", **given):
    given = {"template": "greeting", "purpose": "nurturing", "context": {"name": "Ada"}} | given
    return queue_mail(to=to, once=once or to, **given)


def send_due():
    """As the worker does by the minute."""
    for key in sending.due():
        sending.send(key)


def states():
    return list(Mail.objects.order_by("pk").values_list("state", flat=True))


def let_time_go_by(**delta):
    """Everything in the database happened so much earlier."""
    interval = f"{dt.timedelta(**delta).total_seconds()} s"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mail_mail SET not_before = not_before - %(by)s::interval, tried_at = tried_at - %(by)s::interval",
            {"by": interval},
        )


# What is sent


def test_mail_arrives_as_it_was_written(smtp):
    mail = write(reason="Because")
    assert (mail.state, mail.subject) == ("queued", "Hello Ada")
    assert sending.send(mail.pk) == "sent"

    [message] = smtp.received
    assert (message["To"], message["Subject"], message["Message-ID"]) == (
        "ada@example.com",
        "Hello Ada",
        mail.message_id,
    )
    assert parseaddr(message["From"])[1] == "crm@localhost"
    text, html = (message.get_body([kind]).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    assert text.startswith("Dear Ada,\nhow are you?\n")
    assert "<p>Dear Ada,<br>how are you?</p>" in html
    link = message["List-Unsubscribe"].strip(" <>")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/mail/unsubscribe/[\w:-]+", link)
    assert link in text
    assert link in html
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    mail.refresh_from_db()
    assert (mail.state, mail.tries, mail.error) == ("sent", 1, "")
    assert mail.sent_at is not None
    assert sending.send(mail.pk) is None
    assert len(smtp.received) == 1


def test_same_occasion_gives_the_first_mail():
    first = write(once="birthday 2026")
    assert write(once="birthday 2026", context={"name": "Bob"}) == first
    assert states() == ["queued"]


@pytest.mark.django_db(transaction=True)
def test_parallel_occasions_make_one_mail_and_one_job():
    write(once="earlier")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    made = at_once([lambda: write(once="once")] * 8)
    assert len({mail.pk for mail in made}) == 1
    assert ProcrastinateJob.objects.filter(task_name__endswith="send_mail").count() == 1


@pytest.mark.django_db(transaction=True)
def test_neither_mail_nor_job_without_its_transaction():
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert (Mail.objects.count(), ProcrastinateJob.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@example.com\nBcc: eve@example.com", "a@b", "Ada <ada@example.com>"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValidationError):
        write(to=address, once="x")


@pytest.mark.django_db(transaction=True)
def test_parallel_senders_send_once(smtp):
    keys = [write(to=f"p{number}@example.com").pk for number in range(4)]
    at_once([lambda key=key: sending.send(key) for key in keys * 4])
    assert set(smtp.per_address.values()) == {1}
    assert states() == ["sent"] * 4


# What can go wrong


def test_server_that_is_down_loses_nothing(smtp):
    mail = write()
    smtp.stop()
    for minutes in (1, 5, 25, 125, 625, 625):
        before = timezone.now()
        assert sending.send(mail.pk) == "queued"
        mail.refresh_from_db()
        assert mail.not_before - before == pytest.approx(dt.timedelta(minutes=minutes), abs=dt.timedelta(seconds=30))
        assert sending.send(mail.pk) is None
        let_time_go_by(minutes=minutes + 1)
    assert "refused" in mail.error
    smtp.start()
    send_due()
    assert len(smtp.received) == 1
    assert states() == ["sent"]


def test_server_that_stays_down_is_given_up_after_days(smtp):
    mail = write()
    smtp.stop()
    while sending.send(mail.pk) == "queued":
        let_time_go_by(minutes=626)
    mail.refresh_from_db()
    assert (mail.state, mail.tries) == ("failed", sending.MOST_TRIES)
    services.send_again(mail=mail)
    smtp.start()
    send_due()
    assert states() == ["sent"]


@pytest.mark.parametrize("habit", ["at_rcpt", "at_data"])
def test_for_now_means_later(smtp, habit):
    mail = write()
    setattr(smtp, habit, "450 4.2.1 Try later")
    assert sending.send(mail.pk) == "queued"
    setattr(smtp, habit, "")
    let_time_go_by(minutes=2)
    send_due()
    assert (states(), len(smtp.received)) == (["sent"], 1)


@pytest.mark.parametrize("habit", ["at_rcpt", "at_data"])
def test_address_that_does_not_exist_gets_no_more_mail(smtp, habit):
    setattr(smtp, habit, "550 5.1.1 No such mailbox")
    assert sending.send(write().pk) == "failed"
    assert [(row.address, row.purpose, row.reason) for row in Suppression.objects.all()] == [
        ("ada@example.com", "", "bounced")
    ]
    assert Mail.objects.get().error.startswith("550 5.1.1 No such mailbox")
    assert write(once="another", to="ADA@example.com") is None


def test_mail_that_is_refused_for_itself_does_not_blame_the_address(smtp):
    smtp.at_data = "554 5.7.1 Looks like spam"
    assert sending.send(write().pk) == "failed"
    assert not Suppression.objects.exists()


def test_what_cannot_be_written_as_a_mail_has_failed_and_is_not_uncertain(smtp):
    mail = write()
    Mail.objects.update(subject="Hello\nBcc: eve@example.com")
    assert sending.send(mail.pk) == "failed"
    mail.refresh_from_db()
    assert mail.error.startswith("This cannot be written as a mail: ")
    assert smtp.received == []


def test_connection_that_breaks_after_the_mail_leaves_it_uncertain(smtp):
    smtp.drops = True
    mail = write()
    assert sending.send(mail.pk) == "uncertain"
    smtp.drops = False
    let_time_go_by(days=3)
    send_due()
    assert (states(), len(smtp.received)) == (["uncertain"], 1)
    services.send_again(mail=mail)
    send_due()
    assert (states(), len(smtp.received)) == (["sent"], 2)
    assert len({message["Message-ID"] for message in smtp.received}) == 1


def test_slow_server_is_waited_for_no_longer_than_the_timeout(smtp, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp.slow = 0.8
    assert sending.send(write().pk) == "uncertain"


def test_what_a_killed_sender_left_behind_is_uncertain_and_not_sent_again(smtp):
    mail = write()
    assert sending.claim(mail.pk) is not None
    assert sending.give_up_on_the_lost() == 0
    let_time_go_by(minutes=16)
    assert sending.give_up_on_the_lost() == 1
    send_due()
    assert (states(), smtp.received) == (["uncertain"], [])


def test_sender_who_is_late_knows_better(smtp):
    claimed = sending.claim(write().pk)
    Mail.objects.update(state=State.UNCERTAIN)
    sending.settle(claimed, sending.hand_over(claimed))
    assert states() == ["sent"]


def test_sender_who_was_given_up_does_not_touch_a_mail_that_is_sent_again(smtp):
    claimed = sending.claim(write().pk)
    Mail.objects.update(state=State.UNCERTAIN)
    services.send_again(mail=claimed)
    sending.claim(claimed.pk)
    sending.settle(claimed, sending.Outcome(State.FAILED, "late"))
    assert states() == ["sending"]


def test_rounds_of_the_worker_stop_when_the_server_is_down(smtp):
    for number in range(ENOUGH + 3):
        write(to=f"p{number}@example.com")
    smtp.stop()

    class Context:
        def should_abort(self):
            return False

    send_due_mail.func(Context(), 0)
    assert Mail.objects.filter(tries=1).count() == ENOUGH
    smtp.start()
    let_time_go_by(minutes=2)
    send_due_mail.func(Context(), 0)
    assert states() == ["sent"] * (ENOUGH + 3)


# Who wants mail, and when


def test_nobody_gets_what_they_do_not_want(smtp):
    services.suppress(address="Ada@Example.com", purpose="nurturing", reason="unsubscribed")
    services.suppress(address="Ada@Example.com", purpose="nurturing", reason="unsubscribed")
    services.suppress(address="bob@example.com", reason="by_staff")
    assert write() is None
    assert write(purpose="digest") is not None
    assert write(to="bob@example.com", purpose="digest") is None


def test_who_says_no_while_the_mail_waits_does_not_get_it(smtp):
    mail = write()
    services.suppress(address="ada@example.com", reason="unsubscribed")
    assert sending.send(mail.pk) is None
    assert (states(), smtp.received) == (["suppressed"], [])


def test_app_keeps_back_what_is_over(smtp):
    sending.register_guard("nurturing", lambda mail: f"{mail.to} has answered.")
    sending.send(write().pk)
    assert (states(), Mail.objects.get().error) == (["cancelled"], "ada@example.com has answered.")


def test_cancelled_mail_is_not_sent(smtp):
    mail = services.cancel_mail(mail=write(), why="Wrong text")
    send_due()
    assert (states(), mail.error, smtp.received) == (["cancelled"], "Wrong text", [])
    Mail.objects.update(state=State.SENT)
    with pytest.raises(MailInState):
        services.cancel_mail(mail=mail)
    with pytest.raises(MailInState):
        services.send_again(mail=mail)


@pytest.mark.parametrize(
    ("zone", "now", "allowed"),
    [
        ("Europe/Berlin", "2026-01-10T19:59Z", "2026-01-10T19:59Z"),
        ("Europe/Berlin", "2026-01-10T20:00Z", "2026-01-11T07:00Z"),
        ("Europe/Berlin", "2026-01-11T02:00Z", "2026-01-11T07:00Z"),
        ("Europe/Berlin", "2026-01-11T07:00Z", "2026-01-11T07:00Z"),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T06:00Z"),  # The clocks go forward in that night.
        ("Asia/Vladivostok", "2026-01-10T12:00Z", "2026-01-10T22:00Z"),
        ("America/New_York", "2026-01-10T12:00Z", "2026-01-10T13:00Z"),
    ],
)
def test_quiet_hours_are_those_of_the_receiver(smtp, settings, monkeypatch, zone, now, allowed):
    settings.CRM_QUIET_HOURS = (21, 8)
    now, allowed = dt.datetime.fromisoformat(now), dt.datetime.fromisoformat(allowed)
    monkeypatch.setattr(timezone, "now", lambda: now)
    mail = write(timezone=zone)
    sent = sending.send(mail.pk)
    mail.refresh_from_db()
    assert sent == ("sent" if now == allowed else None)
    assert mail.not_before == allowed


def test_nobody_gets_more_than_the_cap_in_a_day(smtp, settings, monkeypatch):
    settings.CRM_QUIET_HOURS = (21, 8)
    settings.CRM_MAIL_DAILY_CAP = 2
    now = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    for number in range(3):
        write(to="Ada@example.com" if number else "ada@example.com", once=str(number), timezone="Europe/Berlin")
    send_due()
    assert len(smtp.received) == 2
    assert Mail.objects.get(state="queued").not_before == dt.datetime(2026, 1, 11, 7, tzinfo=dt.UTC)


@pytest.mark.django_db(transaction=True)
def test_parallel_senders_keep_to_the_cap(smtp, settings):
    settings.CRM_MAIL_DAILY_CAP = 2
    keys = [write(once=str(number)).pk for number in range(6)]
    at_once([lambda key=key: sending.send(key) for key in keys])
    assert len(smtp.received) == 2


# What is written


def render(source, **context):
    return templates.render_sources({"subject": "s", "text": source, "html": ""}, "en", context)


def test_values_stay_text():
    nasty = "{{ 7|add:1 }}{% if 1 %}<script>alert(1)</script>\r\nBcc: eve@example.com"
    written = templates.render_sources(
        {"subject": "To {{ name }}", "text": "Dear {{ name }}", "html": "<p>{{ name }}</p>"}, "en", {"name": nasty}
    )
    assert written.subject == "To {{ 7|add:1 }}{% if 1 %}<script>alert(1)</script> Bcc: eve@example.com"
    assert nasty in written.text
    assert "<script>" not in written.html
    assert "{{ 7|add:1 }}{% if 1 %}&lt;script&gt;" in written.html
    assert "<script>" not in render("{{ name }}", name=nasty).html


@pytest.mark.parametrize(
    "source",
    [
        "{% load static %}",
        "{% include 'admin/base.html' %}",
        "{% extends 'admin/base.html' %}",
        "{% debug %}",
        "{% lorem 100000000 %}",
        "{% url 'admin:index' %}",
        "{% csrf_token %}",
        "{% filter upper %}x{% endfilter %}",
        "{{ name|safe }}",
        "{{ name|ljust:'999999999' }}",
        "{{ name.__class__ }}",
        "{% autoescape off %}{{ name }}{% endautoescape %}",
        "{% if %}",
    ],
)
def test_template_does_no_more_than_write(source):
    template = Template(key="x", name="X", subject="s", text="t", html=source)
    with pytest.raises(ValidationError, match=r"html"):
        template.full_clean()


def test_template_cannot_call_anything():
    class Dangerous:
        def delete(self):
            raise AssertionError("called")

        def __str__(self):
            return "text"

    assert "text" in render("{{ it }}{{ it.delete }}", it=Dangerous()).text
    assert render("{{ settings }}{{ request }}{{ user }}").text == "\n"


def test_staff_write_a_template_anew(monkeypatch, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    folder = tmp_path / "templates" / "mail"
    folder.mkdir(parents=True)
    for name, text in {
        "hi.subject": "Hi",
        "hi.txt": "From the file",
        "hi.ru.subject": "Привет",
        "hi.ru.txt": "Из файла",
    }.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(templates, "_registered", {})
    with pytest.raises(templates.UnknownTemplate):
        templates.render("hi", "en", {})
    templates.register(MailTemplate("hi", "digest", "Hi"))
    assert templates.render("hi", "en", {}).text == "From the file\n"
    assert templates.render("hi", "ru", {}).subject == "Привет"
    Template.objects.create(key="hi", name="Hi", purpose="digest", subject="Ours", text="From staff")
    assert templates.render("hi", "en", {}).text == "From staff\n"
    assert templates.render("hi", "ru", {}).subject == "Привет"
    assert templates.choices("digest") == [("hi", "Hi")]


def test_footer_speaks_the_language_of_the_mail():
    sources = {"subject": "s", "text": "t", "html": ""}
    written = templates.render_sources(sources, "ru", {}, unsubscribe_url="https://crm.example.com/u")
    assert "Не хотите больше получать такие письма? https://crm.example.com/u" in written.text
    assert ">Отписаться</a>" in written.html


# Where it is seen


def test_mail_is_told_in_the_timeline(client_with):
    contact = create_contact(actor=None, name="Ada", email="ada@example.com")
    mail = write(contact_id=contact.pk)
    write(once="of somebody else")
    answer = client_with("contacts.view_contact").get(f"/contacts/{contact.pk}/history").json()
    [entry] = [entry for entry in answer["results"] if entry["type"] == "email"]
    assert (entry["summary"], entry["data"]["state"], entry["data"]["to"]) == ("Hello Ada", "queued", "ada@example.com")
    assert entry["data"]["mail"] == str(mail.pk)
