"""The figures about what customers say."""

from django.utils.translation import gettext_lazy as _

from .base import MEAN, Metric, register

ANSWERED = "responded_at_after={start}&responded_at_before={end}"

register(
    [
        Metric(
            "feedback_answers",
            _("Answers"),
            _("How many customers told us what they think?"),
            _("Feedback that was answered in the period."),
            records="feedback",
            filter=ANSWERED,
            moment="responded_at",
        ),
        Metric(
            "feedback_poor",
            _("Complaints"),
            _("How many were unhappy?"),
            _("Feedback that was answered in the period with one or two stars."),
            records="feedback",
            filter=f"rating_max=2&{ANSWERED}",
            moment="responded_at",
            less_is_better=True,
        ),
        Metric(
            "feedback_rating",
            _("Rating"),
            _("How happy are they?"),
            _("Mean of the stars, one to five, of the feedback that was answered in the period."),
            records="feedback",
            filter=ANSWERED,
            moment="responded_at",
            unit="stars",
            value=MEAN,
            column="rating",
        ),
    ]
)
