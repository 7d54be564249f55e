"""The shape of reports, for the document of the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm_project.api.schema import KEY, example

LEADS = "https://crm.example.com/dev/crm/leads"
PERIOD = "created_at_after=2026-01-01T00%3A00%3A00Z&created_at_before=2026-02-01T00%3A00%3A00Z"
SHORT: dict[str, Any] = {"value": 40, "records": 40, "drilldown": f"{LEADS}?{PERIOD}"}
FIGURE = {**SHORT, "metric": "leads_new", "name": "New leads", "unit": "records", "of": None}
DAYS = {
    "from": "2026-01-01",
    "to": "2026-01-31",
    "time_zone": "Europe/Paris",
    "start": "2025-12-31T23:00:00Z",
    "end": "2026-01-31T23:00:00Z",
}
ROW = {"key": "website", "label": "Website", "figures": [FIGURE]}
PART = {"key": "2026-01-01", "label": "2026-01-01", "figures": [FIGURE], **DAYS}
REPORT: dict[str, Any] = {
    "period": {**DAYS, "group_by": "month"},
    "compared_with": None,
    "as_of": "2026-01-31T12:00:00Z",
    "is_kept": False,
    "churn_days": 90,
    "figures": [FIGURE],
    "groups": {"source": [ROW]},
    "series": [PART],
}
STAGE = {
    "stage": "contacted",
    "figure": {**FIGURE, "metric": "funnel_contacted", "name": "Reached “contacted”"},
    "percent": 100.0,
    "stays": 31,
    "mean_days": 4.5,
    "median_days": 3.25,
}
TOP = {
    "key": KEY,
    "label": "Tech Corp",
    "figures": [{**FIGURE, "metric": "revenue", "value": "1200.00", "unit": "USD"}],
}
PERSON = {"key": KEY, "label": "Mia Rossi", "figures": [FIGURE]}
COHORT = {"month": "2026-01-01", "label": "2026-01", "figures": [FIGURE]}


class ShortFigureSerializer(serializers.Serializer):
    value = serializers.JSONField(
        allow_null=True,
        help_text="A number; money as text; null where there is nothing to divide by.",
    )
    records = serializers.IntegerField(help_text="How many records the figure is made of.")
    drilldown = serializers.URLField(help_text="The list of exactly these records, for the same user.")


class FigureSerializer(ShortFigureSerializer):
    metric = serializers.CharField(help_text="Which figure it is; docs/reports.md defines each.")
    name = serializers.CharField()
    unit = serializers.CharField(help_text="`records`, `percent`, `days`, or the currency.")
    of = ShortFigureSerializer(allow_null=True, help_text="What a ratio was divided by.")
    previous = ShortFigureSerializer(required=False, allow_null=True, help_text="Of the period compared with.")
    change_percent = serializers.FloatField(required=False, allow_null=True)


class PeriodSerializer(serializers.Serializer):
    to = serializers.DateField(help_text="The last day, included.")
    time_zone = serializers.CharField()
    start = serializers.DateTimeField(help_text="The first moment of the period.")
    end = serializers.DateTimeField(help_text="The first moment after the period.")

    def get_fields(self) -> dict[str, Any]:
        """With ``from``, which is no name that Python lets a class have."""
        return {"from": serializers.DateField(help_text="The first day."), **super().get_fields()}


class GroupedPeriodSerializer(PeriodSerializer):
    group_by = serializers.CharField(help_text="The parts of `series`.")


class RowSerializer(serializers.Serializer):
    key = serializers.CharField(allow_null=True, help_text="The value of the column; null where there is none.")
    label = serializers.CharField()
    figures = FigureSerializer(many=True)


class PartSerializer(PeriodSerializer, RowSerializer):
    """The figures of one part of the period."""


class StageSerializer(serializers.Serializer):
    stage = serializers.CharField()
    figure = FigureSerializer()
    percent = serializers.FloatField(allow_null=True, help_text="Of the period's new leads.")
    stays = serializers.IntegerField(help_text="Stays in this status that have ended; not counted in the dashboard.")
    mean_days = serializers.FloatField(allow_null=True)
    median_days = serializers.FloatField(allow_null=True)


class CohortSerializer(serializers.Serializer):
    month = serializers.DateField()
    label = serializers.CharField()
    figures = FigureSerializer(many=True, help_text="Who bought in this month, and in each one after.")


class ReportSerializer(serializers.Serializer):
    period = GroupedPeriodSerializer()
    compared_with = PeriodSerializer(allow_null=True)
    as_of = serializers.DateTimeField(help_text="When the figures were counted.")
    is_kept = serializers.BooleanField(help_text="Whether they were counted earlier, up to a minute ago.")
    churn_days = serializers.IntegerField(help_text="After so many days of silence a customer counts as gone.")
    figures = FigureSerializer(many=True)
    groups = serializers.DictField(child=RowSerializer(many=True))
    series = PartSerializer(many=True)


@example(None, **REPORT, funnel=[STAGE])
class LeadReportSerializer(ReportSerializer):
    funnel = StageSerializer(many=True)


@example(None, **REPORT, top_customers=[TOP], cohorts=[COHORT])
class CustomerReportSerializer(ReportSerializer):
    top_customers = RowSerializer(many=True)
    cohorts = CohortSerializer(many=True)


@example(None, **REPORT, funnel=[STAGE], top_customers=[TOP], follow_ups=[FIGURE], activity=[PERSON])
class DashboardSerializer(ReportSerializer):
    funnel = StageSerializer(many=True)
    top_customers = RowSerializer(many=True)
    follow_ups = FigureSerializer(many=True)
    activity = RowSerializer(many=True)
