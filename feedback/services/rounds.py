"""Asking many customers for feedback: a segment, or whoever else fits parameters of the list of customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.exceptions import CrmError, sentences
from crm_project.api.filters import Asked, filtered
from customers.filters import CustomerFilterSet
from customers.models import Customer

from ..models import Feedback, FeedbackRound
from .requests import request_feedback

State = FeedbackRound.State
BATCH = 50
NAMED = 100  # So many of those who were not asked for one reason are named.
NOT_ALLOWED = "not_allowed"


def customers_of(user: Any, parameters: dict[str, str]) -> QuerySet:
    """The customers that the list shows the user with these parameters.

    Raises:
        ValidationError: the parameters are not those of the list.
    """
    return filtered(CustomerFilterSet, parameters, rules.visible(Customer.objects.live(), user), Asked(user))


@transaction.atomic
def start_round(*, actor: User, parameters: dict[str, str], language: str = "") -> FeedbackRound:
    """Ask all customers who fit the parameters, each as ``request_feedback`` does; a worker does so when they are many.

    Raises:
        ValidationError: the parameters are not those of the list of customers.
    """
    from ..tasks import run_round as job

    many = customers_of(actor, parameters)[: BATCH + 1].count() > BATCH
    stored = FeedbackRound.objects.create(owner=actor, filter=parameters, language=language)
    if many:
        job.defer(round_id=str(stored.pk))
        return stored
    run_round(round_id=stored.pk)
    stored.refresh_from_db()
    return stored


def run_round(*, round_id: UUID, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Go on with a round until everybody was dealt with, or until it is told to stop; then it can be called again."""
    while not should_stop() and ask_some(round_id):
        pass


@transaction.atomic
def ask_some(round_id: UUID) -> bool:
    """Deal with the next customers of a round and say whether there may be more. One transaction, with the row locked.

    Whom the owner may ask is looked up anew, so that rights that were taken away count at once.
    """
    current = FeedbackRound.objects.select_for_update().get(pk=round_id)
    if current.state in (State.DONE, State.FAILED):
        return False
    owner = User.objects.filter(pk=current.owner_id).first() if current.owner_id else None
    try:
        beyond = customers_of(owner, current.filter).order_by("pk")
    except exceptions.ValidationError as error:  # The segment is gone, or the field by which it is filtered.
        current.state, current.message = State.FAILED, " ".join(sentences(error))[:1000]
        current.finished_at = timezone.now()
        current.save(update_fields=["state", "message", "finished_at", "updated_at"])
        return False
    if current.reached:
        beyond = beyond.filter(pk__gt=current.reached)
    customers = list(beyond[:BATCH])
    for customer in customers:
        reason = ask(customer, owner, current.language)
        if reason:
            refuse(current, customer, reason)
        else:
            current.asked += 1
        current.reached = customer.pk
    more = len(customers) == BATCH
    current.state = State.RUNNING if more else State.DONE
    current.finished_at = None if more else timezone.now()
    current.save(update_fields=["asked", "refused", "reached", "state", "finished_at", "updated_at"])
    return more


def ask(customer: Customer, owner: Any, language: str) -> str:
    """Ask one customer; why not, by the code of the refusal."""
    planned = Feedback(customer=customer, assigned_to=customer.assigned_to, team=customer.team)
    if not rules.allows(owner, planned, "add"):
        return NOT_ALLOWED
    try:
        with transaction.atomic():
            request_feedback(customer=customer, actor=owner, language=language)
    except CrmError as refusal:
        return str(refusal.default_code)
    return ""


def refuse(current: FeedbackRound, customer: Customer, reason: str) -> None:
    found = current.refused.setdefault(reason, {"count": 0, "customers": []})
    found["count"] += 1
    if len(found["customers"]) < NAMED:
        found["customers"].append(str(customer.pk))
