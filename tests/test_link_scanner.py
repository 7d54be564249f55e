"""Programs that open every link of every mail, to look for dangers, change nothing: not one row of any table."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm_project.mail import sending, templates
from crm_project.mail.models import LANGUAGES, Mail
from customers.services import process_followups
from feedback.models import Feedback
from feedback.services import process_reminders
from leads.models import Lead, NurtureSequence
from leads.nurturing.processing import process
from leads.nurturing.services import save_sequence
from tests.factories import CustomerFactory, FeedbackFactory, LeadFactory, TaskFactory, UserFactory
from tests.mails import Links, as_sent, links_of

pytestmark = pytest.mark.django_db
ORIGIN = "http://testserver"
METHODS = ("get", "head", "options")
ROUNDS = 3  # The second opens what the pages of the first lead to, and so on.


def write_all_kinds():
    """A mail of each kind in each language, by the ways in which the CRM writes them."""
    sequence = save_sequence(
        sequence=NurtureSequence(name="All"),
        steps=[{"kind": "mail", "template": key} for key, _name in templates.choices("nurturing")],
    )
    for language, _name in LANGUAGES:
        user = UserFactory(email=f"{language}@example.com", language=language)
        TaskFactory(assigned_to=user, due_at=timezone.now())
        lead = LeadFactory()
        Lead.objects.filter(pk=lead.pk).update(custom_fields={"language": language})
        process(sequence=sequence, leads=[lead])
        FeedbackFactory(customer=CustomerFactory(), language=language)
    process_followups()
    Feedback.objects.update(remind_at=timezone.now())
    process_reminders()


def tables():
    """A digest of all rows of each table, but for the counters of requests."""
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - {"api_ratecounter"}
        found = {}
        for name in sorted(names):
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} AS t")
            found[name] = cursor.fetchone()
    return found


def scan(links):
    """Open all of them by every method that asks, and all that their pages lead to; the statuses by path."""
    scanner, statuses, known = Client(), {}, set(links)
    for _round in range(ROUNDS):
        for link in sorted(known - statuses.keys()):
            answers = {method: getattr(scanner, method)(link.removeprefix(ORIGIN)) for method in METHODS}
            statuses[link] = {answer.status_code for answer in answers.values()}
            if "text/html" in answers["get"].headers.get("Content-Type", ""):
                found = {urljoin(link, each) for each in Links(answers["get"].content.decode()).found}
                known |= {each for each in found if each.startswith(ORIGIN) and "/static/" not in each}
    return statuses


def test_opening_every_link_of_every_mail_changes_nothing(smtp, settings):
    settings.CRM_PUBLIC_URL = ORIGIN
    write_all_kinds()
    for key in sending.due():
        assert sending.send(key) == "sent"
    kinds = set(Mail.objects.values_list("template", "language"))
    assert kinds == {(key, language) for key in templates.registered() for language, _name in LANGUAGES}
    assert len(smtp.received) == Mail.objects.count()
    links = set().union(*map(links_of, smtp.received))
    before = tables()
    statuses = scan(links)
    assert tables() == before
    paths = [urlsplit(link).path.split("/")[1:3] for link in links]
    assert {"survey", "mail", "admin"} == {first for first, *_rest in paths}
    for link in links:
        assert statuses[link] <= ({200, 302} if urlsplit(link).path.startswith("/admin/") else {200}), link


def test_stored_mails_do_not_have_the_keys_to_act_for_their_receivers(smtp, settings):
    """Whatever staff may read of them, the links in it answer nothing and unsubscribe nobody."""
    settings.CRM_PUBLIC_URL = ORIGIN
    write_all_kinds()
    stored = " ".join(f"{mail.subject} {mail.text} {mail.html}" for mail in Mail.objects.all())
    sent = {link for mail in Mail.objects.all() for link in links_of(as_sent(mail))}
    tokens = {urlsplit(link).path.rpartition("/")[2] for link in sent if "/admin/" not in link}
    assert len(tokens) == Mail.objects.count() + Feedback.objects.count()
    assert not [token for token in tokens if token in stored]
    for link in Links(stored).found:
        if "/admin/" not in link:
            assert Client().post(link.removeprefix(ORIGIN), {"rating": "1"}).status_code == 404
