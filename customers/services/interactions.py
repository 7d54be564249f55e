"""What happened between us and a customer, and what is to be done next."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contacts.services import move_tasks

from ..models import CustomerInteraction


@transaction.atomic
def update_interaction(*, interaction: CustomerInteraction, **changes: Any) -> CustomerInteraction:
    """Change what is given; an open follow-up moves with the date of the next action."""
    for name, value in changes.items():
        setattr(interaction, name, value)
    interaction.save(update_fields=[*changes, "updated_at"])
    move_tasks(source_id=interaction.pk, at=interaction.next_action_date)
    return interaction


@transaction.atomic
def delete_interaction(*, interaction: CustomerInteraction) -> None:
    move_tasks(source_id=interaction.pk, at=None)
    interaction.delete()
