"""``/dev/crm/nurture_sequences``, ``/nurture_enrollments`` and ``/leads/nurture/start``."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from procrastinate.exceptions import AlreadyEnqueued
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.api.viewsets import CrmModelViewSet, CrmReadViewSet, CrmViewSet

from ..models import Lead
from . import filters, processing, stopping
from .calendar import Calendar, calendar
from .models import NurtureEnrollment, NurtureSequence
from .processing import AT_ONCE, Report
from .serializers import NurtureEnrollmentSerializer, NurtureSequenceSerializer, ReportSerializer, StartSerializer


class NurtureSequenceViewSet(CrmModelViewSet):
    tag = "nurture_sequences"
    queryset = NurtureSequence.objects.all()
    serializer_class = NurtureSequenceSerializer
    filterset_class = filters.NurtureSequenceFilterSet
    orderings = {"created_at": ("id",), "name": ("name", "id")}
    default_ordering = "name"

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        return queryset.prefetch_related("steps")


class NurtureEnrollmentViewSet(CrmReadViewSet):
    """Leads on sequences. They are put there by `POST /leads/nurture/start`."""

    tag = "nurture_enrollments"
    queryset = NurtureEnrollment.objects.filter(lead__deleted_at=None)
    serializer_class = NurtureEnrollmentSerializer
    filterset_class = filters.NurtureEnrollmentFilterSet
    orderings = {"created_at": ("id",), "due_at": ("due_at", "id")}
    action_verbs = {"stop": "change"}

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        return queryset.prefetch_related("actions")

    @extend_schema(request=None, responses=NurtureEnrollmentSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Any, pk: Any = None) -> Response:
        """Lead a lead no further on this sequence.

        Mails that wait are taken back. What has ended already stays as it is.
        """
        return self.answer(stopping.stop_by_hand(enrollment=self.get_object()))


class NurturingViewSet(CrmViewSet):
    """The workflow itself."""

    tag = "nurturing"
    queryset = NurtureEnrollment.objects.all()
    serializer_class = StartSerializer
    action_verbs = {"start": "add"}

    @extend_schema(request=StartSerializer, responses=ReportSerializer)
    @action(detail=False, methods=["post"])
    def start(self, request: Any) -> Response:
        """Process the lead nurturing workflow.

        Stops what is over, lets leads join by the rules of the sequences, and does all steps that are due, of the
        leads that the caller may change. With `sequence_id` and `lead_ids` these leads are put on the sequence first.
        Called again, or many times at once, it does nothing twice. `dry_run` only tells what the next days would bring.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        scope = {"actor": request.user, "sequence": asked.get("sequence_id"), "leads": asked.get("lead_ids")}
        refuse_unchangeable(request.user, scope["leads"])
        if asked["dry_run"]:
            return Response(answer(Report(), calendar(days=asked["days"], **scope), dry_run=True))
        report = processing.process(limit=AT_ONCE, **scope)
        if not report.is_complete:
            leave_the_rest()
        return Response(answer(report, Calendar(), dry_run=False))


def refuse_unchangeable(user: Any, leads: list[Lead] | None) -> None:
    for lead in leads or []:
        if not rules.allows(user, lead, "change"):
            raise exceptions.PermissionDenied(f"You may not change the lead {lead.pk}.")


def leave_the_rest() -> None:
    from ..tasks import process_nurturing

    with suppress(AlreadyEnqueued), transaction.atomic():
        process_nurturing.defer()


def answer(report: Report, planned: Calendar, *, dry_run: bool) -> dict[str, Any]:
    """The report's counts; a dry run's are those of its calendar."""
    done = Counter(entry.kind for entry in planned.entries) if dry_run else report.done
    data = {
        "dry_run": dry_run,
        "enrolled": report.enrolled,
        "processed": report.processed,
        "mails": done["mail"],
        "tasks": done["task"],
        "score_changes": done["score"],
        "status_changes": done["status"],
        "skipped": done["skipped"],
        "finished": report.finished,
        "stopped": dict(report.stopped),
        "refused": [{"lead_id": key, "reason": reason} for key, reason in report.refused.items()],
        "is_complete": report.is_complete,
        "calendar": planned.entries,
        "calendar_is_cut": planned.is_cut,
    }
    return dict(ReportSerializer(data).data)
