"""Every address × method × role × ownership, made from the URL conf and the OpenAPI document.

What each role may do is written here by hand a second time, from the description of the roles; which verb a request
needs follows from its method, and for the few that do not say it by their method from ``VERBS``. A new address has its
cells without anybody's help; one whose verb or kind of record is unknown here makes a test fail until it gets a rule.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from contacts.models import (
    Category,
    Contact,
    ContactMerge,
    ContactPoint,
    CustomField,
    Interaction,
    Organization,
    Segment,
    Task,
)
from contacts.services import close_task, merge_contacts
from crm_project.access import rules, services
from crm_project.access.models import OwnedModel, User
from crm_project.api.permissions import RightPermission
from crm_project.api.schema import KEY
from crm_project.api.viewsets import CrmViewSet
from crm_project.transfer.models import ExportJob, ImportJob, UndoJob
from customers.models import Customer, CustomerInteraction
from customers.services import convert_lead
from feedback.models import Feedback, FeedbackRound, Theme
from leads.models import Campaign, Lead, LeadInteraction, NurtureEnrollment, NurtureSequence, ScoreRule
from orders.models import Order, Product

from .factories import (
    CampaignFactory,
    CategoryFactory,
    ContactFactory,
    ContactPointFactory,
    CustomerFactory,
    CustomFieldFactory,
    FeedbackFactory,
    InteractionFactory,
    LeadFactory,
    OrderFactory,
    ProductFactory,
    SegmentFactory,
    TaskFactory,
    TeamFactory,
    ThemeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

EDIT = "view add change delete"
# To add a contact point is to change the contact, like its name; parts beside it need a right of their own as well.
PARTS = {
    Interaction: Contact,
    ContactPoint: Contact,
    LeadInteraction: Lead,
    CustomerInteraction: Customer,
    NurtureEnrollment: Lead,
}
KINDS = [Contact, Organization, Category, Segment, CustomField, Lead, Campaign, ScoreRule, Customer, Order, Product]
KINDS += [*PARTS, Task, NurtureSequence, Feedback, Theme]
JOBS = {ImportJob: "view change", ExportJob: "view", FeedbackRound: "view"}
CATALOGS = {
    Category,
    Segment,
    CustomField,
    Campaign,
    ScoreRule,
    NurtureSequence,
    Product,
    Theme,
    User,
}  # Belong to nobody: who may, may for all.
ONESELF = {User: "view"}  # Whoever has signed in may ask who they are.
SEE_ALL = dict.fromkeys(KINDS, "view") | ONESELF
RUN_ALL = {
    Contact: f"{EDIT} share import export merge erase disclose",
    Lead: f"{EDIT} share import export",
    Customer: f"{EDIT} share import export",
    Order: f"{EDIT} share export",
    Product: f"{EDIT} import export",
    Task: f"{EDIT} share",
    Feedback: f"{EDIT} share",
    Theme: "view change",
    **JOBS,
    FeedbackRound: "view add",
    **ONESELF,
}
ROLES: dict[str | None, tuple[str, dict[Any, str]]] = {
    "Administrator": ("all", dict.fromkeys(KINDS, EDIT) | RUN_ALL),
    "Manager": ("all", dict.fromkeys(KINDS, EDIT) | RUN_ALL | {CustomField: "view"}),
    "Sales": (
        "own",
        SEE_ALL
        | {
            Contact: f"{EDIT} import export",
            Lead: f"{EDIT} import export",
            Customer: f"{EDIT} import export",
            Order: f"{EDIT} export",
            Task: EDIT,
            Feedback: EDIT,
            FeedbackRound: "add",
            Theme: "",
            **dict.fromkeys(PARTS, EDIT),
            Organization: "view add",
            Category: "view add",
        },
    ),
    "Support": (
        "all",
        SEE_ALL
        | dict.fromkeys([Interaction, Task, Feedback], "view add change")
        | {CustomerInteraction: EDIT, ScoreRule: "", FeedbackRound: "view add"},
    ),
    "Read-only": ("all", SEE_ALL),
    None: ("own", ONESELF),
}
VERBS = {
    "start": "add",
    "stop": "change",
    "restore": "delete",
    "set_sharing": "share",
    "merge": "merge",
    "erase": "erase",
    "personal_data": "disclose",
    "undo": "merge",
    "cancel": "change",
    "resume": "change",
    "done": "change",
    "process": "add",
    "reopen": "change",
    "snooze": "change",
    "convert": "change",
    "undo_conversion": "change",
    "request_feedback": "add",
    "record_answer": "change",
    "process_reminders": "change",
    "undo_import": "change",
}
LOGS = {
    "get_call_log": "view",
    "update_call_log": "change",
    "upsert_call_disposition": "change",
    "update_message_log": "change",
}  # App Connect names an interaction in the body; one that is not to be seen is gone.
READING = {"find_contact", "find_contact_with_name", "get_call_log", "get_user_info", "un_authorize", "get_user_list"}
READING |= {"get_license_status", "refresh_user_info", "auth_validation"}  # Called by POST, and yet write nothing.
VERBS |= dict.fromkeys(READING, "view") | LOGS
VERBS |= dict.fromkeys(("create_contact", "create_call_log", "create_message_log"), "add")
ALSO = {"convert": (Customer, "add")}  # What one must be allowed besides.
OWNERSHIPS = {
    "own": None,
    "team": None,
    "shared with me to view": {"view"},
    "shared with me to delete": {"view", "delete"},
    "shared with my team to change": {"view", "change"},
    "somebody's": set(),
    "nobody's": set(),
}
FILE = "name,email\nNew,new@example.com\n"
QUERIES = {"duplicate": "?name=Somebody"}  # Where nothing is asked, nothing is answered.
EADESK = "/api/clients/"  # A dialect with answers of its own.
OPEN_TO_ALL = {"home", "healthz", "readyz", "schema", "schema-beside", "docs", "redoc", "survey-thanks"}
BY_LINK = {"unsubscribe", "survey", "export-file"}  # Pages that a signed link opens, whoever follows it.
METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]
SAFE = {"get", "head", "options"}
WORDS = [f"xq{name}zw" for name in ("name", "mail", "firm", "title", "text", "field", "number", "event")]


# What there is to try


@dataclass(frozen=True)
class Address:
    """One entry of the URL conf: its route with ``<converter:name>`` parts, and its view."""

    route: str
    view: Any = field(compare=False)
    name: str = ""

    @property
    def viewset(self) -> Any:
        return getattr(self.view, "cls", None)

    @property
    def actions(self) -> dict[str, str]:
        return getattr(self.view, "actions", {})

    @property
    def model(self) -> Any:
        return self.viewset.queryset.model

    @property
    def arguments(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.route)

    @property
    def anonymous_route(self) -> str:
        return "/" + re.sub(r"<[^>]*>", "{}", self.route)


def walk(patterns: Any, prefix: str = "") -> list[Address]:
    found = []
    for each in patterns:
        if isinstance(each, URLResolver):
            found += walk(each.url_patterns, prefix + str(each.pattern))
        elif isinstance(each, URLPattern):
            found.append(Address(prefix + str(each.pattern), each.callback, each.name or ""))
    return found


ADDRESSES = walk(get_resolver().url_patterns)
ADMIN = [address for address in ADDRESSES if address.route.startswith("admin/")]
PUBLIC = [address for address in ADDRESSES if address.name in OPEN_TO_ALL]
LINKED = [address for address in ADDRESSES if address.name in BY_LINK]
API = [address for address in ADDRESSES if address not in [*ADMIN, *PUBLIC, *LINKED]]
CALLS = [(address, method) for address in API for method in address.actions if method != "head"]


def examples() -> dict[tuple[str, str], Any]:
    """The request bodies that the OpenAPI document shows, by address and method."""
    document = SchemaGenerator().get_schema(public=True)
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            bodies = [each["value"] for each in content.get("application/json", {}).get("examples", {}).values()]
            bodies = [FILE] if "text/csv" in content else bodies
            found[re.sub(r"{[^}]*}", "{}", path), method] = bodies[0] if bodies else None
    return found


EXAMPLES = examples()


def verb_of(method: str, action: str) -> str:
    """What the request means to do, from its method; a POST or PUT of its own kind has to be named above."""
    if action in VERBS:
        return VERBS[action]
    known = {"create": "add", "update": "change", "partial_update": "change", "destroy": "delete"}
    known |= {"import_file": "import", "export_file": "export", "set_custom_fields": "change"}
    if action in known:
        return known[action]
    assert method == "get", f"{action} has no rule: add its verb to VERBS."
    return "view"


# What should come of it


def may(role: str | None, model: Any, verb: str) -> bool:
    return verb in ROLES[role][1].get(model, "").split()


def is_allowed(role: str | None, model: Any, verb: str, ownership: str) -> bool:
    """By the description of the roles, not by the code that is tested."""
    reach = ROLES[role][0]
    if may(role, model, verb) and (reach == "all" or model in CATALOGS):
        return True
    if model is Organization:
        return may(role, model, verb) and ownership != "somebody's" and ownership != "nobody's"
    if model in JOBS:
        return may(role, model, verb) or (ownership == "own" and verb in JOBS[model].split())
    if model is ContactMerge:
        return is_allowed(role, Contact, verb, ownership)
    if model in PARTS:
        return is_allowed(role, PARTS[model], "view" if verb == "view" else "change", ownership)
    shared = OWNERSHIPS[ownership]
    if shared is None:
        return may(role, model, verb)
    return verb in shared and issubclass(model, OwnedModel)


# Records to try it on


def contact_of(user: Any, team: Any, ownership: str, **fields: Any) -> Contact:
    owner = {"own": {"assigned_to": user}, "team": {"team": team}, "nobody's": {}}.get(
        ownership, {"assigned_to": UserFactory()}
    )
    contact = ContactFactory(**owner, **fields)
    if verbs := OWNERSHIPS[ownership]:
        holder = {"team": team} if "team" in ownership else {"user": user}
        services.set_shares(record=contact, shares=[services.Share(**holder, verbs=sorted(verbs))])
    return contact


def marked(user: Any, team: Any, ownership: str) -> Contact:
    """A contact with a word in each field that occurs nowhere else."""
    name, mail, firm, title, text, value, number, _event = WORDS
    return contact_of(
        user,
        team,
        ownership,
        name=name,
        email=f"{mail}@example.com",
        company=f"{firm} {ownership}",
        job_title=title,
        description=text,
        custom_fields={"marked": value},
        external_id=number,
    )


def merge_of(contact: Contact) -> ContactMerge:
    other = ContactFactory(assigned_to=contact.assigned_to, team=contact.team)
    return merge_contacts(survivor_id=contact.pk, merged_ids=[other.pk], actor=contact.assigned_to)


def like(contact: Contact, record: Any) -> Any:
    """The record, with the owner, the team and the shares of the contact."""
    record.assigned_to, record.team = contact.assigned_to, contact.team
    record.save(update_fields=["assigned_to", "team"])
    services.set_shares(record=record, shares=services.shares_of(contact))
    return record


def lead_of(contact: Contact) -> Lead:
    return like(contact, LeadFactory(name=WORDS[0], notes=WORDS[4]))


def customer_of(contact: Contact) -> Customer:
    return like(contact, CustomerFactory(name=WORDS[0], notes=WORDS[4]))


MAKERS = {
    Lead: lead_of,
    LeadInteraction: lambda lead: lead.interactions.create(type="call", notes=WORDS[-1]),
    CustomerInteraction: lambda customer: customer.interactions.create(
        type="call", subject=WORDS[-1], date=timezone.now()
    ),
    Campaign: lambda contact: CampaignFactory(),
    ScoreRule: lambda contact: ScoreRule.objects.get_or_create(kind="filled", value="phone", defaults={"points": 1})[0],
    NurtureSequence: lambda contact: NurtureSequence.objects.create(name=str(uuid4())),
    NurtureEnrollment: lambda lead: lead.nurturing.create(sequence=MAKERS[NurtureSequence](None)),
    Customer: customer_of,
    Order: lambda contact: like(contact, OrderFactory(notes=WORDS[4])),
    Product: lambda contact: ProductFactory(),
    User: lambda contact: contact.assigned_to,
    Contact: lambda contact: contact,
    ContactPoint: lambda contact: ContactPointFactory(contact=contact, type="id", service="vk", value=WORDS[1]),
    Interaction: lambda contact: InteractionFactory(contact=contact, subject=WORDS[-1]),
    Organization: lambda contact: contact.organization,
    Category: lambda contact: CategoryFactory(),
    ContactMerge: merge_of,
    ImportJob: lambda contact: ImportJob.objects.create(owner=contact.assigned_to, kind="contact", format="csv"),
    ExportJob: lambda contact: ExportJob.objects.create(owner=contact.assigned_to, kind="contact", format="csv"),
    FeedbackRound: lambda contact: FeedbackRound.objects.create(owner=contact.assigned_to, filter={"type": "business"}),
    Segment: lambda contact: SegmentFactory(),
    Task: lambda contact: like(contact, TaskFactory(title=WORDS[0], description=WORDS[4])),
    CustomField: lambda contact: CustomFieldFactory(),
    Feedback: lambda contact: like(contact, FeedbackFactory(customer=customer_of(contact))),
    Theme: lambda contact: ThemeFactory(),
}
PARENTS = {"contact_pk": Contact, "lead_pk": Lead, "customer_pk": Customer}


def fill(address: Address, contact: Contact) -> str:
    """The address with the ids of records of the contact."""
    path = "/" + address.route + QUERIES.get(address.actions.get("get"), "")
    made: dict[Any, Any] = {Contact: contact}
    if "process" in address.actions.values():
        LeadFactory().interactions.create(type="call", next_action_date=timezone.now())

    def make(model: Any) -> Any:
        if model not in made:
            made[model] = MAKERS[model](make(PARTS.get(model, Contact)))
        return made[model]

    for name in address.arguments:
        record = make(address.model if name == "pk" else PARENTS[name])
        if "undo_conversion" in address.actions.values():
            convert_lead(lead=record, actor=contact.assigned_to)
        if "reopen" in address.actions.values():
            close_task(task=record, actor=contact.assigned_to)
        if "undo_import" in address.actions.values():
            ImportJob.objects.filter(pk=record.pk).update(state="done")
            UndoJob.objects.create(import_job=record, owner=record.owner, kind="contact", state="done")
        if "resume" in address.actions.values():
            ImportJob.objects.filter(pk=record.pk).update(state="cancelled", file="imports/any")
        if "restore" in address.route:
            type(record).objects.filter(pk=record.pk).update(deleted_at=timezone.now())
        path = re.sub(rf"<(?:\w+:)?{name}>", str(record.pk), path)
    return path


def body_for(address: Address, method: str, user: Any) -> Any:
    """The document's example, in which each id stands for a record that the asking user may use."""
    body = EXAMPLES.get((address.anonymous_route, method))
    if address.actions[method] == "set_custom_fields":
        for key, value in body.items():
            CustomFieldFactory(key=key, type="integer" if isinstance(value, int) else "text")
    values = {}
    if address.actions[method] == "merge":
        values[CustomFieldFactory(key="birthday").key] = "1990-05-17"
    spare = ContactFactory(assigned_to=user, custom_fields=values)
    log = InteractionFactory(contact=spare, type="message" if "message" in address.actions[method] else "call")
    spares = {
        "callLogId": lambda: log,
        "thirdPartyLogId": lambda: log,
        "user": lambda: user,
        "assigned_to": lambda: user,
        "customer_id": lambda: CustomerFactory(assigned_to=user),
        "product_id": ProductFactory,
        "lead_ids": lambda: LeadFactory(assigned_to=user),
        "sequence_id": lambda: MAKERS[NurtureSequence](None),
    }

    def with_ids(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {each: with_ids(item, each) for each, item in value.items()}
        if isinstance(value, list):
            return [with_ids(item, name) for item in value]
        if value != KEY:
            return value
        return str(spares.get(name, lambda: spare)().pk)

    return with_ids(body)


# How it is tried


def writes() -> dict[str, int]:
    """Rows that statements of this transaction have written, by table; counting requests is no change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname NOT IN ('api_ratecounter', 'django_session')"
        )
        return dict(cursor.fetchall())


def shows(response: Any) -> list[str]:
    """The words of the marked contact that an answer gives away, in its body or its headers."""
    text = (response.said + str(dict(response.headers))).lower()
    return [word for word in WORDS if word in text]


def request(client: Any, method: str, path: str, body: Any = None) -> Any:
    if isinstance(body, str):
        return client.generic(method.upper(), path, body, content_type="text/csv")
    return getattr(client, method)(path, *([] if body is None else [body]))


def send(client: Any, method: str, path: str, body: Any = None) -> Any:
    """The answer; whatever it did is taken back."""
    with transaction.atomic():
        response = request(client, method, path, body)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        response.said = content.decode(errors="replace")
        response.written = writes()
        response.shown = shows(response)
        transaction.set_rollback(True)
    return response


def refused(client: Any, method: str, path: str, body: Any, status: int) -> None:
    before = writes()
    response = send(client, method, path, body)
    if path.startswith(EADESK):
        check_eadesk_refusal(response, status)
    else:
        assert response.status_code == status, (method, path, response.status_code, response.content)
    assert response.written == before, f"{method} {path} was refused with {status} and yet wrote"
    assert response.shown == [], f"{method} {path} was refused with {status} and shows {response.shown}"
    if method != "head" and not path.startswith(EADESK):
        assert response.json()["message"]


def check_eadesk_refusal(response: Any, status: int) -> None:
    """There a record that one may not see is not found, and what is not found is said with 200."""
    words = {401: "EUNAUTHORIZED", 403: "EFORBIDDEN", 405: "EMETHOD"}
    refusals = {(code, word) for code, word in words.items() if code == status}
    if status in {403, 404}:
        refusals.add((200, "ENOT_FOUND"))
    assert (response.status_code, response.json()["err"]) in refusals, response.content


@pytest.fixture
def field_marked():
    return CustomFieldFactory(key="marked")


# The tests


def test_every_address_is_of_a_known_kind():
    assert {address.name for address in PUBLIC} == OPEN_TO_ALL
    assert {address.name for address in LINKED} == BY_LINK
    assert ADMIN
    strange = [address.route for address in API if not issubclass(address.viewset or object, CrmViewSet)]
    assert strange == [], "Views of the API are built on the kernel's."


def test_every_viewset_asks_for_rights():
    for address in API:
        assert address.viewset.permission_classes == [RightPermission], address.route
        assert address.view.initkwargs.get("permission_classes") is None, address.route
        assert address.model in MAKERS, address.route


def test_document_and_addresses_are_the_same():
    assert set(EXAMPLES) == {(address.anonymous_route, method) for address, method in CALLS}


def each_call(function: Any) -> Any:
    return pytest.mark.parametrize(
        ("address", "method"), CALLS, ids=[f"{method} {address.route}" for address, method in CALLS]
    )(function)


@each_call
def test_roles_and_ownership(address, method, api, field_marked):
    action = address.actions[method]
    verb = verb_of(method, action)
    team = TeamFactory()
    client = api(UserFactory())
    body = body_for(address, method, client.user)
    paths = {ownership: fill(address, marked(client.user, team, ownership)) for ownership in ownerships(address)}
    for role in ROLES:
        client.user.groups.set([team, *Group.objects.filter(name=role)])
        for ownership, path in paths.items():
            is_gone = action in LOGS and not is_allowed(role, Interaction, "view", "own")
            allowed = should_be_allowed(address, action, role, verb, ownership)
            check(client, method, path, body, allowed, 410 if is_gone else 403)


def ownerships(address: Address) -> list[str]:
    return list(OWNERSHIPS) if address.arguments and address.model not in CATALOGS else ["somebody's"]


def should_be_allowed(address: Address, action: str, role: str | None, verb: str, ownership: str) -> bool:
    if action in LOGS:
        return is_allowed(role, Interaction, verb, "own")
    if not address.arguments:  # Whoever may not view anything gets an empty list.
        return may(role, address.model, verb) or verb not in {"add", "import", "export"}
    if address.model in PARTS and not is_allowed(role, PARTS[address.model], "view", ownership):
        return False
    if verb == "add" and address.model is not ContactPoint and not may(role, address.model, verb):
        return False
    if action in ALSO and not may(role, *ALSO[action]):
        return False
    if action == "undo_conversion" and not is_allowed(role, Customer, "delete", as_owned(ownership)):
        return False
    return is_allowed(role, address.model, verb, ownership)


def as_owned(ownership: str) -> str:
    """How somebody stands to the customer that was made of a lead: it has the lead's owner and team, not its shares."""
    return ownership if OWNERSHIPS[ownership] is None else "somebody's"


def check(client: Any, method: str, path: str, body: Any, allowed: bool, refusal: int = 403) -> None:
    if not allowed:
        refused(client, method, path, body, refusal)
    else:
        response = send(client, method, path, body)
        assert 200 <= response.status_code < 300, (method, path, response.status_code, response.content)
        assert '{"err":' not in response.said, (method, path, response.said)


@pytest.mark.django_db(transaction=True)
def test_calls_work_in_transactions_of_their_own(administrator, settings):
    """All other tests run within a transaction, which would hide that a call forgot to begin one."""
    settings.CRM_SCOPED_RATES = {}
    for address, method in CALLS:
        CustomField.objects.all().delete()
        CustomFieldFactory(key="marked")
        contact = marked(administrator.user, TeamFactory(), "own")
        body = body_for(address, method, administrator.user)
        path = fill(address, contact)
        options = 405 if path.startswith(EADESK) else 200
        assert request(administrator, "options", path.partition("?")[0]).status_code == options, path
        response = request(administrator, method, path, body)
        assert response.status_code < 500, (method, path, response.content)


@each_call
def test_without_a_valid_key_nothing_is_answered(address, method, api, anonymous, field_marked):
    manager = UserFactory(groups=["Manager"])
    path = fill(address, marked(manager, TeamFactory(), "own"))
    body = body_for(address, method, manager)
    moment = timezone.now() - timedelta(seconds=1)
    clients = [
        anonymous,
        api(UserFactory(groups=["Administrator"], is_active=False)),
        api(UserFactory(groups=["Administrator"]), expires_at=moment),
        api(UserFactory(groups=["Administrator"]), revoked_at=moment),
    ]
    for client in clients:
        refused(client, method, path, body, 401)


@each_call
def test_scopes_cut_a_key_down(address, method, api, field_marked):
    user = UserFactory(groups=["Administrator"])
    path = fill(address, marked(user, TeamFactory(), "own"))
    body = body_for(address, method, user)
    reads = method in SAFE or address.actions[method] in READING
    needed, other = ("read", "write") if reads else ("write", "read")
    check(api(user, scopes=[needed]), method, path, body, allowed=True)
    refused(api(user, scopes=[other]), method, path, body, 403)
    refused(api(user, scopes=[]), method, path, body, 403)


@pytest.mark.parametrize("address", API, ids=lambda address: address.route)
def test_methods_that_there_are_not(address, administrator, anonymous, field_marked):
    path = fill(address, marked(administrator.user, TeamFactory(), "own"))
    for method in set(METHODS) - set(address.actions) - {"head", "options"}:
        refused(administrator, method, path, None, 405)
        refused(anonymous, method, path, None, 401)


@pytest.mark.parametrize("address", API, ids=lambda address: address.route)
def test_options_tell_no_more_than_the_document(address, api, field_marked):
    client = api(UserFactory())
    path = fill(address, marked(UserFactory(), TeamFactory(), "somebody's"))
    response = send(client, "options", path.partition("?")[0])
    assert response.status_code in {200, 403, 405}
    assert response.shown == []


@each_call
def test_unknown_id_is_404(address, method, administrator):
    if not address.arguments:
        return
    path = "/" + re.sub(r"<[^>]*>", KEY, address.route)
    refused(administrator, method, path, body_for(address, method, administrator.user), 404)


@pytest.mark.parametrize("address", PUBLIC, ids=lambda address: address.route)
def test_open_pages_show_nothing_of_anybody(address, anonymous, field_marked):
    marked(UserFactory(), TeamFactory(), "nobody's")
    response = send(anonymous, "get", "/" + address.route)
    assert response.status_code in {200, 302}
    assert response.shown == []
    for method in ("post", "put", "patch", "delete"):
        response = send(anonymous, method, "/" + address.route, {})
        assert response.status_code in {401, 405}


@pytest.mark.parametrize("address", LINKED, ids=lambda address: address.route)
@pytest.mark.parametrize("token", ["x", KEY, f"{KEY}:{'x' * 43}"])
def test_pages_behind_links_open_to_no_other_link(address, token, anonymous, field_marked):
    marked(UserFactory(), TeamFactory(), "nobody's")
    path = "/" + re.sub(r"<[^>]*>", token, address.route)
    before = writes()
    for method in ("get", "post", "put", "patch", "delete"):
        response = send(anonymous, method, path, {})
        assert response.status_code in {404, 405}, (method, path, response.status_code)
        assert (response.shown, response.written) == ([], before)


# Nothing foreign shows


def readable(address: Address, method: str) -> bool:
    return method == "get" and not address.arguments


LISTS = [address for address, method in CALLS if readable(address, method)]


@pytest.mark.parametrize("address", LISTS, ids=lambda address: address.route)
@pytest.mark.parametrize("role", ["Sales", None])
def test_lists_show_no_mark_of_foreign_contacts(address, role, api, field_marked):
    """Each list, with the words in every parameter that it understands."""
    client = api(UserFactory(groups=[role] if role else []))
    mine = contact_of(client.user, None, "own", name="My own", phone="+1 504-621-8927")
    foreign = marked(UserFactory(), TeamFactory(), "somebody's")
    InteractionFactory(contact=foreign, subject=WORDS[-1])
    action = address.actions["get"]
    view = address.viewset(**address.view.initkwargs)
    view.action, view.request = action, None
    names = {*view.known_parameters(), "custom_fields.marked"} - {"ordering", "cursor", "page_size", "trashed"}
    exact = {"email": f"{WORDS[1]}@example.com", "company": foreign.organization.name, "job_title": foreign.job_title}
    queries = [{}, *({"search": word} for word in WORDS if "search" in names)]
    queries += [{name: exact.get(name, ",".join(WORDS))} for name in names]
    if address.model is Contact and role and action != "duplicate":
        assert str(mine.pk) in send(client, "get", "/" + address.route).said
    for query in queries:
        response = send(client, "get", "/" + address.route, query)
        echoed = [word for word in response.shown if any(word in value for value in query.values())]
        assert set(response.shown) <= set(echoed), (query, response.content)
        assert str(foreign.pk) not in response.said, query


def test_counts_do_not_count_what_is_not_shown(api):
    client = api(UserFactory(groups=["Sales"]))
    for ownership in OWNERSHIPS:
        contact_of(client.user, client.user.groups.first(), ownership)
    for path in ("/contacts", "/contacts/segment", "/contacts?search=Contact", "/contacts?contact_type=person"):
        answer = client.get(path).json()
        assert answer["count"] == len(answer["results"])
        assert answer["count"] == Contact.objects.visible_to(client.user).count() == 5


# The admin


def test_admin_lets_nobody_in_who_is_no_staff(api):
    browser = Client()
    outsider = UserFactory(groups=["Manager"])
    for client in (browser, signed_in(outsider)):
        for address in ADMIN:
            if address.name in {"login", "logout"}:
                continue
            path = "/" + re.sub(r"<[^>]*>", "1", address.route)
            if "(?P" in path:
                continue
            response = client.get(path)
            assert response.status_code in {302, 404}, (path, response.status_code)
            if response.status_code == 302:
                assert response.url.startswith("/admin/login/"), (path, response.url)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def pages() -> list[tuple[Address, Any]]:
    """The admin's addresses under a kind of record of which there is a marked one, with that kind."""
    found = []
    for address in ADMIN:
        parts = address.route.split("/")
        kind = next((model for model in MAKERS if [model._meta.app_label, model._meta.model_name] == parts[1:3]), None)
        if (
            kind
            in {
                Contact,
                Lead,
                Customer,
                Order,
                Feedback,
                *PARTS,
                Task,
                ContactMerge,
                Organization,
                ImportJob,
                ExportJob,
            }
            and "(?P" not in address.route
        ):
            found.append((address, kind))
    return found


@pytest.mark.parametrize("role", ["Sales", None])
def test_admin_shows_no_mark_of_what_is_foreign(role, api, field_marked):
    """Each page about a foreign record, and each list searched for it; a form sent to them writes nothing."""
    staff = UserFactory(groups=[role] if role else [], is_staff=True)
    browser = signed_in(staff)
    foreign = marked(UserFactory(), TeamFactory(), "somebody's")
    assert len({kind for _, kind in pages()}) > 3
    for address, kind in pages():
        with transaction.atomic():
            record = MAKERS[kind](foreign if kind not in PARTS else MAKERS[PARTS[kind]](foreign))
            path = "/" + re.sub(r"<[^>]*>", str(record.pk), address.route)
            queries = [{}] if "<" in address.route else [{}, *({"q": word} for word in WORDS[:3])]
            for query in queries:
                response = send(browser, "get", path, query)
                sent = [word for word in WORDS if word in query.values()]
                assert response.status_code in {200, 302, 403, 404, 405}, (path, response.status_code)
                assert set(response.shown) <= set(sent), (path, response.shown)
                assert str(record.pk) not in response.said or "<" in address.route, path
            before = writes()
            response = send(browser, "post", path, {})
            assert response.shown == [], path
            if "<" in address.route:
                assert response.status_code in {302, 403, 404, 405}, (path, response.status_code)
                assert response.written == before, path
            transaction.set_rollback(True)


def test_admin_shows_what_is_ones_own(field_marked):
    staff = UserFactory(groups=["Sales"], is_staff=True)
    mine = marked(staff, None, "own")
    for path in ("/admin/contacts/contact/", f"/admin/contacts/contact/{mine.pk}/change/"):
        response = send(signed_in(staff), "get", path)
        assert (response.status_code, WORDS[0] in response.said) == (200, True), path


# The checks themselves are checked


@pytest.mark.parametrize(
    ("owner", "name", "always"),
    [
        (rules, "allows", lambda *args: True),
        (rules, "branches", lambda *args: None),
        (rules, "may", lambda *args: True),
        (RightPermission, "has_permission", lambda *args: True),
        (RightPermission, "has_object_permission", lambda *args: True),
    ],
    ids=["allows", "branches", "may", "has_permission", "has_object_permission"],
)
def test_removing_a_check_is_noticed(owner, name, always, api, field_marked, monkeypatch):
    """A mutation of each check that lets everything through: some cell of the tables above must fail."""
    monkeypatch.setattr(owner, name, always)
    caught = []
    for address, method in CALLS:
        for test in (test_roles_and_ownership, test_scopes_cut_a_key_down):
            try:
                with transaction.atomic():
                    try:
                        test(address, method, api, field_marked)
                    finally:
                        transaction.set_rollback(True)
            except AssertionError:
                caught.append(address.route)
                break
        if caught:
            return
    pytest.fail(f"Nothing noticed that {name} lets everything through.")
