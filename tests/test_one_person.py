"""One person made, changed, found and deleted through any door is the same person in all others, at once.

Hypothesis does so in random order and compares what every door tells with a simple model: people with a name and with
addresses and numbers, and roles, as which leads and customers know them.
"""

import os
import re
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule, run_state_machine_as_test

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("CRM_FUZZ_EXAMPLES", "8"))
NAMES = ["Anna Berg", "Омар Хан", "Zoë Quist"]  # None is like another, so that people match by number or do not.
# Each value in the spellings in which people write it; the first one stands for all.
SPELLINGS = [
    ("mail", "anna@example.com", "ANNA@Example.com"),
    ("mail", "omar@пример.рф", "Omar@Пример.РФ"),
    ("mail", "o'zoe+crm@example.org", "O'Zoe+CRM@example.org"),
    ("phone", "+15046218927", "(504) 621-8927", "504.621.8927"),
    ("phone", "+79876543210", "8 (987) 654-32-10", "+7 987 654 32 10"),
    ("phone", "+442079460958", "+44 20 7946 0958"),
]
CANONICAL = {spelled: (kind, first) for kind, first, *others in SPELLINGS for spelled in (first, *others)}
SPELLED = {(kind, first): [first, *others] for kind, first, *others in SPELLINGS}
MAILS, PHONES = ([value for value in SPELLED if value[0] == kind] for kind in ("mail", "phone"))


# The doors. A person is known by the contact's id; ``look`` gives name and values, or nothing when it was deleted.


class Door:
    def __init__(self, client):
        self.client = client

    def call(self, method, path, body=None, status=200):
        response = getattr(self.client, method)(path, body)
        assert response.status_code == status, (method, path, body, response.content)
        return response.json()


class Contacts(Door):
    """``/contacts``"""

    def make(self, name, mail, phone):
        return self.call("post", "/contacts", {"name": name, "email": mail, "phone": phone}, 201)["id"]

    def rename(self, key, name):
        self.call("patch", f"/contacts/{key}", {"name": name})

    def add(self, key, kind, value):
        points = self.call("get", f"/contacts/{key}")["contact_points"]
        self.call("patch", f"/contacts/{key}", {"contact_points": [*map(self.kept, points), self.new(kind, value)]})

    def remove(self, key, value):
        points = self.call("get", f"/contacts/{key}")["contact_points"]
        rest = [self.kept(point) for point in points if CANONICAL[point["value"]] != value]
        self.call("patch", f"/contacts/{key}", {"contact_points": rest})

    def kept(self, point):
        return {name: point[name] for name in ("id", "type", "service", "value", "is_primary")}

    def new(self, kind, value):
        return {"type": kind, "value": value}

    def delete(self, key):
        self.call("delete", f"/contacts/{key}")

    def look(self, key):
        response = self.client.get(f"/contacts/{key}")
        if response.status_code == 404:
            return None
        body = response.json()
        return body["name"], {CANONICAL[point["value"]] for point in body["contact_points"]}

    def find(self, kind, value):
        query = {"email" if kind == "mail" else "phone": value}
        return {body["id"] for body in self.call("get", "/contacts", query)["results"]}


class Eadesk(Door):
    """``/api/clients/person``"""

    def person(self, method, path, body=None):
        return self.call(method, f"/api/clients/person/{path}", body)

    def make(self, name, mail, phone):
        key = self.person("post", "create", {"name": name})["_id"]
        for kind, value in (("mail", mail), ("phone", phone)):
            if value:
                self.add(key, kind, value)
        return key

    def rename(self, key, name):
        assert self.person("post", f"update/{key}", {"name": name})["result"]["name"] == name

    def add(self, key, kind, value):
        body = {"value": value, "type": kind, "service": kind}
        assert self.person("post", f"contacts/create/{key}", body)["result"]["value"] == value

    def remove(self, key, value):
        data = self.person("get", "contacts/read", {"contact_id": key, "not_deleted": "true"})["result"]
        for datum in data:
            if CANONICAL[datum["value"]] == value:
                assert self.person("post", f"contacts/delete/{datum['id']}") == {"result": True}

    def delete(self, key):
        assert self.person("post", f"delete/{key}") == {"result": True}

    def look(self, key):
        (body,) = self.person("get", "read", {"id": key})
        live = {CANONICAL[datum["value"]] for datum in body["contacts"] if "status" not in datum}
        return None if "status" in body else (body["name"], live)

    def find(self, kind, value):
        """By a regular expression that any spelling fits."""
        spellings = [re.escape(each) for each in SPELLED[CANONICAL[value]]]
        query = {"search": f"^({'|'.join(spellings)})$", "type": kind, "needExistingRecords": "1"}
        return {body["_id"] for body in self.person("get", "read", query)}


class AppConnect(Door):
    """``/api/app-connect``: who has the number, and somebody new of that number"""

    def ask(self, interface, **body):
        return self.call("post", f"/api/app-connect/{interface}", body)

    def make(self, name, phone):
        body = {"phoneNumber": phone, "newContactName": name, "newContactType": "Contact"}
        return self.ask("createContact", **body)["contactInfo"]["id"]

    def find(self, phone):
        """By type of record, the ids of those who have the number."""
        rows = self.ask("findContact", phoneNumber=phone, omitNewContactOption=True)["matchedContactInfo"]
        return {kind: {row["id"] for row in rows if row["type"] == kind} for kind in ("Contact", "Lead", "Customer")}

    def named(self, name):
        return {row["id"] for row in self.ask("findContactWithName", name=name)["matchedContactInfo"]}


class Roles(Door):
    """Leads or customers: people in one role, whom the CRM knows by the role's own id and joins to a contact."""

    path: str
    kind: str

    def make(self, name, mail, phone):
        """The role's id and the contact's, or nothing when a live one has the address."""
        body = {"name": name, "email": mail, "phone": phone or ""}
        response = self.client.post(self.path, body)
        if response.status_code == 409:
            return None
        assert response.status_code == 201, response.content
        return response.json()["id"], response.json()["contact_id"]

    def readdress(self, key, mail):
        """Whether no other live one has the address."""
        response = self.client.patch(f"{self.path}/{key}", {"email": mail})
        assert response.status_code in {200, 409}, response.content
        return response.status_code == 200

    def delete(self, key):
        self.call("delete", f"{self.path}/{key}")

    def find(self, mail):
        """Ids of role and contact of those who are reached there."""
        results = self.call("get", self.path, {"email": mail})["results"]
        return {(body["id"], body["contact_id"]) for body in results}


class Leads(Roles):
    path, kind = "/dev/crm/leads", "Lead"


class Customers(Roles):
    path, kind = "/dev/crm/customers", "Customer"


PEOPLE, ROLES = [Contacts, Eadesk], [Leads, Customers]


# The model


@dataclass(eq=False)
class Person:
    key: str
    name: str
    values: set = field(default_factory=set)
    is_live: bool = True


@dataclass(eq=False)
class Role:
    door: type[Roles]
    key: str
    person: Person
    values: set
    is_live: bool = True


class World(RuleBasedStateMachine):
    people, roles = Bundle("people"), Bundle("roles")
    client: object

    def __init__(self):
        super().__init__()
        self.doors = {door: door(self.client) for door in [*PEOPLE, *ROLES, AppConnect]}
        self.known: dict[str, Person] = {}
        self.known_roles: list[Role] = []
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self):
        """Everybody is looked at once more by every door; then all is taken back."""
        try:
            for person in self.known.values():
                self.check(person)
            for value in SPELLED:
                self.check_found(value)
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @initialize(target=people, door=st.sampled_from(PEOPLE))
    def begin(self, door):
        return self.make(door, NAMES[0], MAILS[0], PHONES[0], 0)

    @rule(
        target=people,
        door=st.sampled_from(PEOPLE),
        name=st.sampled_from(NAMES),
        mail=st.sampled_from([*MAILS, None]),
        phone=st.sampled_from([*PHONES, None]),
        spelling=st.integers(0, 2),
    )
    def make(self, door, name, mail, phone, spelling):
        key = self.doors[door].make(name, spell(mail, spelling), spell(phone, spelling))
        assert key not in self.known
        self.known[key] = person = Person(key, name, {mail, phone} - {None})
        self.check(person)
        return person

    @rule(target=people, name=st.sampled_from(NAMES), phone=st.sampled_from(PHONES))
    def call_in(self, name, phone):
        """Somebody calls and is made, though others may have that number."""
        key = self.doors[AppConnect].make(name, spell(phone, 0))
        assert key not in self.known
        self.known[key] = person = Person(key, name, {phone})
        self.check(person)
        self.check_found(phone)
        return person

    @rule(
        target=roles,
        door=st.sampled_from(ROLES),
        name=st.sampled_from(NAMES),
        mail=st.sampled_from(MAILS),
        phone=st.sampled_from([*PHONES, None]),
        spelling=st.integers(0, 2),
    )
    def make_role(self, door, name, mail, phone, spelling):
        made = self.doors[door].make(name, spell(mail, spelling), spell(phone, spelling))
        assert (made is None) == bool(self.role_at(door, mail))
        if made is None:
            return self.role_at(door, mail)
        key, contact = made
        person = self.match(name, mail, phone)
        if person is None:
            assert contact not in self.known
            person = self.known[contact] = Person(contact, name)
        assert contact == person.key
        role = Role(door, key, person, {mail, phone} - {None})
        self.known_roles.append(role)
        person.values |= role.values
        self.check(person)
        return role

    @rule(target=people, role=roles)
    def meet(self, role):
        """The person behind a role is one like all others."""
        return role.person

    @rule(door=st.sampled_from(PEOPLE), person=people, name=st.sampled_from(NAMES))
    def rename(self, door, person, name):
        if person.is_live:
            self.doors[door].rename(person.key, name)
            person.name = name
            self.check(person)

    @rule(door=st.sampled_from(PEOPLE), person=people, value=st.sampled_from([*SPELLED]), spelling=st.integers(0, 2))
    def add(self, door, person, value, spelling):
        if person.is_live and value not in person.values:
            self.doors[door].add(person.key, value[0], spell(value, spelling))
            person.values.add(value)
            self.check(person)
            self.check_found(value)

    @rule(door=st.sampled_from(PEOPLE), person=people, number=st.integers(0, 5))
    def remove(self, door, person, number):
        if person.is_live and person.values:
            value = sorted(person.values)[number % len(person.values)]
            self.doors[door].remove(person.key, value)
            person.values.remove(value)
            self.check(person)
            self.check_found(value)

    @rule(role=roles, mail=st.sampled_from(MAILS))
    def readdress(self, role, mail):
        """The contact keeps its addresses and gets the new one, and whatever it lacks of the role's."""
        if role.is_live:
            done = self.doors[role.door].readdress(role.key, spell(mail, 1))
            assert done == (self.role_at(role.door, mail) in {None, role})
            if done:
                role.values = {mail, *(value for value in role.values if value in PHONES)}
                role.person.values |= role.values
                self.check(role.person)
                self.check_found(mail)

    @rule(door=st.sampled_from(PEOPLE), person=consumes(people))
    def delete(self, door, person):
        if person.is_live:
            self.doors[door].delete(person.key)
            person.is_live = False
            self.check(person)
            for value in person.values:
                self.check_found(value)

    @rule(role=consumes(roles))
    def delete_role(self, role):
        if role.is_live:
            self.doors[role.door].delete(role.key)
            role.is_live = False
            self.check(role.person)

    # What must be true

    def role_at(self, door, mail):
        found = [role for role in self.known_roles if role.is_live and role.door is door and mail in role.values]
        assert len(found) <= 1
        return found[0] if found else None

    def match(self, name, mail, phone):
        """The one who has the address; if nobody has it, the one of that name with the number."""
        live = [person for person in self.known.values() if person.is_live]
        by_mail = [person for person in live if mail in person.values]
        found = by_mail or [person for person in live if phone in person.values and person.name == name]
        return found[0] if len(found) == 1 else None

    def check(self, person):
        expected = (person.name, person.values) if person.is_live else None
        for door in PEOPLE:
            assert self.doors[door].look(person.key) == expected, door
        assert (person.key in self.doors[AppConnect].named(person.name)) == person.is_live

    def check_found(self, value):
        expected = {person.key for person in self.known.values() if person.is_live and value in person.values}
        for door in PEOPLE:
            for spelled in SPELLED[value]:
                assert self.doors[door].find(value[0], spelled) == expected, door
        for door in ROLES if value in MAILS else []:
            role = self.role_at(door, value)
            assert self.doors[door].find(value[1]) == ({(role.key, role.person.key)} if role else set()), door
        if value in PHONES:
            callers = {"Contact": expected} | {door.kind: self.roles_called(door, value) for door in ROLES}
            assert self.doors[AppConnect].find(value[1]) == callers

    def roles_called(self, door, phone):
        known = [role for role in self.known_roles if role.is_live and role.door is door]
        return {role.key for role in known if phone in role.values}


def spell(value, number):
    return value and SPELLED[value][number % len(SPELLED[value])]


def test_one_person_at_every_door(manager):
    World.client = manager
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
