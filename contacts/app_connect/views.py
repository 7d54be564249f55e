"""``POST /api/app-connect/{interface}``: each interface takes its parameters as JSON and answers its return value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.authentication import KeyOrBasicAuthentication
from crm_project.api.models import Installation
from crm_project.api.parsers import LenientJSONParser
from crm_project.api.schema import error_response
from crm_project.api.viewsets import CrmViewSet

from ..models import Contact, Interaction, Origin
from . import serializers as wire
from . import services, sources
from .numbers import read
from .serializers import message

PLATFORM, PRODUCT = "customerconnect", "CustomerConnect"
CALL, MESSAGE = Interaction.Type.CALL, Interaction.Type.MESSAGE
GONE = {"410": error_response("410")}


class AppConnectViewSet(CrmViewSet):
    """The key alone says who is asking; what the body says of the user is not read."""

    tag = "app_connect"
    authentication_classes = [KeyOrBasicAuthentication]
    parser_classes = [LenientJSONParser]
    pagination_class = None
    ignores_unknown_parameters = True
    door = Origin.APP_CONNECT.value

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Who has no key is told so whatever they send, and however much; who has one, when it is no object."""
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated()
        super().initial(request, *args, **kwargs)
        self.sent = request.data

    def body(self, serializer: type[wire.LenientBody]) -> Any:
        body = serializer(data=self.sent)
        body.is_valid(raise_exception=True)
        return body


class ContactViewSet(AppConnectViewSet):
    queryset = Contact.objects.all()
    serializer_class = wire.MatchesSerializer
    action_verbs = {"find_contact": "view", "find_contact_with_name": "view", "create_contact": "view"}
    reading_actions = ("find_contact", "find_contact_with_name")

    @extend_schema(request=wire.FindContactSerializer, responses=wire.MatchesSerializer)
    def find_contact(self, request: Any) -> Response:
        """Find who calls.

        All contacts, leads and customers with the number that the user may see, newest first, and after them the row
        that offers to make a contact. A stored number is compared as E.164; one that is not valid by its national
        digits, seven or more; the text as stored with each alternative spelling. An internal extension is nobody's.
        """
        asked = self.body(wire.FindContactSerializer).validated_data
        number = read(asked.get("phone_number", ""), asked.get("overriding_format", ""))
        found = [] if asked.get("is_extension") else sources.by_number(number, request.user)
        return self.matches(found, [] if asked.get("omit_new_contact_option") else [wire.NEW_CONTACT])

    @extend_schema(request=wire.FindContactWithNameSerializer, responses=wire.MatchesSerializer)
    def find_contact_with_name(self, request: Any) -> Response:
        """Find people by name.

        Every word must occur in the name, in any order; case and accents do not matter. At most 50, newest first.
        """
        asked = self.body(wire.FindContactWithNameSerializer).validated_data
        return self.matches(sources.by_name(asked.get("name", ""), request.user), [])

    def matches(self, found: list[sources.Caller], more: list[dict[str, Any]]) -> Response:
        rows = [wire.ContactRowSerializer.row(caller) for caller in found]
        return Response({"successful": True, "matchedContactInfo": rows + more})

    @extend_schema(request=wire.CreateContactSerializer, responses=wire.CreatedSerializer)
    def create_contact(self, request: Any) -> Response:
        """Make a contact, lead or customer of a number.

        It belongs to the user. What is no number is not stored as one. When it cannot be made at all, because a
        required custom field is missing, `contactInfo` is null and the message says why.
        """
        asked = self.body(wire.CreateContactSerializer).validated_data
        source = sources.source_for(asked.get("new_contact_type", "")) or sources.default_source()
        if not rules.may(request.user, source.model, "add"):
            right = rules.permission_name(source.model, "add")
            raise exceptions.PermissionDenied(f"You may not make a {source.entity}: the right “{right}” is missing.")
        try:
            record = services.create_caller(
                source=source,
                actor=request.user,
                phone=asked.get("phone_number", ""),
                name=asked.get("new_contact_name", ""),
                submitted=asked.get("additional_submission", {}),
            )
        except ValidationError as error:
            return Response({"contactInfo": None, "returnMessage": message(" ".join(told(error)), "error")})
        made = {"id": str(record.pk), "name": record.name, "type": source.kind}
        return Response({"contactInfo": made, "returnMessage": message(f"{source.kind} created.", ttl=2000)})


class LogViewSet(AppConnectViewSet):
    queryset = Interaction.objects.all()
    serializer_class = wire.LoggedSerializer
    action_verbs = {
        "create_call_log": "add",
        "get_call_log": "view",
        "update_call_log": "change",
        "upsert_call_disposition": "change",
        "create_message_log": "add",
        "update_message_log": "change",
    }
    reading_actions = ("get_call_log",)

    def picked(self, body: dict[str, Any]) -> dict[str, Any]:
        """The record that was picked in the client, and how it was called there."""
        info = body.get("contact_info", {})
        id, type, user = info.get("id", ""), info.get("type", ""), self.request.user
        source, record = services.record_named(id=id, type=type, actor=user)
        return {"source": source, "record": record, "name": info.get("name", ""), "actor": user}

    def logged(self, log: Interaction, text: str, record: Any) -> Response:
        details = [{"title": "Details", "items": [{"id": "1", "type": "text", "text": f"In the history of {record}."}]}]
        return Response({"logId": str(log.pk), "returnMessage": message(text) | {"details": details}})

    @extend_schema(request=wire.CreateCallLogSerializer, responses=wire.LoggedSerializer)
    def create_call_log(self, request: Any) -> Response:
        """Log a call.

        It becomes an interaction of the contact behind the record, dated at the call's start and belonging to the
        user. The same user's log of the same call is answered again, whatever else is sent.
        """
        said = dict(self.body(wire.CreateCallLogSerializer).validated_data)
        picked = self.picked(said)
        said.pop("contact_info", None)
        log = services.log_call(**picked, call=said.pop("call_log", {}), **said)
        return self.logged(log, "Call logged.", picked["record"])

    @extend_schema(request=wire.GetCallLogSerializer, responses={200: wire.CallLogSerializer, **GONE})
    def get_call_log(self, request: Any) -> Response:
        """Get the log of a call, as it is now."""
        id = self.body(wire.GetCallLogSerializer).validated_data.get("call_log_id", "")
        log = services.find_log(id=id, type=CALL, actor=request.user)
        name = next((str(each) for each in services.logged_on(log) if rules.allows(request.user, each, "view")), "")
        info = {
            "subject": log.subject,
            "note": log.note,
            "fullBody": log.body,
            "fullLogResponse": {"id": str(log.pk)},
            "contactName": name,
            "dispositions": services.disposed(log),
        }
        return Response({"callLogInfo": info})

    @extend_schema(request=wire.UpdateCallLogSerializer, responses={200: wire.UpdatedSerializer, **GONE})
    def update_call_log(self, request: Any) -> Response:
        """Change the log of a call.

        Changes only what is sent: what is absent or null stays, a blank text clears. The body is replaced by
        `composedLogDetails` unless that is blank.
        """
        said = dict(self.body(wire.UpdateCallLogSerializer).validated_data)
        log = services.update_call(id=existing(said, "existing_call_log"), actor=request.user, **said)
        return Response({"updatedNote": log.note, "returnMessage": message("Call log updated.")})

    @extend_schema(request=wire.DispositionSerializer, responses={200: wire.LoggedSerializer, **GONE})
    def upsert_call_disposition(self, request: Any) -> Response:
        """Set the dispositions of a call.

        What was chosen in the client's fields, merged into what was chosen before. `outcome` is the interaction's
        outcome and `note` its note.
        """
        said = dict(self.body(wire.DispositionSerializer).validated_data)
        id, chosen = existing(said, "existing_call_log"), said.get("dispositions", {})
        log = services.set_dispositions(id=id, actor=request.user, dispositions=chosen)
        return Response({"logId": str(log.pk), "returnMessage": message("Disposition saved.")})

    @extend_schema(request=wire.CreateMessageLogSerializer, responses=wire.LoggedSerializer)
    def create_message_log(self, request: Any) -> Response:
        """Log a message.

        The first message of a conversation's day, or a whole shared conversation. It becomes an interaction of the
        contact behind the record.
        """
        body = self.body(wire.CreateMessageLogSerializer)
        picked = self.picked(body.validated_data)
        others = names_in(body.validated_data.get("correspondents"))
        log = services.log_message(**picked, **body.said(), with_others=list(others))
        return self.logged(log, "Message logged.", picked["record"])

    @extend_schema(request=wire.UpdateMessageLogSerializer, responses={200: wire.MessageUpdatedSerializer, **GONE})
    def update_message_log(self, request: Any) -> Response:
        """Add a message to a log.

        A message that is in the log already is not added again; a shared conversation replaces what was there.
        """
        body = self.body(wire.UpdateMessageLogSerializer)
        services.add_message(
            id=existing(dict(body.validated_data), "existing_message_log"), actor=request.user, **body.said()
        )
        return Response({"returnMessage": message("Message added.")})


class SessionViewSet(AppConnectViewSet):
    queryset = User.objects.all()
    serializer_class = wire.UserInfoSerializer
    action_verbs = dict.fromkeys(
        (
            "get_user_info",
            "un_authorize",
            "get_user_list",
            "get_license_status",
            "refresh_user_info",
            "auth_validation",
        ),
        "view",
    )
    reading_actions = tuple(action_verbs)

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.UserInfoSerializer)
    def get_user_info(self, request: Any) -> Response:
        """Get the user of the key, when they connect App Connect with the CRM."""
        user, offset = request.user, timezone.now().astimezone(ZoneInfo(request.user.time_zone)).strftime("%z")
        info = {
            "id": f"{Installation.objects.get().account_id.hex}.{user.pk.hex}-{PLATFORM}",
            "name": name_of(user),
            "timezoneName": user.time_zone,
            "timezoneOffset": f"{offset[:3]}:{offset[3:5]}",
            "platformAdditionalInfo": {},
        }
        connected = message(f"Connected to {PRODUCT}.", ttl=1000)
        return Response({"successful": True, "platformUserInfo": info, "returnMessage": connected})

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.UnauthorizedSerializer)
    def un_authorize(self, request: Any) -> Response:
        """Note that the user disconnects.

        The key stays, so that they can connect again; it is revoked in the CRM.
        """
        return Response({"returnMessage": message(f"Disconnected from {PRODUCT}.", ttl=1000)})

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.ListedUserSerializer(many=True))
    def get_user_list(self, request: Any) -> Response:
        """List the users of the CRM.

        The active ones, for who may see users; for everybody else themselves. Administrators match them with
        RingCentral's.
        """
        active = User.objects.filter(is_active=True)
        found = rules.visible(active, request.user) | active.filter(pk=request.user.pk)
        users = found.order_by("username")
        return Response([{"id": str(user.pk), "name": name_of(user), "email": user.email} for user in users])

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.LicenseSerializer)
    def get_license_status(self, request: Any) -> Response:
        """Get the state of the licence, which everybody has."""
        return Response({"isLicenseValid": True, "licenseStatus": "Active", "licenseStatusDescription": ""})

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.RefreshedSerializer)
    def refresh_user_info(self, request: Any) -> Response:
        """Refresh what is known of the user, which is always fresh."""
        return Response({"successful": True})

    @extend_schema(request=wire.AboutUserSerializer, responses=wire.ValidatedSerializer)
    def auth_validation(self, request: Any) -> Response:
        """Check the key."""
        return Response({"successful": True, "status": 200})


def existing(said: dict[str, Any], name: str) -> str:
    """Takes the id of the log that is to be changed out of what is said."""
    return str(said.pop(name, {}).get("third_party_log_id", ""))


def name_of(user: User) -> str:
    return user.get_full_name() or user.username


def names_in(value: Any) -> Iterator[str]:
    """The names of rows of contacts, in a list or in lists of it."""
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, dict) and isinstance(value.get("name"), str) and value["name"]:
        yield value["name"]


def told(error: ValidationError) -> list[str]:
    """The error's sentences, each with the name of its field where it has one."""
    if not hasattr(error, "error_dict"):
        return error.messages
    return [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
