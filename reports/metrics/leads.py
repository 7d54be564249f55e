"""The figures about leads."""

from typing import Any

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

register(
    [
        Metric(
            "leads_new",
            "New leads",
            "How many leads came in?",
            "Leads made in the period.",
            records="leads",
            filter=NEW,
            moment="created_at",
        ),
        Metric(
            "leads_new_converted",
            "Of the new ones converted",
            "How many of those who came in have become customers since?",
            "Leads made in the period that are converted now.",
            records="leads",
            filter=f"{NEW}&status=converted",
            moment="created_at",
        ),
        Metric(
            "leads_converted",
            "Converted",
            "How many leads became customers?",
            "Leads that are converted, since a time in the period.",
            records="leads",
            filter=f"status=converted&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_won",
            "Won",
            "How many leads were won, without having been converted yet?",
            "Leads that are won, since a time in the period.",
            records="leads",
            filter=f"status=won&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_lost",
            "Lost",
            "How many leads were lost?",
            "Leads that are lost, since a time in the period.",
            records="leads",
            filter=f"status=lost&{SINCE}",
            moment="status_since",
            less_is_better=True,
        ),
        Metric(
            "leads_succeeded",
            "Won or converted",
            "How many leads came to a good end?",
            "Leads that are won or converted, since a time in the period.",
            records="leads",
            filter=f"status=won,converted&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_closed",
            "Closed",
            "How many leads came to an end?",
            "Leads that are won, converted or lost, since a time in the period.",
            records="leads",
            filter=f"status=won,converted,lost&{SINCE}",
            moment="status_since",
        ),
        Metric(
            "leads_open",
            "Open leads",
            "How many leads are being worked on?",
            "Leads that are neither won, converted nor lost, now, whenever they came.",
            records="leads",
            filter="status=new,contacted,qualified,proposal,negotiation",
        ),
        Metric(
            "lead_conversion_rate",
            "Conversion rate",
            "How many became customers for every hundred that came in?",
            "Converted in the period ÷ new in the period × 100.",
            unit="percent",
            value=RATIO,
            part="leads_converted",
            whole="leads_new",
        ),
        Metric(
            "lead_cohort_rate",
            "Conversion rate of the cohort",
            "Which share of those who came in has become customers since?",
            "New in the period and converted by now ÷ new in the period × 100.",
            unit="percent",
            value=RATIO,
            part="leads_new_converted",
            whole="leads_new",
        ),
        Metric(
            "lead_win_rate",
            "Win rate",
            "Which share of the leads that ended ended well?",
            "Won or converted ÷ won, converted or lost, all in the period × 100.",
            unit="percent",
            value=RATIO,
            part="leads_succeeded",
            whole="leads_closed",
        ),
        Metric(
            "days_to_convert",
            "Days to convert, mean",
            "How long does it take from first touch to customer?",
            "Mean of the days from creation to conversion, of the leads converted in the period.",
            value=MEAN,
            column="days",
            **DAYS,
        ),
        Metric(
            "days_to_convert_median",
            "Days to convert, median",
            "How long does it take for the lead in the middle?",
            "Median of the days from creation to conversion, of the leads converted in the period.",
            value=MEDIAN,
            column="days",
            **DAYS,
        ),
        *(
            Metric(
                f"funnel_{stage}",
                f"Reached “{stage}”",
                f"How many of the new leads came as far as “{stage}”?",
                "Leads made in the period that are, or once were, in this stage or a later one; won and converted are "
                "one stage.",
                records="leads",
                filter=f"{NEW}&reached={stage}",
                moment="created_at",
            )
            for stage in STAGES
        ),
    ]
)
