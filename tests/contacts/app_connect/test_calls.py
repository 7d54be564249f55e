"""Calls are logged on the contact behind the record, read back and changed."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Interaction
from contacts.services import merge_contacts
from crm_project.access import services as access
from tests.at_once import at_once
from tests.factories import ApiKeyFactory, ContactFactory, CustomerFactory, InteractionFactory, LeadFactory, UserFactory

pytestmark = pytest.mark.django_db
BODY = "- Note: Wants the offer\r\n- Date/Time: 2026-01-02 03:04:05 AM \n- Result: Call <b>connected</b>\n\n "
CALL = {
    "id": "6021",
    "sessionId": "9876543210",
    "telephonySessionId": "s-a1b2c3",
    "direction": "Outbound",
    "from": {"phoneNumber": "+12025550143", "name": "Grace"},
    "to": {"phoneNumber": "+14156201234", "name": "Ada"},
    "startTime": 1767323045000,
    "duration": 61,
    "result": "Call connected",
    "recording": {"link": "https://media.example.com/1", "downloadUrl": "https://media.example.com/1?access_token=x"},
    "legs": [{"a": 1}],
}
AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def info(record, kind="Contact", **more):
    return {"id": str(record.pk), "phoneNumber": "+14156201234", "type": kind, "name": "Ada Lovelace"} | more


@pytest.fixture
def log(call):
    """``log(client, record, kind, callLog members…)``: the id of the log."""

    def make(client, record, kind="Contact", note="Wants the offer", body=BODY, **members):
        sent = {"contactInfo": info(record, kind), "callLog": CALL | members, "note": note, "composedLogDetails": body}
        return call(client, "createCallLog", sent)["logId"]

    return make


@pytest.fixture
def read(call):
    return lambda client, key: call(client, "getCallLog", {"callLogId": key, "contactId": "x"})["callLogInfo"]


@pytest.fixture
def update(call):
    def change(client, key, status=200, **members):
        return call(client, "updateCallLog", {"existingCallLog": {"thirdPartyLogId": key}, **members}, status)

    return change


def test_a_call_is_an_interaction_with_all_that_is_told(sales, log, read):
    contact = ContactFactory(name="Ada Lovelace", assigned_to=sales.user)
    key = log(sales, contact)
    row = Interaction.objects.get()
    assert str(row.pk) == key
    assert (row.contact, row.type, row.direction, row.origin) == (contact, "call", "outbound", "app_connect")
    assert (row.subject, row.body, row.note) == ("Outbound Call to Ada Lovelace", BODY, "Wants the offer")
    assert (row.started_at, row.duration_s, row.outcome, row.created_by) == (AT, 61, "Call connected", sales.user)
    assert (row.recording_url, row.external_id) == ("https://media.example.com/1", "s-a1b2c3")
    assert row.details == {
        "record": {"type": "Contact", "id": str(contact.pk)},
        "from_number": "+12025550143",
        "to_number": "+14156201234",
        "id": "6021",
        "session_id": "9876543210",
        "telephony_session_id": "s-a1b2c3",
        "result": "Call connected",
    }
    told = sales.get(f"/contacts/{contact.pk}/interactions/{key}").json()["details"]
    assert told == {name: value for name, value in row.details.items() if name != "record"}
    assert read(sales, key) == {
        "subject": "Outbound Call to Ada Lovelace",
        "note": "Wants the offer",
        "fullBody": BODY,
        "fullLogResponse": {"id": key},
        "contactName": "Ada Lovelace",
        "dispositions": {},
    }
    (entry,) = (
        each for each in sales.get(f"/contacts/{contact.pk}/history").json()["results"] if each["kind"] == "interaction"
    )
    assert (entry["door"], entry["type"], entry["data"]["body"]) == ("app_connect", "call", BODY)


@pytest.mark.parametrize(
    ("members", "subject", "direction"),
    [
        ({"direction": "Inbound"}, "Inbound Call from Ada Lovelace", "inbound"),
        ({"direction": "Sideways"}, "Call with Ada Lovelace", ""),
        ({"customSubject": "About the offer"}, "About the offer", "outbound"),
        ({"customSubject": "x" * 9_000}, "x" * 500, "outbound"),
    ],
)
def test_the_subject_is_the_users_or_made(sales, log, members, subject, direction):
    log(sales, ContactFactory(assigned_to=sales.user), **members)
    assert Interaction.objects.values_list("subject", "direction").get() == (subject, direction)


@pytest.mark.parametrize("start", [1767323045000, "1767323045000", "2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00"])
def test_the_start_may_be_told_in_several_ways(sales, log, start):
    log(sales, ContactFactory(assigned_to=sales.user), startTime=start)
    assert Interaction.objects.get().started_at == AT


NONSENSE = ["pending", None, [], True, 1e300, -1e300, "9" * 300, "0001-01-01T00:00:00+14:00", ""]


@pytest.mark.parametrize("value", NONSENSE)
def test_what_makes_no_sense_is_as_if_it_were_not_told(sales, log, value):
    log(sales, ContactFactory(assigned_to=sales.user), startTime=value, duration=value, result="pending")
    row = Interaction.objects.get()
    assert (row.duration_s, row.outcome) == (None, "")
    assert timezone.now() - row.started_at < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "x", f"https://x.example/{'y' * 3000}", "https://x.example/?access_token=1", 7]
)
def test_links_that_no_page_may_show_are_not_kept(sales, log, link):
    log(sales, ContactFactory(assigned_to=sales.user), recording={"link": link})
    assert Interaction.objects.get().recording_url == ""


@pytest.mark.parametrize("kind", ["Lead", "Customer"])
def test_a_call_with_a_lead_or_customer_is_on_the_contact_behind(sales, log, read, kind):
    factory = {"Lead": LeadFactory, "Customer": CustomerFactory}[kind]
    record = factory(name="Ada", assigned_to=sales.user)
    record.contact.assigned_to = UserFactory()
    record.contact.save()
    assert sales.get(f"/contacts/{record.contact_id}").status_code == 403
    key = log(sales, record, kind)
    assert Interaction.objects.get().contact == record.contact
    assert read(sales, key)["contactName"] == "Ada"


@pytest.mark.parametrize("started", ["2026-01-02T03:04:05Z", "2999-01-01T00:00:00Z"])
def test_a_call_is_the_leads_last_contact(sales, log, started):
    lead = LeadFactory(assigned_to=sales.user)
    log(sales, lead, "Lead", startTime=started)
    lead.refresh_from_db()
    assert lead.last_contact == AT or started.startswith("2999")
    assert lead.last_contact <= timezone.now()
    before = lead.last_contact
    log(sales, lead, "Lead", startTime="2020-01-01T00:00:00Z", telephonySessionId="s-2")
    lead.refresh_from_db()
    assert lead.last_contact == before


@pytest.mark.parametrize("kind", ["", None, "Person"])
def test_without_a_kind_the_id_tells(sales, log, kind):
    lead = LeadFactory(assigned_to=sales.user)
    log(sales, lead, kind)
    assert Interaction.objects.get().contact == lead.contact


def test_a_call_is_logged_once(sales, log, call):
    contact = ContactFactory(assigned_to=sales.user)
    first = log(sales, contact)
    assert log(sales, contact, note="again") == first
    assert log(sales, ContactFactory(assigned_to=sales.user)) == first
    assert Interaction.objects.get().note == "Wants the offer"
    assert log(sales, contact, telephonySessionId=None) != first
    assert log(sales, contact, telephonySessionId="x" * 9_000) == log(sales, contact, telephonySessionId="x" * 9_000)
    for _ in range(2):
        call(sales, "createCallLog", {"contactInfo": info(contact), "callLog": {}})
    assert Interaction.objects.count() == 5


def test_the_same_call_of_another_user_is_another_log(api, log):
    contact = ContactFactory()
    users = [UserFactory(groups=["Manager"]) for _ in range(2)]
    assert len({log(api(user), contact) for user in users}) == 2


@pytest.mark.django_db(transaction=True)
def test_a_call_sent_several_times_at_once_is_logged_once(client):
    user = UserFactory(groups=["Manager"])
    contact, secret = ContactFactory(), ApiKeyFactory(user=user).secret
    body = {"contactInfo": info(contact), "callLog": CALL}

    def send():
        return client.post(
            "/api/app-connect/createCallLog", body, "application/json", headers={"Authorization": f"Bearer {secret}"}
        )

    answers = at_once([send] * 5)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["logId"] for answer in answers}) == 1
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize(
    "id", ["", "7", None, [], "createNewContact", "x" * 9_000, "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"]
)
@pytest.mark.parametrize("interface", ["createCallLog", "createMessageLog"])
def test_nobody_of_that_id_is_422(sales, call, id, interface):
    body = {"contactInfo": {"id": id, "type": "Contact"}, "callLog": CALL, "message": {"id": 1}}
    assert call(sales, interface, body, status=422)["code"] == "unknown_contact"
    call(sales, interface, {}, status=422)
    assert not Interaction.objects.exists()


def test_somebody_who_may_not_be_seen_is_nobody(sales, call):
    lead, trashed = LeadFactory(assigned_to=UserFactory()), ContactFactory(assigned_to=sales.user)
    sales.delete(f"/contacts/{trashed.pk}")
    own = LeadFactory(assigned_to=sales.user)
    for contact_info in (info(lead, "Lead"), info(lead.contact), info(trashed), info(own, "Contact")):
        call(sales, "createCallLog", {"contactInfo": contact_info, "callLog": CALL}, status=422)
    assert not Interaction.objects.exists()


def test_who_may_only_see_logs_nothing(sales, call):
    contact = ContactFactory()
    access.set_shares(record=contact, shares=[access.Share(user=sales.user, verbs=["view"])])
    call(sales, "createCallLog", {"contactInfo": info(contact), "callLog": CALL}, status=403)
    assert not Interaction.objects.exists()


def test_support_logs_calls_with_everybody(support, log, update):
    key = log(support, ContactFactory())
    update(support, key, note="more")
    assert Interaction.objects.get().note == "more"


def test_a_contact_that_was_merged_stands_for_its_survivor(manager, log, read):
    kept, merged = ContactFactory(name="Kept"), ContactFactory(name="Merged")
    early = log(manager, merged)
    merge_contacts(survivor_id=kept.pk, merged_ids=[merged.pk], actor=manager.user)
    late = log(manager, merged, telephonySessionId="s-2")
    assert [row.contact for row in Interaction.objects.all()] == [kept, kept]
    assert read(manager, early)["contactName"] == read(manager, late)["contactName"] == "Kept"


# Reading and changing


GONE = ["", None, "7", [], "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f", "x" * 9_000]


@pytest.mark.parametrize("key", GONE)
def test_a_log_that_is_not_there_is_410(sales, call, key):
    existing = {"thirdPartyLogId": key}
    call(sales, "getCallLog", {"callLogId": key}, status=410)
    call(sales, "updateCallLog", {"existingCallLog": existing}, status=410)
    call(sales, "updateCallLog", {"existingCallLog": key}, status=410)
    call(sales, "upsertCallDisposition", {"existingCallLog": existing, "dispositions": {"a": 1}}, status=410)
    call(sales, "updateMessageLog", {"existingMessageLog": existing, "message": {"id": 1}}, status=410)


def test_logs_of_what_is_gone_or_foreign_are_410(api, sales, log, call, update):
    contact, lead = ContactFactory(assigned_to=sales.user), LeadFactory(assigned_to=sales.user)
    on_contact, on_lead = log(sales, contact), log(sales, lead, "Lead", telephonySessionId="s-2")
    other = api(UserFactory(groups=["Sales"]))
    for key in (on_contact, on_lead):
        call(other, "getCallLog", {"callLogId": key}, status=410)
        update(other, key, status=410, note="mine")
    lead.contact.assigned_to = UserFactory()
    lead.contact.save()
    for key, path in ((on_contact, f"/contacts/{contact.pk}"), (on_lead, f"/dev/crm/leads/{lead.pk}")):
        call(sales, "getCallLog", {"callLogId": key})
        assert sales.delete(path).status_code == 200
        call(sales, "getCallLog", {"callLogId": key}, status=410)
        update(sales, key, status=410, note="mine")
    message = InteractionFactory(type="message", contact=ContactFactory(assigned_to=sales.user))
    call(sales, "getCallLog", {"callLogId": str(message.pk)}, status=410)
    assert not Interaction.objects.filter(note="mine").exists()


def test_who_may_only_see_changes_no_log(api, sales, log, update, call):
    contact = ContactFactory(assigned_to=sales.user)
    key = log(sales, contact)
    other = api(UserFactory(groups=["Sales"]))
    access.set_shares(record=contact, shares=[access.Share(user=other.user, verbs=["view"])])
    call(other, "getCallLog", {"callLogId": key})
    update(other, key, status=403, note="mine")
    assert Interaction.objects.get().note == "Wants the offer"


def test_an_update_changes_only_what_is_told(sales, log, read, update):
    key = log(sales, ContactFactory(name="Ada", assigned_to=sales.user))
    before = read(sales, key)
    answer = update(sales, key, note=None, subject=None, legs=[], composedLogDetails="", duration=None)
    assert answer["updatedNote"] == "Wants the offer"
    assert read(sales, key) == before
    recorded = f"{BODY}- Call recording link: https://media.example.com/2\n"
    update(
        sales,
        key,
        recordingLink="https://media.example.com/2",
        recordingDownloadLink="https://media.example.com/2?access_token=secret",
        composedLogDetails=recorded,
    )
    row = Interaction.objects.get()
    assert (row.recording_url, row.body, row.note) == ("https://media.example.com/2", recorded, "Wants the offer")
    assert (row.duration_s, row.outcome, row.started_at) == (61, "Call connected", AT)
    assert "secret" not in str(vars(row))
    update(
        sales,
        key,
        note="",
        subject="",
        recordingLink="",
        aiNote="Short",
        transcript="Long",
        duration=70,
        result="Missed",
    )
    row.refresh_from_db()
    assert (row.note, row.subject, row.recording_url, row.body) == ("", "", "", recorded)
    assert (row.duration_s, row.outcome, row.details["ai_note"], row.details["transcript"]) == (
        70,
        "Missed",
        "Short",
        "Long",
    )
    update(sales, key, aiNote="", startTime=0)
    row.refresh_from_db()
    assert "ai_note" not in row.details
    assert row.started_at == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def test_final_data_follow_what_was_pending(sales, log, update):
    key = log(sales, ContactFactory(assigned_to=sales.user), duration="pending", result="pending")
    update(sales, key, duration=12, result="Call connected")
    assert Interaction.objects.values_list("duration_s", "outcome").get() == (12, "Call connected")


def test_what_was_changed_in_the_crm_is_read(sales, log, read):
    contact = ContactFactory(assigned_to=sales.user)
    key = log(sales, contact)
    assert (
        sales.patch(f"/contacts/{contact.pk}/interactions/{key}", {"body": "Changed", "note": "By hand"}).status_code
        == 200
    )
    assert (read(sales, key)["fullBody"], read(sales, key)["note"]) == ("Changed", "By hand")


def test_dispositions_are_merged_and_come_back(sales, log, read, call, update):
    contact = ContactFactory(assigned_to=sales.user)
    key = log(sales, contact)

    def choose(**dispositions):
        body = {"existingCallLog": {"thirdPartyLogId": key}, "dispositions": dispositions}
        assert call(sales, "upsertCallDisposition", body)["logId"] == key

    choose(outcome="Qualified", product="77")
    assert read(sales, key)["dispositions"] == {"outcome": "Qualified", "product": "77"}
    assert Interaction.objects.get().outcome == "Qualified"
    choose(outcome="Lost", note="Too dear")
    choose(product=None)
    assert read(sales, key)["dispositions"] == {"outcome": "Lost", "note": "Too dear"}
    assert read(sales, key)["note"] == "Too dear"
    update(sales, key, result="Call connected", additionalSubmission={"other": {"deep": [1]}})
    assert read(sales, key)["dispositions"] == {"outcome": "Lost", "note": "Too dear", "other": {"deep": [1]}}
    sales.patch(f"/contacts/{contact.pk}/interactions/{key}", {"outcome": "Won"})
    assert read(sales, key)["dispositions"]["outcome"] == "Won"
