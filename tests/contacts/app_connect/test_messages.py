"""A conversation of one day is one log, to which each later message is added."""

import pytest

from contacts.models import Interaction
from tests.factories import ContactFactory, LeadFactory

pytestmark = pytest.mark.django_db
FIRST = {
    "id": 5501,
    "type": "SMS",
    "direction": "Inbound",
    "from": {"phoneNumber": "+14156201234", "name": "Ada Lovelace"},
    "to": [{"phoneNumber": "+12025550143"}],
    "creationTime": "2026-01-02T03:04:05Z",
    "subject": " Can you <b>call</b> me?\nSoon ",
}
ENTRY = "[2026-01-02 03:04:05] Ada Lovelace (+14156201234):\n Can you <b>call</b> me?\nSoon "


def log(call, client, record, kind="Contact", status=200, **members):
    info = {"id": str(record.pk), "type": kind, "name": "Ada Lovelace"}
    return call(client, "createMessageLog", {"contactInfo": info, "message": FIRST} | members, status).get("logId")


def add(call, client, key, status=200, **members):
    return call(client, "updateMessageLog", {"existingMessageLog": {"thirdPartyLogId": key}, **members}, status)


def test_the_first_message_makes_a_log(sales, call):
    contact = ContactFactory(assigned_to=sales.user)
    key = log(call, sales, contact)
    row = Interaction.objects.get()
    assert (str(row.pk), row.contact, row.type, row.direction) == (key, contact, "message", "inbound")
    assert (row.subject, row.body) == ("SMS conversation with Ada Lovelace", ENTRY)
    assert row.started_at.isoformat() == "2026-01-02T03:04:05+00:00"
    history = sales.get(f"/contacts/{contact.pk}/history").json()["results"]
    assert any(entry["type"] == "message" and entry["data"]["body"] == ENTRY for entry in history)


def test_times_are_the_users(sales, call):
    sales.user.time_zone = "America/New_York"
    sales.user.save()
    log(call, sales, ContactFactory(assigned_to=sales.user))
    assert Interaction.objects.get().body.startswith("[2026-01-01 22:04:05] ")


def test_later_messages_are_added_once(sales, call):
    key = log(call, sales, ContactFactory(assigned_to=sales.user))
    second = FIRST | {
        "id": "5502",
        "direction": "Outbound",
        "from": {"phoneNumber": "+12025550143"},
        "creationTime": "2026-01-02T03:05:00Z",
        "subject": "Yes",
        "attachments": [
            {"id": 1, "uri": "https://x.example/?access_token=1", "link": "https://media.example.com/a"},
            7,
        ],
    }
    for _ in range(2):
        answer = add(
            call, sales, key, message=second, imageLink="https://media.example.com/i", imageDownloadLink="https://x"
        )
        assert answer["returnMessage"]["messageType"] == "success"
    added = "[2026-01-02 03:05:00] +12025550143:\nYes\nhttps://media.example.com/i\nhttps://media.example.com/a"
    assert Interaction.objects.get().body == f"{ENTRY}\n\n{added}"
    add(call, sales, key, message=FIRST)
    assert Interaction.objects.get().body == f"{ENTRY}\n\n{added}"


def test_the_first_message_sent_again_is_the_same_log_for_each_of_a_group(sales, call):
    ada, bob = (ContactFactory(assigned_to=sales.user) for _ in range(2))
    assert log(call, sales, ada) == log(call, sales, ada)
    others = [[{"name": "Bob", "id": "1"}], {"name": "Cy"}, {"name": 7}, None, "x"]
    assert log(call, sales, bob, correspondents=others) != log(call, sales, ada)
    subjects = set(Interaction.objects.values_list("subject", flat=True))
    assert subjects == {"SMS conversation with Ada Lovelace", "SMS conversation with Ada Lovelace, Bob, Cy"}


@pytest.mark.parametrize(
    ("kind", "links", "subject", "recording"),
    [
        ("VoiceMail", {"recordingLink": "https://media.example.com/v"}, "Voicemail from Ada Lovelace", True),
        ("Fax", {"faxDocLink": "https://media.example.com/v"}, "Fax from Ada Lovelace", False),
    ],
)
def test_voicemail_and_fax_keep_their_links(sales, call, kind, links, subject, recording):
    secret = {"faxDownloadLink": "https://x.example/?access_token=secret"}
    log(call, sales, ContactFactory(assigned_to=sales.user), message=FIRST | {"type": kind}, **links, **secret)
    row = Interaction.objects.get()
    assert row.subject == subject
    assert row.body == f"{ENTRY}\nhttps://media.example.com/v"
    assert row.recording_url == ("https://media.example.com/v" if recording else "")


def test_a_shared_conversation_is_replaced_as_a_whole(sales, call):
    contact = ContactFactory(assigned_to=sales.user)
    key = log(call, sales, contact, message=None, sharedSMSLogContent={"subject": "Shared", "body": " One\n"})
    assert Interaction.objects.values_list("subject", "body").get() == ("Shared", " One\n")
    add(call, sales, key, sharedSMSLogContent={"subject": "Shared 2", "body": " One\nTwo "})
    assert Interaction.objects.values_list("subject", "body").get() == ("Shared 2", " One\nTwo ")


def test_nothing_to_log_is_422(sales, call):
    contact = ContactFactory(assigned_to=sales.user)
    log(call, sales, contact, status=422, message=None)
    key = log(call, sales, contact)
    add(call, sales, key, status=422)


def test_a_message_of_a_lead_is_its_last_contact(sales, call):
    lead = LeadFactory(assigned_to=sales.user)
    log(call, sales, lead, "Lead")
    lead.refresh_from_db()
    assert lead.last_contact.isoformat() == "2026-01-02T03:04:05+00:00"
    assert Interaction.objects.get().contact == lead.contact
