"""What was said to a lead; the lead's last contact and score follow."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Max

from contacts.services import move_tasks
from crm_project.access.models import User

from ..models import Lead, LeadInteraction
from .scoring import set_score


@transaction.atomic
def record_interaction(*, lead: Lead, actor: User, **columns: Any) -> LeadInteraction:
    """Write down an interaction. Locks the lead, so that counts and last contact stay true."""
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    interaction = LeadInteraction.objects.create(lead=lead, created_by=actor, **columns)
    _follow(lead)
    return interaction


@transaction.atomic
def update_interaction(*, interaction: LeadInteraction, **changes: Any) -> LeadInteraction:
    """Change what is given; an open follow-up moves with the date of the next action."""
    for name, value in changes.items():
        setattr(interaction, name, value)
    interaction.save(update_fields=[*changes, "updated_at"])
    move_tasks(source_id=interaction.pk, at=interaction.next_action_date)
    return interaction


@transaction.atomic
def delete_interaction(*, interaction: LeadInteraction) -> None:
    lead = Lead.objects.select_for_update().get(pk=interaction.lead_id)
    move_tasks(source_id=interaction.pk, at=None)
    interaction.delete()
    _follow(lead, forget=interaction)


@transaction.atomic
def note_contact(*, lead: Lead, at: dt.datetime) -> None:
    """Somebody spoke with the lead at that time, which is its last contact unless there was a later one."""
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    if lead.last_contact is None or at > lead.last_contact:
        lead.last_contact = at
        set_score(lead)
        lead.save(update_fields=["last_contact", "score", "updated_at"])


def _follow(lead: Lead, forget: LeadInteraction | None = None) -> None:
    """Set the last contact to the newest interaction, unless a later one was set by hand, and the score anew."""
    newest = lead.interactions.aggregate(newest=Max("created_at"))["newest"]
    by_this = forget is not None and lead.last_contact == forget.created_at
    if by_this or (newest and (lead.last_contact is None or newest > lead.last_contact)):
        lead.last_contact = newest
    set_score(lead)
    lead.save(update_fields=["last_contact", "score", "updated_at"])
