"""A lead's road: which step may follow which, and how long each took."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.access.models import User

from ..exceptions import StatusNotAllowed
from ..models import Lead, LeadStatusChange

Status = Lead.Status
OPEN = (Status.NEW, Status.CONTACTED, Status.QUALIFIED, Status.PROPOSAL, Status.NEGOTIATION)

# Every step that a person may take. Converted is reached, and left, only by conversion and its undoing.
NEXT: dict[str, tuple[str, ...]] = {
    **{status: (*(other for other in OPEN if other != status), Status.LOST, Status.WON) for status in OPEN},
    Status.LOST: OPEN,
    Status.WON: OPEN,
    Status.CONVERTED: (),
}


def in_words(status: str) -> str:
    return str(dict(Status.choices).get(status, status)).lower()


def check_step(old: str, new: str) -> None:
    """Refuse a step that the table does not have.

    Raises:
        StatusNotAllowed: names the statuses that may follow.
    """
    if new in NEXT[old]:
        return
    if new == Status.CONVERTED:
        raise StatusNotAllowed(_("A lead becomes converted only by POST …/convert, which makes the customer."))
    allowed = ", ".join(in_words(each) for each in NEXT[old]) or _("none, as long as the conversion is not undone")
    raise StatusNotAllowed(
        _("A lead that is %(old)s cannot become %(new)s; allowed: %(allowed)s.")
        % {"old": in_words(old), "new": in_words(new), "allowed": allowed},
        extra={"allowed": NEXT[old]},
    )


@transaction.atomic
def change_status(
    *, lead: Lead, status: str, actor: User | None, lost_reason: str = "", by_conversion: bool = False
) -> Lead:
    """Take a step and log it; the same status again changes nothing. Locks the row.

    Raises:
        StatusNotAllowed: the step is not in the table.
    """
    stored = Lead.objects.select_for_update().get(pk=lead.pk)
    if stored.status != status:
        if not by_conversion:
            check_step(stored.status, status)
        log_step(lead=stored, old=stored.status, new=status, actor=actor)
        lead.status = status
        lead.lost_reason = lost_reason if status == Status.LOST else ""
        lead.save(update_fields=["status", "lost_reason", "updated_at"])
    return lead


def log_step(*, lead: Lead, old: str, new: str, actor: User | None) -> None:
    LeadStatusChange.objects.create(lead=lead, old=old, new=new, changed_by=actor)


@dataclass
class Stay:
    """How long a lead was in a status; ``left_at`` is ``None`` for the present one, whose seconds run on."""

    status: str
    entered_at: dt.datetime
    left_at: dt.datetime | None
    changed_by_id: UUID | None

    @property
    def seconds(self) -> int:
        return int(((self.left_at or timezone.now()) - self.entered_at).total_seconds())


def time_in_statuses(lead: Lead) -> list[Stay]:
    """The lead's stays in its statuses, first to last. One query."""
    steps = list(lead.status_changes.order_by("pk"))
    ends = [step.created_at for step in steps[1:]] + [None]
    return [Stay(step.new, step.created_at, end, step.changed_by_id) for step, end in zip(steps, ends, strict=True)]
