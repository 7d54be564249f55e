"""Tasks: what somebody has to do, by the service that machines use and by the API."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Task
from contacts.services import merge_contacts, open_task, undo_merge
from crm_project.access import services as access
from tests.at_once import at_once
from tests.factories import ContactFactory, TaskFactory, TeamFactory, UserFactory

URL = "/dev/crm/tasks"
DUE = dt.datetime(2030, 1, 15, 10, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


def opened(once="key", **changes):
    return open_task(once=once, **{"title": "Call", "assigned_to": None, "due_at": DUE, "kind": "other"} | changes)


def test_the_same_key_gives_the_first_task_back():
    user, team, contact = UserFactory(), TeamFactory(), ContactFactory()
    task = opened(title="x" * 600, assigned_to=user, team=team, contact=contact, description="Prices", actor=user)
    assert (task.title, task.status, task.created_by, task.contact) == ("x" * 500, "open", user, contact)
    assert opened(title="Another").pk == task.pk
    Task.objects.update(deleted_at=timezone.now())
    assert opened(title="Another").pk == task.pk
    assert opened("another key").pk != task.pk
    assert Task.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_calls_with_one_key_make_one_task():
    assert len({task.pk for task in at_once([opened] * 10)}) == 1
    assert Task.objects.count() == 1


def test_create_read_change_and_list(manager):
    contact = ContactFactory()
    body = {"title": "Call", "due_at": "2030-01-15T10:00:00Z", "contact_id": str(contact.pk), "kind": "follow_up"}
    made = manager.post(URL, body)
    assert made.status_code == 201
    task = made.json()
    expected = body | {
        "description": "",
        "status": "open",
        "is_overdue": False,
        "assigned_to": str(manager.user.pk),
        "closed_at": None,
        "closed_by": None,
        "escalated_at": None,
        "source_id": None,
        "created_by": str(manager.user.pk),
    }
    assert {name: task[name] for name in expected} == expected
    assert manager.get(made["Location"]).json() == task
    other = UserFactory()
    changed = manager.put(f"{URL}/{task['id']}", {"assigned_to": str(other.pk), "due_at": "2030-01-16"}).json()
    assert (changed["assigned_to"], changed["due_at"]) == (str(other.pk), "2030-01-16T00:00:00Z")
    assert manager.get(URL).json()["results"] == [changed]
    assert manager.put(f"{URL}/{task['id']}", {"status": "done"}).json()["status"] == "open"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "", "due_at": "2030-01-01"}, "title"),
        ({"title": "x" * 501, "due_at": "2030-01-01"}, "title"),
        ({"title": "Call"}, "due_at"),
        ({"title": "Call", "due_at": "soon"}, "due_at"),
        ({"title": "Call", "due_at": None}, "due_at"),
        ({"title": "Call", "due_at": "2030-01-01", "kind": "fun"}, "kind"),
        ({"title": "Call", "due_at": "2030-01-01", "contact_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "contact_id"),
        ({"title": "Call", "due_at": "2030-01-01", "once": "key"}, "once"),
    ],
)
def test_bad_bodies_are_refused_by_field(manager, body, field):
    answer = manager.post(URL, body)
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, [field])
    assert not Task.objects.exists()


def test_filters(manager):
    now, contact = timezone.now(), ContactFactory()
    late = TaskFactory(title="Late", due_at=now - dt.timedelta(days=2), assigned_to=manager.user, contact=contact)
    done = TaskFactory(title="Done", due_at=now - dt.timedelta(days=1), status="done", closed_at=now)
    soon = TaskFactory(title="Soon", due_at=now + dt.timedelta(days=1), kind="feedback")
    trashed = TaskFactory(title="Gone", deleted_at=now)

    def listed(**query):
        return [row["title"] for row in manager.get(URL, query).json()["results"]]

    assert listed() == ["Late", "Done", "Soon"]
    assert listed(ordering="-due_at") == ["Soon", "Done", "Late"]
    assert listed(overdue="true") == ["Late"]
    assert listed(overdue="false") == ["Done", "Soon"]
    assert listed(due_before=now.isoformat()) == ["Late", "Done"]
    assert listed(due_after=now.isoformat()) == ["Soon"]
    assert listed(status="open") == ["Late", "Soon"]
    assert listed(status="open,done", kind="feedback") == ["Soon"]
    assert listed(assigned_to=str(manager.user.pk)) == ["Late"]
    assert listed(contact_id=str(contact.pk)) == ["Late"]
    assert listed(search="oo") == ["Soon"]
    assert listed(trashed="true") == ["Gone"]
    assert [late.is_overdue, done.is_overdue, soon.is_overdue, trashed.is_overdue] == [True, False, False, False]
    assert manager.get(URL, {"status": "opened"}).json()["errors"]["status"]


def test_done_cancel_and_reopen(manager):
    task = TaskFactory()
    address = f"{URL}/{task.pk}"
    done = manager.post(f"{address}/done").json()
    assert (done["status"], done["closed_by"], done["closed_at"] is None) == ("done", str(manager.user.pk), False)
    assert manager.post(f"{address}/done").json() == done
    refused = manager.post(f"{address}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "task_is_closed")
    assert manager.post(f"{address}/snooze", {"until": "2099-01-01"}).status_code == 409
    assert manager.get(address).json() == done
    opened_again = manager.post(f"{address}/reopen").json()
    assert (opened_again["status"], opened_again["closed_at"], opened_again["closed_by"]) == ("open", None, None)
    assert manager.post(f"{address}/reopen").json() == opened_again
    assert manager.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert manager.post(f"{address}/done").status_code == 409


def test_snooze(manager):
    task = TaskFactory(escalated_at=timezone.now())
    address = f"{URL}/{task.pk}/snooze"
    for body in ({}, {"until": "2020-01-01"}, {"until": "later"}, {"until": None}):
        assert [*manager.post(address, body).json()["errors"]] == ["until"]
    assert Task.objects.get().due_at == task.due_at
    answer = manager.post(address, {"until": "2099-01-01T08:00:00Z"}).json()
    assert (answer["due_at"], answer["escalated_at"]) == ("2099-01-01T08:00:00Z", None)


def test_trash(manager):
    address = f"{URL}/{TaskFactory().pk}"
    assert manager.delete(address).status_code == 200
    assert manager.get(address).status_code == 404
    assert manager.post(f"{address}/restore").status_code == 200
    assert manager.get(address).status_code == 200


def test_somebody_elses_task_cannot_be_taken_over(sales):
    task = TaskFactory(assigned_to=UserFactory())
    address = f"{URL}/{task.pk}"
    assert manager_of(sales, task).put(address, {"title": "Mine", "assigned_to": str(sales.user.pk)}).status_code == 403
    assert sales.put(address, {"title": "Better"}).status_code == 200
    task.refresh_from_db()
    assert (task.title, task.assigned_to == sales.user) == ("Better", False)


def manager_of(client, task):
    """The client, with whom the task was shared to be changed."""
    access.set_shares(record=task, shares=[access.Share(user=client.user, verbs=["view", "change"])])
    return client


def test_the_contact_is_told_only_to_who_may_see_it(sales, manager):
    contact = ContactFactory(assigned_to=UserFactory())
    task = TaskFactory(assigned_to=sales.user, contact=contact)
    assert sales.get(f"{URL}/{task.pk}").json()["contact_id"] is None
    assert sales.get(URL, {"contact_id": str(contact.pk)}).json()["count"] == 0
    assert manager.get(f"{URL}/{task.pk}").json()["contact_id"] == str(contact.pk)
    assert sales.post(URL, {"title": "x", "due_at": "2030-01-01", "contact_id": str(contact.pk)}).status_code == 400


def test_the_timeline_of_the_contact_tells_the_task(manager):
    contact = ContactFactory()
    address = f"{URL}/{TaskFactory(title='Send prices', contact=contact).pk}"
    manager.post(f"{address}/done")
    told = [
        entry for entry in manager.get(f"/contacts/{contact.pk}/history").json()["results"] if "task" in entry["type"]
    ]
    assert [entry["summary"] for entry in told] == ["Task “Send prices” changed", "Task “Send prices” created"]
    assert told[0]["changes"]["status"] == ["open", "done"]
    assert "once" not in told[1]["changes"]


def test_a_merge_takes_the_tasks_along_and_its_undoing_gives_them_back(manager):
    james, jim = ContactFactory(), ContactFactory()
    task = TaskFactory(contact=jim)
    merge = merge_contacts(survivor_id=james.pk, merged_ids=[jim.pk], actor=manager.user)
    assert Task.objects.get().contact == james
    undo_merge(merge_id=merge.pk, actor=manager.user)
    assert Task.objects.get(pk=task.pk).contact == jim
