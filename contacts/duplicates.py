"""Who might be the same person: found in SQL by indexes, weighed by evidence, explained in words.

Each piece of evidence has a weight from 0 to 1, and the score unites them as a noisy-or, ``1 − Π (1 − weight)``:
independent causes, each of which alone may make two records one person (Pearl, Probabilistic Reasoning, 1988, 4.3.2).

| evidence | weight |
|---|---|
| an equal e-mail address | 0.95 ÷ names^¼ |
| an equal number | 0.8 ÷ names^½ |
| a similar name, from 60 % on, with an equal address or number from 30 % on | 0.8 × similarity² ÷ namesakes^¼ |
| the same company, if the name is similar by 60 % | 0.5 |
| another company | halves the weight of the name |

*names* is how many different names share the address or number, the one looked for included: a switchboard says little.
*namesakes* is how many contacts have a name at least as similar: so does a common name. Only contacts that the asking
user may see are counted, lest a score tell of others. Similarity is pg_trgm's: order, case and accents do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from crm_project.access import rules

from . import phones, points
from .models import Contact, ContactPoint, Organization
from .services.naming import find, tidy

LIKELY = 0.6  # The score from which a candidate is called the duplicate.
MOST = 20  # Candidates in an answer.
SIMILAR = 0.6
SOMEWHAT_SIMILAR = 0.3
COMMON = 50  # As many namesakes make a name so common that names which are only similar mean nothing.
MOST_HITS = 5_000  # Rows that are looked at for each kind of evidence.
MOST_WORDS_IN_ANY_ORDER = 4

PREPARE = f"""
    SELECT folded, orders, show_trgm(folded) <> '{{}}' AND {COMMON} > (SELECT count(*) FROM (
        SELECT FROM contacts_contact WHERE sort_name = ANY(orders) AND deleted_at IS NULL LIMIT {COMMON}) AS namesake)
    FROM (SELECT crm_fold(%s), ARRAY(SELECT crm_fold(unnest(%s::text[])))) AS asked (folded, orders),
        set_config('pg_trgm.similarity_threshold', '{SIMILAR}', true)
"""

# What is found by an index first, then what of it the user may see, and only then what it weighs. The similar names are
# materialized without a limit, lest the planner expect to meet enough of them by reading the table from its start.
FIND = """
    WITH pointed AS MATERIALIZED (
        SELECT contact_id AS id, type, normalized FROM contacts_contactpoint
        WHERE normalized = ANY(%(points)s) AND type IN ('mail', 'phone') AND deleted_at IS NULL LIMIT {most_hits}
    ), namesakes AS MATERIALIZED (
        SELECT id, sort_name, organization_id FROM contacts_contact
        WHERE sort_name = ANY(%(orders)s) AND deleted_at IS NULL LIMIT {most_hits}
    ), similar_names AS MATERIALIZED (
        SELECT id, sort_name, organization_id FROM contacts_contact
        WHERE %(is_rare)s AND sort_name %% %(name)s AND deleted_at IS NULL
    ), hits AS MATERIALIZED (
        SELECT id, sort_name, organization_id FROM contacts_contact
        WHERE id IN (SELECT id FROM pointed) AND deleted_at IS NULL
        UNION SELECT * FROM namesakes UNION (SELECT * FROM similar_names LIMIT {most_hits})
    ), found AS MATERIALIZED (
        SELECT id, sort_name, organization_id = %(organization)s AS same_company,
            similarity(sort_name, %(name)s)::float AS similarity
        FROM hits WHERE id IN ({visible}) AND id IS DISTINCT FROM %(record)s
    ), shared AS (
        SELECT type, normalized, (count(DISTINCT sort_name)
            + (%(name)s <> '' AND max(similarity) < {somewhat_similar})::int)::float AS names
        FROM pointed JOIN found USING (id) GROUP BY type, normalized
    ), reached AS (
        SELECT id, max(0.95 / names ^ 0.25) FILTER (WHERE type = 'mail') AS mail,
            max(0.8 / names ^ 0.5) FILTER (WHERE type = 'phone') AS phone,
            array_agg(DISTINCT ARRAY[type, normalized]) AS points
        FROM pointed JOIN shared USING (type, normalized) GROUP BY id
    ), weighed AS (
        SELECT found.id, similarity, coalesce(mail, 0) AS mail, coalesce(phone, 0) AS phone, points,
            CASE WHEN similarity < {somewhat_similar} THEN 0
                ELSE 0.8 * similarity ^ 2 / (count(*) OVER (ORDER BY similarity DESC))::float ^ 0.25
                * CASE WHEN same_company IS FALSE THEN 0.5 ELSE 1 END END AS name,
            CASE WHEN same_company AND similarity >= {similar} THEN 0.5::float ELSE 0 END AS company
        FROM found LEFT JOIN reached USING (id)
    )
    SELECT id, 1 - (1 - mail) * (1 - phone) * (1 - name) * (1 - company) AS score, similarity, company > 0, points
    FROM weighed ORDER BY score DESC, id LIMIT {most}
"""


@dataclass(frozen=True)
class Person:
    """What is known of the person looked for; addresses and numbers as ``points.normalize`` gives them."""

    name: str = ""
    points: tuple[str, ...] = ()
    organization: UUID | None = None
    record: UUID | None = None

    @classmethod
    def described(cls, *, name: str = "", email: str = "", phone: str = "", company: str = "") -> Person:
        """From what somebody would create a contact with. One query for the company.

        Raises:
            ValidationError: the address or number is none; the sentence says so.
        """
        reached = set()
        if email:
            points.check(ContactPoint.Type.MAIL, email)
            reached.add(points.normalize_email(email))
        if phone:
            points.check(ContactPoint.Type.PHONE, phone)
            reached |= phones.readings(phone)
        organization = find(Organization, [company]).get(company) if company else None
        return cls(name or company, tuple(sorted(reached)), organization)

    @classmethod
    def of(cls, contact: Contact) -> Person:
        """The person that a record is about. One query for its addresses and numbers."""
        kinds = (ContactPoint.Type.MAIL, ContactPoint.Type.PHONE)
        reached = contact.points.live().filter(type__in=kinds).exclude(normalized="")
        values = tuple(reached.values_list("normalized", flat=True))
        return cls(contact.name, values, contact.organization_id, contact.pk)


@dataclass(frozen=True)
class Candidate:
    """A contact that may be the same person: ``contact`` has the columns of ``for_list``."""

    contact: Any
    score: float
    reasons: list[str]


def find_duplicates(person: Person, user: Any) -> list[Candidate]:
    """The likeliest contacts first, at most 20, never the record itself, only live ones that the user may see.

    Three queries in one transaction, which the threshold of similarity is set for.
    """
    visible, parameters = visible_hits(user)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PREPARE, [tidy(person.name), word_orders(person.name)])
        name, orders, is_rare = cursor.fetchone()
        asked = {
            "points": list(person.points),
            "name": name,
            "orders": orders if name else [],
            "is_rare": is_rare,
            "organization": person.organization,
            "record": person.record,
        }
        sql = FIND.format(
            visible=visible,
            most=MOST,
            most_hits=MOST_HITS,
            similar=SIMILAR,
            somewhat_similar=SOMEWHAT_SIMILAR,
        )
        cursor.execute(sql, asked | parameters)
        rows = cursor.fetchall()
        contacts = Contact.objects.for_list().in_bulk([key for key, *_evidence in rows])
    return [Candidate(contacts[key], round(score, 3), reasons(*evidence)) for key, score, *evidence in rows]


def visible_hits(user: Any) -> tuple[str, dict[str, Any]]:
    """SQL and its parameters for the hits that the user may see; each branch of the rule looks at the hits alone."""
    ways = rules.branches(user, Contact)
    if ways is None:
        return "SELECT id FROM hits", {}
    if not ways:
        return "SELECT NULL::uuid", {}
    hits = Contact.objects.filter(pk__in=RawSQL("SELECT id FROM hits", ())).order_by()
    sql, values = rules.top_k(hits, user, MOST_HITS).values("pk").query.sql_with_params()
    parameters = {f"visible_{place}": value for place, value in enumerate(values)}
    return sql % tuple(f"%({name})s" for name in parameters), parameters


def word_orders(name: str) -> list[str]:
    """The name with its words in every order, of which people and imports mix up the usual one."""
    words = name.replace(",", " ").split()
    if len(words) > MOST_WORDS_IN_ANY_ORDER:
        return [" ".join(words)]
    return sorted({tidy(name), *(" ".join(order) for order in permutations(words))})


def reasons(similarity: float, is_same_company: bool, reached: Iterable[list[str]] | None) -> list[str]:
    """Why a candidate is one, in words, the strongest reason first."""
    words = {"mail": _("same e-mail address"), "phone": _("same phone number")}
    found = [f"{words[kind]} {value}" for kind, value in reached or ()]
    if similarity >= SOMEWHAT_SIMILAR:
        found.append(
            _("same name")
            if similarity == 1
            else _("similar name (%s)") % (format(similarity, ".0%")).replace("%", " %")
        )
    return [*found, _("same company")] if is_same_company else found


def likeliest(candidates: list[Candidate]) -> Candidate | None:
    """The first candidate, if it is likely enough to be called the duplicate."""
    return candidates[0] if candidates and candidates[0].score >= LIKELY else None
