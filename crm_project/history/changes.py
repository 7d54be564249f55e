"""Reading the change history that ``tracking.track`` writes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, models

from . import timeline
from .timeline import Entry, Position

TYPES = {"insert": "created", "update": "changed", "delete": "deleted"}

# ``before`` is the row's state in its previous event. An update of nothing that is told is left out.
SELECT = """
    SELECT event.*, context.metadata FROM (
        SELECT pgh_id, pgh_created_at, pgh_label, pgh_context_id, to_jsonb(e) AS after,
            lag(to_jsonb(e)) OVER (PARTITION BY pgh_obj_id ORDER BY pgh_id) AS before
        FROM {table} e WHERE {column} = ANY(%s)
    ) AS event LEFT JOIN pghistory_context AS context ON context.id = event.pgh_context_id
    WHERE pgh_label = ANY(%s) AND (pgh_label <> 'update' OR after - %s::text[] IS DISTINCT FROM before - %s::text[])
        AND (%s::timestamptz IS NULL
            OR (event.pgh_created_at, (%s || lpad(event.pgh_id::text, 20, '0')) COLLATE "C") < (%s, %s))
    ORDER BY event.pgh_created_at DESC, event.pgh_id DESC LIMIT %s
"""
OF_EVENTS = {"pgh_id", "pgh_created_at", "pgh_label", "pgh_context_id"}
HIDDEN = {"id", "created_at", "updated_at", "version", "created_by_id", "deleted_by_id"}


def entries(
    event_model: type[models.Model],
    column: str,
    ids: Sequence[UUID],
    before: Position | None,
    limit: int,
    *,
    name: str,
    hidden: Iterable[str] = (),
    label: str | None = None,
    labels: Iterable[str] = TYPES,
) -> list[Entry]:
    """Changes of records as timeline entries, each changed field with its value before and after. One query.

    ``column`` of the event table is compared with ``ids``; ``name`` says in the entry what was changed, ``label`` which
    column tells one record of the kind from another. An update's fields are those that differ; a creation's all set.
    ``labels`` leaves out creations, changes or deletions.
    """
    table = connection.ops.quote_name(event_model._meta.db_table)
    at, position = before or (None, None)
    sql = SELECT.format(table=table, column=connection.ops.quote_name(column))
    left_out = {*HIDDEN, column, *hidden}
    untold = sorted(left_out | OF_EVENTS)
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(ids), list(labels), untold, untold, at, f"{name}-", at, position, limit])
        columns = [each.name for each in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return [_entry(row, name, left_out, label) for row in rows]


def tell(model: Any, paths: Mapping[str, str], *, label: str, hidden: Iterable[str] = ()) -> None:
    """Register the sources that tell of an owned record: its changes, and those of its shares.

    ``paths`` are those of ``timeline.register``; ``label`` names the column by which people know the record.
    """
    name, shares = model._meta.model_name, "content_object_id"
    sources = [
        (name, model, "pgh_obj_id", label, hidden),
        (f"{name}_share", model._meta.get_field("user_shares").related_model, shares, "user_id", ()),
        (f"{name}_team_share", model._meta.get_field("group_shares").related_model, shares, "group_id", ()),
    ]
    for each, tracked, column, told_by, left_out in sources:
        source = partial(entries, tracked.pgh_event_model, column, name=each, label=told_by, hidden=left_out)
        timeline.register(each, source, records=model, paths=paths)


def _entry(row: dict[str, Any], name: str, hidden: set[str], label: str | None) -> Entry:
    kind, context, after = TYPES[row["pgh_label"]], _loaded(row["metadata"]) or {}, _loaded(row["after"])
    before = _loaded(row["before"]) or {}
    if kind == "deleted":
        before, after = after, {}
    changes = {
        field: [before.get(field), after.get(field)]
        for field in {**before, **after}
        if not field.startswith("pgh_")
        and field not in hidden
        and (before.get(field) or None) != (after.get(field) or None)
    }
    subject = (after or before).get(label) if label else None
    at: dt.datetime = row["pgh_created_at"]
    return Entry(
        at=at,
        id=f"{name}-{row['pgh_id']:020d}",
        kind="event",
        type=f"{name}.{kind}",
        summary=f"{name.replace('_', ' ').capitalize()}{f' “{subject}”' if subject else ''} {kind}",
        actor=context.get("user"),
        door=context.get("door"),
        changes=changes,
        data={key: value for key, value in context.items() if key in {"api_key", "job", "request_id"}},
        record=str((after or before)["pgh_obj_id"]),
    )


def _loaded(value: Any) -> Any:
    """Money keeps its decimal places, as text."""
    return json.loads(value, parse_float=str) if isinstance(value, str) else value
