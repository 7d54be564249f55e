"""A user of App Connect at work: the real server, by the routes that its client uses, our connector, our CRM."""

import json

import pytest
from django.urls import resolve

from contacts.app_connect import sources
from contacts.app_connect.views import PLATFORM
from contacts.models import Contact, Interaction
from leads.models import Lead
from tests.factories import ContactFactory

from .conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14156201234"
CALL = {
    "id": "6021",
    "sessionId": "9876543210",
    "telephonySessionId": "s-a1b2c3",
    "direction": "Inbound",
    "from": {"phoneNumber": NUMBER, "name": "Ada"},
    "to": {"phoneNumber": "+12025550143"},
    "startTime": 1767323045000,
    "duration": 61,
    "result": "Call connected",
}
MANIFEST = json.loads((ROOT / "integrations/app-connect/manifest.json").read_text())


def message(key, text, at):
    return {
        "id": key,
        "type": "SMS",
        "direction": "Inbound",
        "from": {"phoneNumber": NUMBER, "name": "Ada"},
        "to": [{"phoneNumber": "+12025550143"}],
        "creationTime": at,
        "subject": text,
        "attachments": [],
    }


def test_a_working_day(server, secret):
    assert server.send("GET", "/isAlive")[0] == 200
    status, manifest = server.send("GET", "/crmManifest")
    assert (status, manifest["platforms"].keys()) == (200, {PLATFORM})
    implemented = server.send("GET", "/implementedInterfaces", platform=PLATFORM)[1]
    appointments = {name for name, there in implemented.items() if not there}
    assert all("Appointment" in name or name == "cacheCallNote" for name in appointments)

    # Log in.
    status, answer = server.log_in("crm_wrong")
    assert (status, answer["returnMessage"]["message"]) == (400, "CustomerConnect did not accept this API key.")
    status, answer = server.log_in(secret)
    assert (status, answer["name"]) == (200, "Grace Hopper")
    assert answer["returnMessage"]["message"] == "Connected to CustomerConnect."
    server.token = answer["jwtToken"]
    assert server.send("GET", "/authValidation")[1]["successful"] is True
    assert server.send("GET", "/licenseStatus")[1]["isLicenseValid"] is True
    assert server.send("GET", "/hostname") == (200, "crm.example.com")

    # A number calls that nobody knows, and becomes a lead.
    look_up = {"overridingFormat": "(***) ***-****", "isExtension": "false"}
    status, answer = server.send("GET", "/contact", phoneNumber=NUMBER, **look_up)
    assert [row["id"] for row in answer["contact"]] == ["createNewContact"]
    body = {
        "phoneNumber": NUMBER,
        "newContactName": "Ada Lovelace",
        "newContactType": "Lead",
        "additionalSubmission": {},
    }
    status, answer = server.send("POST", "/contact", body)
    lead = Lead.objects.get()
    assert answer["contact"] == {"id": str(lead.pk), "name": "Ada Lovelace", "type": "Lead"}
    for number in (NUMBER, " 14156201234"):
        answer = server.send("GET", "/contact", phoneNumber=number, **look_up)[1]
        kinds = [(row.get("type"), row["name"]) for row in answer["contact"] if not row.get("isNewContact")]
        assert (answer["successful"], kinds) == (True, [("Lead", "Ada Lovelace"), ("Contact", "Ada Lovelace")])
    answer = server.send("GET", "/custom/contact/search", name="lovelace ada")[1]
    assert {row["type"] for row in answer["contact"]} == {"Lead", "Contact"}
    answer = server.send("GET", "/custom/contact/search", name="nobody")[1]
    assert (answer["successful"], answer["contact"]) == (True, [])

    # The call is logged, read and changed.
    logged = {"contactId": str(lead.pk), "contactType": "Lead", "contactName": "Ada Lovelace", "extensionNumber": ""}
    body = {"logInfo": CALL, "note": "Wants the offer", "additionalSubmission": {"outcome": "Call back"}, **logged}
    status, answer = server.send("POST", "/callLog", body)
    log = Interaction.objects.get()
    assert (answer["successful"], answer["logId"]) == (True, str(log.pk))
    assert server.send("POST", "/callLog", body)[1]["successful"] is False
    assert (log.contact, log.note, log.outcome, log.duration_s) == (lead.contact, "Wants the offer", "Call back", 61)
    assert "- Note: Wants the offer" in log.body
    assert "2026-01-01 10:04:05 PM" in log.body  # In the user's time zone.
    lead.refresh_from_db()
    assert lead.last_contact == log.started_at
    answer = server.send("GET", "/callLog", sessionIds="9876543210,1", requireDetails="true")[1]
    (first, second) = answer["logs"]
    assert (first["matched"], second["matched"]) == (True, False)
    assert first["logData"]["note"] == "Wants the offer"
    assert first["logData"]["fullBody"] == log.body
    assert first["logData"]["dispositions"] == {"outcome": "Call back"}
    body = {"sessionId": "9876543210", "recordingLink": "https://media.example.com/1"}
    answer = server.send("PATCH", "/callLog", body)[1]
    assert (answer["successful"], answer["logId"]) == (True, str(log.pk))
    log.refresh_from_db()
    assert (log.recording_url, log.note) == ("https://media.example.com/1", "Wants the offer")
    assert "https://media.example.com/1" in log.body
    assert "- Note: Wants the offer" in log.body
    answer = server.send("PATCH", "/callLog", {"sessionId": "9876543210", "note": "Wants it soon", "subject": "Offer"})[
        1
    ]
    assert (answer["successful"], answer["updatedNote"]) == (True, "Wants it soon")
    body = {"sessionId": "9876543210", "dispositions": {"outcome": "Interested"}}
    assert server.send("PUT", "/callDisposition", body)[1]["successful"] is True
    log.refresh_from_db()
    assert (log.subject, log.note, log.outcome) == ("Offer", "Wants it soon", "Interested")
    assert "- Note: Wants it soon" in log.body

    # Messages.
    conversation = {
        "correspondents": [{"phoneNumber": NUMBER}],
        "conversationId": "7",
        "conversationLogId": "7/2026-01-02",
    }
    newest_first = [message(5502, "Second", "2026-01-02T03:05:00Z"), message(5501, "First", "2026-01-02T03:04:00Z")]
    body = {"logInfo": {"messages": newest_first, **conversation}, **logged}
    assert server.send("POST", "/messageLog", body)[1]["logIds"] == ["5501", "5502"]
    newest_first.insert(0, message(5503, "Third", "2026-01-02T03:06:00Z"))
    assert server.send("POST", "/messageLog", body)[1]["logIds"] == ["5503"]
    text = Interaction.objects.get(type="message").body
    assert text.index("First") < text.index("Second") < text.index("Third")
    assert text.count("First") == 1

    # What is gone, and what is refused, is told.
    Interaction.objects.all().delete()
    answer = server.send("PATCH", "/callLog", {"sessionId": "9876543210", "note": "Too late"})[1]
    assert (answer["successful"], answer["returnMessage"]["message"]) == (False, "Error updating call log")
    body = {
        "logInfo": CALL | {"sessionId": "2", "telephonySessionId": "s-2"},
        "note": "",
        **logged | {"contactId": "x"},
    }
    answer = server.send("POST", "/callLog", body)[1]
    assert (answer["successful"], answer["returnMessage"]["message"]) == (False, "Error creating call log")

    # Log out.
    status, answer = server.send("POST", "/unAuthorize")
    assert (status, answer["message"]) == (200, "Disconnected from CustomerConnect.")
    assert server.send("GET", "/contact", phoneNumber=NUMBER, **look_up)[1]["successful"] is False
    assert server.log_in(secret)[0] == 200


def test_the_crm_is_away(environment, request):
    environment["CRM_URL"] = "http://127.0.0.1:1"
    status, answer = request.getfixturevalue("server").log_in("crm_any")
    assert (status, answer["returnMessage"]["message"]) == (
        400,
        "CustomerConnect cannot be reached; check its address.",
    )


def test_the_hosted_server_understands_our_configuration(proxy, secret):
    user = {"accessToken": secret, "id": "x-1", "hostname": "crm.example.com", "platformAdditionalInfo": {}}
    told = proxy("getUserInfo", apiKey=secret, hostname="crm.example.com", platform=PLATFORM)
    assert (told["successful"], told["platformUserInfo"]["name"]) == (True, "Grace Hopper")
    assert told["platformUserInfo"]["timezoneName"] == "America/New_York"
    assert proxy("getUserInfo", apiKey="crm_wrong", platform=PLATFORM) == {"failed": 401}

    made = proxy("createContact", user=user, phoneNumber=NUMBER, newContactName="Ada", newContactType="Contact")[
        "contactInfo"
    ]
    contact = Contact.objects.get()
    assert made == {"id": str(contact.pk), "name": "Ada", "type": "Contact"}
    found = proxy("findContact", user=user, phoneNumber=NUMBER, overridingFormat="", isExtension="false")
    assert [(row["id"], row["phone"]) for row in found["matchedContactInfo"]] == [(str(contact.pk), NUMBER)]
    found = proxy("findContactWithName", user=user, name="ada")
    assert [row["name"] for row in found["matchedContactInfo"]] == ["Ada"]

    info = {"id": made["id"], "type": "Contact", "name": "Ada", "phoneNumber": NUMBER}
    log = proxy("createCallLog", user=user, contactInfo=info, callLog=CALL, note="A note", composedLogDetails="Body")[
        "logId"
    ]
    existing = {"thirdPartyLogId": log}
    proxy(
        "updateCallLog", user=user, existingCallLog=existing, recordingLink="https://media.example.com/1", duration=62
    )
    proxy("upsertCallDisposition", user=user, existingCallLog=existing, dispositions={"outcome": "Interested"})
    read = proxy("getCallLog", user=user, callLogId=log)["callLogInfo"]
    assert (read["subject"], read["note"], read["fullBody"]) == ("Inbound Call from Ada", "A note", "Body")
    row = Interaction.objects.get(pk=log)
    assert (row.recording_url, row.duration_s, row.outcome) == ("https://media.example.com/1", 62, "Interested")
    assert row.started_at.isoformat() == "2026-01-02T03:04:05+00:00"

    text = proxy("createMessageLog", user=user, contactInfo=info, message=message(1, "First", "2026-01-02T03:04:00Z"))[
        "logId"
    ]
    second = message(2, "Second", "2026-01-02T03:05:00Z")
    proxy("updateMessageLog", user=user, contactInfo=info, existingMessageLog={"thirdPartyLogId": text}, message=second)
    assert Interaction.objects.get(pk=text).body.endswith("Second")
    assert [each["name"] for each in proxy("getUserList", user=user)] == ["Grace Hopper"]


def test_the_manifest_is_of_this_crm(client):
    platform = MANIFEST["platforms"][PLATFORM]
    assert platform["name"] == PLATFORM
    assert [kind["value"] for kind in platform["contactTypes"]] == [source.kind for source in sources.sources()]
    key = str(ContactFactory().pk)
    for address in (platform["contactPageUrl"], platform["logPageUrl"]):
        path = address.removeprefix("https://{hostname}").format(contactType="Contact", contactId=key, logId=key)
        assert resolve(path).url_name in {"app-connect-record", "app-connect-log"}
