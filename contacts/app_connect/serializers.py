"""The interfaces of App Connect on the wire, as its server's version 1.7 has them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from crm_project.api.schema import KEY, example

from .fields import Body, FlagField, InstantField, LenientBody, ObjectField, Part, PartsField, SecondsField, TextField
from .sources import Caller

NEW_CONTACT: dict[str, Any] = {
    "id": "createNewContact",
    "name": "Create new contact...",
    "isNewContact": True,
    "additionalInfo": {},
}
CALLER: dict[str, Any] = {
    "id": KEY,
    "name": "Ada Lovelace",
    "type": "Contact",
    "phone": "(415) 620-1234",
    "title": "Engineer",
    "company": "Analytical Ltd",
    "email": "ada@example.com",
    "createdDate": "2024-03-01T09:30:00Z",
    "mostRecentActivityDate": "2026-02-11T16:05:00Z",
    "additionalInfo": {},
}
CONTACT_INFO = {"id": KEY, "phoneNumber": "+14156201234", "type": "Contact", "name": "Ada Lovelace"}
BODY = "- Note: Wants the offer by Friday\n- Duration: 1 minute, 1 second\n"


def message(text: str, kind: str = "success", ttl: int = 3000) -> dict[str, Any]:
    """What App Connect shows its user, for so many milliseconds."""
    return {"message": text, "messageType": kind, "ttl": ttl}


def told(**answered: Any) -> Any:
    """Decorate an answer with an example."""
    return extend_schema_serializer(examples=[OpenApiExample("Answer", answered, response_only=True)])


def sent(**body: Any) -> Any:
    """Decorate a request with an example."""
    return extend_schema_serializer(examples=[OpenApiExample("Request", body, request_only=True)])


class ReturnMessageSerializer(Body):
    """What App Connect shows its user."""

    message = serializers.CharField()
    message_type = serializers.ChoiceField(choices=["success", "warning", "error"])
    ttl = serializers.IntegerField(help_text="Milliseconds.")


class AnswerSerializer(Body):
    return_message = ReturnMessageSerializer(required=False)


# Contacts


@sent(phoneNumber="+14156201234", overridingFormat="(***) ***-****,###.###.####", isExtension=False)
class FindContactSerializer(LenientBody):
    phone_number = TextField(help_text="E.164; a leading blank stands for the plus sign.")
    overriding_format = TextField(
        help_text="Up to three spellings with commas between them; `#` and `*` stand for a national digit."
    )
    is_extension = FlagField(help_text="The number is an internal extension, which is nobody's outside.")
    omit_new_contact_option = FlagField(help_text="Leaves out the row that offers to make a contact.")


@sent(name="lovelace ada")
class FindContactWithNameSerializer(LenientBody):
    name = TextField()


class ContactRowSerializer(Body):
    id = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField(required=False, help_text="Contact, Lead or Customer.")
    phone = serializers.CharField(required=False, help_text="The number that matched, as stored.")
    title = serializers.CharField(required=False)
    company = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    created_date = serializers.DateTimeField(required=False)
    most_recent_activity_date = serializers.DateTimeField(required=False)
    is_new_contact = serializers.BooleanField(required=False)
    additional_info = serializers.DictField()

    @staticmethod
    def row(caller: Caller) -> dict[str, Any]:
        return {
            "id": str(caller.id),
            "name": caller.name or caller.phone,
            "type": caller.kind,
            "phone": caller.phone or "",
            "title": caller.title,
            "company": caller.company or "",
            "email": caller.email or "",
            "createdDate": caller.created_at,
            "mostRecentActivityDate": caller.last_activity or caller.created_at,
            "additionalInfo": {},
        }


@told(successful=True, matchedContactInfo=[CALLER, NEW_CONTACT])
class MatchesSerializer(AnswerSerializer):
    successful = serializers.BooleanField()
    matched_contact_info = ContactRowSerializer(many=True)


@sent(phoneNumber="+14156201234", newContactName="Ada Lovelace", newContactType="Contact", additionalSubmission={})
class CreateContactSerializer(LenientBody):
    phone_number = TextField()
    new_contact_name = TextField(help_text="The number when blank; cut to 255 characters.")
    new_contact_type = TextField(help_text="Contact, Lead or Customer; Contact when it is none of them.")
    additional_submission = ObjectField(help_text="Values of custom fields, by their keys; others are ignored.")


class NewContactSerializer(Body):
    id = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()


@told(
    contactInfo={"id": KEY, "name": "Ada Lovelace", "type": "Contact"},
    returnMessage=message("Contact created.", ttl=2000),
)
class CreatedSerializer(AnswerSerializer):
    contact_info = NewContactSerializer(allow_null=True, help_text="Null when it cannot be made; the message says why.")


# Logs


class ContactInfoSerializer(Part):
    id = TextField()
    type = TextField(help_text="Any kind when it is blank or unknown.")
    name = TextField()


class PartySerializer(Part):
    phone_number = TextField()
    extension_number = TextField()
    name = TextField()


class RecordingSerializer(Part):
    link = TextField()


class CallSerializer(Part):
    id = TextField()
    session_id = TextField()
    telephony_session_id = TextField()
    direction = TextField(help_text="Inbound or Outbound.")
    from_ = PartySerializer()
    to = PartySerializer()
    start_time = InstantField(source="started_at", help_text="Milliseconds since 1970, or ISO 8601.")
    duration = SecondsField(help_text="Seconds, or the text pending.")
    result = TextField()
    recording = RecordingSerializer()
    custom_subject = TextField(source="subject")


class CallDetailsSerializer(LenientBody):
    """What is told of a call by its first log and by its changes."""

    note = TextField(help_text="What the user typed.")
    composed_log_details = TextField(source="body", help_text="The whole body, kept as it is; blank leaves it alone.")
    additional_submission = ObjectField(source="submitted", help_text="Values of the client's fields, by their names.")
    ai_note = TextField()
    transcript = TextField()
    voicemail_link = TextField()


@sent(
    contactInfo=CONTACT_INFO,
    callLog={
        "id": "6021",
        "sessionId": "9876543210",
        "telephonySessionId": "s-a1b2c3",
        "direction": "Outbound",
        "from": {"phoneNumber": "+12025550143"},
        "to": {"phoneNumber": "+14156201234", "name": "Ada Lovelace"},
        "startTime": 1767323045000,
        "duration": 61,
        "result": "Call connected",
    },
    note="Wants the offer by Friday",
    composedLogDetails=BODY,
    additionalSubmission={"outcome": "Qualified"},
)
class CreateCallLogSerializer(CallDetailsSerializer):
    contact_info = ContactInfoSerializer()
    call_log = CallSerializer()


@told(logId=KEY, returnMessage=message("Call logged."))
class LoggedSerializer(AnswerSerializer):
    log_id = serializers.CharField()


@sent(callLogId=KEY)
class GetCallLogSerializer(LenientBody):
    call_log_id = TextField()


class CallLogInfoSerializer(Body):
    subject = serializers.CharField()
    note = serializers.CharField(help_text="The note alone, without what was composed around it.")
    full_body = serializers.CharField(help_text="The body as it is now, with what was changed in the CRM.")
    full_log_response = serializers.DictField()
    contact_name = serializers.CharField()
    dispositions = serializers.DictField()


@told(
    callLogInfo={
        "subject": "Outbound Call to Ada Lovelace",
        "note": "Wants the offer by Friday",
        "fullBody": BODY,
        "fullLogResponse": {"id": KEY},
        "contactName": "Ada Lovelace",
        "dispositions": {"outcome": "Qualified"},
    }
)
class CallLogSerializer(AnswerSerializer):
    call_log_info = CallLogInfoSerializer()


class ExistingLogSerializer(Part):
    third_party_log_id = TextField(help_text="The `logId` that was answered when the log was made.")


@sent(
    existingCallLog={"thirdPartyLogId": KEY},
    recordingLink="https://recordings.example.com/1",
    composedLogDetails=f"{BODY}- Call recording link: https://recordings.example.com/1\n",
)
class UpdateCallLogSerializer(CallDetailsSerializer):
    existing_call_log = ExistingLogSerializer()
    subject = TextField()
    start_time = InstantField(source="started_at")
    duration = SecondsField()
    result = TextField()
    recording_link = TextField()


@told(updatedNote="Wants the offer by Friday", returnMessage=message("Call log updated."))
class UpdatedSerializer(AnswerSerializer):
    updated_note = serializers.CharField(required=False)


@sent(existingCallLog={"thirdPartyLogId": KEY}, dispositions={"outcome": "Qualified"})
class DispositionSerializer(LenientBody):
    existing_call_log = ExistingLogSerializer()
    dispositions = ObjectField(help_text="Merged into what was chosen before; null takes a choice back.")


class AttachmentSerializer(Part):
    link = TextField()


class MessageSerializer(Part):
    id = TextField()
    type = TextField(help_text="SMS, VoiceMail or Fax.")
    direction = TextField()
    from_ = PartySerializer()
    creation_time = InstantField(source="created_at")
    subject = TextField(source="text", help_text="The text.")
    attachments = PartsField(child=AttachmentSerializer())


class SharedSerializer(Part):
    subject = TextField()
    body = TextField()


MESSAGE = {
    "id": "5501",
    "type": "SMS",
    "direction": "Inbound",
    "from": {"phoneNumber": "+14156201234", "name": "Ada Lovelace"},
    "creationTime": "2026-01-02T03:04:05Z",
    "subject": "Can you call me back?",
}


class MessageDetailsSerializer(LenientBody):
    message = MessageSerializer()
    shared_sms_log_content = SharedSerializer(source="shared", help_text="A whole shared conversation.")
    image_link = TextField()
    video_link = TextField()

    LINKS = ("recording_link", "fax_doc_link", "image_link", "video_link")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "sharedSmsLogContent" in fields:
            fields["sharedSMSLogContent"] = fields.pop("sharedSmsLogContent")
        return fields

    def said(self) -> dict[str, Any]:
        """What is said of the message, with all links in one list."""
        data = self.validated_data
        return {
            "message": data.get("message"),
            "shared": data.get("shared"),
            "links": [data[name] for name in self.LINKS if name in data],
        }


@sent(contactInfo=CONTACT_INFO, message=MESSAGE)
class CreateMessageLogSerializer(MessageDetailsSerializer):
    contact_info = ContactInfoSerializer()
    recording_link = TextField()
    fax_doc_link = TextField()
    correspondents = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="The others in a conversation of several, as rows of contacts or lists of them.",
    )


@sent(existingMessageLog={"thirdPartyLogId": KEY}, contactInfo=CONTACT_INFO, message=MESSAGE | {"id": "5502"})
class UpdateMessageLogSerializer(MessageDetailsSerializer):
    existing_message_log = ExistingLogSerializer()


@told(returnMessage=message("Message added."))
class MessageUpdatedSerializer(AnswerSerializer):
    pass


# The user's session


@sent(hostname="crm.example.com", platform="customerconnect", additionalInfo={})
class AboutUserSerializer(LenientBody):
    """Nothing that is sent says who the user is: that is the key's to say."""

    hostname = TextField()
    platform = TextField()


class PlatformUserSerializer(Body):
    id = serializers.CharField(help_text="Unique among all users of all systems that App Connect knows.")
    name = serializers.CharField()
    timezone_name = serializers.CharField()
    timezone_offset = serializers.CharField(help_text="Such as +01:00.")
    platform_additional_info = serializers.DictField()


@told(
    successful=True,
    platformUserInfo={
        "id": f"{KEY.replace('-', '')}.{KEY.replace('-', '')}-customerconnect",
        "name": "Grace Hopper",
        "timezoneName": "America/New_York",
        "timezoneOffset": "-05:00",
        "platformAdditionalInfo": {},
    },
    returnMessage=message("Connected to CustomerConnect.", ttl=1000),
)
class UserInfoSerializer(AnswerSerializer):
    successful = serializers.BooleanField()
    platform_user_info = PlatformUserSerializer()


@told(returnMessage=message("Disconnected from CustomerConnect.", ttl=1000))
class UnauthorizedSerializer(AnswerSerializer):
    pass


@example(None, id=KEY, name="Grace Hopper", email="grace@example.com")
class ListedUserSerializer(Body):
    id = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()


@told(isLicenseValid=True, licenseStatus="Active", licenseStatusDescription="")
class LicenseSerializer(Body):
    is_license_valid = serializers.BooleanField()
    license_status = serializers.CharField()
    license_status_description = serializers.CharField()


@told(successful=True)
class RefreshedSerializer(AnswerSerializer):
    successful = serializers.BooleanField()


@told(successful=True, status=200)
class ValidatedSerializer(AnswerSerializer):
    successful = serializers.BooleanField()
    status = serializers.IntegerField()
