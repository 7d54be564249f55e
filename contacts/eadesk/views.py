"""``/api/clients/person/…``, as clients of Eadesk call it."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.parsers import FormParser
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.api.parsers import JSONParser
from crm_project.api.viewsets import CrmViewSet

from .. import services
from ..models import Contact, ContactPoint, Origin
from ..services.contacts import PointData
from . import errors, reading
from .schema import EadeskSchema
from .serializers import (
    DATUM,
    DATUM_SENT,
    PERSON,
    PERSON_SENT,
    AskedDataSerializer,
    AskedPeopleSerializer,
    DataResultSerializer,
    DatumChangeSerializer,
    DatumFieldsSerializer,
    DatumResultSerializer,
    DatumSerializer,
    DoneSerializer,
    PersonFieldsSerializer,
    PersonResultSerializer,
    PersonSerializer,
    examples,
    or_not_found,
)


class EadeskViewSet(CrmViewSet):
    """Only GET and POST; what is not found, or not to be seen, is ``ENOT_FOUND``; unknown fields are ignored."""

    tag = "eadesk"
    noun: str
    door = Origin.EADESK.value
    schema = EadeskSchema()
    parser_classes = [JSONParser, FormParser]
    pagination_class = None
    filter_backends = []
    action_verbs = {"read": "view"}
    ignores_unknown_parameters = True

    def get_exception_handler(self) -> Any:
        return errors.handle

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in {"GET", "POST"}:
            raise exceptions.MethodNotAllowed(request.method)

    def check_object_permissions(self, request: Any, obj: Any) -> None:
        if not rules.allows(request.user, obj, "view"):
            raise exceptions.NotFound()
        super().check_object_permissions(request, obj)

    def key(self, name: str) -> Any:
        """The id from the end of the address, or from the query."""
        asked = self.request.query_params
        return reading.key_of(self.kwargs[f"{name}pk"] or asked.get(f"{name}id") or asked.get("id", ""))

    def sent(self, serializer_class: Any) -> dict[str, Any]:
        """The checked body; of a form, ``segments`` may be sent several times, and once empty for none."""
        data = self.request.data
        if isinstance(data, QueryDict):
            segments = [value for value in data.getlist("segments") if value]
            data = data.dict() | ({"segments": segments} if "segments" in data else {})
        return self.checked(serializer_class, data)

    def asked(self, serializer_class: Any) -> dict[str, Any]:
        return self.checked(serializer_class, self.request.query_params.dict())

    def checked(self, serializer_class: Any, data: Any) -> dict[str, Any]:
        serializer = serializer_class(data=data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class PersonViewSet(EadeskViewSet):
    noun = "person"
    queryset = Contact.objects.all()
    serializer_class = PersonSerializer

    @extend_schema(
        request=PersonFieldsSerializer,
        responses={200: PersonSerializer},
        examples=examples(PERSON | {"contacts": []}, sent=PERSON_SENT, can_miss=False),
    )
    def create(self, request: Any) -> Response:
        """Create a person (Eadesk).

        All fields may be left out. How to reach the person is added by `contacts/create`.
        """
        fields = self.sent(PersonFieldsSerializer)
        contact = services.create_contact(actor=request.user, origin=Origin.EADESK, **fields)
        return Response(self.told(contact))

    @extend_schema(
        parameters=[AskedPeopleSerializer],
        responses={200: PersonSerializer(many=True)},
        examples=examples([PERSON], can_miss=False),
    )
    def read(self, request: Any) -> Response:
        """Read people (Eadesk).

        Oldest first; deleted people are among them, with `status`, unless `needExistingRecords` is given. `search`
        looks in the name and in the values of live data; `type` and `service` keep people who have such a live datum.
        """
        found = reading.people(request.user, self.asked(AskedPeopleSerializer))
        return Response(PersonSerializer(found, many=True).data)

    @extend_schema(
        request=PersonFieldsSerializer,
        responses={200: or_not_found(PersonResultSerializer)},
        examples=examples({"result": PERSON}, sent=PERSON_SENT),
    )
    def update(self, request: Any, pk: str) -> Response:
        """Change a person (Eadesk).

        Only what is given; `segments` replaces those there were. A deleted person is not found.
        """
        contact = self.get_object()
        fields = self.sent(PersonFieldsSerializer)
        services.update_contact(contact=contact, actor=request.user, origin=Origin.EADESK, **fields)
        return Response({"result": self.told(contact)})

    @extend_schema(request=None, responses={200: or_not_found(DoneSerializer)}, examples=examples({"result": True}))
    def destroy(self, request: Any, pk: str) -> Response:
        """Delete a person (Eadesk).

        Moves the person to the trash, where `read` still finds them with `status`. A second time changes nothing.
        """
        services.delete_contact(contact=self.get_object(), actor=request.user)
        return Response({"result": True})

    def get_queryset(self) -> Any:
        return super().get_queryset() if self.action == "destroy" else super().get_queryset().live()

    def get_object(self) -> Any:
        self.kwargs["pk"] = self.key("")
        return super().get_object()

    def told(self, contact: Contact) -> dict[str, Any]:
        """The person as the database has them now."""
        return PersonSerializer(reading.told(Contact.objects.filter(pk=contact.pk)).get()).data


class DatumViewSet(EadeskViewSet):
    """Data are part of a person: to make, change or delete one is to change the person."""

    noun = "contact"
    queryset = ContactPoint.objects.all()
    serializer_class = DatumSerializer
    action_verbs = {**EadeskViewSet.action_verbs, "create": "change", "destroy": "change"}

    @extend_schema(
        request=DatumFieldsSerializer,
        responses={200: or_not_found(DatumResultSerializer)},
        examples=examples({"result": DATUM}, sent=DATUM_SENT),
    )
    def create(self, request: Any, contact_pk: str) -> Response:
        """Add a contact datum to a person (Eadesk).

        An address or number of a kind that the person did not have becomes the primary one.
        """
        contact = self.hold(pk=self.key("contact_"))
        self.check_object_permissions(request, contact)
        data = PointData(**self.sent(DatumFieldsSerializer))
        return self.answer_with(services.add_point(contact=contact, data=data, origin=Origin.EADESK))

    @extend_schema(
        parameters=[AskedDataSerializer],
        responses={200: or_not_found(DataResultSerializer)},
        examples=examples({"result": [DATUM]}),
    )
    def read(self, request: Any) -> Response:
        """Read contact data (Eadesk).

        Oldest first, by any mix of parameters. A `contact_id` or `id` that does not exist is `ENOT_FOUND`.
        """
        found = reading.data(request.user, self.asked(AskedDataSerializer))
        return Response({"result": DatumSerializer(found, many=True).data})

    @extend_schema(
        request=DatumChangeSerializer,
        responses={200: or_not_found(DatumResultSerializer)},
        examples=examples({"result": DATUM}, sent=DATUM_SENT),
    )
    def update(self, request: Any, pk: str) -> Response:
        """Change a contact datum (Eadesk).

        `type` and `service` have to be given. A deleted datum, or one of a deleted person, is not found.
        """
        point = self.get_object()
        return self.answer_with(services.change_point(point=point, **self.sent(DatumChangeSerializer)))

    @extend_schema(request=None, responses={200: or_not_found(DoneSerializer)}, examples=examples({"result": True}))
    def destroy(self, request: Any, pk: str) -> Response:
        """Delete a contact datum (Eadesk).

        `contacts/read` still finds it, with `status`. A second time changes nothing.
        """
        services.remove_point(point=self.get_object())
        return Response({"result": True})

    def get_object(self) -> ContactPoint:
        """The datum; its person is locked, as by everybody who changes one."""
        key = self.key("")
        contact = self.hold(points=key)
        stored = contact.points.all() if self.action == "destroy" else contact.points.live()
        point = stored.filter(pk=key).first()
        if point is None:
            raise exceptions.NotFound()
        self.check_object_permissions(self.request, point)
        return point

    def hold(self, **condition: Any) -> Contact:
        contact = Contact.objects.live().filter(**condition).select_for_update(of=("self",)).first()
        if contact is None:
            raise exceptions.NotFound()
        return contact

    def answer_with(self, point: ContactPoint) -> Response:
        return Response({"result": DatumSerializer(point).data})
