"""The pages of tasks: their list, their form, the steps with one and with many, and what the start page says."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Task
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import ContactFactory, TaskFactory, UserFactory

LIST = url("contacts_task_changelist")
DAY = dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(db):
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep(db):
    return client_of(UserFactory(groups=["Sales"]))


def titles(browser, **query):
    response = browser.get(LIST, query)
    assert response.status_code == 200
    return [row.title for row in response.context["cl"].result_list]


def act(browser, action, *tasks, **more):
    body = {"action": action, "_selected_action": [str(task.pk) for task in tasks]} | more
    return browser.post(f"{LIST}?status=all", body, follow=True)


def test_the_list_shows_what_is_open_soonest_first(browser):
    now = timezone.now()
    TaskFactory(title="Later", due_at=now + 3 * DAY, assigned_to=browser.user)
    TaskFactory(title="Late", due_at=now - DAY)
    TaskFactory(title="Done", status="done", closed_at=now)
    TaskFactory(title="Gone", deleted_at=now)
    TaskFactory(title="Raised", due_at=now + 9 * DAY, escalated_at=now, escalated_to=browser.user)
    assert titles(browser) == ["Late", "Later", "Raised"]
    assert titles(browser, assigned_to="me") == ["Later"]
    assert titles(browser, escalated="me") == titles(browser, escalated="1") == ["Raised"]
    assert titles(browser, due="overdue") == titles(browser, due="today") == ["Late"]
    assert titles(browser, due="week") == ["Late", "Later"]
    assert titles(browser, status="done") == ["Done"]
    assert titles(browser, status="all", q="one") == ["Done"]
    assert titles(browser, trash="1") == ["Gone"]


def test_contacts_are_named_to_who_sees_them(browser, rep):
    contact = ContactFactory(name="Grace Hopper", assigned_to=browser.user)
    task = TaskFactory(assigned_to=rep.user, contact=contact)
    assert "Grace Hopper" in text_of(browser.get(LIST))
    assert "Grace Hopper" not in text_of(rep.get(LIST))
    for client, named in ((browser, True), (rep, False)):
        assert ("Grace Hopper" in text_of(client.get(url("contacts_task_change", task.pk)))) is named


def test_queries_of_the_list_do_not_grow(browser, django_assert_max_num_queries):
    for _number in range(20):
        TaskFactory(contact=ContactFactory(), assigned_to=UserFactory())
    with django_assert_max_num_queries(16):
        browser.get(LIST)


def test_add_and_change(browser, rep):
    page = url("contacts_task_add")
    form = form_of(browser.get(page), "task_form")
    assert form["assigned_to"] == [str(browser.user.pk)]
    form |= {"title": "Call", "due_at_0": "2030-01-31", "due_at_1": "10:00:00", "kind": "follow_up"}
    assert browser.post(page, form).status_code == 302
    task = Task.objects.get()
    assert (task.title, task.created_by, task.due_at) == (
        "Call", browser.user, dt.datetime(2030, 1, 31, 10, tzinfo=dt.UTC),
    )  # fmt: skip
    page = url("contacts_task_change", task.pk)
    form = form_of(browser.get(page), "task_form")
    assert browser.post(page, form | {"assigned_to": str(rep.user.pk)}).status_code == 302
    task.refresh_from_db()
    assert (task.assigned_to, task.title) == (rep.user, "Call")
    assert "Somebody else changed this record" in text_of(browser.post(page, form | {"title": "Lost"}))
    task.refresh_from_db()
    assert task.title == "Call"


def test_steps_of_one_task(browser):
    task = TaskFactory(due_at=timezone.now() - DAY)
    page, step = url("contacts_task_change", task.pk), url("contacts_task_step", task.pk)
    assert [each["name"] for each in browser.get(page).context["task_steps"]] == ["done", "snooze", "cancel"]
    assert browser.get(step).status_code == 405
    browser.post(step, {"step": "snooze"})
    task.refresh_from_db()
    assert task.due_at > timezone.now()
    browser.post(step, {"step": "done"})
    task.refresh_from_db()
    assert (task.status, task.closed_by) == ("done", browser.user)
    assert "is done" in text_of(browser.post(step, {"step": "cancel"}, follow=True))
    assert [each["name"] for each in browser.get(page).context["task_steps"]] == ["reopen"]
    browser.post(step, {"step": "reopen"})
    task.refresh_from_db()
    assert (task.status, task.closed_at) == ("open", None)
    assert browser.post(step, {"step": "explode"}).status_code == 404


def test_actions_fit_the_list(browser):
    def offered(**query):
        form = browser.get(LIST, query).context["action_form"]
        return [name for name, _label in form.fields["action"].choices if name]

    TaskFactory()
    TaskFactory(status="done", closed_at=timezone.now())
    assert offered() == ["delete_selected", "mark_done", "snooze_a_day", "snooze_until", "assign_to"]
    assert offered(status="done") == ["delete_selected", "reopen"]


def test_steps_of_many(browser, rep):
    one, two = TaskFactory(), TaskFactory()
    assert "2 tasks changed." in text_of(act(browser, "mark_done", one, two))
    assert set(Task.objects.values_list("status", "closed_by")) == {("done", browser.user.pk)}
    assert "is done" in text_of(act(browser, "snooze_a_day", one))
    act(browser, "reopen", one, two)
    assert set(Task.objects.values_list("status", flat=True)) == {"open"}
    asked = text_of(act(browser, "assign_to", one, two))
    assert one.title in asked
    assert two.title in asked
    assert "This field is required." in text_of(act(browser, "assign_to", one, answered="1"))
    act(browser, "assign_to", one, two, answered="1", assigned_to=str(rep.user.pk))
    assert set(Task.objects.values_list("assigned_to", flat=True)) == {rep.user.pk}
    past = {"answered": "1", "until_0": "2020-01-31", "until_1": "10:00:00"}
    assert "A moment to come." in text_of(act(browser, "snooze_until", one, **past))
    act(browser, "snooze_until", one, **past | {"until_0": "2099-01-31"})
    one.refresh_from_db()
    assert one.due_at.year == 2099


def test_a_rep_takes_no_steps_with_what_is_not_theirs(rep):
    foreign, mine = TaskFactory(assigned_to=UserFactory()), TaskFactory(assigned_to=rep.user)
    assert rep.post(url("contacts_task_step", foreign.pk), {"step": "done"}).status_code == 404
    act(rep, "mark_done", foreign, mine)
    assert list(Task.objects.filter(status="done")) == [mine]


def test_trash(browser):
    task = TaskFactory()
    browser.post(url("contacts_task_delete", task.pk), {"post": "yes"})
    assert titles(browser) == []
    assert "task_steps" not in browser.get(url("contacts_task_change", task.pk)).context
    browser.post(url("contacts_task_restore", task.pk))
    assert titles(browser) == [task.title]


def test_the_start_page_says_what_is_to_be_done(browser):
    now = timezone.now()
    TaskFactory(title="Late", due_at=now - DAY, assigned_to=browser.user)
    TaskFactory(title="Not mine")
    panel = next(each for each in browser.get(url("index")).context["panels"] if "tasks" in each["template"])
    assert [tile["count"] for tile in panel["tiles"]] == [1, 1, 0]
    assert [task.title for task in panel["next"]] == ["Late"]


def test_my_tasks_stand_in_the_sidebar_and_are_marked_when_shown(browser):
    def marked(address):
        items = browser.get(address).context["sidebar_navigation"][1]["items"]
        assert [str(item["title"]) for item in items] == ["My tasks", "Escalated to me", "Tasks"]
        return [str(item["title"]) for item in items if item["active"]]

    assert marked(LIST) == ["Tasks"]
    assert marked(f"{LIST}?assigned_to=me") == ["My tasks"]
    assert marked(url("index")) == []
