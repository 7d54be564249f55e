"""Workers that are killed while they send, and a mail server that is away for a while: nothing is lost or doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from crm_project.mail import sending
from crm_project.mail.models import Mail, Template
from crm_project.mail.services import queue_mail
from tests.crm_project.test_engine import url_of_test_database
from tests.crm_project.test_mail import let_time_go_by, send_due

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def queue(count):
    Template.objects.create(key="greeting", name="Greeting", subject="Hello {{ name }}", text="Dear {{ name }}")
    for number in range(count):
        queue_mail(
            template="greeting",
            to=f"p{number}@example.com",
            purpose="nurturing",
            context={"name": f"P{number}"},
            once=f"greeting {number}",
        )


def start_worker(smtp):
    environment = os.environ | {
        "DATABASE_URL": url_of_test_database(),
        "EMAIL_URL": smtp.url,
        "CRM_QUIET_HOURS": "none",
        "CRM_LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "manage.py", "worker", "--queues", "mail", "--concurrency", "2"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def kill_at(smtp, thresholds, patience=60):
    """Start a worker and kill it when so many mails have arrived, for each number; the last one ends its work."""
    for threshold in thresholds:
        worker, deadline = start_worker(smtp), time.monotonic() + patience
        while len(smtp.received) < threshold and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.02))
        worker.send_signal(signal.SIGKILL)
        worker.wait()


@pytest.mark.parametrize(
    ("mails", "kills"), [(40, 2), pytest.param(500, 10, marks=pytest.mark.faults)], ids=["few", "many"]
)
def test_worker_that_is_killed_again_and_again_sends_each_mail_once(smtp, mails, kills):
    smtp.slow = 0.005
    queue(mails)
    kill_at(smtp, [*sorted(random.sample(range(1, mails - 4), kills)), mails - 2 * kills - 2])
    assert len(smtp.received) < mails, "The workers were killed before they were done."
    let_time_go_by(minutes=16)
    sending.give_up_on_the_lost()
    send_due()
    states = dict(Mail.objects.values_list("to", "state"))
    assert set(states.values()) <= {"sent", "uncertain"}
    assert max(smtp.per_address.values()) == 1
    for address, state in states.items():
        assert state == "uncertain" or smtp.per_address[address] == 1
    uncertain = list(states.values()).count("uncertain")
    assert (len(states), uncertain <= 2 * (kills + 1)) == (mails, True)


def test_server_that_refuses_for_a_while_loses_no_mail(smtp):
    queue(20)
    smtp.stop()
    worker = start_worker(smtp)
    deadline = time.monotonic() + 60
    while Mail.objects.filter(tries=0).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    let_time_go_by(minutes=16)
    sending.give_up_on_the_lost()
    assert set(Mail.objects.values_list("state", flat=True)) <= {"queued", "uncertain"}
    smtp.at_rcpt = "451 4.3.0 Come back later"
    smtp.start()
    send_due()
    assert smtp.received == []
    smtp.at_rcpt = ""
    let_time_go_by(minutes=30)
    send_due()
    assert set(smtp.per_address.values()) == {1}
    assert len(smtp.received) + Mail.objects.filter(state="uncertain").count() == 20
