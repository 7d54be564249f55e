"""Demo feedback follows from its seed, keeps the rules, and mails nobody."""

import datetime as dt

import pytest
from django.db.models import Q
from django.utils import timezone

from crm_project.mail.models import Mail
from feedback.demo import make_feedback
from feedback.models import Feedback
from feedback.services import process_reminders
from orders.demo import make_orders

pytestmark = pytest.mark.django_db


def test_it_is_whole_and_a_second_run_adds_only_what_is_missing():
    make_orders(1, 150)
    assert make_feedback(1, 120) == 120
    assert make_feedback(1, 120) == 0
    assert make_feedback(1, 200) == 80
    assert set(Feedback.objects.values_list("status", flat=True)) == {"open", "answered", "expired"}
    assert set(Feedback.objects.values_list("language", flat=True)) == {"en", "ru"}
    for feedback in Feedback.objects.select_related("order"):
        feedback.full_clean(exclude=["token_hash"])
        assert feedback.requested_at > feedback.order.order_date
        assert feedback.customer_id == feedback.order.customer_id
        assert feedback.assigned_to_id == feedback.order.assigned_to_id
    future = Q(requested_at__gt=timezone.now()) | Q(responded_at__gt=timezone.now())
    assert not Feedback.objects.filter(future).exists()
    assert not Feedback.objects.filter(status="expired", expires_at__gt=timezone.now()).exists()


def test_nobody_is_mailed():
    make_orders(1, 100)
    make_feedback(1, 100)
    Feedback.objects.filter(status="open").update(requested_at=timezone.now() - dt.timedelta(days=20))
    assert process_reminders().reminded == 0
    assert not Mail.objects.exists()


def test_without_orders_there_is_none():
    assert make_feedback(1, 10) == 0
