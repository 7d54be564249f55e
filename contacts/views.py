"""``/contacts`` and what stands beside it."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access import services as access
from crm_project.api.viewsets import CrmModelViewSet, OwnedViewSet, PartViewSet
from crm_project.history.timeline import Position, timeline

from . import custom_fields as custom
from . import filters, services
from .models import Category, Contact, CustomField, Interaction, Organization, Segment
from .serializers import (
    CUSTOM_VALUES_EXAMPLE,
    CategorySerializer,
    ContactSerializer,
    CustomFieldSerializer,
    CustomValuesSerializer,
    HistorySerializer,
    InteractionSerializer,
    OrganizationSerializer,
    OrganizationsOfContactSerializer,
    SegmentSerializer,
    SharingSerializer,
)


class ContactViewSet(OwnedViewSet):
    tag = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = filters.ContactFilterSet
    orderings = {"created_at": ("id",), "name": ("sort_name", "id"), "updated_at": ("updated_at", "id")}
    filtered_actions = ("list", "segment")
    action_verbs = {
        "segment": "view",
        "organizations": "view",
        "history": "view",
        "custom_fields": "view",
        "set_custom_fields": "change",
        "sharing": "view",
        "set_sharing": "share",
    }
    query_parameters = {"history": ("page_size", "cursor")}

    def is_list(self) -> bool:
        return self.action in {"list", "segment"}

    def get_object(self) -> Any:
        """The contact; an id that was merged away stands for the contact it was merged into."""
        try:
            return super().get_object()
        except exceptions.NotFound:
            merged = Contact.objects.filter(pk=self.kwargs["pk"], merged_into__isnull=False)
            survivor = merged.values_list("merged_into", flat=True).first()
            if survivor is None or self.action == "restore":
                raise
            self.kwargs["pk"] = self.merged_into = str(survivor)
            return self.get_object()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "merged_into": getattr(self, "merged_into", None)}

    def perform_destroy(self, record: Contact) -> None:
        services.delete_contact(contact=record, actor=self.request.user)

    @action(detail=False)
    def segment(self, request: Any) -> Response:
        """List the contacts of a segment.

        The list of contacts with the same filters; `segment` takes the id or the name of a stored segment.
        """
        return self.list(request)

    @extend_schema(responses=OrganizationsOfContactSerializer)
    @action(detail=True)
    def organizations(self, request: Any, pk: Any = None) -> Response:
        """Get the organizations and categories of a contact."""
        contact = self.get_object()
        organizations = [contact.organization] if contact.organization else []
        categories = Category.objects.filter(contacts=contact)
        return Response(
            {
                "organizations": OrganizationSerializer(organizations, many=True).data,
                "categories": CategorySerializer(categories, many=True).data,
            }
        )

    @extend_schema(
        responses=HistorySerializer,
        parameters=[
            OpenApiParameter("page_size", int, description="Entries on a page, 1 to 500; 50 when left out."),
            OpenApiParameter("cursor", str, description="Taken from “next”."),
        ],
    )
    @action(detail=True)
    def history(self, request: Any, pk: Any = None) -> Response:
        """Get the history of a contact.

        Interactions and events of every part of the CRM, newest first. An event says who changed what, from which
        value to which, through which door. The stories of contacts that were merged in are told too.
        """
        contact = self.get_object()
        size = self.paginator.get_page_size(request)
        before = decode_position(request.query_params.get("cursor", ""))
        ids = [contact.pk, *Contact.objects.filter(merged_into=contact).values_list("pk", flat=True)]
        entries = timeline(ids, before, size + 1)
        page = entries[:size]
        following = None
        if len(entries) > size:
            parameters = request.query_params.copy()
            parameters["cursor"] = encode_position(page[-1].position)
            following = f"{request.build_absolute_uri(request.path)}?{parameters.urlencode()}"
        return Response({"next": following, "results": [HistorySerializer.entry(entry) for entry in page]})

    @extend_schema(responses=CustomValuesSerializer)
    @action(detail=True)
    def custom_fields(self, request: Any, pk: Any = None) -> Response:
        """Get the custom fields of a contact.

        Every custom field that staff defined, with the contact's value or null.
        """
        return self.custom_values(self.get_object())

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=CustomValuesSerializer,
        examples=[
            OpenApiExample("Values by key", {"shoe_size": 43, "birthday": None}, request_only=True),
            OpenApiExample("All fields", CUSTOM_VALUES_EXAMPLE, response_only=True),
        ],
    )
    @custom_fields.mapping.put
    def set_custom_fields(self, request: Any, pk: Any = None) -> Response:
        """Change the custom fields of a contact.

        Values by key; null removes a value, keys left out keep theirs.
        """
        contact = self.get_object()
        services.update_contact(contact=contact, actor=request.user, custom_fields=request.data)
        return self.custom_values(self.reload(contact))

    def custom_values(self, contact: Contact) -> Response:
        fields = CustomFieldSerializer(custom.definitions(), many=True).data
        return Response({"results": [field | {"value": contact.custom_fields.get(field["key"])} for field in fields]})

    @extend_schema(responses=SharingSerializer)
    @action(detail=True)
    def sharing(self, request: Any, pk: Any = None) -> Response:
        """Get with whom a contact is shared."""
        return self.shares(self.get_object())

    @extend_schema(request=SharingSerializer, responses=SharingSerializer)
    @sharing.mapping.put
    def set_sharing(self, request: Any, pk: Any = None) -> Response:
        """Share a contact.

        The list replaces all shares. Each entry names a user or a team, and verbs: view, change, delete.
        """
        contact = self.get_object()
        serializer = SharingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        access.set_shares(record=contact, shares=serializer.validated_data["shares"])
        return self.shares(contact)

    def shares(self, contact: Contact) -> Response:
        return Response(SharingSerializer({"shares": access.shares_of(contact)}).data)


def encode_position(position: Position) -> str:
    text = json.dumps([position[0].isoformat(), position[1]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(text: str) -> Position | None:
    if not text:
        return None
    try:
        at, entry = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        position = dt.datetime.fromisoformat(at), str(entry)
        if timezone.is_naive(position[0]) or "\0" in position[1]:
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise exceptions.ValidationError({"cursor": ["This is not a cursor of a history."]}) from error
    return position


class InteractionViewSet(PartViewSet):
    """Calls, messages, e-mails, meetings and notes with one contact."""

    tag = "interactions"
    queryset = Interaction.objects.all()
    serializer_class = InteractionSerializer
    filterset_class = filters.InteractionFilterSet
    orderings = {"started_at": ("started_at", "id")}
    default_ordering = "-started_at"
    whole = Contact

    def perform_create(self, serializer: Any) -> None:
        serializer.save(
            contact=self.get_whole(),
            created_by=self.request.user,
            started_at=serializer.validated_data.get("started_at") or timezone.now(),
        )


class NamedViewSet(CrmModelViewSet):
    orderings = {"created_at": ("id",), "name": ("folded_name", "id")}
    default_ordering = "name"

    def perform_create(self, serializer: Any) -> None:
        serializer.save()


class OrganizationViewSet(NamedViewSet):
    tag = "organizations"
    queryset = Organization.objects.all()
    serializer_class = OrganizationSerializer
    filterset_class = filters.OrganizationFilterSet

    def perform_create(self, serializer: Any) -> None:
        serializer.save(created_by=self.request.user)


class CategoryViewSet(NamedViewSet):
    tag = "categories"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filterset_class = filters.CategoryFilterSet


class SegmentViewSet(NamedViewSet):
    tag = "segments"
    queryset = Segment.objects.all()
    serializer_class = SegmentSerializer
    filterset_class = filters.SegmentFilterSet


class CustomFieldViewSet(CrmModelViewSet):
    tag = "custom_fields"
    queryset = CustomField.objects.all()
    serializer_class = CustomFieldSerializer
    filterset_class = filters.CustomFieldFilterSet
