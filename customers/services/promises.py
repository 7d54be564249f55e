"""What was promised: interactions with a date for the next action."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.models import Task
from leads.models import Lead, LeadInteraction

from ..models import CustomerInteraction


def promised_to_leads() -> QuerySet:
    """Next actions with leads that are still wanted: neither in the trash nor lost."""
    lost = Q(lead__status=Lead.Status.LOST)
    return LeadInteraction.objects.filter(~lost, next_action_date__isnull=False, lead__deleted_at=None)


def promised_to_customers() -> QuerySet:
    """Next actions with customers that are not in the trash."""
    return CustomerInteraction.objects.filter(next_action_date__isnull=False, customer__deleted_at=None)


def without_task(interactions: QuerySet) -> QuerySet:
    """Those for whose date there has been no task, open, done or thrown away."""
    followed = Task.objects.filter(source_id=OuterRef("pk"), source_at=OuterRef("next_action_date"))
    return interactions.filter(~Exists(followed))
