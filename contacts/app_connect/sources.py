"""The kinds of records that may be calling. Each app registers its own in its ``AppConfig.ready()``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, CharField, DateTimeField, F, Func, QuerySet, Value

from crm_project.access import rules
from crm_project.access.models import OwnedModel, User

from .. import services
from ..models import Contact, ContactPoint, Origin
from ..people import PersonModel
from ..search import with_words
from .numbers import Number

MOST_BY_NUMBER = 500  # Of each kind. A switchboard's number may be that of thousands, of whom nobody reads a list.
MOST_BY_NAME = 50
NOTHING = Value("", CharField())
UNKNOWN = Value(None, DateTimeField())


@dataclass(frozen=True)
class Caller:
    """Somebody who may be calling; the fields have the order of ``CallerSource.rows``."""

    kind: str
    id: UUID
    name: str
    phone: str
    title: str
    company: str
    email: str
    created_at: dt.datetime
    last_activity: dt.datetime | None


class CallerSource:
    """One kind of record: how it is found, made and told that somebody spoke with it.

    ``kind`` is what App Connect calls it, ``entity`` the name under which its custom fields are defined.
    """

    kind: ClassVar[str]
    entity: ClassVar[str]
    model: ClassVar[type[OwnedModel]]
    phone: Any
    phone_asked_for: Any  # The phone where several are the same person's.
    title: Any = NOTHING
    company: Any = NOTHING
    email: Any = NOTHING
    last_activity: Any = UNKNOWN

    def numbered(self) -> QuerySet:
        """Live records that have the number that is asked for."""
        raise NotImplementedError

    def named(self, name: str) -> QuerySet:
        """Live records in whose names all its words occur."""
        raise NotImplementedError

    def create(self, *, actor: User, name: str, phone: str, custom_fields: dict[str, Any]) -> Any:
        """A new record; the name is not blank, the number may be."""
        raise NotImplementedError

    def contact_id(self, record: Any) -> UUID:
        """The key of the contact behind the record."""
        raise NotImplementedError

    def was_spoken_with(self, record: Any, at: dt.datetime) -> None:
        """Called in the transaction that writes down a call or message."""

    def rows(self, found: QuerySet, phone: Any) -> QuerySet:
        """The found records in the shape of ``Caller``."""
        told = {
            "told_phone": phone,
            "told_kind": Value(self.kind, CharField()),
            "told_title": self.title,
            "told_company": self.company,
            "told_email": self.email,
            "told_activity": self.last_activity,
        }
        columns = ("id", "name", "told_phone", "told_title", "told_company", "told_email", "created_at")
        return found.annotate(**told).values_list("told_kind", *columns, "told_activity")


class PartOfContact(Func):
    """One value of a contact, by its key. Written in SQL, which Django would take longer to write than to ask."""

    arity = 1
    output_field: Any = CharField()


class Email(PartOfContact):
    template = """(
        SELECT value FROM contacts_contactpoint WHERE contact_id = %(expressions)s AND type = 'mail'
            AND deleted_at IS NULL ORDER BY is_primary DESC, position, id LIMIT 1
    )"""


class Company(PartOfContact):
    template = "(SELECT name FROM contacts_organization WHERE id = %(expressions)s)"


class LastActivity(PartOfContact):
    template = "(SELECT max(started_at) FROM contacts_interaction WHERE contact_id = %(expressions)s)"
    output_field = DateTimeField()


# Stand for what belongs to the number that is asked for, in a query that is written before one is.
LOOKED_UP, NORMALIZED, SPELLED = map(attrgetter, ("looked_up", "normalized", "spelled"))
PHONE = """(
    SELECT value FROM contacts_contactpoint WHERE contact_id = %(expressions)s AND type = 'phone'
        AND deleted_at IS NULL ORDER BY {}is_primary DESC, position, id LIMIT 1
)"""


class Phone(PartOfContact):
    template = PHONE.format("")


class PhoneAskedFor(PartOfContact):
    template = PHONE.format("normalized = ANY(%%s) DESC, ")

    def as_sql(self, *args: Any, **context: Any) -> Any:
        sql, values = super().as_sql(*args, **context)
        return sql, (*values, LOOKED_UP)


class HasNumber(Func):
    """Whether a normalised number, and how it is spelled in another column, are the number that is asked for."""

    arity = 2
    output_field: Any = BooleanField()

    def as_sql(self, compiler: Any, *args: Any, **context: Any) -> Any:
        normalized, value = (compiler.compile(column)[0] for column in self.get_source_expressions())
        sql = f"({normalized} = ANY(%s) AND ({normalized} = ANY(%s) OR {value} = ANY(%s)))"
        return sql, (LOOKED_UP, NORMALIZED, SPELLED)


class ContactSource(CallerSource):
    kind, entity, model = "Contact", "contact", Contact
    phone, phone_asked_for = Phone("pk"), PhoneAskedFor("pk")
    title = F("job_title")
    company = Company("organization_id")
    email = Email("pk")
    last_activity = LastActivity("pk")

    def numbered(self) -> QuerySet:
        points = ContactPoint.objects.filter(
            HasNumber("normalized", "value"), type=ContactPoint.Type.PHONE, deleted_at=None
        )
        return Contact.objects.live().filter(pk__in=points.order_by().values("contact"))

    def named(self, name: str) -> QuerySet:
        return with_words(Contact.objects.live(), name, "sort_name")

    def create(self, *, actor: User, name: str, phone: str, custom_fields: dict[str, Any]) -> Contact:
        return services.create_contact(
            actor=actor, origin=Origin.APP_CONNECT, name=name, phone=phone, custom_fields=custom_fields
        )

    def contact_id(self, record: Contact) -> UUID:
        return record.pk


class PersonSource(CallerSource):
    """People in a role, such as leads: found by their own number and name, behind them the contact."""

    model: ClassVar[type[PersonModel]]
    phone = phone_asked_for = F("phone")
    company = F("company")
    email = F("email")

    def live(self) -> QuerySet:
        people: Any = self.model._default_manager
        return people.live()

    def numbered(self) -> QuerySet:
        return self.live().filter(HasNumber("normalized_phone", "phone"))

    def named(self, name: str) -> QuerySet:
        """The index is that of the search text, of which the name is a part."""
        return with_words(self.live(), name, "search_text", "sort_name")

    def contact_id(self, record: PersonModel) -> UUID:
        return record.contact_id


_sources: dict[str, CallerSource] = {}


def register(source: CallerSource) -> None:
    """Add a kind of caller; what is registered first is what new contacts become unless told otherwise."""
    _sources[source.kind] = source


def sources() -> list[CallerSource]:
    return list(_sources.values())


def source_for(kind: str) -> CallerSource | None:
    return _sources.get(kind)


def default_source() -> CallerSource:
    return sources()[0]


def by_number(number: Number, user: User) -> list[Caller]:
    """Who may be calling from the number, of all kinds that the user may see, newest first. One query."""
    query = query_by_number(user, rules.standing(user)) if number else None
    if query is None:
        return []
    sql, values = query
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(value(number)) if callable(value) else value for value in values])
        return newest(cursor.fetchall())


@lru_cache(maxsize=1_000)
def query_by_number(user: User, standing: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The query in SQL, ``None`` where the user can see nobody.

    It is kept for as long as the user's standing is the same, as Django takes longer to write it than PostgreSQL to
    answer.
    """
    parts = []
    for source in sources():
        found = rules.each_visible(source.numbered(), user)
        parts.append(source.rows(found.order_by("-pk"), source.phone_asked_for)[:MOST_BY_NUMBER])
    try:
        return parts[0].union(*parts[1:], all=True).query.sql_with_params()
    except EmptyResultSet:
        return None


def by_name(name: str, user: User) -> list[Caller]:
    """Who has all the words in the name, in any order, newest first, at most 50. A query or two for each kind."""
    if not name.strip():
        return []
    found: list[Any] = []
    for source in sources():
        named = rules.top_k(source.named(name).order_by("-pk"), user, MOST_BY_NAME, is_narrowed=True)
        found += source.rows(named, source.phone)[:MOST_BY_NAME]
    return newest(found)[:MOST_BY_NAME]


def newest(rows: Any) -> list[Caller]:
    callers = [Caller(*row) for row in rows]
    return sorted(callers, key=attrgetter("created_at", "id"), reverse=True)
