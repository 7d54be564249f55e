"""Asking a whole segment: each customer once, whatever happens, and why the others were not asked."""

import pytest
from django.test import Client

from crm_project.access import services as access
from crm_project.mail.models import Mail, Suppression
from customers.models import Customer, SavedSegment
from feedback import tasks
from feedback.models import Feedback, FeedbackRound
from feedback.services import rounds
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory, UserFactory

pytestmark = pytest.mark.django_db
ROUNDS = "/dev/crm/feedback/rounds"
FIRMS = {"filter": {"type": "business"}}


def begin(client, status=201, **body):
    answer = client.post(ROUNDS, FIRMS | body)
    assert answer.status_code == status, answer.content
    return answer.json()


def asked():
    """Who was asked, each as often as that happened."""
    return sorted(str(key) for key in Feedback.objects.values_list("customer_id", flat=True))


@pytest.fixture
def firms():
    return CustomerFactory.create_batch(7, type="business")


@pytest.fixture
def many(firms, monkeypatch):
    """Seven are so many that a worker asks them, in three batches."""
    monkeypatch.setattr(rounds, "BATCH", 3)
    return firms


def work(made):
    rounds.run_round(round_id=made["id"])
    return FeedbackRound.objects.get(pk=made["id"])


def test_a_round_asks_everybody_who_fits(manager, firms):
    CustomerFactory(type="individual")
    made = begin(manager, language="ru")
    assert (made["state"], made["asked"], made["refused"]) == ("done", 7, {})
    assert asked() == sorted(str(firm.pk) for firm in firms)
    assert set(Feedback.objects.values_list("language", "created_by")) == {("ru", manager.user.pk)}
    assert Mail.objects.count() == 7
    assert manager.get(f"{ROUNDS}/{made['id']}").json() == made
    assert manager.get(f"{ROUNDS}?state=done").json()["results"] == [made]


def test_a_segment_is_asked(manager, firms):
    segment = SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    CustomerFactory()
    assert begin(manager, filter={"segment": str(segment.pk)})["asked"] == 7


def test_who_is_not_asked_is_told_by_reason(manager, firms):
    FeedbackFactory(customer=firms[0])
    FeedbackFactory(customer=firms[1], rating=5)
    Customer.objects.filter(pk=firms[2].pk).update(email=None)
    Suppression.objects.create(address=firms[3].email, purpose="feedback", reason="unsubscribed")
    made = begin(manager)
    assert made["asked"] == 3
    assert made["refused"] == {
        reason: {"count": 1, "customers": [str(firms[number].pk)]}
        for number, reason in enumerate(["feedback_request_open", "asked_too_soon", "no_email", "opted_out"])
    }


def test_many_are_asked_by_a_worker(manager, many):
    made = begin(manager)
    assert (made["state"], made["asked"], asked()) == ("queued", 0, [])
    done = work(made)
    assert (done.state, done.asked, len(asked())) == ("done", 7, 7)
    assert done.finished_at is not None


def test_a_worker_is_told_of_the_round_in_its_transaction(manager, many, monkeypatch):
    jobs = []
    monkeypatch.setattr(tasks.run_round, "defer", lambda **arguments: jobs.append(arguments))
    made = begin(manager)
    assert jobs == [{"round_id": made["id"]}]


def test_a_round_that_is_killed_goes_on_where_it_was(manager, many, monkeypatch):
    """The batch that was not finished leaves nothing, neither requests nor mails."""
    made, calls = begin(manager), []

    def dies(**arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return ask(**arguments)

    ask = rounds.request_feedback
    with monkeypatch.context() as patch:
        patch.setattr(rounds, "request_feedback", dies)
        with pytest.raises(KeyboardInterrupt):
            work(made)
    stored = FeedbackRound.objects.get()
    assert (stored.state, stored.asked, len(asked()), Mail.objects.count()) == ("running", 3, 3, 3)
    done = work(made)
    assert (done.state, done.asked, done.refused) == ("done", 7, {})
    assert (asked(), Mail.objects.count()) == (sorted(str(firm.pk) for firm in many), 7)


def test_a_worker_that_is_told_to_stop_leaves_the_rest(manager, many):
    made, said = begin(manager), iter([False, True])
    rounds.run_round(round_id=made["id"], should_stop=lambda: next(said))
    assert FeedbackRound.objects.get().asked == 3
    assert work(made).asked == 7


@pytest.mark.django_db(transaction=True)
def test_a_round_delivered_many_times_at_once_asks_everybody_once(manager, many):
    made = begin(manager)
    at_once([lambda: rounds.run_round(round_id=made["id"])] * 4)
    stored = FeedbackRound.objects.get()
    assert (stored.state, stored.asked, stored.refused) == ("done", 7, {})
    assert asked() == sorted(str(firm.pk) for firm in many)


def test_a_rep_asks_their_own_customers_and_no_others(sales, manager, firms):
    Customer.objects.filter(pk=firms[0].pk).update(assigned_to=sales.user)
    access.set_shares(record=firms[1], shares=[access.Share(user=sales.user, verbs=["view"])])
    made = begin(sales)
    assert made["asked"] == 1
    assert made["refused"] == {"not_allowed": {"count": 1, "customers": [str(firms[1].pk)]}}
    assert asked() == [str(firms[0].pk)]
    theirs = begin(manager, filter={"id": str(firms[2].pk)})
    assert sales.get(f"{ROUNDS}/{theirs['id']}").status_code == 403
    assert [row["id"] for row in sales.get(ROUNDS).json()["results"]] == [made["id"]]


def test_rights_that_were_taken_away_count_when_the_job_runs(sales, many):
    Customer.objects.update(assigned_to=sales.user)
    made = begin(sales)
    sales.user.is_active = False
    sales.user.save(update_fields=["is_active"])
    done = work(made)
    assert (done.state, done.asked, asked()) == ("done", 0, [])


def test_a_round_whose_segment_is_gone_says_so(manager, many):
    segment = SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    made = begin(manager, filter={"segment": str(segment.pk)})
    segment.delete()
    stored = work(made)
    assert (stored.state, stored.asked) == ("failed", 0)
    assert stored.message == "segment: There is no segment of this key, id or name."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {"tpye": "business"}}, "filter"),
        ({"filter": {"type": "firm"}}, "filter"),
        ({"filter": {}}, "filter"),
        ({"filter": "segment=champions"}, "filter"),
        ({"filter": {"segment": "\0"}}, "filter"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_wrong_round_asks_nobody(manager, firms, body, field):
    assert all(name.startswith(field) for name in begin(manager, 400, **body)["errors"])
    assert (asked(), FeedbackRound.objects.count()) == ([], 0)


def test_staff_begin_rounds_in_the_admin(firms):
    client = Client()
    client.force_login(
        UserFactory(groups=["Manager"], is_staff=True), backend="django.contrib.auth.backends.ModelBackend"
    )
    add = "/admin/feedback/feedbackround/add/"
    wrong = client.post(add, {"filter": "tpye=business", "language": ""})
    assert b"Did you mean" in wrong.content
    assert client.post(add, {"filter": "type=business", "language": ""}).status_code == 302
    stored = FeedbackRound.objects.get()
    assert (stored.asked, stored.state) == (7, "done")
    again = client.post(add, {"filter": "type=business", "language": ""})
    assert again.status_code == 302
    last = FeedbackRound.objects.latest("pk")
    page = client.get(f"/admin/feedback/feedbackround/{last.pk}/change/").content.decode()
    assert "Were asked already and may still answer: 7" in page
    prefilled = client.get(f"{add}?filter=type%3Dbusiness").content.decode()
    assert "Customers who fit: 7." in prefilled
    assert "Customers who fit" not in client.get(f"{add}?filter=tpye%3Dbusiness").content.decode()
    assert client.get("/admin/feedback/feedbackround/").status_code == 200
