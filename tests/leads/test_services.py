from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from leads import services, tasks
from leads.exceptions import NobodyToAssign, StatusNotAllowed
from leads.models import Lead, ScoreRule
from leads.services.status import NEXT, OPEN

from ..at_once import at_once
from ..factories import LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("old", [*OPEN, "lost", "won"])
@pytest.mark.parametrize("new", Lead.Status.values)
def test_statuses_follow_the_table(old, new):
    lead = LeadFactory(status=old)
    if new in (*NEXT[old], old):
        services.update_lead(lead=lead, actor=None, status=new)
        assert Lead.objects.get().status == new
    else:
        with pytest.raises(StatusNotAllowed):
            services.update_lead(lead=lead, actor=None, status=new)
        assert Lead.objects.get().status == old


def test_a_lead_cannot_be_made_converted():
    with pytest.raises(StatusNotAllowed):
        LeadFactory(status="converted")
    assert not Lead.objects.exists()


def test_each_step_is_logged_with_the_time_spent():
    user = UserFactory()
    lead = LeadFactory(actor=user)
    for status in ("contacted", "lost", "new"):
        services.update_lead(lead=lead, actor=user, status=status)
    first = lead.status_changes.order_by("pk")[0]
    lead.status_changes.filter(pk=first.pk).update(created_at=first.created_at - timedelta(hours=2))
    stays = services.time_in_statuses(lead)
    assert [stay.status for stay in stays] == ["new", "contacted", "lost", "new"]
    assert 7200 <= stays[0].seconds < 7260
    assert stays[-1].left_at is None
    assert {stay.changed_by_id for stay in stays} == {user.pk}


def test_the_reason_for_a_loss_goes_when_the_lead_is_reopened():
    lead = LeadFactory()
    services.update_lead(lead=lead, actor=None, status="lost", lost_reason="Too dear")
    assert Lead.objects.get().lost_reason == "Too dear"
    services.update_lead(lead=lead, actor=None, status="new")
    assert Lead.objects.get().lost_reason == ""
    with pytest.raises(ValidationError):
        services.update_lead(lead=lead, actor=None, lost_reason="Too dear")


class TestScore:
    @pytest.fixture(autouse=True)
    def rules(self):
        ScoreRule.objects.all().delete()
        ScoreRule.objects.create(kind="source", value="referral", points=40)
        ScoreRule.objects.create(kind="filled", value="phone", points=15)
        ScoreRule.objects.create(kind="interactions", value="2", points=30)
        ScoreRule.objects.create(kind="recent", value="7", points=20)
        ScoreRule.objects.create(kind="filled", value="company", points=-90)

    def test_is_the_sum_of_what_is_true_and_follows_the_lead(self):
        lead = LeadFactory(source="referral", phone="504-621-8927")
        assert lead.score == 55
        services.update_lead(lead=lead, actor=None, source="website")
        assert Lead.objects.get().score == 15
        services.record_interaction(lead=lead, actor=None, type="call")
        assert Lead.objects.get().score == 35
        services.record_interaction(lead=lead, actor=None, type="call")
        assert Lead.objects.get().score == 65
        lead.refresh_from_db()
        assert sorted((reason.points, reason.reason) for reason in services.explain_score(lead)) == [
            (15, "Its phone is known."),
            (20, "There was contact in the last 7 days."),
            (30, "It had 2 interactions."),
        ]

    def test_is_cut_to_its_bounds(self):
        assert LeadFactory(company="Acme").score == 0
        ScoreRule.objects.create(kind="source", value="website", points=100)
        assert LeadFactory(source="website", phone="504-621-8927").score == 100

    def test_set_by_hand_stays_until_it_is_released(self):
        lead = LeadFactory(source="referral", score=7)
        services.record_interaction(lead=lead, actor=None, type="call")
        assert Lead.objects.get().score == 7
        services.update_lead(lead=lead, actor=None, score=None)
        assert Lead.objects.get().score == 60

    def test_of_many_leads_costs_few_queries(self, django_assert_num_queries):
        leads = [LeadFactory(source="referral") for _ in range(20)]
        ScoreRule.objects.filter(kind="source").update(points=41)
        with django_assert_num_queries(5):
            assert services.rescore(leads) == 20
        assert set(Lead.objects.values_list("score", flat=True)) == {41}


def test_last_contact_follows_the_interactions():
    lead = LeadFactory()
    first = services.record_interaction(lead=lead, actor=None, type="call")
    second = services.record_interaction(lead=lead, actor=None, type="note")
    assert Lead.objects.get().last_contact == second.created_at
    services.delete_interaction(interaction=second)
    assert Lead.objects.get().last_contact == first.created_at
    services.delete_interaction(interaction=first)
    assert Lead.objects.get().last_contact is None


def test_a_later_last_contact_that_was_set_by_hand_stays():
    later = timezone.now() + timedelta(days=1)
    lead = LeadFactory(last_contact=later)
    interaction = services.record_interaction(lead=lead, actor=None, type="call")
    services.delete_interaction(interaction=interaction)
    assert Lead.objects.get().last_contact == later


def test_the_same_person_has_one_contact():
    first = LeadFactory(name="Ann Lee", email="ann@example.com")
    services.delete_lead(lead=first, actor=None)
    second = LeadFactory(name="Ann Lee", email="ANN@example.com", phone="504-621-8927")
    assert second.contact_id == first.contact_id
    assert sorted(second.contact.points.values_list("normalized", flat=True)) == ["+15046218927", "ann@example.com"]


def test_nobody_can_be_chosen_from_an_empty_team():
    with pytest.raises(NobodyToAssign):
        LeadFactory(team=TeamFactory(), assignment="round_robin")


def test_the_least_busy_member_gets_the_lead():
    team = TeamFactory()
    busy, free = UserFactory(groups=[team]), UserFactory(groups=[team])
    LeadFactory(assigned_to=busy)
    closed = LeadFactory(assigned_to=free)
    services.update_lead(lead=closed, actor=None, status="lost")
    assert LeadFactory(team=team, assignment="least_busy").assigned_to == free


@pytest.mark.django_db(transaction=True)
def test_leads_made_at_once_are_dealt_out_fairly():
    team = TeamFactory()
    members = [UserFactory(groups=[team]) for _ in range(3)]
    calls = [lambda: LeadFactory(team=team, assignment="round_robin").assigned_to_id for _ in range(12)]
    assert Counter(at_once(calls)) == {member.pk: 4 for member in members}


def test_when_a_rule_changes_a_worker_scores_the_open_leads_again(manager):
    lead = LeadFactory(phone="504-621-8927")
    by_hand, lost = LeadFactory(phone="504-621-8927", score=7), LeadFactory(phone="504-621-8927", status="lost")
    before = lost.score
    rule = ScoreRule.objects.get(kind="filled", value="phone")
    answer = manager.put(f"/dev/crm/score_rules/{rule.pk}", {"points": 33})
    assert answer.status_code == 200
    manager.put(f"/dev/crm/score_rules/{rule.pk}", {"points": 34})
    waiting = ProcrastinateJob.objects.filter(task_name=tasks.rescore_leads.name, status="todo")
    assert waiting.count() == 1
    tasks.rescore_leads()
    scores = dict(Lead.objects.values_list("pk", "score"))
    assert scores == {lead.pk: 34, by_hand.pk: 7, lost.pk: before}
