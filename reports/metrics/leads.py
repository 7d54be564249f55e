"""The figures about leads."""

from typing import Any

from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leads.models import Lead

from .base import MEAN, MEDIAN, RATIO, Metric, register

NEW = "created_at_after={start}&created_at_before={end}"
SINCE = "status_since_after={start}&status_since_before={end}"
DAYS: dict[str, Any] = {
    "records": "leads",
    "filter": f"status=converted&{SINCE}",
    "moment": "status_since",
    "unit": "days",
    "less_is_better": True,
}
STAGES = ("new", "contacted", "qualified", "proposal", "negotiation", "won")


def _in_small_letters(label: object) -> str:
    return str(label).lower()


in_small_letters = lazy(_in_small_letters, str)

register(
    [
        Metric(
            "leads_new",
            _("New leads"),
            _("How many leads came in?"),
            _("Leads made in the period."),
            records="leads",
            filter=NEW,
            moment="created_at",
        ),
        Metric(
            "leads_new_converted",
            _("Of the new ones converted"),
            _("How many of those who came in have become customers since?"),
            _("Leads made in the period that are converted now."),
            records="leads",
            filter=f"{NEW}&status=converted",
            moment="created_at",
        ),
        Metric(
            "leads_converted",
            pgettext_lazy("figure", "Converted"),
            _("How many leads became customers?"),
            _("Leads that are converted, since a time in the period."),
            records="leads",
            filter=f"status=converted&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_won",
            pgettext_lazy("figure", "Won"),
            _("How many leads were won, without having been converted yet?"),
            _("Leads that are won, since a time in the period."),
            records="leads",
            filter=f"status=won&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_lost",
            pgettext_lazy("figure", "Lost"),
            _("How many leads were lost?"),
            _("Leads that are lost, since a time in the period."),
            records="leads",
            filter=f"status=lost&{SINCE}",
            moment="status_since",
            less_is_better=True,
        ),
        Metric(
            "leads_succeeded",
            _("Won or converted"),
            _("How many leads came to a good end?"),
            _("Leads that are won or converted, since a time in the period."),
            records="leads",
            filter=f"status=won,converted&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_closed",
            _("Closed"),
            _("How many leads came to an end?"),
            _("Leads that are won, converted or lost, since a time in the period."),
            records="leads",
            filter=f"status=won,converted,lost&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_open",
            _("Open leads"),
            _("How many leads are being worked on?"),
            _("Leads that are neither won, converted nor lost, now, whenever they came."),
            records="leads",
            filter="status=new,contacted,qualified,proposal,negotiation",
        ),
        Metric(
            "lead_conversion_rate",
            _("Conversion rate"),
            _("How many became customers for every hundred that came in?"),
            _("Converted in the period ÷ new in the period × 100."),
            unit="percent",
            value=RATIO,
            part="leads_converted",
            whole="leads_new",
        ),
        Metric(
            "lead_cohort_rate",
            _("Conversion rate of the cohort"),
            _("Which share of those who came in has become customers since?"),
            _("New in the period and converted by now ÷ new in the period × 100."),
            unit="percent",
            value=RATIO,
            part="leads_new_converted",
            whole="leads_new",
        ),
        Metric(
            "lead_win_rate",
            _("Win rate"),
            _("Which share of the leads that ended ended well?"),
            _("Won or converted ÷ won, converted or lost, all in the period × 100."),
            unit="percent",
            value=RATIO,
            part="leads_succeeded",
            whole="leads_closed",
        ),
        Metric(
            "days_to_convert",
            _("Days to convert, mean"),
            _("How long does it take from first touch to customer?"),
            _("Mean of the days from creation to conversion, of the leads converted in the period."),
            value=MEAN,
            column="days",
            **DAYS,
        ),
        Metric(
            "days_to_convert_median",
            _("Days to convert, median"),
            _("How long does it take for the lead in the middle?"),
            _("Median of the days from creation to conversion, of the leads converted in the period."),
            value=MEDIAN,
            column="days",
            **DAYS,
        ),
        *(
            Metric(
                f"funnel_{stage}",
                format_lazy(_("Reached “{stage}”"), stage=in_small_letters(Lead.Status(stage).label)),
                format_lazy(
                    _("How many of the new leads came as far as “{stage}”?"),
                    stage=in_small_letters(Lead.Status(stage).label),
                ),
                _(
                    "Leads made in the period that are, or once were, in this stage or a later one; won and converted "
                    "are one stage."
                ),
                records="leads",
                filter=f"{NEW}&reached={stage}",
                moment="created_at",
            )
            for stage in STAGES
        ),
    ]
)
