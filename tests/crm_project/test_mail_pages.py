"""The page behind the unsubscribe link, and the admin's pages of mails and templates."""

from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer
from django.test import Client

from crm_project.access.models import User
from crm_project.mail import sending, templates
from crm_project.mail.links import token_of, unsubscribe_url
from crm_project.mail.models import Mail, Suppression, Template
from crm_project.mail.services import is_suppressed, queue_mail
from tests.admin_pages import client_of, form_of, text_of, url, value_of
from tests.factories import UserFactory
from tests.mails import Links, links_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail():
    Template.objects.create(
        key="greeting", name="Greeting", subject="Hello {{ name }}", text="See https://example.com/a"
    )
    return queue_mail(
        template="greeting",
        to="ada@example.com",
        purpose="nurturing",
        context={"name": "Ada <b>"},
        once="x",
    )


def link_of(mail):
    return urlsplit(unsubscribe_url(token_of(mail))).path


def stored():
    return sorted(Suppression.objects.values_list("address", "purpose", "reason"))


# Unsubscribing


def test_page_asks_and_button_does(client, mail):
    page = text_of(client.get(link_of(mail)))
    assert "a•••@example.com" in page
    assert "ada@example.com" not in page
    assert "News and offers" in page
    assert stored() == []
    done = client.post(link_of(mail), {"from": "nurturing"})
    assert (done.status_code, "no more such mail" in text_of(done)) == (200, True)
    assert stored() == [("ada@example.com", "nurturing", "unsubscribed")]
    assert client.post(link_of(mail), {"from": "nurturing"}).status_code == 200
    assert len(stored()) == 1


def test_all_mail_can_be_refused_and_taken_back(client, mail):
    assert "no more mail to a•••@example.com" in text_of(client.post(link_of(mail), {"from": "all"}))
    assert stored() == [("ada@example.com", "", "unsubscribed")]
    assert is_suppressed("ada@example.com", "digest")
    client.post(link_of(mail), {"do": "undo"})
    assert stored() == []


def test_undoing_does_not_bring_back_what_bounced(client, mail):
    Suppression.objects.create(address="ada@example.com", reason="bounced")
    client.post(link_of(mail), {"do": "undo"})
    assert stored() == [("ada@example.com", "", "bounced")]


def test_mail_program_unsubscribes_by_one_click(mail):
    """RFC 8058: a POST with this body, from nowhere, with nothing else."""
    program = Client(enforce_csrf_checks=True)
    answer = program.post(link_of(mail), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert stored() == [("ada@example.com", "nurturing", "unsubscribed")]
    assert answer.cookies == {}


def test_scanner_that_follows_every_link_unsubscribes_nobody(client, smtp, mail):
    sending.send(mail.pk)
    [message] = smtp.received
    paths = {urlsplit(found).path for found in links_of(message) if "/mail/" in found}
    assert paths == {link_of(mail)}
    for _ in range(2):
        for path in sorted(paths):
            for method in (client.get, client.head, client.options):
                answer = method(path)
                assert answer.status_code == 200
            page = Links(text_of(client.get(path)))
            paths |= {found for found in page.found if found.startswith("/mail/")}
    assert stored() == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "", "forged", "other salt", "cut off"])
def test_forged_link_gets_a_friendly_page(client, mail, method, token):
    made = {
        "forged": f"{mail.pk.hex}:{'A' * 43}",
        "other salt": Signer(salt="other").sign(mail.pk.hex),
        "cut off": link_of(mail).rpartition("/")[2][:-1],
    }.get(token, token)
    answer = getattr(client, method)(f"/mail/unsubscribe/{made}")
    assert answer.status_code == 404
    assert stored() == []
    if made:
        assert "This link does not work" in text_of(answer)


def test_page_runs_nothing_and_is_not_kept(client, mail):
    answer = client.get(link_of(mail))
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in text_of(answer)


def test_page_speaks_the_language_of_the_mail(client, mail):
    Mail.objects.update(language="ru")
    page = text_of(client.get(link_of(mail)))
    assert '<html lang="ru">' in page
    assert "Больше не хотите получать письма?" in page
    assert "Новости и предложения" in page
    assert "Больше мы не будем присылать" in text_of(client.post(link_of(mail)))


# The admin


@pytest.fixture
def staff():
    return client_of(UserFactory(groups=["Manager"]))


def act(staff, action, *mails):
    return staff.post(
        url("mail_mail_changelist"),
        {"action": action, "_selected_action": [str(mail.pk) for mail in mails]},
        follow=True,
    )


def test_staff_see_what_became_of_a_mail(staff, mail):
    listed = text_of(staff.get(url("mail_mail_changelist")))
    assert "Hello Ada &lt;b&gt;" in listed
    assert "ada@example.com" in listed
    page = text_of(staff.get(url("mail_mail_change", mail.pk)))
    assert mail.message_id.strip("<>") in page
    assert 'sandbox=""' in page
    assert value_of(page, "State") == "Queued"
    assert "Ada <b>" not in page
    assert text_of(staff.get(url("mail_mail_changelist"), {"q": "ADA@example.com"})).count("Hello Ada") == 1
    assert text_of(staff.get(url("mail_mail_changelist"), {"q": "ada"})).count("Hello Ada") == 0


def test_staff_cancel_and_send_again(staff, mail):
    assert "Done: 1." in text_of(act(staff, "cancel", mail))
    mail.refresh_from_db()
    assert (mail.state, mail.error) == ("cancelled", f"Cancelled by {staff.user.username}.")
    assert "Done: 1." in text_of(act(staff, "send_again", mail))
    assert Mail.objects.get().state == "queued"
    assert "it is not sent again" in text_of(act(staff, "send_again", mail))


def test_who_may_only_look_sends_nothing_again(mail):
    Mail.objects.update(state="failed")
    act(client_of(UserFactory(groups=["Read-only"])), "send_again", mail)
    assert Mail.objects.get().state == "failed"
    sales = client_of(UserFactory(groups=["Sales"]))
    assert sales.get(url("mail_mail_changelist")).status_code == 403
    assert sales.get(url("mail_template_changelist")).status_code == 200
    assert sales.get(url("mail_template_add")).status_code == 403


def test_staff_write_a_shipped_text_anew(staff, monkeypatch):
    monkeypatch.setattr(templates, "_registered", {})
    templates.register(templates.MailTemplate("survey", "feedback", "The survey", {"product": "Socks"}))
    monkeypatch.setattr(
        templates,
        "file_sources",
        lambda key, language: {"subject": "How are your {{ product }}?", "text": "Well?", "html": ""},
    )
    listed = text_of(staff.get(url("mail_template_changelist")))
    assert f"{url('mail_template_add')}?key=survey&amp;language=ru" in listed
    form = form_of(staff.get(url("mail_template_add"), {"key": "survey", "language": "ru"}), "template_form")
    assert (form["key"], form["subject"], form["language"], form["purpose"]) == (
        "survey",
        "How are your {{ product }}?",
        ["ru"],
        ["feedback"],
    )
    preview = text_of(staff.post(url("mail_template_preview"), form | {"text": "Как вам {{ product }}?"}))
    assert "How are your Socks?" in preview
    assert "Как вам Socks?" in preview
    assert staff.post(url("mail_template_add"), form).status_code == 302
    assert Template.objects.get().key == "survey"
    assert "key=survey&amp;language=ru" not in text_of(staff.get(url("mail_template_changelist")))


def test_wrong_template_is_told_at_its_field(staff):
    form = form_of(staff.get(url("mail_template_add")), "template_form")
    form |= {"key": "x", "name": "X", "subject": "Hi", "text": "{% load static %}", "purpose": "nurturing"}
    answer = staff.post(url("mail_template_add"), form)
    assert (answer.status_code, Template.objects.count()) == (200, 0)
    assert "Invalid block tag" in text_of(answer)
    assert "Invalid block tag" in text_of(staff.post(url("mail_template_preview"), form))


def test_preview_is_for_those_who_may_see_templates():
    nobody = client_of(UserFactory())
    assert nobody.post(url("mail_template_preview"), {"text": "x"}).status_code == 403


def test_staff_add_an_address_without_mail(staff):
    form = form_of(staff.get(url("mail_suppression_add")), "suppression_form")
    assert staff.post(url("mail_suppression_add"), form | {"address": "Bob@Example.com"}).status_code == 302
    assert stored() == [("bob@example.com", "", "by_staff")]
    answer = staff.post(url("mail_suppression_add"), form | {"address": "bob@example.com"})
    assert "on the list already" in text_of(answer)
    assert User.objects.count() == 1
