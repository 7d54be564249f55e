"""Next actions that become tasks, once; tasks that follow their interactions; what is overdue gets to a manager."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Task
from crm_project.access.models import User
from crm_project.jobs.context import tell_history
from customers import tasks
from customers.models import CustomerInteraction
from customers.services import followups, process_followups
from leads.models import Lead, LeadInteraction
from leads.services import delete_lead, restore_lead
from tests.admin_pages import client_of, text_of, url
from tests.at_once import at_once
from tests.factories import CustomerFactory, LeadFactory, TaskFactory, TeamFactory, UserFactory

URL = "/dev/crm/followups/process"
DUE = dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC)
LATER = dt.datetime(2099, 1, 15, 10, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_escalation(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 0


def promise_to_lead(lead=None, at=DUE, **columns):
    columns = {"type": "call", "next_action": "Send proposal", "next_action_date": at} | columns
    return LeadInteraction.objects.create(lead=lead or LeadFactory(), **columns)


def promise_to_customer(customer=None, at=DUE, **columns):
    columns = {"type": "call", "subject": "Prices", "date": DUE, "next_action": "Send contract"} | columns
    return CustomerInteraction.objects.create(customer=customer or CustomerFactory(), next_action_date=at, **columns)


def stored():
    return list(Task.objects.order_by("pk").values_list("title", "status", "due_at", "assigned_to"))


def state():
    return list(Task.objects.order_by("pk").values())


def test_due_next_actions_become_tasks_of_the_owners(manager):
    owner, team = UserFactory(), TeamFactory()
    lead = LeadFactory(name="Jane", assigned_to=owner, team=team)
    call = promise_to_lead(lead, notes="Discussed pricing")
    promise_to_customer(CustomerFactory(assigned_to=owner))
    for at in (LATER, None):
        promise_to_lead(lead, at=at)
        promise_to_customer(at=at)
    answer = manager.post(URL)
    assert answer.status_code == 200
    assert stored() == [("Send proposal", "open", DUE, owner.pk), ("Send contract", "open", DUE, owner.pk)]
    task = Task.objects.get(source_id=call.pk)
    assert (task.kind, task.team, task.contact, task.description) == (
        "follow_up", team, lead.contact, "Discussed pricing",
    )  # fmt: skip
    keys = [str(key) for key in Task.objects.order_by("pk").values_list("pk", flat=True)]
    assert answer.json() == {"created": keys, "moved": 0, "cancelled": 0, "escalated": 0, "mailed": 0, "more": False}


def due(client):
    """What the dashboard says is to be followed up: tasks, leads and customers."""
    found = client.get("/dev/crm/analytics/dashboard").json()["follow_ups"]
    for figure in found:
        assert client.get(figure["drilldown"]).json()["count"] == figure["value"]
    return [figure["value"] for figure in found]


def test_what_is_done_or_given_up_is_not_due_any_more(manager):
    """Neither where it was done before the promise of another time, which is due."""
    calls = [promise_to_lead(), promise_to_lead(LeadFactory(status="lost")), promise_to_lead(at=LATER)]
    calls += [promise_to_customer(), promise_to_customer()]
    assert due(manager) == [0, 1, 2]
    process_followups()
    assert due(manager) == [3, 1, 2]
    ends = {0: {"status": "done"}, 3: {"status": "cancelled"}, 4: {"deleted_at": DUE}}
    for number, end in ends.items():
        closed = {"closed_at": DUE} if "status" in end else {}
        Task.objects.filter(source_id=calls[number].pk).update(**end, **closed)
    assert due(manager) == [0, 0, 0]
    LeadInteraction.objects.filter(pk=calls[0].pk).update(next_action_date=DUE + dt.timedelta(1))
    assert due(manager) == [0, 1, 0]
    settled = manager.get("/dev/crm/customers?next_action_open=false").json()
    assert settled["count"] == 2
    assert manager.get("/dev/crm/leads?next_action_open=perhaps").status_code == 400


def test_a_second_run_changes_nothing(manager):
    promise_to_lead()
    promise_to_customer()
    assert len(manager.post(URL).json()["created"]) == 2
    before = state()
    Task.objects.filter(pk=before[0]["id"]).update(status="done", closed_at=timezone.now())
    before = state()
    tasks.process_followups()
    assert manager.post(URL).json() == {
        "created": [],
        "moved": 0,
        "cancelled": 0,
        "escalated": 0,
        "mailed": 0,
        "more": False,
    }
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_runs_do_it_once(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 1
    UserFactory(groups=["Manager"])
    for _number in range(3):
        promise_to_lead()
        promise_to_customer()
    moved = TaskFactory(kind="follow_up", source_id=promise_to_lead().pk, source_at=LATER, due_at=LATER)
    outcomes = at_once([process_followups] * 20)
    assert Task.objects.count() == 7
    assert sum(len(outcome.created) for outcome in outcomes) == 6
    assert sum(outcome.moved for outcome in outcomes) == 1
    assert sum(outcome.escalated for outcome in outcomes) == 7
    assert Task.objects.filter(escalated_to=None).count() == 0
    assert Task.objects.get(pk=moved.pk).due_at == DUE
    before = state()
    at_once([process_followups] * 20)
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_calls_do_it_once(api):
    manager = UserFactory(groups=["Manager"])
    clients = [api(User.objects.get(pk=manager.pk)) for _number in range(20)]
    for _number in range(3):
        promise_to_lead()
    answers = at_once([lambda client=client: client.post(URL) for client in clients])
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(len(answer.json()["created"]) for answer in answers) == [0] * 19 + [3]
    assert Task.objects.count() == 3


def test_without_an_active_owner_whoever_promised_it_does_it():
    writer, gone = UserFactory(), UserFactory(is_active=False)
    promise_to_lead(created_by=writer)
    promise_to_lead(LeadFactory(assigned_to=gone), created_by=writer)
    promise_to_lead(LeadFactory(assigned_to=gone, name="Jane"), created_by=gone, next_action="")
    process_followups()
    assert [row[3] for row in stored()] == [writer.pk, writer.pk, None]
    assert stored()[2][0] == "Follow up with Jane"


def test_lost_and_trashed_leads_are_left_alone(manager):
    lost, trashed = LeadFactory(status="lost"), LeadFactory()
    promise_to_lead(lost)
    promise_to_lead(trashed)
    delete_lead(lead=trashed, actor=manager.user)
    assert process_followups().created == []
    restore_lead(lead=Lead.objects.get(pk=trashed.pk), actor=manager.user)
    assert len(process_followups().created) == 1


def test_the_task_goes_with_its_lead_and_comes_back_with_it(manager):
    lead = LeadFactory()
    promise_to_lead(lead)
    process_followups()
    delete_lead(lead=lead, actor=manager.user)
    assert process_followups().cancelled == 1
    assert [row[1] for row in stored()] == ["cancelled"]
    restore_lead(lead=Lead.objects.get(pk=lead.pk), actor=manager.user)
    assert len(process_followups().created) == 1
    assert [row[1] for row in stored()] == ["cancelled", "open"]


def address_of(interaction):
    if isinstance(interaction, LeadInteraction):
        return f"/dev/crm/leads/{interaction.lead_id}/interactions/{interaction.pk}"
    return f"/dev/crm/customers/{interaction.customer_id}/interactions/{interaction.pk}"


@pytest.mark.parametrize("promise", [promise_to_lead, promise_to_customer])
def test_the_open_task_follows_its_interaction(manager, promise):
    interaction = promise()
    address = address_of(interaction)
    process_followups()
    assert manager.put(address, {"outcome" if "customers" in address else "notes": "Busy"}).status_code == 200
    assert stored()[0][1:3] == ("open", DUE)
    manager.put(address, {"next_action_date": LATER.isoformat()})
    assert stored()[0][1:3] == ("open", LATER)
    before = state()
    assert process_followups() == followups.Outcome()
    assert state() == before
    manager.put(address, {"next_action_date": None})
    assert stored()[0][1] == "cancelled"
    manager.put(address, {"next_action_date": DUE.isoformat()})
    assert len(process_followups().created) == 1
    assert [row[1] for row in stored()] == ["cancelled", "open"]
    manager.delete(address)
    assert [row[1] for row in stored()] == ["cancelled", "cancelled"]
    assert process_followups() == followups.Outcome()


def test_a_date_that_was_changed_by_other_ways_is_caught_up_with():
    moved, cleared, gone, done = (promise_to_lead() for _number in range(4))
    process_followups()
    Task.objects.filter(source_id=done.pk).update(status="done", closed_at=timezone.now())
    LeadInteraction.objects.filter(pk__in=[moved.pk, done.pk]).update(next_action_date=LATER)
    LeadInteraction.objects.filter(pk=cleared.pk).update(next_action_date=None)
    LeadInteraction.objects.filter(pk=gone.pk).delete()
    assert process_followups() == followups.Outcome(moved=1, cancelled=2)
    assert [row[1:3] for row in stored()] == [
        ("open", LATER), ("cancelled", DUE), ("cancelled", DUE), ("done", DUE),
    ]  # fmt: skip


def test_back_to_a_date_that_is_done_needs_no_second_task(manager):
    interaction = promise_to_lead()
    process_followups()
    Task.objects.update(status="done", closed_at=timezone.now())
    manager.put(address_of(interaction), {"next_action_date": "2024-02-01"})
    assert len(process_followups().created) == 1
    manager.put(address_of(interaction), {"next_action_date": DUE.isoformat()})
    assert [row[1] for row in stored()] == ["done", "cancelled"]
    assert process_followups() == followups.Outcome()


def test_what_a_person_cancelled_or_threw_away_stays_so(manager):
    promise_to_lead()
    promise_to_lead()
    first, second = manager.post(URL).json()["created"]
    manager.post(f"/dev/crm/tasks/{first}/cancel")
    manager.delete(f"/dev/crm/tasks/{second}")
    assert process_followups() == followups.Outcome()
    assert Task.objects.count() == 2


def test_a_rep_processes_what_they_may_change(sales):
    mine = promise_to_lead(LeadFactory(assigned_to=sales.user))
    promise_to_lead(LeadFactory(assigned_to=UserFactory()))
    promise_to_customer(CustomerFactory(assigned_to=UserFactory()))
    assert len(sales.post(URL).json()["created"]) == 1
    assert Task.objects.get().source_id == mine.pk
    assert sales.post(URL).json()["created"] == []
    assert len(process_followups().created) == 2


def test_overdue_tasks_are_escalated_to_the_manager_of_the_team(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 3
    now, team = timezone.now(), TeamFactory()
    near, _far = UserFactory(groups=["Manager", team]), UserFactory(groups=["Manager"])
    UserFactory(groups=["Manager", team], is_active=False)
    rep = UserFactory(groups=["Sales", team])

    def task(days, **columns):
        columns = {"kind": "follow_up", "assigned_to": rep, "team": team} | columns
        return TaskFactory(due_at=now - dt.timedelta(days=days, minutes=1), **columns)

    late, feedback = task(3), task(4, kind="feedback")
    spared = [task(2), task(5, kind="other"), task(5, status="done", closed_at=now), task(5, deleted_at=now)]
    assert process_followups(now=now).escalated == 2
    assert {each.escalated_to for each in Task.objects.filter(pk__in=[late.pk, feedback.pk])} == {near}
    assert not Task.objects.filter(pk__in=[each.pk for each in spared]).exclude(escalated_at=None).exists()
    assert Task.objects.get(pk=late.pk).assigned_to == rep
    before = state()
    assert process_followups(now=now).escalated == 0
    assert state() == before


def test_without_a_manager_in_the_team_whoever_has_the_fewest_answers_for_it(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 1
    TaskFactory(kind="follow_up", due_at=DUE)
    assert process_followups().escalated == 0
    one, two = UserFactory(groups=["Manager"]), UserFactory(groups=["Manager"])
    own = TaskFactory(kind="follow_up", due_at=DUE, assigned_to=one)
    TaskFactory.create_batch(2, kind="follow_up", due_at=DUE, team=TeamFactory())
    assert process_followups().escalated == 4
    assert Task.objects.get(pk=own.pk).escalated_to == two
    assert [Task.objects.filter(escalated_to=each).count() for each in (one, two)] == [2, 2]


def test_the_only_manager_answers_for_own_tasks_too(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 1
    manager = UserFactory(groups=["Manager"])
    TaskFactory(kind="follow_up", due_at=DUE, assigned_to=manager)
    assert process_followups().escalated == 1
    assert Task.objects.get().escalated_to == manager


def test_a_task_that_is_escalated_as_soon_as_it_is_made_was_added(settings):
    settings.CRM_FOLLOWUP_ESCALATE_DAYS = 3
    staff = client_of(UserFactory(groups=["Manager"]))
    promise_to_lead(at=timezone.now() - dt.timedelta(days=5))
    process_followups()
    task = Task.objects.get()
    assert task.escalated_to == staff.user
    told = text_of(staff.get(url("contacts_task_history", task.pk)))
    assert "Task added" in told
    assert "Task changed" not in told


def test_a_new_owner_or_date_takes_the_escalation_back(manager):
    for change in ({"assigned_to": str(UserFactory().pk)}, {"due_at": "2099-01-01"}):
        task = TaskFactory(escalated_at=timezone.now(), escalated_to=manager.user)
        address = f"/dev/crm/tasks/{task.pk}"
        assert manager.put(address, {"title": "Call"}).json()["escalated_to"] == str(manager.user.pk)
        assert manager.put(address, change).json()["escalated_to"] is None


def test_a_worker_does_what_is_more_than_a_batch(manager, monkeypatch):
    monkeypatch.setattr(followups, "BATCH", 2)
    for _number in range(5):
        promise_to_lead()
    answer = manager.post(URL).json()
    assert (len(answer["created"]), answer["more"]) == (2, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%process_followups'")
        assert cursor.fetchone() == (1,)
    assert manager.post(URL).json()["more"] is True
    tasks.process_followups()
    assert Task.objects.count() == 5


def test_queries_do_not_grow_with_the_follow_ups():
    def count(number):
        for _each in range(number):
            promise_to_lead()
            promise_to_customer()
        with CaptureQueriesContext(connection) as queries:
            process_followups()
        return len(queries)

    assert count(1) == count(8) <= 14


def test_a_worker_says_by_which_door_it_came(manager):
    interaction = promise_to_lead()
    tell_history(tasks.process_followups, None, None)
    history = manager.get(f"/contacts/{interaction.lead.contact_id}/history").json()["results"]
    assert next(entry["door"] for entry in history if entry["type"] == "task.created") == "worker"
