"""A file of people into the same tables by ``COPY`` and set-based SQL, and out of them by ``COPY``: the limit."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from .places import Place

STAGE = """
    CREATE TEMP TABLE given (
        name text, email text, phone text, other_phone text, company text, categories text, job_title text, city text,
        id uuid DEFAULT uuidv7(), is_new boolean DEFAULT true
    ) ON COMMIT DROP
"""
IMPORT = [
    "ANALYZE given",
    "CREATE INDEX ON given (lower(email))",
    # Broken addresses are all that this looks for.
    "DELETE FROM given WHERE email NOT LIKE '%@%.%'",
    """
    UPDATE given SET id = point.contact_id, is_new = false FROM contacts_contactpoint AS point
    WHERE point.normalized = lower(given.email) AND point.type = 'mail' AND point.deleted_at IS NULL
    """,
    """
    INSERT INTO contacts_organization (name, domain, phone, address, notes)
    SELECT DISTINCT company, '', '', '', '' FROM given WHERE company <> '' ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO contacts_category (name)
    SELECT DISTINCT unnest(string_to_array(categories, ';')) FROM given ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO contacts_contactpoint (contact_id, type, service, value, normalized, is_primary, position, origin)
    SELECT id, kind, kind, value,
        CASE kind WHEN 'mail' THEN lower(value) ELSE regexp_replace(value, '[^0-9+]', '', 'g') END,
        position <> 2, position, 'import'
    FROM given CROSS JOIN LATERAL (
        VALUES ('mail', email, 0), ('phone', phone, 1), ('phone', other_phone, 2)
    ) AS point (kind, value, position) WHERE is_new
    """,
    """
    INSERT INTO contacts_contactcategory (contact_id, category_id)
    SELECT given.id, category.id FROM given CROSS JOIN LATERAL unnest(string_to_array(categories, ';')) AS name (text)
        JOIN contacts_category AS category ON category.name = name.text WHERE is_new
    """,
    # What triggers make of the contacts is planned by these.
    "ANALYZE contacts_contactpoint, contacts_contactcategory",
    """
    INSERT INTO contacts_contact
        (id, name, description, job_title, organization_id, custom_fields, origin, assigned_to_id, created_by_id)
    SELECT given.id, given.name, '', job_title, organization.id, jsonb_build_object('city', city), 'import', %(owner)s,
        %(owner)s
    FROM given LEFT JOIN contacts_organization AS organization ON organization.name = company WHERE is_new
    """,
    """
    UPDATE contacts_contact SET job_title = given.job_title, name = given.name FROM given
    WHERE contacts_contact.id = given.id AND NOT is_new
    """,
]
# The columns of an export, each once for all contacts and then joined.
EXPORT = """
    COPY (
        WITH points AS (
            SELECT contact_id,
                max(value) FILTER (WHERE type = 'mail' AND is_primary) AS email,
                max(value) FILTER (WHERE type = 'phone' AND is_primary) AS phone,
                string_agg(value, ' ::: ' ORDER BY position) FILTER (WHERE type = 'mail' AND NOT is_primary) AS mails,
                string_agg(value, ' ::: ' ORDER BY position) FILTER (WHERE type = 'phone' AND NOT is_primary) AS phones,
                json_agg(json_build_object('type', type, 'service', service, 'value', value, 'label', label,
                    'is_primary', is_primary) ORDER BY position) AS contact_points
            FROM contacts_contactpoint WHERE deleted_at IS NULL GROUP BY contact_id
        ), categories AS (
            SELECT contact_id, string_agg(name, ' ::: ' ORDER BY name) AS names
            FROM contacts_contactcategory JOIN contacts_category ON contacts_category.id = category_id
            GROUP BY contact_id
        ), segments AS (
            SELECT contact_id, string_agg(name, ' ::: ' ORDER BY name) AS names
            FROM contacts_contactsegment JOIN contacts_segment ON contacts_segment.id = segment_id
            GROUP BY contact_id
        )
        SELECT contact.id, contact.name, email, points.phone, mails, phones, organization.name, job_title, contact_type,
            categories.names, segments.names, description, external_id, contact_points, custom_fields ->> 'city'
        FROM contacts_contact AS contact
            LEFT JOIN points ON points.contact_id = contact.id
            LEFT JOIN categories ON categories.contact_id = contact.id
            LEFT JOIN segments ON segments.contact_id = contact.id
            LEFT JOIN contacts_organization AS organization ON organization.id = organization_id
        WHERE contact.deleted_at IS NULL ORDER BY contact.id
    ) TO STDOUT (FORMAT csv, HEADER)
"""


def import_people(place: Place, path: Path, owner: str) -> float:
    """Rows a second, history and search text by the same triggers, in one transaction."""
    with psycopg.connect(place.url) as connection:
        (user,) = connection.execute("SELECT id FROM access_user WHERE username = %s", [owner]).fetchone() or (None,)
        started = time.perf_counter()
        with connection.transaction():
            connection.execute("SELECT set_config('pghistory.context_id', uuidv7()::text, true)")
            connection.execute("""SELECT set_config('pghistory.context_metadata', '{"door": "bench"}', true)""")
            connection.execute(STAGE)
            columns = "name, email, phone, other_phone, company, categories, job_title, city"
            with connection.cursor() as cursor, path.open("rb") as file:
                with cursor.copy(f"COPY given ({columns}) FROM STDIN (FORMAT csv, HEADER)") as stream:
                    while block := file.read(1 << 20):
                        stream.write(block)
                (rows,) = cursor.execute("SELECT count(*) FROM given").fetchone() or (0,)
                for statement in IMPORT:
                    if "%(owner)s" in statement:
                        cursor.execute(statement, {"owner": user})
                    else:
                        cursor.execute(statement)
        return rows / (time.perf_counter() - started)


def export_people(place: Place, path: Path) -> float:
    """Seconds for all contacts, into a file."""
    with psycopg.connect(place.url) as connection, path.open("wb") as file:
        started = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(EXPORT) as stream:
            for block in stream:
                file.write(block)
        return time.perf_counter() - started
