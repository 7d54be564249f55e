"""Reports that take long: counted once, shared by who gets the same, left to a worker rather than waited for."""

import datetime as dt
import threading
import time

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection, transaction
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from crm_project.api import keeping
from crm_project.api.models import KeptReport
from crm_project.database import sizes
from reports import services
from tests.at_once import at_once
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
counted = []
is_slow = threading.Event()


def make(*, user, number=1):
    """A report, which takes longer than anybody waits while ``is_slow`` is set."""
    counted.append(user.pk)
    if is_slow.is_set():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
    return f"{len(counted)} for {user.username}: {number} {translation.get_language()}"


@pytest.fixture(autouse=True)
def large(monkeypatch):
    monkeypatch.setitem(sizes._known, Contact, True)
    counted.clear()
    is_slow.clear()
    yield
    is_slow.clear()


def ask(user, **question):
    return keeping.kept(make, tables=[Contact], user=type(user).objects.get(pk=user.pk), **question)


def ask_in_a_hurry(user):
    is_slow.set()
    try:
        return ask(user, patience=0.2)
    finally:
        is_slow.clear()


def age(seconds):
    KeptReport.objects.update(counted_at=keeping.Now() - dt.timedelta(seconds=seconds))


def jobs():
    return list(ProcrastinateJob.objects.filter(task_name__endswith="count_report").values_list("args", flat=True))


def work():
    for arguments in jobs():
        keeping.count_again(**arguments)


@pytest.fixture
def manager_user():
    return UserFactory(groups=["Manager"])


def test_a_report_is_kept_for_a_minute(manager_user):
    first, is_kept = ask(manager_user)
    assert not is_kept
    age(50)
    assert ask(manager_user) == (first, True)
    age(61)
    assert ask(manager_user)[1] is False
    assert len(counted) == 2
    assert ask(manager_user, number=2)[0] != first


def test_who_sees_everything_shares_it_with_who_does_so_too(manager_user):
    other, reader = UserFactory(groups=["Manager"]), UserFactory(groups=["Read-only"])
    mine = ask(manager_user)[0]
    assert ask(other) == (mine, True)
    assert ask(reader)[1] is False  # Whose rights are others, as to the names of things.
    with translation.override("ru"):
        assert ask(other)[1] is False


def test_who_sees_some_of_it_shares_it_with_nobody():
    first, second = UserFactory(groups=["Sales"]), UserFactory(groups=["Sales"])
    ask(first)
    assert ask(second)[1] is False
    assert ask(first)[1] is True
    first.user_permissions.add(Permission.objects.get(codename="view_theme"))
    assert ask(first)[1] is False


def test_who_sees_all_but_one_kind_shares_nothing(manager_user):
    """For a report may be made of any kind."""
    first, second = UserFactory(groups=["Manager"]), UserFactory(groups=["Manager"])
    role = first.groups.get()
    role.permissions.remove(Permission.objects.get(codename="view_order"))
    ask(first)
    assert ask(second)[1] is False


def test_what_takes_too_long_is_left_to_a_worker(manager_user):
    began = time.monotonic()
    with pytest.raises(keeping.BeingCounted):
        ask_in_a_hurry(manager_user)
    assert time.monotonic() - began < 25  # It sleeps for thirty seconds.
    with pytest.raises(keeping.BeingCounted):
        ask_in_a_hurry(manager_user)
    assert len(jobs()) == 1
    work()
    report, is_kept = ask(manager_user)
    assert (report, is_kept) == (f"3 for {manager_user.username}: 1 en", True)


def test_until_then_there_is_the_last_one(manager_user):
    first, _ = ask(manager_user)
    age(600)
    assert ask_in_a_hurry(manager_user) == (first, True)
    work()
    assert ask(manager_user) == (f"3 for {manager_user.username}: 1 en", True)


def test_all_statements_together_have_to_be_in_time():
    with pytest.raises(OperationalError), transaction.atomic(), keeping.within(1.5):  # noqa: PT012
        for _ in range(30):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.1)")
    with transaction.atomic(), keeping.within(60), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() != ("0",)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": True}])
def test_a_worker_counts_nothing_for_who_has_other_rights_by_then(manager_user, change):
    with pytest.raises(keeping.BeingCounted):
        ask_in_a_hurry(manager_user)
    for name, value in change.items():
        setattr(manager_user, name, value)
    manager_user.save()
    work()
    assert (len(counted), KeptReport.objects.count()) == (1, 0)


def test_a_job_that_comes_twice_counts_once(manager_user):
    with pytest.raises(keeping.BeingCounted):
        ask_in_a_hurry(manager_user)
    work()
    work()
    assert len(counted) == 2
    KeptReport.objects.all().delete()
    work()
    assert len(counted) == 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_count_it_once(manager_user):
    found = at_once([lambda: ask(manager_user, patience=60)] * 6)
    assert len(counted) == 1
    assert len({report for report, _ in found}) == 1
    assert [is_kept for _, is_kept in found].count(False) == 1


def test_bytes_of_others_are_not_read(manager_user):
    ask(manager_user)
    stored = KeptReport.objects.get()
    KeptReport.objects.update(report=bytes(stored.report)[:-2] + b"x.")
    assert ask(manager_user)[1] is False


def test_other_code_has_other_reports(manager_user, monkeypatch):
    ask(manager_user)
    monkeypatch.setattr(keeping, "_code_of", lambda module: "newer")
    assert ask(manager_user)[1] is False


def test_what_nobody_asks_for_is_forgotten(manager_user):
    ask(manager_user)
    assert keeping.forget_old() == 0
    KeptReport.objects.update(kept_at=keeping.Now() - dt.timedelta(hours=2))
    assert keeping.forget_old() == 1


def sleeping_report(*, user, question):
    return make(user=user)


def test_a_client_is_told_when_to_ask_again(manager, monkeypatch):
    monkeypatch.setattr(services, "lead_report", sleeping_report)
    monkeypatch.setattr(keeping, "PATIENCE", 0.2)
    for table in list(sizes._known):
        monkeypatch.setitem(sizes._known, table, True)
    monkeypatch.setattr(keeping, "is_large", lambda table: True)
    is_slow.set()
    answer = manager.get("/dev/crm/reports/leads")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "being_counted", "5")
    assert len(jobs()) == 1
