"""``/dev/crm/customers``, and the conversion of leads."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.response import Response

from contacts.models import Contact, Task
from contacts.people_api import PersonActions
from crm_project.access import rules
from crm_project.access.sharing import SharingActions
from crm_project.api.keeping import kept
from crm_project.api.viewsets import CrmViewSet, OwnedViewSet, PartViewSet, etag_of
from crm_project.history.views import HistoryActions
from crm_project.transfer.views import TransferActions
from leads.models import Lead

from . import filters, services
from .models import Customer, CustomerInteraction
from .resources import CustomerResource
from .serializers import (
    ConvertSerializer,
    CustomerInteractionSerializer,
    CustomerSerializer,
    HealthSerializer,
    OutcomeSerializer,
    PreviewSerializer,
    SegmentsSerializer,
    UndoneSerializer,
    segments_answer,
)


def hide_unseen(user: Any, records: list[Any]) -> None:
    """The contact and the lead behind a customer are told only to who may see them."""
    contacts, leads = ({getattr(record, name) for record in records} - {None} for name in ("contact_id", "lead_id"))
    seen = rules.seen_together(user, {Contact: contacts, Lead: leads})
    for record in records:
        record.seen_contact_id = record.contact_id if record.contact_id in seen else None
        record.seen_lead_id = record.lead_id if record.lead_id in seen else None


class CustomerViewSet(PersonActions, TransferActions, HistoryActions, SharingActions, OwnedViewSet):
    tag = "customers"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = filters.CustomerFilterSet
    resource_class = CustomerResource
    filtered_actions = ("list", "export_file")
    orderings = {"created_at": ("id",), "name": ("sort_name", "id"), "updated_at": ("updated_at", "id")}
    action_verbs = {"segments": "view", "health": "view"}

    def prepare(self, records: list[Customer]) -> None:
        hide_unseen(self.request.user, records)

    def perform_destroy(self, record: Customer) -> None:
        services.delete_customer(customer=record, actor=self.request.user)

    def perform_restore(self, record: Customer) -> None:
        services.restore_customer(customer=record, actor=self.request.user)

    @extend_schema(responses=SegmentsSerializer)
    @action(detail=False, pagination_class=None, filter_backends=[])
    def segments(self, request: Any) -> Response:
        """Get customer segments.

        By recency, frequency and money of what customers bought; by health, type and status; and saved ones. With the
        customers of each that the caller may see, how many came and went in the last thirty days, what they bought in
        the window, and the address of the list of exactly these customers.
        """
        found, is_kept = kept(services.segments_of, tables=[Customer], user=request.user)
        return Response(segments_answer(found, is_kept, request))

    @extend_schema(responses=HealthSerializer)
    @action(detail=True)
    def health(self, request: Any, pk: Any = None) -> Response:
        """Get the health of a customer, explained.

        From 0 to 100, computed for the occasion. Each factor says how many points it gives of how many, and why; what
        there is no data for does not lower the score, but the confidence.
        """
        return Response(HealthSerializer(services.health_of(self.get_object(), user=request.user)).data)


class CustomerInteractionViewSet(PartViewSet):
    """What happened between us and one customer."""

    tag = "customer_interactions"
    queryset = CustomerInteraction.objects.all()
    serializer_class = CustomerInteractionSerializer
    filterset_class = filters.CustomerInteractionFilterSet
    orderings = {"date": ("date", "id"), "created_at": ("id",)}
    default_ordering = "-date"
    whole = Customer

    def perform_create(self, serializer: Any) -> None:
        serializer.save(customer=self.get_whole(), created_by=self.request.user)

    def perform_update(self, serializer: Any) -> None:
        services.update_interaction(interaction=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, record: CustomerInteraction) -> None:
        services.delete_interaction(interaction=record)


class ConversionViewSet(CrmViewSet):
    """Conversion stands under the lead's address, but makes a customer, so it lives here."""

    tag = "leads"
    queryset = Lead.objects.live()
    serializer_class = CustomerSerializer
    action_verbs = {"preview": "view", "convert": "change", "undo_conversion": "change"}
    lookup_field = "pk"

    @extend_schema(responses=PreviewSerializer)
    @action(detail=True)
    def preview(self, request: Any, pk: Any = None) -> Response:
        """Preview the conversion of a lead.

        `would` says what POST would do: `create` a customer with `values`, `link` to the customer that has the lead's
        e-mail, or `nothing`, because the lead is converted.
        """
        found = services.preview_conversion(lead=self.get_object(), actor=request.user)
        return Response(PreviewSerializer(found).data)

    @extend_schema(request=ConvertSerializer, responses={201: CustomerSerializer, 200: CustomerSerializer})
    @action(detail=True, methods=["post"])
    def convert(self, request: Any, pk: Any = None) -> Response:
        """Convert a lead to a customer.

        Answers 201 with the new customer; again, or when it was linked, 200 with the same customer. When another
        customer has the lead's e-mail, 409; with `customer_id` the lead is linked to that one.
        """
        lead = self.get_object()
        if not rules.may(request.user, Customer, "add"):
            raise exceptions.PermissionDenied("You may not add customers.")
        serializer = ConvertSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        link_to = serializer.validated_data.get("customer_id")
        customer, now = services.convert_lead(lead=lead, actor=request.user, link_to=link_to)
        customer = Customer.objects.get(pk=customer.pk)
        if not rules.allows(request.user, customer, "view"):
            raise exceptions.PermissionDenied("The lead is converted to a customer that you may not see.")
        hide_unseen(request.user, [customer])
        made = now and link_to is None
        data = CustomerSerializer(customer, context=self.get_serializer_context()).data
        return Response(data, status=201 if made else 200, headers={"ETag": etag_of(customer)})

    @extend_schema(request=None, responses=UndoneSerializer)
    @action(detail=True, methods=["post"])
    def undo_conversion(self, request: Any, pk: Any = None) -> Response:
        """Undo the conversion of a lead.

        The lead gets its old status back and the customer that was made goes to the trash. 403 when it is not yours to
        delete, 409 when it has orders.
        """
        lead = services.undo_conversion(lead=self.get_object(), actor=request.user)
        return Response(UndoneSerializer(lead).data)


class FollowUpViewSet(CrmViewSet):
    """What the worker does every ten minutes, asked for by hand."""

    tag = "followups"
    queryset = Task.objects.all()
    serializer_class = OutcomeSerializer
    action_verbs = {"process": "add"}

    @extend_schema(request=None, responses=OutcomeSerializer)
    @action(detail=False, methods=["post"])
    def process(self, request: Any) -> Response:
        """Process follow-ups.

        Next actions that are due become tasks of whoever owns the lead or customer, each once; tasks move with dates
        that were changed; what is overdue for too long is escalated to a manager; who has something to do gets one
        mail a day. A worker does the same every ten minutes. Works on what the caller may change; a second or parallel
        call finds nothing left. Of very many a worker does the rest, and `more` is true.
        """
        return Response(OutcomeSerializer(services.start_followups(actor=request.user)).data)
