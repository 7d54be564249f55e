"""Asking customers: whom, how often, in which language, and by which mail."""

import datetime as dt
import re

import pytest
from django.conf import settings as django_settings

from crm_project.mail.models import Mail, Suppression
from customers.models import Customer
from feedback.links import HIDDEN_TOKEN, token_for
from feedback.models import Feedback
from feedback.services import request_feedback
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory, OrderFactory, UserFactory
from tests.mails import as_sent, part

pytestmark = pytest.mark.django_db
CRM = "/dev/crm"


def ask(client, customer, status, **body):
    response = client.post(f"{CRM}/customers/{customer.pk}/feedback/request", body)
    assert response.status_code == status, response.content
    return response


def test_a_request_writes_one_mail_with_the_link(manager):
    owner = UserFactory()
    customer = CustomerFactory(name="Jane Smith", email="jane@example.com", assigned_to=owner)
    response = ask(manager, customer, 201)
    made = response.json()
    assert (made["status"], made["rating"], made["assigned_to"]) == ("open", None, str(owner.pk))
    assert response["Location"].endswith(f"{CRM}/feedback/{made['id']}")
    assert manager.get(response["Location"]).json() == made
    mail = Mail.objects.get()
    assert (mail.to, mail.purpose, mail.contact_id) == ("jane@example.com", "feedback", customer.contact_id)
    link = f"{django_settings.CRM_PUBLIC_URL}/survey/{token_for(Feedback.objects.get().pk)}"
    sent = as_sent(mail)
    assert link in part(sent, "plain")
    assert re.findall(rf'{re.escape(link)}\?rating=(\d)"', part(sent, "html")) == ["1", "2", "3", "4", "5"]


def test_the_token_is_long_and_stands_nowhere_in_the_record(manager):
    feedback = FeedbackFactory()
    token = token_for(feedback.pk)
    assert len(token) == 43  # 256 bits in base64url.
    assert token.encode() not in bytes(feedback.token_hash)
    for address in (f"{CRM}/feedback/{feedback.pk}", f"/contacts/{feedback.customer.contact_id}/history"):
        assert token not in manager.get(address).content.decode()
    assert f"/survey/{HIDDEN_TOKEN}" in Mail.objects.get().text
    assert token not in Mail.objects.get().html


def test_who_may_still_answer_is_not_asked_again(manager, sales):
    first = FeedbackFactory(customer=CustomerFactory(name="Jane", assigned_to=sales.user))
    answer = ask(manager, first.customer, 409).json()
    assert (answer["code"], answer["id"]) == ("feedback_request_open", str(first.pk))
    assert answer["message"] == "Jane has been asked already and has not answered yet."
    assert (Feedback.objects.count(), Mail.objects.count()) == (1, 1)


def test_who_was_asked_a_short_while_ago_is_not_asked_again(manager, settings):
    settings.CRM_FEEDBACK_COOLDOWN_DAYS = 1
    feedback = FeedbackFactory(rating=5)
    response = ask(manager, feedback.customer, 429)
    assert response.json()["code"] == "asked_too_soon"
    assert 86_300 < int(response["Retry-After"]) <= 86_400
    manager.delete(f"{CRM}/feedback/{feedback.pk}")
    ask(manager, feedback.customer, 429)
    Feedback.objects.update(requested_at=feedback.requested_at - dt.timedelta(days=1))
    ask(manager, feedback.customer, 201)


def test_an_expired_request_gives_way_to_a_new_one(manager, settings):
    settings.CRM_FEEDBACK_COOLDOWN_DAYS = 1
    old = FeedbackFactory()
    long_ago = old.requested_at - dt.timedelta(days=40)
    Feedback.objects.update(requested_at=long_ago, expires_at=long_ago + dt.timedelta(days=30))
    ask(manager, old.customer, 201)
    assert sorted(Feedback.objects.values_list("status", flat=True)) == ["expired", "open"]


@pytest.mark.parametrize("purpose", ["feedback", ""])
def test_who_opted_out_is_not_asked(manager, purpose):
    customer = CustomerFactory(email="Jane@Example.com")
    Suppression.objects.create(address="jane@example.com", purpose=purpose)
    assert ask(manager, customer, 409).json()["code"] == "opted_out"
    assert not Feedback.objects.exists()
    Suppression.objects.update(purpose="nurturing")
    ask(manager, customer, 201)


def test_who_has_no_address_is_not_asked(manager):
    customer = CustomerFactory()
    Customer.objects.update(email=None)
    assert ask(manager, customer, 409).json()["code"] == "no_email"
    assert not Feedback.objects.exists()


def test_asked_about_an_order_of_their_own(manager):
    order = OrderFactory()
    made = ask(manager, order.customer, 201, order_id=str(order.pk)).json()
    assert made["order_id"] == str(order.pk)
    assert order.product.name in Mail.objects.get().subject
    answer = ask(manager, CustomerFactory(), 400, order_id=str(order.pk)).json()
    assert answer["errors"] == {"order_id": ["This is an order of another customer."]}


@pytest.mark.parametrize(
    ("name", "sent", "language"),
    [("Jane", "", "en"), ("Анна", "", "ru"), ("Анна", "en", "en"), ("Jane", "ru", "ru")],
)
def test_in_the_language_of_the_customer(manager, name, sent, language):
    made = ask(manager, CustomerFactory(name=name), 201, **({"language": sent} if sent else {})).json()
    assert (made["language"], Mail.objects.get().language) == (language, language)
    assert ("Здравствуйте" in Mail.objects.get().text) == (language == "ru")


def test_in_the_language_of_their_last_answer(manager, settings):
    settings.CRM_FEEDBACK_COOLDOWN_DAYS = 1
    before = FeedbackFactory(rating=4, comment="Всё хорошо")
    Feedback.objects.update(requested_at=before.requested_at - dt.timedelta(days=2))
    assert ask(manager, before.customer, 201).json()["language"] == "ru"


@pytest.mark.parametrize(
    ("body", "field"), [({"language": "de"}, "language"), ({"order_id": "x"}, "order_id"), ({"lang": "en"}, "lang")]
)
def test_what_is_wrong_is_named(manager, body, field):
    assert list(ask(manager, CustomerFactory(), 400, **body).json()["errors"]) == [field]
    assert not Feedback.objects.exists()


def test_sales_ask_their_own_customers_and_no_others(sales):
    ask(sales, CustomerFactory(assigned_to=sales.user), 201)
    ask(sales, CustomerFactory(assigned_to=UserFactory()), 403)
    assert Feedback.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_ask_once():
    customer, user = CustomerFactory(), UserFactory(groups=["Manager"])

    def attempt():
        try:
            return request_feedback(customer=customer, actor=user)
        except Exception as error:
            return type(error).__name__

    results = at_once([attempt] * 20)
    assert sum(isinstance(each, Feedback) for each in results) == 1
    assert results.count("RequestOpen") == 19
    assert (Feedback.objects.count(), Mail.objects.count()) == (1, 1)


def test_feedback_follows_the_customer_to_another_owner():
    first, second, other = UserFactory(), UserFactory(), UserFactory()
    customer = CustomerFactory(assigned_to=first)
    feedback = FeedbackFactory(customer=customer, rating=5)
    Customer.objects.filter(pk=customer.pk).update(assigned_to=second)
    feedback.refresh_from_db()
    assert feedback.assigned_to == second
    Feedback.objects.update(assigned_to=other)
    Customer.objects.filter(pk=customer.pk).update(assigned_to=first)
    feedback.refresh_from_db()
    assert feedback.assigned_to == other, "What was handed to somebody by itself stays there."
