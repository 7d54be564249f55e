"""What the tables of this app become when a person is erased: a rating stays as a number; a link works no more."""

from __future__ import annotations

from django.db.models import Case, Value, When

from crm_project.privacy import steps
from crm_project.privacy.steps import Part
from customers.models import Customer

from .models import Feedback, FeedbackTheme

CLOSED = Case(When(status=Feedback.Status.OPEN, then=Value(Feedback.Status.EXPIRED)), default="status")


def register() -> None:
    steps.register(
        Part(Feedback, of={"customer": Customer}, stays=True, besides={"status": CLOSED, "remind_at": None}),
        Part(FeedbackTheme, of={"feedback": Feedback}),
    )
