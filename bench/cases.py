"""What is measured, against what, and how good it must be."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from crm_project.api.pagination import Cursor

from . import bare
from .measuring import Call
from .places import Client, Place

SAMPLE = 200


@dataclass(frozen=True)
class Case:
    """``call`` against ``against``, compared at the median or at the 95th percentile; ``goal`` is the highest ratio.

    ``path`` is one request of the case, with its ``body`` when it is a POST, and ``kind`` who sends it, for counting
    its queries.
    """

    name: str
    call: Call
    against: Call
    goal: float | None
    at: str = "p95"
    path: str | None = None
    kind: str = "manager"
    body: dict[str, Any] | None = None


def requests(client: Client, paths: list[str]) -> Call:
    return lambda number: client.get(paths[number % len(paths)])


def sampled(place: Place, query: str, count: int = SAMPLE) -> list[str]:
    """Values of the first column, in an order that is the same in each run."""
    found = [str(row[0]) for row in bare.rows(place, query) if row[0]]
    random.Random(1).shuffle(found)
    return found[:count]


def long_ago(place: Place, table: str, column: str) -> str:
    """The day until which a thirtieth of the place's records had come: those of about a month."""
    oldest = f"SELECT {column} AS day FROM {table} ORDER BY 1 LIMIT {place.contacts // 30}"
    ((day,),) = bare.rows(place, f"SELECT max(day)::date FROM ({oldest}) AS oldest")
    return str(day)


class Cases:
    def __init__(self, large: Place, small: Place) -> None:
        self.large, self.small = large, small
        self.ids = {place.name: self.some_ids(place) for place in (large, small)}
        self.clients = {(place.name, kind): Client(place, kind) for place in (large, small) for kind in place.keys}
        self.get_id = self.requests(large, [f"/contacts/{key}" for key in self.ids[large.name]])

    def some_ids(self, place: Place) -> list[str]:
        share = min(100, 100 * 20 * SAMPLE / place.contacts)
        sample = f"SELECT id FROM contacts_contact TABLESAMPLE BERNOULLI ({share}) REPEATABLE (1)"
        return sampled(place, f"{sample} WHERE deleted_at IS NULL AND merged_into_id IS NULL")

    def requests(self, place: Place, paths: list[str], kind: str = "manager") -> Call:
        return requests(self.clients[place.name, kind], paths)

    def all(self) -> Iterator[Case]:
        yield Case(
            "GET /contacts/{id} : bare SQL",
            self.get_id,
            bare.get_contact(self.large, self.ids[self.large.name]),
            6,
            "p50",
            f"/contacts/{self.ids[self.large.name][0]}",
        )
        yield from self.pages()
        yield from self.pages_of_reps()
        yield from self.pages_of_sales()
        yield from self.lookups()
        yield from self.calls()
        yield from self.searches()
        yield from self.patterns()
        yield from self.duplicates()

    def pages(self) -> Iterator[Case]:
        """Pages of 50 on the large database : the same on the small one."""
        for name, path in self.page_paths(self.large).items():
            other = self.page_paths(self.small)[name]
            size = f"{self.large.contacts:,} : {self.small.contacts:,}"
            yield Case(
                f"{name}, {size}", self.requests(self.large, path), self.requests(self.small, other), 1.5, path=path[0]
            )

    def page_paths(self, place: Place) -> dict[str, list[str]]:
        ids = self.ids[place.name]
        stored = bare.rows(place, "SELECT id, sort_name FROM contacts_contact WHERE id = ANY(%s::uuid[])", ids)
        names = {str(key): name for key, name in stored}
        (company,) = bare.rows(
            place,
            "SELECT o.name FROM contacts_organization o JOIN contacts_contact c ON c.organization_id = o.id"
            " GROUP BY o.id HAVING count(*) BETWEEN 15 AND 60 AND o.name NOT LIKE '%%,%%' ORDER BY o.id LIMIT 1",
        )[0]
        (owner,) = bare.rows(place, "SELECT id FROM access_user WHERE username = 'olga.sokolova'")[0]
        old = long_ago(place, "contacts_contact", "created_at")
        return {
            "first page": ["/contacts"],
            "deep page": ["/contacts?cursor=" + Cursor("-created_at", [key]).encode() for key in ids],
            "first page by name": ["/contacts?ordering=name"],
            "deep page by name": [
                "/contacts?ordering=name&cursor=" + Cursor("name", [names[key], key]).encode() for key in ids
            ],
            "page by change": ["/contacts?ordering=-updated_at"],
            "page ?category=": ["/contacts?category=VIP"],
            "page ?segment= static": ["/contacts/segment?segment=Newsletter"],
            "page ?segment= dynamic": ["/contacts/segment?segment=" + quote("VIP people")],
            "page ?company=": ["/contacts?company=" + quote(company)],
            "page ?contact_type=": ["/contacts?contact_type=company"],
            "page ?assigned_to=": [f"/contacts?assigned_to={owner}"],
            "page ?custom_fields.": ["/contacts?custom_fields.language=German"],
            "page ?created_at_after=": ["/contacts?created_at_after=2020-01-01"],
            "page ?created_at_before= long ago": [f"/contacts?created_at_before={old}"],
            "page ?updated_at_before= long ago": [f"/contacts?updated_at_before={old}"],
            "page ?trashed=true": ["/contacts?trashed=true"],
        }

    def pages_of_reps(self) -> Iterator[Case]:
        """A rep's page : the same page of a manager, who sees everything."""
        ids = self.ids[self.large.name]
        paths = {
            "first page": ["/contacts"],
            "deep page": ["/contacts?cursor=" + Cursor("-created_at", [key]).encode() for key in ids],
            "page by name": ["/contacts?ordering=name"],
            "page ?category=": ["/contacts?category=VIP"],
            "search Smith": ["/contacts?search=smith"],
        }
        for name, path in paths.items():
            for kind, sees in (("rep1k", "a thousandth"), ("rep100k", "a tenth")):
                yield Case(
                    f"{name}, rep who sees {sees} : manager",
                    self.requests(self.large, path, kind),
                    self.requests(self.large, path),
                    1.5,
                    path=path[0],
                    kind=kind,
                )

    def pages_of_sales(self) -> Iterator[Case]:
        """Lists of sales on the large database : the same on the small one; a rep's page : a manager's."""
        old = long_ago(self.small, "orders_order", "order_date")
        paths = {
            "leads": "/dev/crm/leads",
            "leads by name": "/dev/crm/leads?ordering=name",
            "leads by score": "/dev/crm/leads?ordering=-score",
            "leads ?status=": "/dev/crm/leads?status=negotiation,proposal",
            "leads ?score_min=": "/dev/crm/leads?score_min=90",
            "leads ?search=": "/dev/crm/leads?search=smith",
            "customers": "/dev/crm/customers",
            "customers by name": "/dev/crm/customers?ordering=name",
            "customers ?status=": "/dev/crm/customers?status=blocked",
            "customers ?search=": "/dev/crm/customers?search=smith",
            "orders": "/dev/crm/orders",
            "orders by date": "/dev/crm/orders?ordering=-order_date",
            "orders ?status=": "/dev/crm/orders?status=pending",
            "orders ?order_date_after=": "/dev/crm/orders?order_date_after=2020-01-01",
            "orders ?order_date_before= long ago": f"/dev/crm/orders?order_date_before={old}",
        }
        for name, path in paths.items():
            calls = [self.requests(place, [path]) for place in (self.large, self.small)]
            yield Case(f"{name}, {self.large.contacts:,} : {self.small.contacts:,}", *calls, 1.5, path=path)
        for name in ("leads", "leads ?status=", "customers", "orders", "orders ?status="):
            for kind, sees in (("rep1k", "a thousandth"), ("rep100k", "a tenth")):
                call, against = self.requests(self.large, [paths[name]], kind), self.requests(self.large, [paths[name]])
                yield Case(f"{name}, rep who sees {sees} : manager", call, against, 1.5, path=paths[name], kind=kind)

    def lookups(self) -> Iterator[Case]:
        numbers = sampled(
            self.large,
            "SELECT normalized FROM contacts_contactpoint TABLESAMPLE BERNOULLI (1) REPEATABLE (1)"
            " WHERE type = 'phone' AND normalized LIKE '+7%%' AND deleted_at IS NULL",
        )
        spellings: dict[str, Callable[[str], str]] = {
            "+79161234567": lambda number: number,
            "8 (916) 123-45-67": lambda n: f"8 ({n[2:5]}) {n[5:8]}-{n[8:10]}-{n[10:]}",
            "916 1234567": lambda n: f"{n[2:5]} {n[5:]}",
        }
        for shown, spell in spellings.items():
            for parameter in ("phone", "search"):
                paths = [f"/contacts?{parameter}={quote(spell(number))}" for number in numbers]
                yield Case(
                    f"?{parameter}={shown} : GET id", self.requests(self.large, paths), self.get_id, 2, path=paths[0]
                )

    def calls(self) -> Iterator[Case]:
        """The phone rings: contacts, leads and customers with the number, as App Connect asks."""
        path = "/api/app-connect/findContact"
        numbers = sampled(
            self.large,
            "SELECT normalized FROM contacts_contactpoint TABLESAMPLE BERNOULLI (1) REPEATABLE (1)"
            " WHERE type = 'phone' AND normalized LIKE '+1%%' AND deleted_at IS NULL",
        )
        bodies = [{"phoneNumber": number, "overridingFormat": "(***) ***-****,###.###.####"} for number in numbers]
        sent = [json.dumps(body).encode() for body in bodies]
        for kind in ("manager", "rep1k", "rep100k"):
            client = self.clients[self.large.name, kind]

            def call(number: int, client: Client = client) -> bytes:
                return client.send("POST", path, sent[number % len(sent)])

            yield Case(
                f"App Connect findContact, {kind} : GET id", call, self.get_id, 2, path=path, kind=kind, body=bodies[0]
            )

    def searches(self) -> Iterator[Case]:
        rare = sampled(
            self.large,
            "SELECT value FROM contacts_contactpoint TABLESAMPLE BERNOULLI (1) REPEATABLE (1)"
            " WHERE type = 'mail' AND deleted_at IS NULL",
        )
        words = {
            "common (anna)": ["anna", "smith", "example", "john"],
            "3 letters": ["lee", "kim", "mar", "jon", "яна"],
            "2 words, any order": ["smith mary", "mary smith", "ёлкина алена", "müller jurgen", "garcia jose"],
            "ё/е and accents": ["алена", "Алёна", "елкина", "lefèvre", "lefevre", "yilmaz"],
            "rare (an address)": rare,
            "nobody": ["xyzzyq", "qqqqq", "jbuttzz"],
            "3 words": ["anna muller gmbh", "иван ооо ромашка", "logistics smith james"],
            "a number's end": [f"{number:04d}-{number:03d}" for number in range(1200, 1240)],
        }
        for name, texts in words.items():
            paths = [f"/contacts?search={quote(text)}" for text in texts]
            yield Case(f"?search= {name} : GET id", self.requests(self.large, paths), self.get_id, 4, path=paths[0])

    def patterns(self) -> Iterator[Case]:
        """Regular expressions, as clients of Eadesk send them."""
        texts = {
            "three letters": ["иванов|смирнов", "^anna", r"\bsmith\b", r"@mail\.example$", "müller.*gmbh", "qqqq"],
            "a number": [f"55{number:02d}.?{number:02d}" for number in range(40)],
        }
        for name, patterns in texts.items():
            paths = [f"/api/clients/person/read?search={quote(pattern, safe='')}" for pattern in patterns]
            case = f"Eadesk ?search= {name} : GET id"
            yield Case(case, self.requests(self.large, paths), self.get_id, None, path=paths[0])

    def duplicates(self) -> Iterator[Case]:
        client = self.clients[self.large.name, "manager"]
        people = [json.loads(client.get(f"/contacts/{key}")) for key in self.ids[self.large.name][:40]]
        asked = {
            "phone": [f"phone={quote(each['phone'])}" for each in people if each["phone"]],
            "email": [f"email={quote(each['email'])}" for each in people if each["email"]],
            "name": [f"name={quote(each['name'])}" for each in people],
        }
        for name, parameters in asked.items():
            paths = [f"/contacts/duplicate?{each}" for each in parameters]
            yield Case(f"duplicate ?{name}= : GET id", self.requests(self.large, paths), self.get_id, 4, path=paths[0])
