"""The same data and the same work by plain SQL: what PostgreSQL itself needs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from .places import Place

KEY = """
    SELECT k.id, k.scopes, k.expires_at, k.revoked_at, u.id, u.is_active FROM access_apikey k
    JOIN access_user u ON u.id = k.user_id WHERE k.digest = %s
"""
RIGHTS = """
    SELECT g.id, r.reach, c.app_label, p.codename FROM access_user_groups ug JOIN auth_group g ON g.id = ug.group_id
    LEFT JOIN access_role r ON r.group_id = g.id LEFT JOIN auth_group_permissions gp ON gp.group_id = g.id
    LEFT JOIN auth_permission p ON p.id = gp.permission_id
    LEFT JOIN django_content_type c ON c.id = p.content_type_id WHERE ug.user_id = %s
"""
COUNT = """
    INSERT INTO api_ratecounter AS counter (name, "window", count) VALUES (%s, %s, 1)
    ON CONFLICT (name) DO UPDATE SET count = counter.count + 1
"""
CONTACT = """
    SELECT c.*, o.name FROM contacts_contact c LEFT JOIN contacts_organization o ON o.id = c.organization_id
    WHERE c.id = %s AND c.deleted_at IS NULL
"""
POINTS = "SELECT * FROM contacts_contactpoint WHERE contact_id = %s AND deleted_at IS NULL ORDER BY position"
CATEGORIES = """
    SELECT g.name FROM contacts_contactcategory m JOIN contacts_category g ON g.id = m.category_id
    WHERE m.contact_id = %s
"""
SEGMENTS = """
    SELECT g.id, g.name FROM contacts_contactsegment m JOIN contacts_segment g ON g.id = m.segment_id
    WHERE m.contact_id = %s
"""
NEW_POINT = """
    INSERT INTO contacts_contactpoint (id, contact_id, type, service, value, normalized, is_primary, position)
    VALUES (%s, %s, %s, %s, %s, %s, true, %s)
"""
NEW_CONTACT = """
    INSERT INTO contacts_contact (id, name, description, assigned_to_id, created_by_id, organization_id, external_id)
    VALUES (%s, %s, '', %s, %s, %s, 'bench')
"""


def connect(place: Place) -> psycopg.Connection:
    return psycopg.connect(place.url, autocommit=True)


def rows(place: Place, query: str, *parameters: Any) -> list[Any]:
    with connect(place) as connection:
        return connection.execute(query, parameters).fetchall()


def sign_in(cursor: psycopg.Cursor, digest: bytes) -> UUID:
    key = cursor.execute(KEY, [digest]).fetchone()
    assert key is not None
    cursor.execute(RIGHTS, [key[4]]).fetchall()
    cursor.execute(COUNT, [f"bench {key[0]}", int(time.time() // 60)])
    return key[4]


def get_contact(place: Place, ids: list[UUID]) -> Callable[[int], object]:
    """Who is asking, what they may do, how often they asked, the contact and all that belongs to it."""
    cursor, digest = connect(place).cursor(), hashlib.sha256(place.keys["manager"].encode()).digest()

    def get(number: int) -> None:
        sign_in(cursor, digest)
        contact = ids[number % len(ids)]
        for query in (CONTACT, POINTS, CATEGORIES, SEGMENTS):
            cursor.execute(query, [contact]).fetchall()

    return get


def post_contact(place: Place) -> Callable[[int], object]:
    """A contact of a known company with an address and a number, in one transaction; triggers write its history."""
    connection, digest = connect(place), hashlib.sha256(place.keys["manager"].encode()).digest()
    (company,) = rows(place, "SELECT id FROM contacts_organization ORDER BY id LIMIT 1")[0]
    cursor = connection.cursor()

    def post(number: int) -> None:
        user = sign_in(cursor, digest)
        with connection.transaction():
            contact, tail = uuid7(), f"{number:07d}"[-7:]
            mail = f"bench{number}@bench.example"
            cursor.execute("SELECT set_config('pghistory.context_id', %s, true)", [str(uuid7())])
            cursor.execute("""SELECT set_config('pghistory.context_metadata', '{"door": "api"}', true)""")
            cursor.execute(NEW_POINT, [uuid7(), contact, "mail", "mail", mail, mail, 0])
            cursor.execute(NEW_POINT, [uuid7(), contact, "phone", "phone", f"8 916 {tail}", f"+7916{tail}", 1])
            cursor.execute(NEW_CONTACT, [contact, f"Bench Person {number}", user, user, company])

    return post
