"""Which contact an arriving lead, customer or caller is: the rule by which one person stays one contact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from .. import phones, points
from ..models import Contact

SIMILAR = 0.5

# More people than that have the number of a switchboard: there only the same name says who somebody is, which spares
# comparing each of them with each.
CROWD = 100

# Beside an equal number the similarity of two names says enough from one half on; the order of words does not matter.
# Two matches are as good as many.
MATCH = f"""
    WITH asked AS MATERIALIZED (
        SELECT crm_fold(name) AS name, email, phone, number
        FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS person (name, email, phone, number)
    ), by_email AS MATERIALIZED (
        SELECT number, found.id FROM asked CROSS JOIN LATERAL (
            SELECT DISTINCT contact_id AS id FROM contacts_contactpoint
                JOIN contacts_contact AS contact ON contact.id = contact_id AND contact.deleted_at IS NULL
            WHERE normalized = email AND type = 'mail' AND contacts_contactpoint.deleted_at IS NULL
            ORDER BY contact_id LIMIT 2
        ) AS found WHERE email <> ''
    ), numbers AS MATERIALIZED (
        SELECT phone, {CROWD} < (
            SELECT count(*) FROM (
                SELECT FROM contacts_contactpoint
                WHERE normalized = phone AND type = 'phone' AND deleted_at IS NULL LIMIT {CROWD + 1}
            ) AS those
        ) AS is_crowded
        FROM (SELECT DISTINCT phone FROM asked WHERE phone <> '') AS given
    ), by_phone AS (
        SELECT number, found.id FROM asked JOIN numbers USING (phone) CROSS JOIN LATERAL (
            SELECT contact.id FROM contacts_contactpoint AS point
                JOIN contacts_contact AS contact ON contact.id = contact_id AND contact.deleted_at IS NULL
                    AND similarity(sort_name, asked.name) >= {SIMILAR}
            WHERE NOT is_crowded AND normalized = asked.phone AND type = 'phone' AND point.deleted_at IS NULL
            UNION
            SELECT contact.id FROM contacts_contact AS contact
            WHERE is_crowded AND sort_name = asked.name AND contact.deleted_at IS NULL AND EXISTS (
                SELECT FROM contacts_contactpoint AS point WHERE normalized = asked.phone AND contact_id = contact.id
                    AND type = 'phone' AND point.deleted_at IS NULL
            )
            LIMIT 2
        ) AS found WHERE asked.name <> '' AND number NOT IN (SELECT number FROM by_email)
    )
    SELECT number, array_agg(id), 'email' FROM by_email GROUP BY number
    UNION ALL SELECT number, array_agg(id), 'phone' FROM by_phone GROUP BY number
"""

# Pairs of people in one list who would match by their numbers, were the first one a contact already.
MATES = f"""
    WITH asked AS MATERIALIZED (
        SELECT crm_fold(name) AS name, phone, number, count(*) OVER (PARTITION BY phone) > {CROWD} AS is_crowded
        FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS person (name, phone, number)
        WHERE phone <> '' AND name <> ''
    )
    SELECT later.number, earlier.number FROM asked AS earlier JOIN asked AS later
        ON earlier.phone = later.phone AND earlier.number < later.number
        AND similarity(earlier.name, later.name) >= {SIMILAR}
    WHERE NOT earlier.is_crowded
    UNION ALL
    SELECT later.number, earlier.number FROM asked AS earlier JOIN asked AS later
        ON earlier.phone = later.phone AND earlier.name = later.name AND earlier.number < later.number
    WHERE earlier.is_crowded
"""


class Identity(NamedTuple):
    """What somebody is called and reached by, as given."""

    name: str = ""
    email: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class Candidates:
    """The contacts that somebody may be. Who is known by e-mail is not asked for by number."""

    found: set[UUID] = field(default_factory=set)
    by_email: bool = False
    mates: list[int] = field(default_factory=list)  # Earlier people of the list who would be matched by number.

    @property
    def only(self) -> UUID | None:
        return next(iter(self.found)) if len(self.found) == 1 else None


def candidates_for(
    people: Iterable[Identity], region: str | None = None, *, with_mates: bool = False
) -> list[Candidates]:
    """For each person live contacts that match, two at most, and if asked who of the earlier people does. A query for
    each of both questions.
    """
    asked = list(people)
    candidates = [Candidates() for _ in asked]
    names = [person.name.replace("\0", "") for person in asked]
    emails = [points.normalize_email(person.email) if person.email else "" for person in asked]
    numbers = [phones.parse(person.phone, region) if person.phone else None for person in asked]
    e164 = [number.normalized if number and number.is_valid else "" for number in numbers]
    with connection.cursor() as cursor:
        cursor.execute(MATCH, [names, [email.replace("\0", "") for email in emails], e164])
        for number, found, key in cursor.fetchall():
            candidates[number - 1].found, candidates[number - 1].by_email = set(found), key == "email"
        if with_mates:
            cursor.execute(MATES, [names, e164])
            for later, earlier in cursor.fetchall():
                candidates[later - 1].mates.append(earlier - 1)
    return candidates


def match_contacts(people: Iterable[Identity], region: str | None = None) -> list[UUID | None]:
    """For each person the id of the one live contact that is the same person, or nothing. One query for all.

    That is the contact with the same normalised e-mail address; if no contact has it, the one with the same E.164
    number and a similar name, for a switchboard's number is shared by many. Where more than a hundred have the number
    it must be the same name. Several matches are none. Contacts that the acting user may not see match too: whoever
    uses a match must not show it to them.
    """
    return [each.only for each in candidates_for(people, region)]


def match_contact(name: str = "", email: str | None = None, phone: str | None = None) -> Contact | None:
    """The contact that ``match_contacts`` finds for one person. Two queries, one when there is none."""
    (key,) = match_contacts([Identity(name, email, phone)])
    return Contact.objects.get(pk=key) if key else None
