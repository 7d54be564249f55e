"""Whether anything was written since: what was counted before holds as long as nothing was.

Every statement that writes to a table of the apps that people work with moves a sequence on: at once, whether or not
its transaction commits, and without waiting. As long as the number stays what it was when nobody was writing, the
tables are what they were.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, connections

READ_TABLES = re.compile(r"\b(?:FROM|JOIN)\s+\(*\"?(\w+)", re.IGNORECASE)
READS_THE_CLOCK = re.compile(r"\b(?:now|clock_timestamp|statement_timestamp)\b|current_", re.IGNORECASE)
WATCH = """
    CREATE SEQUENCE IF NOT EXISTS crm_changes;
    CREATE OR REPLACE FUNCTION crm_note_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('crm_changes'); RETURN NULL; END $$;
"""
WATCH_TABLE = """
    CREATE TRIGGER crm_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}
        FOR EACH STATEMENT EXECUTE FUNCTION crm_note_change();
"""


@cache
def tables() -> frozenset[str]:
    """The tables that are watched: those of the apps beside the kernel."""
    ours = [app for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    models = [model for app in ours for model in app.get_models(include_auto_created=True)]
    return frozenset(model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy)


def watch(using: str, **_: Any) -> None:
    """After ``migrate``: watch the tables that are not watched yet."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class AS t ON t.oid = tgrelid WHERE tgname = 'crm_note_change'"
        )
        missing = tables() - {name for (name,) in cursor.fetchall()}
        quoted = connections[using].ops.quote_name
        cursor.execute(WATCH + "".join(WATCH_TABLE.format(quoted(table)) for table in sorted(missing)))


def tell(sql: str) -> bool:
    """Whether changes tell all on which the answer to the query depends: it reads watched tables, and no clock."""
    return tables().issuperset(READ_TABLES.findall(sql)) and not READS_THE_CLOCK.search(sql)


def last() -> int:
    """The number of the last change, committed or not. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM crm_changes")
        return cursor.fetchone()[0]


def last_if_settled() -> int | None:
    """The number of the last change, if whatever was written up to it is committed or gone by now. One query.

    Who wrote before the number was read got a transaction id before the one that is drawn here. All of these have ended
    when the snapshot of the second statement, which is taken before drawing, says so of each up to the drawn one.
    """
    if connection.in_atomic_block:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_value FROM crm_changes; SELECT pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id()"
        )
        number = cursor.fetchone()[0]
        cursor.nextset()
        return number if cursor.fetchone()[0] else None
