"""What the tables of this app become when a person is erased: a rating stays as a number; a link works no more."""

from __future__ import annotations

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now

from crm_project.privacy import steps
from crm_project.privacy.steps import Mention, Part
from customers.models import Customer

from .models import Feedback, FeedbackRound, FeedbackTheme

ENDED = Q(state__in=[FeedbackRound.State.DONE, FeedbackRound.State.FAILED])
# A round without its filter would be one that asks everybody.
GIVEN_UP = {"state": FeedbackRound.State.FAILED, "message": "Somebody whom it named was erased.", "finished_at": Now()}
CLOSED = Case(When(status=Feedback.Status.OPEN, then=Value(Feedback.Status.EXPIRED)), default="status")


def register() -> None:
    steps.register(
        Part(Feedback, of={"customer": Customer}, stays=True, besides={"status": CLOSED, "remind_at": None}),
        Part(FeedbackTheme, of={"feedback": Feedback}),
        Mention(FeedbackRound, columns=("filter",), values={"filter": {}} | GIVEN_UP, among=~ENDED, part_suffices=True),
        Mention(
            FeedbackRound,
            columns=("filter", "message"),
            values={"filter": {}, "message": ""},
            among=ENDED,
            part_suffices=True,
        ),
    )
