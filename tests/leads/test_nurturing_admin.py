"""The pages of sequences: their steps, their calendar, and the leads that are on them."""

import pytest
from django.utils import timezone

from crm_project.mail.models import Mail
from leads.models import NurtureEnrollment, NurtureSequence
from tests.admin_pages import client_of, form_of, text_of, url, value_of
from tests.factories import LeadFactory, UserFactory
from tests.leads.test_nurturing import sequence_of, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return client_of(UserFactory(groups=["Manager"]))


def steps_of(sequence):
    return list(sequence.steps.order_by("position").values_list("position", "kind", "template", "title", "days"))


def typed(**rows):
    """Rows of the steps' form as they are typed into it: ``typed(**{"0": {...}})``."""
    given = {"steps-TOTAL_FORMS": str(len(rows))}
    for number, row in rows.items():
        given |= {f"steps-{number}-{name}": value for name, value in row.items()}
    return given


def test_sequence_is_written_with_its_steps(staff):
    form = form_of(staff.get(url("leads_nurturesequence_add")), "nurturesequence_form")
    form |= {"name": "Welcome", "filter": "source=website"}
    form |= typed(
        **{
            "0": {"kind": "mail", "template": "welcome", "position": ""},
            "1": {"kind": "task", "title": "Call", "position": ""},
            "2": {"kind": "wait", "days": "3", "position": "1"},
        }
    )
    assert staff.post(url("leads_nurturesequence_add"), form).status_code == 302
    sequence = NurtureSequence.objects.get()
    assert (sequence.name, sequence.is_active, sequence.filter) == ("Welcome", True, {"source": "website"})
    assert steps_of(sequence) == [(1, "wait", "", "", 3), (2, "mail", "welcome", "", 0), (3, "task", "", "Call", 0)]


def test_steps_change_places_and_go(staff):
    sequence = sequence_of(
        {"kind": "mail", "template": "welcome"}, {"kind": "wait", "days": 1}, {"kind": "task", "title": "x"}
    )
    address = url("leads_nurturesequence_change", sequence.pk)
    form = form_of(staff.get(address), "nurturesequence_form")
    form |= {"steps-0-position": "2", "steps-1-position": "1", "steps-2-DELETE": "on"}
    assert staff.post(address, form).status_code == 302
    assert [row[:2] for row in steps_of(sequence)] == [(1, "wait"), (2, "mail")]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"filter": "sorce=website"}, "Unknown parameter"),
        ({"filter": "nonsense"}, "is not of the form name=value"),
        (typed(**{"0": {"kind": "mail", "template": ""}}), "This step needs it"),
        (typed(**{"0": {"kind": "wait"}}), "How long to wait"),
        (typed(**{"0": {"kind": "task", "title": "x", "points": "3"}}), "This step has no use for it"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(staff, given, sentence):
    form = form_of(staff.get(url("leads_nurturesequence_add")), "nurturesequence_form")
    answer = staff.post(url("leads_nurturesequence_add"), form | {"name": "Welcome"} | given)
    assert (answer.status_code, sentence in text_of(answer)) == (200, True)
    assert NurtureSequence.objects.count() == 0


def test_calendar_tells_and_its_button_does(staff):
    sequence = sequence_of(filter={"source": "website"})
    lead = LeadFactory(name="Grace Hopper", source="website")
    address = url("leads_nurturesequence_calendar", sequence.pk)
    page = text_of(staff.get(address, {"days": "90"}))
    assert "Welcome, Grace" in page
    assert "Grace, are you still interested?" in page
    assert (Mail.objects.count(), NurtureEnrollment.objects.count()) == (0, 0)
    done = text_of(staff.post(address, follow=True))
    assert "1 joined, 1 mails queued, 0 stopped." in done
    assert lead.nurturing.get().state == "active"
    assert staff.get(address, {"days": "nonsense"}).status_code == 200
    assert staff.get(url("leads_nurturesequence_calendar", "nonsense")).status_code == 404


def test_lead_is_put_on_a_sequence_by_hand_and_stopped(staff):
    sequence, lead = sequence_of(), LeadFactory(name="Grace Hopper")
    form = {"sequence": str(sequence.pk), "lead": str(lead.pk)}
    assert staff.post(url("leads_nurtureenrollment_add"), form).status_code == 302
    enrollment = lead.nurturing.get()
    assert (enrollment.origin, enrollment.enrolled_by, enrollment.state) == ("admin", staff.user, "active")
    assert Mail.objects.count() == 1
    again = staff.post(url("leads_nurtureenrollment_add"), form, follow=True)
    assert "is or was on this sequence" in text_of(again)
    page = text_of(staff.get(url("leads_nurtureenrollment_change", enrollment.pk)))
    assert "· Send a mail" in page
    assert value_of(page, "State") == "On its way"
    staff.post(url("leads_nurtureenrollment_changelist"), {"action": "stop", "_selected_action": [str(enrollment.pk)]})
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.stop_reason) == ("stopped", "by_staff")
    assert Mail.objects.get().state == "cancelled"
    page = text_of(staff.get(url("leads_nurtureenrollment_change", enrollment.pk)))
    assert (value_of(page, "State"), value_of(page, "Next step due")) == ("Stopped by staff", "–")


def test_rep_sees_and_stops_own_leads_only():
    rep = client_of(UserFactory(groups=["Sales"]))
    sequence = sequence_of()
    mine, foreign = (
        LeadFactory(name="Mine Own", assigned_to=rep.user),
        LeadFactory(name="Foreign Affair", assigned_to=UserFactory()),
    )
    start(sequence, mine, foreign)
    listed = text_of(rep.get(url("leads_nurtureenrollment_changelist")))
    assert ("Mine Own" in listed, "Foreign Affair" in listed) == (True, False)
    assert "Foreign" not in text_of(rep.get(url("leads_nurturesequence_calendar", sequence.pk)))
    assert rep.get(url("leads_nurtureenrollment_change", foreign.nurturing.get().pk)).status_code == 404
    rep.post(
        url("leads_nurtureenrollment_changelist"),
        {"action": "stop", "_selected_action": [str(lead.nurturing.get().pk) for lead in (mine, foreign)]},
    )
    assert set(NurtureEnrollment.objects.values_list("lead", "state")) == {(mine.pk, "stopped"), (foreign.pk, "active")}
    other = LeadFactory(name="Another", assigned_to=UserFactory())
    rep.post(url("leads_nurtureenrollment_add"), {"sequence": str(sequence.pk), "lead": str(other.pk)})
    assert not other.nurturing.exists()
    assert rep.get(url("leads_nurturesequence_add")).status_code == 403
    assert timezone.now() > mine.nurturing.get().ended_at
