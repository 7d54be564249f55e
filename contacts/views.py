"""``/contacts`` and what stands beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access.sharing import SharingActions
from crm_project.api.viewsets import CrmModelViewSet, CrmReadViewSet, OwnedViewSet, PartViewSet
from crm_project.history.views import HistoryActions
from crm_project.transfer.views import TransferActions

from . import custom_fields as custom
from . import filters, services
from .duplicates import Person, find_duplicates
from .models import Category, Contact, ContactMerge, CustomField, Interaction, Organization, Segment
from .privacy_api.views import PrivacyActions
from .resources import ContactResource
from .serializers import (
    CUSTOM_FIELD_CHANGE_EXAMPLES,
    CUSTOM_VALUES_EXAMPLE,
    CategorySerializer,
    ContactMergeSerializer,
    ContactSerializer,
    CustomFieldSerializer,
    CustomValuesSerializer,
    DuplicatesSerializer,
    InteractionSerializer,
    MergeSerializer,
    OrganizationSerializer,
    OrganizationsOfContactSerializer,
    PersonSerializer,
    SegmentSerializer,
    SurvivorSerializer,
)


class ContactViewSet(PrivacyActions, TransferActions, HistoryActions, SharingActions, OwnedViewSet):
    tag = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = filters.ContactFilterSet
    resource_class = ContactResource
    orderings = {"created_at": ("id",), "name": ("sort_name", "id"), "updated_at": ("updated_at", "id")}
    filtered_actions = ("list", "segment", "export_file")
    shown_names = ("category_names",)
    action_verbs = {
        "segment": "view",
        "organizations": "view",
        "custom_fields": "view",
        "set_custom_fields": "change",
        "duplicate": "view",
        "duplicates": "view",
        "merge": "merge",
        "erase": "erase",
        "personal_data": "disclose",
    }
    query_parameters = {"duplicate": ("name", "email", "phone", "company")}

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

    def with_columns(self, queryset: Any) -> Any:
        if self.action == "organizations":
            return queryset.select_related("organization")
        return super().with_columns(queryset)

    def get_serializer_context(self) -> dict[str, Any]:
        told = {name: getattr(self, name, None) for name in ("merged_into", "merge_id")}
        return {**super().get_serializer_context(), **told}

    def perform_destroy(self, record: Contact) -> None:
        services.delete_contact(contact=record, actor=self.request.user)

    def perform_restore(self, record: Contact) -> None:
        services.restore_contact(contact=record)

    @extend_schema(responses=ContactSerializer(many=True), filters=True)
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

    def told_of(self, record: Contact) -> list[UUID]:
        """The stories of contacts that were merged in are told too."""
        return services.told_together(record)

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

    @extend_schema(parameters=[PersonSerializer], responses=DuplicatesSerializer)
    @action(detail=False)
    def duplicate(self, request: Any) -> Response:
        """Find a duplicate of somebody.

        Contacts that may be the person described, likeliest first, at most 20, each with a score from 0 to 1 and the
        reasons. An equal e-mail address tells most, an equal number less the more different names share it, a similar
        name less the more contacts have one; the company supports a similar name. Only contacts that the caller may
        see are found and counted. `id` is the first candidate's when its score is 0.6 or more.
        """
        serializer = PersonSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        return self.candidates(serializer.validated_data)

    @extend_schema(responses=DuplicatesSerializer)
    @action(detail=True)
    def duplicates(self, request: Any, pk: Any = None) -> Response:
        """Find duplicates of a contact.

        As `GET /contacts/duplicate`, by all that is known of the contact; the contact itself is not among them.
        """
        return self.candidates(Person.of(self.get_object()))

    def candidates(self, person: Person) -> Response:
        found = find_duplicates(person, self.request.user)
        return Response(DuplicatesSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(request=MergeSerializer, responses=SurvivorSerializer)
    @action(detail=True, methods=["post"], serializer_class=SurvivorSerializer)
    def merge(self, request: Any, pk: Any = None) -> Response:
        """Merge other contacts into a contact.

        The contact of the address survives and gets what the others have: contact points, interactions, categories,
        segments and shares are united, its empty fields are filled in the order of `ids`; `fields` says whose value
        wins instead. The others go to the trash, and their ids answer with the survivor from now on. Answers the
        survivor and, as `merge`, the id by which `POST /contacts/merges/{id}/undo` takes it back. Needs the right to
        merge each of the contacts.
        """
        survivor = Contact.objects.filter(pk=pk).first()
        if survivor is None:
            raise exceptions.NotFound()
        self.check_object_permissions(request, survivor)
        serializer = MergeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ids, winners = serializer.validated_data["ids"], serializer.validated_data.get("fields")
        people = services.lock_contacts([pk, *ids])
        for key in {pk, *ids} & people.keys():
            self.check_object_permissions(request, people[key])
        self.check_precondition(people.get(pk, survivor))
        merge = services.merge_contacts(survivor_id=pk, merged_ids=ids, actor=request.user, winners=winners)
        self.merge_id = str(merge.pk)
        return self.answer(survivor)


class InteractionViewSet(PartViewSet):
    """Calls, messages, e-mails, meetings and notes with one contact."""

    tag = "interactions"
    queryset = Interaction.objects.all()
    serializer_class = InteractionSerializer
    filterset_class = filters.InteractionFilterSet
    orderings = {"started_at": ("started_at", "id")}
    default_ordering = "-started_at"
    whole = Contact

    def get_whole(self) -> Contact:
        """The contact; an id that was merged away stands for the contact it was merged into."""
        try:
            return super().get_whole()
        except exceptions.NotFound:
            survivor = services.survivor_of(self.kwargs["contact_pk"])
            if survivor is None:
                raise
            self.kwargs["contact_pk"] = survivor
            return self.get_whole()

    def perform_create(self, serializer: Any) -> None:
        contact = services.hold_contact(self.kwargs["contact_pk"])
        if contact is None:
            raise exceptions.NotFound()
        serializer.save(
            contact=contact,
            created_by=self.request.user,
            started_at=serializer.validated_data.get("started_at") or timezone.now(),
        )


class ContactMergeViewSet(CrmReadViewSet):
    """What was merged into what."""

    tag = "merges"
    queryset = ContactMerge.objects.all()
    serializer_class = ContactMergeSerializer
    filterset_class = filters.ContactMergeFilterSet
    action_verbs = {"undo": "merge"}

    @extend_schema(request=None, responses=ContactMergeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Any, pk: Any = None) -> Response:
        """Undo a merge.

        Brings the merged contacts back as they were. The survivor keeps what was changed on it since the merge and
        loses what it got by it. Merges into the same contact are undone newest first. Needs the right to merge each of
        the contacts.
        """
        merge = self.get_queryset().filter(pk=pk).first()
        if merge is None:
            raise exceptions.NotFound()
        for contact in services.lock_contacts([merge.survivor_id, *merge.merged_ids]).values():
            if contact.pk == merge.survivor_id or contact.pk in merge.merged_ids:
                self.check_object_permissions(request, contact)
        return self.answer(services.undo_merge(merge_id=merge.pk, actor=request.user))


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
    examples = dict.fromkeys(("update", "partial_update"), CUSTOM_FIELD_CHANGE_EXAMPLES)
