"""``/dev/crm/leads`` and what stands beside it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from contacts.models import Contact
from contacts.people_api import PersonActions
from crm_project.access import rules
from crm_project.access.sharing import SharingActions
from crm_project.api.viewsets import CrmModelViewSet, OwnedViewSet, PartViewSet
from crm_project.history.views import HistoryActions
from crm_project.transfer.views import TransferActions

from . import filters, services
from .models import Campaign, Lead, LeadInteraction, ScoreRule
from .resources import LeadResource
from .serializers import (
    CampaignSerializer,
    LeadInteractionSerializer,
    LeadSerializer,
    ScoreRuleSerializer,
    ScoreSerializer,
    StatusLogSerializer,
)


class LeadViewSet(PersonActions, TransferActions, HistoryActions, SharingActions, OwnedViewSet):
    tag = "leads"
    queryset = Lead.objects.all()
    serializer_class = LeadSerializer
    filterset_class = filters.LeadFilterSet
    resource_class = LeadResource
    filtered_actions = ("list", "export_file")
    orderings = {
        "created_at": ("id",),
        "name": ("sort_name", "id"),
        "updated_at": ("updated_at", "id"),
        "score": ("score", "id"),
    }
    action_verbs = {"score": "view", "status_log": "view"}

    def prepare(self, records: list[Lead]) -> None:
        """The contact behind a lead is told only to who may see it."""
        seen = rules.seen(self.request.user, Contact, {record.contact_id for record in records})
        for record in records:
            record.seen_contact_id = record.contact_id if record.contact_id in seen else None

    def perform_destroy(self, record: Lead) -> None:
        services.delete_lead(lead=record, actor=self.request.user)

    def perform_restore(self, record: Lead) -> None:
        services.restore_lead(lead=record, actor=self.request.user)

    @extend_schema(responses=ScoreSerializer)
    @action(detail=True)
    def score(self, request: Any, pk: Any = None) -> Response:
        """Get the score of a lead, explained.

        Each rule that is true of the lead with its points; `computed` is their sum, cut to 0–100. A score that was set
        by hand stays until it is set to null.
        """
        lead = self.get_object()
        reasons = services.explain_score(lead)
        return Response(
            ScoreSerializer(
                {
                    "score": lead.score,
                    "is_manual": lead.score_is_manual,
                    "computed": services.scoring.total(reasons),
                    "reasons": reasons,
                }
            ).data
        )

    @extend_schema(responses=StatusLogSerializer)
    @action(detail=True)
    def status_log(self, request: Any, pk: Any = None) -> Response:
        """Get the statuses of a lead, with the time spent in each."""
        return Response(StatusLogSerializer({"results": services.time_in_statuses(self.get_object())}).data)


class LeadInteractionViewSet(PartViewSet):
    """Calls, e-mails, meetings and notes with one lead."""

    tag = "lead_interactions"
    queryset = LeadInteraction.objects.all()
    serializer_class = LeadInteractionSerializer
    filterset_class = filters.LeadInteractionFilterSet
    whole = Lead

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.record_interaction(
            lead=self.get_whole(), actor=self.request.user, **serializer.validated_data
        )

    def perform_update(self, serializer: Any) -> None:
        services.update_interaction(interaction=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, record: LeadInteraction) -> None:
        services.delete_interaction(interaction=record)


class CampaignViewSet(CrmModelViewSet):
    tag = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = CampaignSerializer
    filterset_class = filters.CampaignFilterSet
    orderings = {"created_at": ("id",), "name": ("name", "id")}
    default_ordering = "name"


class ScoreRuleViewSet(CrmModelViewSet):
    tag = "score_rules"
    queryset = ScoreRule.objects.all()
    serializer_class = ScoreRuleSerializer

    def perform_create(self, serializer: Any) -> None:
        super().perform_create(serializer)
        services.rules_changed()

    def perform_update(self, serializer: Any) -> None:
        super().perform_update(serializer)
        services.rules_changed()

    def perform_destroy(self, record: ScoreRule) -> None:
        super().perform_destroy(record)
        services.rules_changed()
