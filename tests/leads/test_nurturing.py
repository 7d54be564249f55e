"""Sequences: who joins, what is done and when, and that nothing is done after it is over, or twice."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Interaction, Task
from crm_project.access.models import User
from crm_project.mail import sending
from crm_project.mail.models import Mail, Template
from crm_project.mail.services import suppress
from customers.services import convert_lead
from leads import services
from leads.models import Lead, NurtureAction, NurtureEnrollment, NurtureSequence, NurtureStep
from leads.nurturing.processing import process
from leads.nurturing.services import save_sequence
from leads.tasks import process_nurturing
from tests.at_once import at_once
from tests.factories import LeadFactory, SegmentFactory, UserFactory

pytestmark = pytest.mark.django_db
START = "/dev/crm/leads/nurture/start"
SEQUENCES = "/dev/crm/nurture_sequences"
ENROLLMENTS = "/dev/crm/nurture_enrollments"
FIVE = [
    {"kind": "mail", "template": "welcome"},
    {"kind": "wait", "days": 3},
    {"kind": "task", "title": "Call", "days": 1},
    {"kind": "score", "points": 15},
    {"kind": "status", "status": "contacted"},
    {"kind": "wait", "days": 7},
    {"kind": "mail", "template": "still_interested"},
]


@pytest.fixture
def clock(monkeypatch):
    """``clock(days=1)`` lets time go by."""
    now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)

    def go(**delta):
        nonlocal now
        now += dt.timedelta(**delta)
        return now

    return go


def sequence_of(*steps, name="Welcome", **given):
    return save_sequence(sequence=NurtureSequence(name=name), steps=list(steps or FIVE), **given)


def start(sequence, *leads):
    return process(sequence=sequence, leads=leads)


def mails():
    return list(Mail.objects.order_by("pk").values_list("to", "subject", "state"))


def standing(lead):
    return lead.nurturing.values_list("state", "stop_reason").get()


# What is done


def test_steps_are_done_one_after_another(clock):
    owner = UserFactory(first_name="Mia", last_name="Rossi")
    lead = LeadFactory(name="Grace Hopper", email="grace@example.com", assigned_to=owner, score=10)
    report = start(sequence_of(), lead)
    assert (report.enrolled, report.processed, dict(report.done)) == (1, 1, {"mail": 1, "wait": 1})
    mail = Mail.objects.get()
    assert (mail.to, mail.subject, mail.contact_id) == ("grace@example.com", "Welcome, Grace", lead.contact_id)
    assert mail.reason == "Step 1 of the sequence “Welcome”"
    assert "Mia Rossi" in mail.text
    clock(days=2, hours=23)
    assert process().processed == 0
    clock(hours=1)
    now = timezone.now()
    assert dict(process().done) == {"task": 1, "score": 1, "status": 1, "wait": 1}
    task = Task.objects.get()
    assert (task.title, task.assigned_to, task.contact_id, task.kind) == ("Call", owner, lead.contact_id, "nurturing")
    assert task.due_at == now + dt.timedelta(days=1)
    lead.refresh_from_db()
    assert (lead.score, lead.score_is_manual, lead.status) == (25, True, "contacted")
    clock(days=7)
    assert (process().finished, standing(lead)) == (1, ("finished", ""))
    assert [subject for _to, subject, _state in mails()] == ["Welcome, Grace", "Grace, are you still interested?"]
    clock(days=30)
    assert process().processed == 0


def test_lead_speaks_its_language_and_lives_in_its_time_zone(clock):
    lead = LeadFactory(name="Анна")
    Lead.objects.update(custom_fields={"language": "ru", "time_zone": "Asia/Vladivostok"})
    other = LeadFactory(name="Ben")
    Lead.objects.filter(pk=other.pk).update(custom_fields={"language": "xx", "time_zone": "Mars"})
    start(sequence_of(), lead, other)
    first, second = Mail.objects.order_by("pk")
    assert (first.subject, first.language, first.time_zone) == ("Здравствуйте, Анна!", "ru", "Asia/Vladivostok")
    assert (second.language, second.time_zone) == ("en", "UTC")


def test_step_that_cannot_be_done_says_why_and_the_rest_goes_on(clock):
    Template.objects.create(key="gone", name="Gone", subject="s", text="t")
    sequence = sequence_of({"kind": "mail", "template": "gone"}, {"kind": "task", "title": "Call"})
    Template.objects.all().delete()
    nameless = LeadFactory()
    Lead.objects.filter(pk=nameless.pk).update(email=None)
    report = start(sequence, LeadFactory(), nameless)
    assert dict(report.done) == {"skipped": 2, "task": 2}
    assert sorted(NurtureAction.objects.exclude(note="").values_list("note", flat=True)) == [
        "The lead has no address for mail.",
        "There is no mail template “gone”.",
    ]


def test_steps_may_change_while_leads_are_on_their_way(clock):
    sequence, lead = sequence_of(), LeadFactory()
    start(sequence, lead)
    mail, wait, *rest = sequence.steps.values("id", "kind", "days", "template", "title", "points", "status")
    new = {"kind": "task", "title": "New"}
    save_sequence(sequence=sequence, steps=[{"kind": "score", "points": 1}, mail, wait, new, *rest])
    clock(days=3)
    process()
    assert sorted(Task.objects.values_list("title", flat=True)) == ["Call", "New"]
    assert len(mails()) == 1
    sequence.steps.filter(kind="wait").delete()
    clock(days=7)
    process()
    assert len(mails()) == 2


# When it is over


def reply(lead):
    services.record_interaction(lead=lead, actor=None, type="email", notes="Yes")


def inbound(lead):
    Interaction.objects.create(contact=lead.contact, type="call", direction="inbound", started_at=timezone.now())


def unsubscribe(lead):
    suppress(address=lead.email.upper(), purpose="nurturing", reason="unsubscribed")


def bounce(lead):
    suppress(address=lead.email, reason="bounced")


ENDS = {
    "replied": reply,
    "called": inbound,
    "unsubscribed": unsubscribe,
    "bounced": bounce,
    "converted": lambda lead: convert_lead(lead=lead, actor=None),
    "lost": lambda lead: services.change_status(lead=lead, status="lost", actor=None),
    "won": lambda lead: services.change_status(lead=lead, status="won", actor=None),
    "deleted": lambda lead: services.delete_lead(lead=lead, actor=None),
}
REASONS = {"called": "replied", "bounced": "unsubscribed"}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_done_after_the_end(clock, end):
    lead = LeadFactory()
    start(sequence_of(), lead)
    sending.send(Mail.objects.get().pk)
    clock(hours=1)
    ENDS[end](lead)
    clock(days=3)
    report = process()
    reason = REASONS.get(end, end)
    assert (dict(report.stopped), report.processed, standing(lead)) == ({reason: 1}, 0, ("stopped", reason))
    clock(days=30)
    process()
    assert (len(mails()), Task.objects.count()) == (1, 0)


@pytest.mark.parametrize("end", ENDS)
def test_mail_that_waits_is_not_sent_after_the_end(clock, smtp, settings, end):
    settings.CRM_QUIET_HOURS = (10, 14)
    lead = LeadFactory()
    start(sequence_of({"kind": "mail", "template": "welcome"}), lead)
    assert standing(lead) == ("finished", "")
    mail = Mail.objects.get()
    assert sending.send(mail.pk) is None
    clock(hours=1)
    ENDS[end](lead)
    clock(hours=3)
    sending.send(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, smtp.received) == ("suppressed" if end in ("unsubscribed", "bounced") else "cancelled", [])


def test_what_was_before_and_what_we_say_ends_nothing(clock):
    lead = LeadFactory()
    reply(lead)
    inbound(lead)
    clock(minutes=1)
    start(sequence_of(), lead)
    clock(minutes=1)
    Interaction.objects.create(contact=lead.contact, type="email", direction="outbound", started_at=timezone.now())
    old = timezone.now() - dt.timedelta(days=300)
    Interaction.objects.create(contact=lead.contact, type="email", direction="inbound", started_at=old)
    clock(days=3)
    assert dict(process().stopped) == {}
    assert standing(lead) == ("active", "")


def test_sequence_that_does_not_run_sends_nothing(clock, smtp):
    sequence, lead = sequence_of(), LeadFactory()
    start(sequence, lead)
    NurtureSequence.objects.update(is_active=False)
    sending.send(Mail.objects.get().pk)
    clock(days=4)
    assert process().processed == 0
    assert (smtp.received, mails()[0][2]) == ([], "cancelled")


def test_lead_that_its_sequence_gives_up_gets_no_more(clock):
    lead = LeadFactory()
    start(sequence_of({"kind": "status", "status": "lost"}, {"kind": "mail", "template": "welcome"}), lead)
    assert (standing(lead), mails()) == (("stopped", "lost"), [])


# Who joins


def test_leads_join_by_segment_and_filter(clock):
    segment = SegmentFactory()
    fits, elsewhere, other_source, lost, unwilling = (
        LeadFactory(source=source) for source in ("website", "website", "email", "website", "website")
    )
    for lead in (fits, other_source, lost, unwilling):
        lead.contact.segments.add(segment)
    services.change_status(lead=lost, status="lost", actor=None)
    unsubscribe(unwilling)
    sequence = sequence_of(segment=segment, filter={"source": "website"})
    assert process().enrolled == 1
    assert list(NurtureEnrollment.objects.values_list("lead", "origin")) == [(fits.pk, "rule")]
    save_sequence(sequence=sequence, segment=None)
    assert process().enrolled == 1
    assert elsewhere.nurturing.count() == 1
    save_sequence(sequence=sequence, filter={})
    assert process().enrolled == 0


def test_rule_that_no_longer_works_holds_up_nobody(clock):
    sequence_of(name="Broken", filter={"source": "website"})
    NurtureSequence.objects.update(filter={"custom_fields.gone": "1"})
    sequence_of(name="Fine", filter={"source": "website"})
    LeadFactory(source="website")
    assert process().enrolled == 1


def test_lead_is_on_a_sequence_once(clock):
    sequence, lead, lost = sequence_of(), LeadFactory(), LeadFactory(status="lost")
    report = start(sequence, lead, lost)
    assert (report.enrolled, report.refused) == (1, {lost.pk: "The lead is lost."})
    report = start(sequence, lead)
    assert (report.enrolled, report.refused) == (0, {lead.pk: "The lead is or was on this sequence."})
    assert len(mails()) == 1


# Together


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_do_it_once():
    sequence = sequence_of(filter={"source": "website"})
    leads = [LeadFactory(source="website") for _ in range(30)]
    reports = at_once([lambda: process(sequence=sequence, leads=leads)] * 10 + [process] * 10)
    assert sum(report.enrolled for report in reports) == 30
    process()
    assert len(mails()) == len({to for to, _subject, _state in mails()}) == 30
    assert NurtureAction.objects.count() == 60
    NurtureEnrollment.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
    at_once([process_nurturing.func] * 20)
    assert Task.objects.count() == 30
    assert Lead.objects.filter(status="contacted", score=leads[0].score + 15).count() == 30
    assert NurtureAction.objects.count() == 180


# The API


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("are_named", [True, False], ids=["these leads", "all that is due"])
def test_twenty_calls_at_once_do_it_once(api, are_named):
    sequence = sequence_of(filter={"source": "website"})
    leads = [LeadFactory(source="website") for _ in range(7)]
    body = {"sequence_id": str(sequence.pk), "lead_ids": [str(lead.pk) for lead in leads]} if are_named else {}
    manager = UserFactory(groups=["Manager"])
    clients = [api(User.objects.get(pk=manager.pk)) for _ in range(20)]
    answers = at_once([lambda client=client: client.post(START, body) for client in clients])
    assert {answer.status_code for answer in answers} == {200}
    reports = [answer.json() for answer in answers]
    assert sum(report["enrolled"] for report in reports) == 7
    assert sum(report["mails"] for report in reports) == 7
    assert len(mails()) == len({to for to, _subject, _state in mails()}) == 7


def test_sequences_are_made_changed_and_deleted(manager):
    body = {"name": "Welcome", "filter": {"source": "website"}, "steps": FIVE}
    made = manager.post(SEQUENCES, body)
    assert made.status_code == 201
    steps = made.json()["steps"]
    assert [(step["kind"], step["days"], step["template"]) for step in steps[:2]] == [
        ("mail", 0, "welcome"),
        ("wait", 3, ""),
    ]
    address = f"{SEQUENCES}/{made.json()['id']}"
    kept = [steps[1], steps[0], {"kind": "score", "points": -5}]
    changed = manager.patch(address, {"steps": kept, "is_active": False}).json()
    assert [step["id"] for step in changed["steps"][:2]] == [steps[1]["id"], steps[0]["id"]]
    assert (len(changed["steps"]), changed["is_active"], changed["name"]) == (3, False, "Welcome")
    assert manager.get(SEQUENCES).json()["results"] == [changed]
    assert manager.delete(address).status_code == 200
    assert NurtureStep.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"filter": {"sorce": "website"}}, "filter.sorce"),
        ({"filter": {"source": "webside"}}, "filter.source"),
        ({"filter": 3}, "filter"),
        ({"segment_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "segment_id"),
        ({"steps": [{"kind": "mail"}]}, "steps.0.template"),
        ({"steps": [{"kind": "mail", "template": "no_such"}]}, "steps.0.template"),
        ({"steps": [{"kind": "wait"}]}, "steps.0.days"),
        ({"steps": [{"kind": "wait", "days": 367}]}, "steps.0.days"),
        ({"steps": [{"kind": "task"}]}, "steps.0.title"),
        ({"steps": [{"kind": "score"}]}, "steps.0.points"),
        ({"steps": [{"kind": "score", "points": 5, "title": "x"}]}, "steps.0.title"),
        ({"steps": [{"kind": "status", "status": "won"}]}, "steps.0.status"),
        ({"steps": [{"kind": "jump"}]}, "steps.0.kind"),
        ({"steps": [{"id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f", "kind": "wait", "days": 1}]}, "steps"),
    ],
)
def test_wrong_sequence_is_refused_by_its_field(manager, body, field):
    answer = manager.post(SEQUENCES, {"name": "Welcome"} | body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert NurtureSequence.objects.count() == 0


def test_start_without_a_body_does_what_is_due(manager, clock):
    sequence_of(filter={"source": "website"})
    LeadFactory(source="website")
    answer = manager.post(START)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["enrolled"], told["processed"], told["mails"], told["is_complete"]) == (1, 1, 1, True)
    assert manager.post(START, {}).json()["processed"] == 0


def test_start_puts_leads_on_a_sequence(manager, clock):
    sequence, lead, lost = sequence_of(), LeadFactory(), LeadFactory(status="lost")
    told = manager.post(START, {"sequence_id": str(sequence.pk), "lead_ids": [str(lead.pk), str(lost.pk)]}).json()
    assert (told["enrolled"], told["mails"]) == (1, 1)
    assert told["refused"] == [{"lead_id": str(lost.pk), "reason": "The lead is lost."}]
    [row] = manager.get(ENROLLMENTS, {"lead_id": str(lead.pk)}).json()["results"]
    assert (row["state"], row["origin"], row["enrolled_by"]) == ("active", "api", str(manager.user.pk))
    assert [action["kind"] for action in row["actions"]] == ["mail", "wait"]
    assert row["actions"][0]["mail_id"] == str(Mail.objects.get().pk)


def test_rep_leads_on_own_leads_only(sales, manager, clock):
    sequence = sequence_of(filter={"source": "website"})
    mine = LeadFactory(source="website", assigned_to=sales.user)
    foreign = LeadFactory(source="website", assigned_to=UserFactory())
    told = sales.post(START).json()
    assert (told["enrolled"], told["mails"]) == (1, 1)
    assert list(NurtureEnrollment.objects.values_list("lead", flat=True)) == [mine.pk]
    answer = sales.post(START, {"sequence_id": str(sequence.pk), "lead_ids": [str(foreign.pk)]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["lead_ids"])
    manager.post(START)
    assert sales.get(ENROLLMENTS).json()["count"] == 1
    assert manager.get(ENROLLMENTS).json()["count"] == 2


def test_more_than_one_call_does_is_left_to_a_worker(manager, clock, monkeypatch):
    monkeypatch.setattr("leads.nurturing.views.AT_ONCE", 2)
    sequence = sequence_of()
    leads = [LeadFactory() for _ in range(3)]
    told = manager.post(START, {"sequence_id": str(sequence.pk), "lead_ids": [str(lead.pk) for lead in leads]}).json()
    assert (told["enrolled"], told["processed"], told["is_complete"]) == (3, 2, False)
    process_nurturing.func()
    assert len(mails()) == 3


def test_stop_by_hand_takes_back_what_waits(manager, clock):
    lead = LeadFactory()
    start(sequence_of(), lead)
    address = f"{ENROLLMENTS}/{lead.nurturing.get().pk}/stop"
    stopped = manager.post(address)
    assert (stopped.status_code, stopped.json()["stop_reason"]) == (200, "by_staff")
    assert manager.post(address).json()["ended_at"] == stopped.json()["ended_at"]
    assert mails()[0][2] == "cancelled"


# The dry run


def test_calendar_tells_every_step_and_writes_nothing(manager, clock, settings):
    settings.CRM_QUIET_HOURS = (21, 8)
    clock(hours=10, minutes=30)
    sequence = sequence_of()
    new, under_way = LeadFactory(name="New One"), LeadFactory(name="Under Way")
    start(sequence, under_way)
    before = (Mail.objects.count(), NurtureEnrollment.objects.count())
    body = {"sequence_id": str(sequence.pk), "lead_ids": [str(new.pk), str(under_way.pk)], "dry_run": True}
    told = manager.post(START, body).json()
    assert (Mail.objects.count(), NurtureEnrollment.objects.count()) == before
    assert (told["dry_run"], told["mails"], told["tasks"], told["calendar_is_cut"]) == (True, 3, 2, False)
    of_new = [(row["at"], row["kind"], row["what"]) for row in told["calendar"] if row["lead_id"] == str(new.pk)]
    assert of_new == [
        ("2026-03-03T08:00:00Z", "mail", "Welcome, New"),
        ("2026-03-05T22:30:00Z", "task", "Call"),
        ("2026-03-05T22:30:00Z", "score", "+15"),
        ("2026-03-05T22:30:00Z", "status", "contacted"),
        ("2026-03-13T08:00:00Z", "mail", "New, are you still interested?"),
    ]
    assert len(told["calendar"]) == 9
    assert manager.post(START, body | {"days": 2}).json()["mails"] == 1


def test_calendar_is_what_happens(clock, smtp, settings):
    """The mails that a run of every hour sends are those that the calendar told, to the hour."""
    settings.CRM_QUIET_HOURS, settings.CRM_MAIL_DAILY_CAP = (21, 8), 1
    sequence = sequence_of(filter={"source": "website"})
    sequence_of({"kind": "wait", "hours": 30}, *FIVE, name="Other", filter={"source": "website"})
    zones = ["Europe/Berlin", "Asia/Vladivostok", "America/New_York"]
    for number in range(6):
        lead = LeadFactory(source="website")
        Lead.objects.filter(pk=lead.pk).update(custom_fields={"time_zone": zones[number % 3]})
    from leads.nurturing.calendar import calendar

    planned = sorted(
        (entry.at, entry.lead.email) for entry in calendar(actor=None, days=30).entries if entry.kind == "mail"
    )
    assert len(planned) == 24
    for _hour in range(15 * 24):
        process()
        for key in sending.due():
            sending.send(key)
        clock(hours=1)
    assert sorted(Mail.objects.values_list("sent_at", "to")) == planned
    assert sequence.enrollments.filter(state="finished").count() == 6


def test_calendar_shows_a_rep_their_own_leads_only(sales, clock):
    sequence_of(filter={"source": "website"})
    mine = LeadFactory(source="website", assigned_to=sales.user)
    LeadFactory(source="website", assigned_to=UserFactory())
    told = sales.post(START, {"dry_run": True}).json()
    assert {row["lead_id"] for row in told["calendar"]} == {str(mine.pk)}
