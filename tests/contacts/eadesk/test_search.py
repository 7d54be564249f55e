"""The regular expressions: found by PostgreSQL, spelled as in JavaScript, and harmless."""

import time

import pytest
from django.db import connection

from contacts.eadesk import patterns
from contacts.eadesk.errors import BadRegex
from contacts.eadesk.patterns import searching, translate
from tests.at_once import at_once
from tests.factories import ContactFactory, ContactPointFactory, UserFactory
from tests.hostile_patterns import HOSTILE

from .test_people import BASE, names, read

pytestmark = pytest.mark.django_db

# Of an odd number of letters no four pairs can be made, which takes PostgreSQL very long to find out.
SLOW, SLOW_FOR = r"^(.+)\1(.+)\2(.+)\3(.+)\4b$", "a" * 249 + "b"


def told(client, pattern, call="read"):
    response = client.get(f"{BASE}/{call}", {"search": pattern})
    return response.status_code, response.json()


@pytest.fixture
def people():
    ContactFactory(name="Вася Пупкин", email="vasya@example.com", phone="+7 987 654-32-10")
    alice = ContactFactory(name="Alice O'Neill (née Smith)", email="alice@example.org")
    ContactPointFactory(contact=alice, type="id", service="telegram", value="@al_ice")
    ContactFactory(name="Дарт Вейдер")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("вася", ["Вася Пупкин"]),
        ("^ВАСЯ\\s", ["Вася Пупкин"]),
        ("пупкин|вейдер", ["Вася Пупкин", "Дарт Вейдер"]),
        ("example\\.(com|org)$", ["Вася Пупкин", "Alice O'Neill (née Smith)"]),
        ("654-32", ["Вася Пупкин"]),
        ("^\\+7", ["Вася Пупкин"]),
        ("al_ice", ["Alice O'Neill (née Smith)"]),
        ("\\bsmith\\b", ["Alice O'Neill (née Smith)"]),
        ("\\bmith\\b", []),
        ("\\Bmith", ["Alice O'Neill (née Smith)"]),
        ("\\x41lice\\u0020", ["Alice O'Neill (née Smith)"]),
        ("n\\x65il", ["Alice O'Neill (née Smith)"]),
        ("\\(n[^]e", ["Alice O'Neill (née Smith)"]),
        ("a|[]", ["Вася Пупкин", "Alice O'Neill (née Smith)"]),
        ("[\\d-]{9}", ["Вася Пупкин"]),
        ("(.)\\1ill", []),
        ("i(.)\\1 ", ["Alice O'Neill (née Smith)"]),
        ("дарт(?= вейдер)", ["Дарт Вейдер"]),
        ("дарт(?! вейдер)", []),
        ("%", []),
        ("_", ["Alice O'Neill (née Smith)"]),
        ("'", ["Alice O'Neill (née Smith)"]),
        ("", ["Вася Пупкин", "Alice O'Neill (née Smith)", "Дарт Вейдер"]),
    ],
)
def test_search_looks_in_names_and_values(manager, sales, people, pattern, found):
    assert names(manager, search=pattern) == found
    assert names(sales, search=pattern) == []


def test_search_goes_with_the_other_parameters(manager, people):
    assert names(manager, search="example", type="id") == ["Alice O'Neill (née Smith)"]
    assert names(manager, search="example", limit=1, offset=1) == ["Alice O'Neill (née Smith)"]
    (alice,) = read(manager, search="alice")
    assert names(manager, search="example", id=alice["_id"]) == ["Alice O'Neill (née Smith)"]
    manager.post(f"{BASE}/delete/{alice['_id']}")
    assert names(manager, search="example") == ["Вася Пупкин", "Alice O'Neill (née Smith)"]
    assert names(manager, search="example", needExistingRecords=1) == ["Вася Пупкин"]


BAD = ["(", "[a", "*a", "a**", "+7", "a{1000}", "\\", "(?<n>a)", "(?<=a)b", "(?<!a)b", "\\p{L}", "\\k<n>", "(?i:a)"]
BAD += ["***=a", "[z-a]", "a" * 201, "((((a{0,255}){0,255}){0,255}){0,255})", "(?P<n>a)"]


@pytest.mark.parametrize("call", ["read", "contacts/read"])
@pytest.mark.parametrize("pattern", BAD)
def test_what_is_no_pattern_is_said_to_be_none(manager, people, call, pattern):
    assert told(manager, pattern, call) == (400, {"err": "EBAD_REGEX"})
    assert told(manager, "вася", call)[0] == 200


@pytest.mark.parametrize(
    ("javascript", "postgresql"),
    [
        (r"\bа\B", r"\yа\Y"),
        (r"[\b]\b", r"[\b]\y"),
        (r"\\b\[\b", r"\\b\[\y"),
        (r"[^\]\b]\b", r"[^\]\b]\y"),
        (r"\x4aZ[\x20-\x7e]", r"\u004aZ[\u0020-\u007e]"),
        ("[]|[^]", "(?!)|."),
        (r"[(?<]\(?<a", r"[(?<]\(?<a"),
        ("a" * 200, "a" * 200),
    ],
)
def test_translation(javascript, postgresql):
    assert translate(javascript) == postgresql


def test_translation_refuses():
    for pattern in ("(?<n>a)", "[a](?<=b)", "***a", "a" * 201, "\0"):
        with pytest.raises(BadRegex):
            translate(pattern)


def test_slow_search_is_stopped_and_the_connection_stays_usable(manager, monkeypatch):
    ContactFactory(name=SLOW_FOR, email=None).points.create(type="id", service="vk", value=SLOW_FOR)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '59s'")
    monkeypatch.setattr(patterns, "TIMEOUT_MS", 100)
    for call in ("read", "contacts/read"):
        assert told(manager, SLOW, call) == (400, {"err": "ESEARCH_TIMEOUT"})
        assert told(manager, "^a", call)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("59s",)


def test_searches_that_wait_too_long_for_their_turn_are_refused(manager, monkeypatch):
    monkeypatch.setattr(patterns, "PATIENCE_S", 0.01)
    with searching(), searching():
        assert told(manager, "a") == (400, {"err": "ESEARCH_TIMEOUT"})
        assert told(manager, "")[0] == 200
    assert told(manager, "a")[0] == 200


@pytest.mark.parametrize("role", ["Manager", "Sales"])
@pytest.mark.parametrize("call", ["read", "contacts/read"])
@pytest.mark.parametrize("pattern", HOSTILE)
def test_hostile_patterns_are_answered(api, people, role, call, pattern):
    client = api(UserFactory(groups=[role]))
    ContactFactory(name=SLOW_FOR, assigned_to=client.user)
    status, answer = told(client, pattern, call)
    assert status == 200 or answer in ({"err": "EBAD_REGEX"}, {"err": "ESEARCH_TIMEOUT"})
    assert told(client, "вася", call)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_others_are_served_while_searches_run(api, monkeypatch):
    """As many slow searches as one process lets run, and more; other requests are answered before they end."""
    monkeypatch.setattr(patterns, "PATIENCE_S", 0.1)
    ContactFactory(name=SLOW_FOR)
    user = UserFactory(groups=["Manager"])
    clients = [api(user) for _ in range(patterns.AT_ONCE + 3)]

    def search(client):
        return lambda: (told(client, SLOW)[1], time.monotonic())

    def look():
        return [clients[-1].get("/contacts").status_code for _ in range(3)], time.monotonic()

    *searches, others = at_once([*map(search, clients[:-1]), look])
    assert others[0] == [200] * 3
    assert {answer["err"] for answer, _ in searches} == {"ESEARCH_TIMEOUT"}
    assert others[1] < max(ended for _, ended in searches)
