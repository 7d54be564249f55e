"""The work of taking an import back, a chunk of rows at a time."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pghistory.models
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_project.api.errors import is_retryable
from crm_project.database import copying

from ..models import UndoConflict, UndoJob
from .rules import rule_of, settled_models
from .story import Change, changes_of, plain
from .tables import Model, in_order, parent, parents, references, root_of, tracked_models

CHUNK = 1_000
CHUNK_TRIES = 4
State = UndoJob.State

STEPS = """
    INSERT INTO transfer_undostep (job_id, model, record, is_new, is_kept)
    SELECT %s, %s, pgh_obj_id::text, bool_or(pgh_label = 'insert'), false FROM {events}
    WHERE pgh_context_id = ANY(%s) GROUP BY pgh_obj_id HAVING NOT bool_or(pgh_label = 'delete')
"""
# Records whose parts alone were written are looked at as well, when something follows from the parts.
WHOLES = """
    INSERT INTO transfer_undostep (job_id, model, record, is_new, is_kept)
    SELECT DISTINCT %s::uuid, %s, {column}::text, false, false FROM {events} AS event
    WHERE pgh_context_id = ANY(%s) AND NOT EXISTS (
        SELECT FROM transfer_undostep AS step
        WHERE step.job_id = %s AND step.model = %s AND step.record = event.{column}::text
    )
"""
# People are told from machines by the user of the context.
CHANGED_SINCE = """
    SELECT DISTINCT event.pgh_obj_id::text FROM {events} AS event
    JOIN pghistory_context AS context ON context.id = event.pgh_context_id
    WHERE event.pgh_obj_id = ANY(%s) AND NOT context.id = ANY(%s) AND context.metadata ? 'user'
        AND context.metadata ->> 'job' IS DISTINCT FROM %s
"""
STORY = """
    SELECT to_jsonb(event), coalesce(event.pgh_context_id = ANY(%s), false) FROM {events} AS event
    WHERE event.pgh_obj_id = ANY(%s) ORDER BY event.pgh_obj_id, event.pgh_id
"""


class Stopped(Exception):
    """Another process is at this job, or it has ended."""


@dataclass
class Undo:
    job: UndoJob
    should_stop: Callable[[], bool]
    conflicts: list[UndoConflict] = field(default_factory=list)

    def run(self) -> None:
        self._begin()
        written = [model for model in tracked_models() if model._meta.label_lower in self._tables()]
        for root in in_order(written):
            parts = [model for model in written if model is not root and root_of(model) is root]
            # What tells of a record's changes goes after they went back.
            tellers = [model for model in parts if rule_of(model).tells_of]
            others = [model for model in parts if model not in tellers]
            self._each(root, True, partial(self._remove, root, parts))
            for model in others:
                self._each(model, True, partial(self._remove, model, []))
            for model in (*others, root):
                self._each(model, False, partial(self._revert, model))
            for model in tellers:
                self._each(model, True, partial(self._remove, model, []))
        with transaction.atomic():
            self._lock()
            self.job.state, self.job.finished_at = State.DONE, timezone.now()
            self.job.save(update_fields=["state", "finished_at", "updated_at"])

    def _tables(self) -> set[str]:
        return set(self.job.steps.order_by().values_list("model", flat=True).distinct())

    @cached_property
    def contexts(self) -> list[Any]:
        """The contexts in which the import wrote; there is one for each process that was at it."""
        found = pghistory.models.Context.objects.filter(metadata__job=str(self.job.import_job_id))
        return list(found.values_list("pk", flat=True))

    def _lock(self) -> None:
        """Be the only one at this job until the transaction ends, and see that it is still to be done."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [str(self.job.pk)])
            if not cursor.fetchone()[0]:
                raise Stopped
        self.job.refresh_from_db()
        if self.job.has_ended:
            raise Stopped

    @transaction.atomic
    def _begin(self) -> None:
        """Note every row that the import wrote, once."""
        self._lock()
        if self.job.started_at:
            self.job.state = State.RUNNING
            self.job.save(update_fields=["state", "updated_at"])
            return
        with connection.cursor() as cursor:
            for model in tracked_models():
                cursor.execute(self._sql(STEPS, model), [self.job.pk, model._meta.label_lower, self.contexts])
            for model in tracked_models():
                if (key := parent(model)) and key.related_model in settled_models():
                    whole = self.job.pk, key.related_model._meta.label_lower
                    cursor.execute(self._sql(WHOLES, model, column=key.column), [*whole, self.contexts, *whole])
        self.job.total = self.job.steps.count()
        self.job.state, self.job.started_at = State.RUNNING, timezone.now()
        self.job.save()

    def _sql(self, sql: str, model: Any, **names: str) -> str:
        quote = connection.ops.quote_name
        names = {name: quote(column) for name, column in names.items()}
        return sql.format(events=quote(model.pgh_event_model._meta.db_table), **names)

    def _each(self, model: Model, is_new: bool, take: Callable[[list[Any]], None]) -> None:
        """Take the table's steps a chunk at a time; what was done to the rows is committed with their steps."""
        while True:
            if self.should_stop():
                raise Stopped
            for tried in range(1, CHUNK_TRIES + 1):
                try:
                    if not self._chunk(model, is_new, take):
                        return
                    break
                except OperationalError as error:
                    # Within a larger transaction only the whole can be tried again, by whoever began it.
                    if tried == CHUNK_TRIES or connection.in_atomic_block or not is_retryable(error):
                        raise
                    time.sleep(0.05 * tried)

    @transaction.atomic
    def _chunk(self, model: Model, is_new: bool, take: Callable[[list[Any]], None]) -> bool:
        """Take the next steps of the table; whether there were any."""
        self._lock()
        steps = self.job.steps.filter(model=model._meta.label_lower, is_new=is_new)
        chunk = list(steps.order_by("record").values_list("pk", "record")[:CHUNK])
        if not chunk:
            return False
        self.conflicts = []
        take([model._meta.pk.to_python(record) for _pk, record in chunk])
        self.job.steps.filter(pk__in=[pk for pk, _record in chunk]).delete()
        UndoConflict.objects.bulk_create(self.conflicts)
        self.job.rows += len(chunk)
        self.job.heartbeat_at = timezone.now()
        self.job.save(update_fields=["rows", "counts", "heartbeat_at", "updated_at"])
        return True

    def _count(self, model: Model, what: str, number: int) -> None:
        kind = self.job.counts.setdefault(str(model._meta.model_name), {"removed": 0, "reverted": 0, "kept": 0})
        kind[what] += number

    # What the import made

    def _remove(self, model: Model, parts: Sequence[Model], keys: list[Any]) -> None:
        """Delete the rows and their parts, but for those that people have changed or that something refers to."""
        rows = {row.pk: row for row in self._locked(model, keys)}
        kept = dict.fromkeys(self._changed_since(model, list(rows)), _("It was changed since."))
        if not parents(model):
            for other, key in references(model):
                for used in self._used(other, key, list(rows)):
                    kept.setdefault(used, _("It is used by %s.") % other._meta.verbose_name_plural)
        self._keep_parts(parts, list(kept))
        kept = self._with_whole(model, rows) | self._with_change(model, rows) | kept
        gone = [key for key in rows if key not in kept]
        model._base_manager.filter(pk__in=gone).delete()
        self._count(model, "removed", len(gone))
        self._count(model, "kept", len(kept))
        for key, reason in kept.items():
            if reason:
                self._conflict(rows[key], reason)

    def _locked(self, model: Model, keys: list[Any]) -> Any:
        return model._base_manager.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))

    def _changed_since(self, model: Model, keys: list[Any]) -> set[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(CHANGED_SINCE, model), [keys, self.contexts, str(self.job.pk)])
            return {model._meta.pk.to_python(row[0]) for row in cursor.fetchall()}

    def _used(self, other: Model, key: Any, keys: list[Any]) -> set[Any]:
        """Which of the rows something refers to. Of their own parts only those count that people have made or changed:
        what the import and machines made goes with the row.
        """
        rows = other._base_manager.filter(**{f"{key.name}__in": keys})
        found = dict(rows.values_list("pk", key.attname))
        if key == parent(other):
            touched = self._changed_since(other, list(found))
            found = {pk: whole for pk, whole in found.items() if pk in touched}
        return set(found.values())

    def _keep_parts(self, parts: Sequence[Model], keys: list[Any]) -> None:
        """Parts of a record that stays stay with it."""
        for part in parts:
            for key in parents(part):
                rows = part._base_manager.filter(**{f"{key.name}__in": keys})
                records = [str(pk) for pk in rows.values_list("pk", flat=True)]
                self.job.steps.filter(model=part._meta.label_lower, record__in=records).update(is_kept=True)

    def _with_whole(self, model: Model, rows: dict[Any, Any]) -> dict[Any, str]:
        """Parts that were marked to stay with their record; they are no conflicts of their own."""
        steps = self.job.steps.filter(
            model=model._meta.label_lower, is_kept=True, record__in=[str(key) for key in rows]
        )
        return {model._meta.pk.to_python(record): "" for record in steps.values_list("record", flat=True)}

    def _with_change(self, model: Model, rows: dict[Any, Any]) -> dict[Any, str]:
        """Parts that tell of a change of their record that stays."""
        if not (column := rule_of(model).tells_of):
            return {}
        whole = parent(model)
        records = {key: str(getattr(row, whole.attname)) for key, row in rows.items()}
        conflicts = self.job.conflicts.filter(model=whole.related_model._meta.label_lower, field=column)
        stays = set(conflicts.filter(record__in=records.values()).values_list("record", flat=True))
        return {key: "" for key, record in records.items() if record in stays}

    # What the import changed

    def _revert(self, model: Model, keys: list[Any]) -> None:
        """Write back what the fields were. A query for each set of columns that rows have in common."""
        rows = {row.pk: row for row in self._locked(model, keys)}
        stories = self._stories(model, list(rows))
        touched = {key for key, story in stories.items() if not story[-1][1]}
        rule, changes = rule_of(model), {key: changes_of(story) for key, story in stories.items()}
        for key in touched:
            found = changes[key]
            stay = [name for name, other in rule.follows.items() if other in found and found[other].is_changed_since]
            for name in (*rule.derived(rows[key]), *stay):
                found.pop(name, None)
        gone = self._gone(model, changes.values())
        alike: dict[tuple[str, ...], dict[Any, dict[str, Any]]] = defaultdict(dict)
        for key in changes:
            if back := self._back(rows[key], changes[key], gone):
                alike[tuple(back)][key] = back
        for columns, backs in alike.items():
            left = self._write_all(model, columns, backs)
            self._count(model, "reverted", len(backs) - len(left))
            for key in left:
                self._count(model, "reverted", self._write_columns(rows[key], backs[key], changes[key]))
        rule.derive(list(touched))
        rule.settle(list(rows))

    def _stories(self, model: Model, keys: list[Any]) -> dict[Any, list[tuple[dict[str, Any], bool]]]:
        """The events of each row in their order, with whether they are the import's."""
        stories = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(self._sql(STORY, model), [self.contexts, keys])
            for event, is_import in cursor.fetchall():
                event = json.loads(event) if isinstance(event, str) else event
                stories[model._meta.pk.to_python(event["pgh_obj_id"])].append((event, is_import))
        return stories

    def _gone(self, model: Model, found: Iterable[dict[str, Change]]) -> set[tuple[str, Any]]:
        """Columns with the keys that were in them, of records that are no more. A query for each foreign key."""
        gone = set()
        for key in model._meta.concrete_fields:
            before = {str(changes[key.attname].before) for changes in found if key.attname in changes} - {"None"}
            if key.is_relation and before:
                others: Any = key.related_model
                there = others._base_manager.filter(pk__in=before).values_list("pk", flat=True)
                gone |= {(key.attname, value) for value in before - {str(each) for each in there}}
        return gone

    def _back(self, row: Any, changes: dict[str, Change], gone: set[tuple[str, Any]]) -> dict[str, Any]:
        """The row's columns with what they were; what cannot come back is noted."""
        back: dict[str, Any] = {}
        for name, change in changes.items():
            column, _dot, part = name.partition(".")
            if change.is_changed_since:
                self._conflict(row, _("It was changed since."), name, change)
            elif (column, str(change.before)) in gone:
                self._conflict(row, _("What it was before is gone."), name, change)
            elif part:
                values = back.setdefault(column, dict(getattr(row, column)))
                values.pop(part, None) if change.before is None else values.__setitem__(part, change.before)
            else:
                back[column] = change.before
        return back

    def _write(self, model: Model, columns: Sequence[str], backs: dict[Any, dict[str, Any]]) -> bool:
        """Write these columns of rows by their keys; whether that was possible."""
        values = ([key, *(as_stored(back[column]) for column in columns)] for key, back in backs.items())
        try:
            with transaction.atomic():
                copying.update(model, columns, values)
        except IntegrityError:
            return False
        return True

    def _write_all(self, model: Model, columns: Sequence[str], backs: dict[Any, dict[str, Any]]) -> list[Any]:
        """The keys of the rows that cannot be what they were. One may have to wait until another gave up its value."""
        if self._write(model, columns, backs):
            return []
        left, tried = list(backs), 0
        while left and len(left) != tried:
            tried = len(left)
            left = [key for key in left if not self._write(model, columns, {key: backs[key]})]
        return left

    def _write_columns(self, row: Any, back: dict[str, Any], changes: dict[str, Change]) -> bool:
        """Write each column of one row that can come back by itself; whether any could."""
        missing = [name for name in back if not self._write(type(row), [name], {row.pk: back})]
        for name in missing:
            self._conflict(row, _("Another record has by now the value that it had."), name, changes.get(name))
        return len(missing) < len(back)

    def _conflict(self, row: Any, reason: str, name: str = "", change: Change | None = None) -> None:
        column, _dot, part = name.partition(".")
        if column and not field_of(row, column).editable:
            return  # It follows from a column that people know.
        now = getattr(row, column) if column else None
        self.conflicts.append(
            UndoConflict(
                job=self.job,
                model=row._meta.label_lower,
                record=str(row.pk),
                label=str(row)[:255],
                field=name,
                before=change and change.before,
                imported=change and change.after,
                now=plain(now.get(part) if part and isinstance(now, dict) else now),
                reason=reason,
            )
        )


def field_of(row: Any, column: str) -> Any:
    return next(each for each in row._meta.concrete_fields if each.attname == column)


def as_stored(value: Any) -> Any:
    """A value of an event as ``COPY`` takes it."""
    return json.dumps(value) if isinstance(value, dict) else value
