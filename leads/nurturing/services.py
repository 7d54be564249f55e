"""Making and changing sequences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Lead
from .enrolling import filtered
from .models import NurtureSequence, NurtureStep

# The columns of a step, with what they are when they are not given.
STEP_COLUMNS = {"kind": "", "days": 0, "hours": 0, "template": "", "title": "", "points": None, "status": ""}


def check_rule(parameters: dict[str, Any]) -> None:
    """Raise ``ValidationError`` when the parameters are not those of the list of leads."""
    if parameters:
        filtered(parameters, Lead.objects.live())


@transaction.atomic
def save_sequence(
    *, sequence: NurtureSequence, steps: list[dict[str, Any]] | None = None, **changes: Any
) -> NurtureSequence:
    """Make or change a sequence. ``steps``, when given, become its steps in that order; those with an ``id`` stay what
    they are for the leads on their way, and those that are missing go.

    Raises:
        ValidationError: a step names an ``id`` that is none of the sequence's.
    """
    for name, value in changes.items():
        setattr(sequence, name, value)
    sequence.save()
    if steps is not None:
        _set_steps(sequence, steps)
    return sequence


def _set_steps(sequence: NurtureSequence, steps: list[dict[str, Any]]) -> None:
    stored: dict[UUID, NurtureStep] = {step.pk: step for step in sequence.steps.select_for_update()}
    kept = [step["id"] for step in steps if "id" in step]
    if strange := [key for key in kept if key not in stored] or [key for key in kept if kept.count(key) > 1]:
        raise ValidationError({"steps": [_("This sequence has no such step, or you sent it twice: %s.") % strange[0]]})
    sequence.steps.exclude(pk__in=kept).delete()
    for position, given in enumerate(steps, start=1):
        step = stored.get(given.get("id")) or NurtureStep(sequence=sequence)  # type: ignore[arg-type]
        before = {name: getattr(step, name) for name in STEP_COLUMNS}
        after = {name: given.get(name, default) for name, default in STEP_COLUMNS.items()}
        for name, value in after.items():
            setattr(step, name, value)
        if step._state.adding or step.position != position or before != after:
            step.position = position
            step.save()
