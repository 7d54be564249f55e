"""Addresses, keys, bodies and limits; who the user is; the pages that the client opens."""

import base64
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from contacts.app_connect import sources, urls
from contacts.models import Contact, Interaction
from crm_project.access import services as access
from crm_project.api.models import Installation
from tests.factories import ContactFactory, CustomerFactory, InteractionFactory, LeadFactory, UserFactory

from .conftest import PREFIX

pytestmark = pytest.mark.django_db
INTERFACES = [
    pattern.pattern._route.rpartition("/")[2] for pattern in urls.urlpatterns if "admin" not in str(pattern.pattern)
]
REQUIRED = {
    "getUserInfo",
    "unAuthorize",
    "findContact",
    "findContactWithName",
    "createContact",
    "createCallLog",
    "getCallLog",
    "updateCallLog",
    "createMessageLog",
    "updateMessageLog",
    "upsertCallDisposition",
    "getUserList",
    "getLicenseStatus",
    "refreshUserInfo",
    "authValidation",
}
each_interface = pytest.mark.parametrize("interface", INTERFACES)


def with_header(value):
    client = Client(enforce_csrf_checks=True)
    return lambda interface, body="{}": client.post(
        f"{PREFIX}/{interface}", body, "application/json", headers={"Authorization": value} if value else {}
    )


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_all_interfaces_have_addresses():
    assert set(INTERFACES) == REQUIRED


def test_a_key_is_taken_in_both_forms(sales):
    for header in (f"Bearer {sales.key.secret}", f"bearer {sales.key.secret}", basic(f"{sales.key.secret}:")):
        response = with_header(header)("authValidation")
        assert (response.status_code, response.json()) == (200, {"successful": True, "status": 200})
        assert "sessionid" not in response.cookies


@each_interface
def test_without_a_good_key_the_body_is_not_looked_at(sales, interface, settings):
    settings.CRM_WRONG_KEY_RATE = "1000/60"
    key = sales.key.secret
    access.revoke_api_key(key=sales.key)
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !",
        f"Basic {key}",
        basic(f"{key}:password"),
        basic(":"),
        basic(key),
    ]
    wrong += [f"Bearer {key}", key, "Digest x", "Bearer " + "x" * 9_000, basic("\xff:"), "Bearer ключ"]
    for header in wrong:
        for body in ("{}", "not json", "[" * 100_000, "x" * 11_000_000 if header == "" else ""):
            response = with_header(header)(interface, body)
            assert response.status_code == 401, (header[:50], body[:50])
            assert response.json()["message"] == "Invalid or missing API key"


def test_a_session_of_the_admin_is_no_key(sales):
    client = Client()
    client.force_login(UserFactory(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"{PREFIX}/findContact", "{}", "application/json").status_code == 401


@each_interface
def test_only_post_is_answered_and_nothing_is_redirected(sales, interface):
    for method in ("get", "put", "patch", "delete"):
        assert getattr(sales, method)(f"{PREFIX}/{interface}").status_code == 405
    for path in (f"{PREFIX}/{interface}", f"{PREFIX}/{interface}/"):
        assert sales.post(path, {}).status_code in {200, 410, 422}


@pytest.mark.parametrize(
    "interface", ["findcontact", "FindContact", "createAppointment", "find_contact", "../contacts"]
)
def test_there_is_no_other_interface(sales, interface):
    response = sales.post(f"{PREFIX}/{interface}", {})
    assert (response.status_code, response.json()["message"]) == (404, "Resource not found")


@each_interface
def test_any_member_may_be_absent_and_what_is_no_object_is_400(sales, interface):
    def send(body):
        return sales.generic("POST", f"{PREFIX}/{interface}", body, content_type="application/json")

    for body in ("", " ", "{}", '{"user": {"id": "1"}, "unknown": [1]}'):
        assert send(body).status_code in {200, 410, 422}
    deep = '{"a":' * 60 + "1" + "}" * 60
    for body in ("x", "[]", "1", "null", '"x"', '{"a": NaN}', "{", b"\xff{}", "[" * 100_000, deep):
        response = send(body)
        assert (response.status_code, response.json()["code"]) == (400, "invalid"), body[:50]


MEMBERS = re.findall(
    r"\w+",
    """
    phoneNumber overridingFormat isExtension isForceRefreshAccountData omitNewContactOption name newContactName userId
    newContactType additionalSubmission contactInfo callLog note composedLogDetails aiNote transcript callLogId platform
    telephonySessionId existingCallLog subject startTime duration result recordingLink voicemailLink dispositions user
    existingMessageLog sharedSMSLogContent imageLink videoLink faxDocLink correspondents contactId hostname message
""",
)
INNER = re.findall(
    r"\w+",
    """
    id type name phoneNumber thirdPartyLogId direction from to startTime duration result recording link sessionId note
    customSubject telephonySessionId creationTime subject body attachments outcome
""",
)
OBJECTS = ["callLog", "message", "additionalSubmission", "dispositions", "sharedSMSLogContent", "correspondents"]
TEXTS = ["9" * 20_000, "'; DROP TABLE contacts_contact; --", "<script>alert(1)</script>", "😀" * 500, "%s%n", "{{7*7}}"]
TEXTS += ["../../etc/passwd", "\u202e", "(a+)+$" * 50, " " * 20_000, "1e999", ""]
RAW = [
    "9" * 20_000,
    "1e999",
    "-1e999",
    "-1",
    "0.5",
    "true",
    "null",
    "[]",
    "{}",
    "[[[[1]]]]",
    '{"a": {"b": []}}',
    "[null]",
]
VALUES = [*map(json.dumps, TEXTS), '"\\u0000"', '"\\ud800"', *RAW, '[{"a": 1}]']


def hostile(value, known):
    """Bodies with the value in each member, beside known ids and within objects."""
    inner = object_of(dict.fromkeys(INNER, value))
    yield object_of(dict.fromkeys(MEMBERS, value))
    yield object_of(dict.fromkeys(MEMBERS, value) | known)
    yield object_of(dict.fromkeys(OBJECTS, inner) | known)
    yield object_of(dict.fromkeys(OBJECTS, object_of({"id": value, "from": inner, "recording": inner})) | known)


def object_of(members):
    return "{" + ", ".join(f'"{name}": {value}' for name, value in members.items()) + "}"


@each_interface
def test_no_input_is_a_failure_of_ours(sales, interface):
    contact = ContactFactory(assigned_to=sales.user)
    call, message = (InteractionFactory(contact=contact, type=kind).pk for kind in ("call", "message"))
    known = {
        "contactInfo": f'{{"id": "{contact.pk}", "type": "Contact"}}',
        "callLogId": f'"{call}"',
        "existingCallLog": f'{{"thirdPartyLogId": "{call}"}}',
        "existingMessageLog": f'{{"thirdPartyLogId": "{message}"}}',
    }
    for value in VALUES:
        for body in hostile(value, known):
            response = sales.generic("POST", f"{PREFIX}/{interface}", body, content_type="application/json")
            assert response.status_code in {200, 410, 422}, (value[:50], response.status_code, response.content[:500])
            response.json()


def test_bodies_have_a_limit(sales):
    response = sales.generic("POST", f"{PREFIX}/findContact", "x" * 11_000_000, content_type="application/json")
    assert response.status_code == 413


def test_rates_are_counted(sales, call, settings):
    settings.CRM_RATE_LIMIT = "2/3600"
    for status in (200, 200, 429):
        answer = sales.post(f"{PREFIX}/findContact", {})
        assert answer.status_code == status
    assert int(answer["Retry-After"]) > 0
    assert answer["RateLimit-Remaining"] == "0"


def test_scopes_bound_what_a_key_does(api, call):
    user = UserFactory(groups=["Manager"])
    reader, writer = api(user, scopes=["read"]), api(user, scopes=["write"])
    contact = {"contactInfo": {"id": str(ContactFactory().pk)}}
    for interface in ("createContact", "createCallLog", "createMessageLog", "updateCallLog"):
        assert "write" in call(reader, interface, contact, status=403)["message"]
    for interface in ("findContact", "findContactWithName", "getCallLog", "getUserInfo"):
        assert "read" in call(writer, interface, status=403)["message"]
    call(reader, "findContact")
    assert (Contact.objects.count(), Interaction.objects.count()) == (1, 0)


# The user


def test_a_user_is_told_with_an_id_of_their_own_everywhere(sales, call):
    sales.user.first_name, sales.user.last_name, sales.user.time_zone = "Grace", "Hopper", "Asia/Kolkata"
    sales.user.save()
    answer = call(sales, "getUserInfo", {"hostname": "crm.example.com", "user": {"id": "somebody"}})
    assert answer["successful"] is True
    assert answer["platformUserInfo"] == {
        "id": f"{Installation.objects.get().account_id.hex}.{sales.user.pk.hex}-customerconnect",
        "name": "Grace Hopper",
        "timezoneName": "Asia/Kolkata",
        "timezoneOffset": "+05:30",
        "platformAdditionalInfo": {},
    }
    assert call(sales, "getUserInfo")["platformUserInfo"]["id"] == answer["platformUserInfo"]["id"]


def test_disconnecting_twice_succeeds_and_keeps_the_key(sales, call):
    for _ in range(2):
        assert call(sales, "unAuthorize")["returnMessage"]["messageType"] == "success"
    call(sales, "getUserInfo")


def test_users_are_listed_for_who_may_see_them(sales, administrator, call):
    gone = UserFactory(is_active=False)
    listed = {user["id"] for user in call(administrator, "getUserList")}
    assert {str(administrator.user.pk), str(sales.user.pk)} <= listed
    assert str(gone.pk) not in listed
    assert call(sales, "getUserList") == [{"id": str(sales.user.pk), "name": sales.user.username, "email": ""}]


def test_the_rest_is_well(sales, call):
    assert call(sales, "getLicenseStatus") == {
        "isLicenseValid": True,
        "licenseStatus": "Active",
        "licenseStatusDescription": "",
    }
    assert call(sales, "refreshUserInfo") == {"successful": True}


# The pages


@pytest.fixture
def browser():
    staff = UserFactory(groups=["Sales"], is_staff=True)
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    client.user = staff
    return client


def page(client, kind, key):
    return client.get(f"/admin/app-connect/{kind}/{key}")


@pytest.mark.parametrize(
    ("kind", "factory"), [("Contact", ContactFactory), ("Lead", LeadFactory), ("Customer", CustomerFactory)]
)
def test_a_page_leads_to_the_record(browser, kind, factory):
    mine, foreign = factory(assigned_to=browser.user), factory(assigned_to=UserFactory())
    model = sources.source_for(kind).model._meta
    assert page(browser, kind, mine.pk).url == f"/admin/{model.app_label}/{model.model_name}/{mine.pk}/change/"
    assert browser.get(page(browser, kind, mine.pk).url).status_code == 200
    for key in (foreign.pk, "x", "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"):
        response = page(browser, kind, key)
        assert response.status_code == 404
        assert "text/html" in response["Content-Type"]


def test_a_page_leads_to_the_log(browser):
    contact = ContactFactory(assigned_to=browser.user)
    log = InteractionFactory(contact=contact)
    url = page(browser, "log", log.pk).url
    assert url == f"/admin/contacts/interaction/{log.pk}/change/"
    assert browser.get(url).status_code == 200
    assert page(browser, "log", InteractionFactory().pk).status_code == 404
    assert page(browser, "log", "x").status_code == 404


def test_the_log_of_a_lead_leads_to_the_lead_where_the_contact_is_hidden(browser, api, call):
    lead = LeadFactory(assigned_to=browser.user)
    Contact.objects.update(assigned_to=UserFactory())
    body = {"contactInfo": {"id": str(lead.pk), "type": "Lead"}, "callLog": {"id": "1"}}
    key = call(api(browser.user), "createCallLog", body)["logId"]
    assert page(browser, "log", key).url == f"/admin/leads/lead/{lead.pk}/change/"


def test_who_has_not_signed_in_signs_in_first():
    key = ContactFactory().pk
    response = page(Client(), "Contact", key)
    assert response.status_code == 302
    assert response.url == f"/admin/login/?next=/admin/app-connect/Contact/{key}"


def test_keys_are_noted_as_used(api, call):
    client = api(UserFactory(), last_used_at=None)
    call(client, "authValidation")
    client.key.refresh_from_db()
    assert timezone.now() >= client.key.last_used_at
