"""Ninety days of a sequence on a clock of the test's own, with leads that do at random what leads do."""

import random
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count
from django.test import Client

from contacts.models import Interaction
from crm_project.mail import sending
from crm_project.mail.links import token_of, unsubscribe_url
from crm_project.mail.models import Mail
from customers.services import convert_lead
from leads import services
from leads.models import Lead, NurtureEnrollment
from leads.nurturing.processing import process
from tests.factories import LeadFactory
from tests.leads.test_nurturing import clock, sequence_of  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_MAILS = [
    step
    for days in (2, 7, 14, 21, 0)
    for step in (
        {"kind": "mail", "template": "still_interested"},
        *([{"kind": "wait", "days": days, "hours": 5}] if days else []),
    )
]
ZONES = ["Europe/Berlin", "Asia/Vladivostok", "America/New_York", "Asia/Kolkata", "UTC"]


def unsubscribe(lead, now):
    mail = Mail.objects.filter(to=lead.email).first()
    if mail is not None:
        Client().post(urlsplit(unsubscribe_url(token_of(mail))).path, "List-Unsubscribe=One-Click", "text/plain")
    return mail is not None


def reply(lead, now):
    services.record_interaction(lead=lead, actor=None, type="email", notes="Please call me")
    return True


def call(lead, now):
    Interaction.objects.create(contact_id=lead.contact_id, type="call", direction="inbound", started_at=now)
    return True


def convert(lead, now):
    return convert_lead(lead=lead, actor=None)[1]


def lose(lead, now):
    return services.change_status(lead=lead, status="lost", actor=None).status == "lost"


def delete(lead, now):
    services.delete_lead(lead=lead, actor=None)
    return True


@pytest.mark.parametrize(
    ("count", "hours"), [(20, 12), pytest.param(1_000, 3, marks=pytest.mark.faults)], ids=["few", "many"]
)
def test_ninety_days(smtp, settings, clock, count, hours):  # noqa: F811
    settings.CRM_QUIET_HOURS, settings.CRM_MAIL_DAILY_CAP = (21, 8), 3
    chance = random.Random(2026)
    sequence = sequence_of(*FIVE_MAILS, filter={"source": "website"})
    leads = {}
    for number in range(count):
        lead = LeadFactory(source="website", name=f"Lead {number}")
        leads[lead.pk] = zone = ZONES[number % len(ZONES)]
        Lead.objects.filter(pk=lead.pk).update(custom_fields={"time_zone": zone})
    ended, begin = {}, clock()
    rounds = 90 * 24 // hours
    for _round in range(rounds):
        now = clock()
        for key in leads:
            if key not in ended and chance.random() < 0.5 / rounds:
                lead = Lead.objects.get(pk=key)
                if chance.choice([reply, call, unsubscribe, convert, lose, delete])(lead, now):
                    ended[key] = now
        clock(seconds=1)
        process()
        for key in sending.due():
            sending.send(key)
        clock(hours=hours, seconds=-1)

    told = dict(Lead.objects.values_list("email", "pk"))
    sent = [(told[mail.to], mail) for mail in Mail.objects.filter(state="sent")]
    assert len(sent) == len(smtp.received) == len({str(message["Message-ID"]) for message in smtp.received})
    for key, mail in sent:
        assert key not in ended or mail.sent_at < ended[key], "Nothing goes out after the end."
        assert 8 <= mail.sent_at.astimezone(ZoneInfo(leads[key])).hour < 21, "Nobody is written to at night."
    per_lead = dict.fromkeys(leads, 0)
    for key, _mail in sent:
        per_lead[key] += 1
    assert {per_lead[key] for key in leads if key not in ended} == {5}
    assert max(per_lead.values()) == 5
    assert not Mail.objects.exclude(state__in=["sent", "cancelled", "suppressed"]).exists()
    states = NurtureEnrollment.objects.values("state").annotate(number=Count("pk")).values_list("state", "number")
    assert set(dict(states)) == {"finished", "stopped"}
    strangers = leads.keys() - set(sequence.enrollments.values_list("lead", flat=True))
    assert strangers <= {key for key in ended if ended[key] == begin}, "Everybody joins who can."
    assert count // 5 < len(ended) < count
