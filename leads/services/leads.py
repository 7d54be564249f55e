"""Making, changing and removing leads."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts import custom_fields as custom
from contacts.models import Origin
from contacts.services.people import contact_for, move_to_trash, refuse_taken_email, take_from_trash
from crm_project.access.models import User
from crm_project.access.services import check_handover

from ..exceptions import EmailTaken, StatusNotAllowed
from ..models import Lead
from .assignment import choose_owner
from .scoring import set_score
from .status import change_status, log_step


@transaction.atomic
def create_lead(
    *, actor: User, origin: str = Origin.API, assignment: str | None = None, score: int | None = None, **columns: Any
) -> Lead:
    """Make a lead, and the contact behind it if none matches. ``assignment`` deals it out to a member of its ``team``.

    Raises:
        EmailTaken: another lead has the address.
        StatusNotAllowed: a lead cannot be made converted.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    if columns.get("lost_reason") and columns.get("status") != Lead.Status.LOST:
        raise ValidationError({"lost_reason": [_("Only a lost lead has a reason for the loss.")]})
    if columns.get("status") == Lead.Status.CONVERTED:
        raise StatusNotAllowed(_("A lead becomes converted only by POST …/convert, which makes the customer."))
    refuse_taken_email(Lead, columns.get("email"), actor, EmailTaken)
    if assignment:
        columns["assigned_to"] = choose_owner(team=columns["team"], method=assignment)
    columns.setdefault("assigned_to", actor)
    values = custom.clean_for("lead", Lead, None, columns.pop("custom_fields", None) or {})
    lead = Lead(created_by=actor, custom_fields=values, score=score or 0, score_is_manual=score is not None, **columns)
    lead.clean()
    lead.contact = contact_for(lead, actor=actor, origin=origin)
    set_score(lead)
    lead.save(force_insert=True)
    log_step(lead=lead, old="", new=lead.status, actor=actor)
    return lead


@transaction.atomic
def update_lead(*, lead: Lead, actor: User, origin: str = Origin.API, **changes: Any) -> Lead:
    """Change what is given. A score that is given stays; ``None`` releases it to the rules. Locks the row.

    Raises:
        EmailTaken: another lead has the address.
        StatusNotAllowed: the step is not in the table of statuses.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    check_handover(record=lead, actor=actor, changes=changes)
    status = changes.pop("status", lead.status)
    if changes.get("lost_reason") and status != Lead.Status.LOST:
        raise ValidationError({"lost_reason": [_("Only a lost lead has a reason for the loss.")]})
    if status != lead.status:
        change_status(lead=lead, status=status, actor=actor, lost_reason=changes.pop("lost_reason", ""))
    if "email" in changes and (changes["email"] or "").lower() != (lead.email or "").lower():
        refuse_taken_email(Lead, changes["email"], actor, EmailTaken)
    if "custom_fields" in changes:
        changes["custom_fields"] = custom.clean_for("lead", Lead, lead, changes["custom_fields"])
    if "score" in changes:
        changes["score_is_manual"] = changes["score"] is not None
        if changes["score"] is None:
            del changes["score"]
    changes = {name: value for name, value in changes.items() if getattr(lead, name) != value}
    for name, value in changes.items():
        setattr(lead, name, value)
    if changes:
        lead.clean()
        set_score(lead)
        lead.save(update_fields=[*changes, "score", "normalized_phone", "updated_at"])
    if changes.keys() & {"email", "phone"}:
        contact_for(lead, actor=actor, origin=origin)
    return lead


@transaction.atomic
def assign_lead(
    *, lead: Lead, actor: User, owner: User | None = None, team: Group | None = None, method: str = ""
) -> Lead:
    """Give the lead to a user, or to the team, of which ``method`` chooses a member. Locks the row.

    Raises:
        HandoverRefused: the lead was only shared with the actor.
        NobodyToAssign: the team has no active member.
    """
    changes: dict[str, Any] = {"assigned_to": owner} if owner else {"team": team}
    check_handover(record=lead, actor=actor, changes=changes)
    if team and method:
        changes["assigned_to"] = choose_owner(team=team, method=method)
    return update_lead(lead=lead, actor=actor, **changes)


def delete_lead(*, lead: Lead, actor: User) -> None:
    """Move the lead to the trash; a second time changes nothing."""
    move_to_trash(lead, actor=actor)


def restore_lead(*, lead: Lead, actor: User) -> None:
    """Take the lead out of the trash.

    Raises:
        EmailTaken: another lead got its address in the meantime.
    """
    take_from_trash(lead, actor=actor, refusal=EmailTaken)
