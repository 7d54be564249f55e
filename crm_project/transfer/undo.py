"""Taking an import back, by the change history alone: whatever tables it wrote, they are undone in the same way.

Each row that the import wrote becomes a step, in one transaction at the beginning. Then, table by table, a chunk of
steps is taken in each transaction and its steps are deleted with it, so that an undoing that was killed goes on where
it was. Rows that the import made go, unless people have changed or used them since. Fields that it changed go back,
unless somebody has changed them since. What stays is listed with the reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from graphlib import TopologicalSorter
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from crm_project.access.models import User
from crm_project.api.exceptions import CrmError
from crm_project.history.context import because_of

from .models import ImportJob, UndoConflict, UndoJob

CHUNK = 1_000
State = UndoJob.State
Model = type[models.Model]

STEPS = """
    INSERT INTO transfer_undostep (job_id, model, record, is_new, is_kept)
    SELECT %s, %s, pgh_obj_id::text, bool_or(pgh_label = 'insert'), false FROM {events}
    WHERE pgh_context_id = ANY(%s) GROUP BY pgh_obj_id HAVING NOT bool_or(pgh_label = 'delete')
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


class NotUndoable(CrmError):
    """The import is still running, or was only tried."""

    default_code = "import_not_undoable"


class Stopped(Exception):
    """Another process is at this job, or it has ended."""


@transaction.atomic
def start_undo(*, job: ImportJob, actor: User, inline_rows: int) -> UndoJob:
    """Take the import back: one of few rows now, a larger one by a worker. Again, it gives the same undoing.

    Raises:
        NotUndoable: the import has not ended, or it was a dry run.
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if found := UndoJob.objects.filter(import_job=job).first():
        return found
    if not job.has_ended:
        raise NotUndoable("This import is still running; stop it first.")
    if job.options.get("dry_run"):
        raise NotUndoable("This import was only tried; there is nothing to undo.")
    undo = UndoJob.objects.create(import_job=job, owner=actor, kind=job.kind, door=job.door)
    if job.rows <= inline_rows:
        run_undo(undo)
    else:
        from .tasks import run_undo as task

        task.defer(job_id=str(undo.pk))
    return undo


def run_undo(undo: UndoJob, *, should_stop: Callable[[], bool] | None = None) -> None:
    """Undo from where the job is, to its end. May be called twice, in parallel, and be killed anywhere."""
    try:
        with because_of(user=str(undo.owner_id), door="import", job=str(undo.pk)):
            _Undo(undo, should_stop or (lambda: False)).run()
    except Stopped:
        undo.refresh_from_db()


def is_tracked(model: Any) -> bool:
    """Whether an import may have written the table and its history is kept. The kernel's tables, such as that of users,
    are none of an import's business.
    """
    return hasattr(model, "pgh_event_model") and not model.__module__.startswith("crm_project.")


def tracked_models() -> list[Model]:
    return [model for model in apps.get_models() if is_tracked(model)]


def tracked_parents(model: Model) -> list[Any]:
    """The foreign keys by which a row of the model is a part of other records, with which it is deleted."""
    keys: list[Any] = [key for key in model._meta.concrete_fields if key.is_relation]
    return [key for key in keys if key.remote_field.on_delete is models.CASCADE and is_tracked(key.related_model)]


def references(model: Model) -> list[tuple[Model, Any]]:
    """Foreign keys of tracked tables that lead to the model's rows."""
    return [
        (other, key)
        for other in tracked_models()
        for key in other._meta.concrete_fields
        if key.is_relation and key.related_model is model
    ]


def root_of(model: Model) -> Model:
    """The record that a part belongs to, by the first of its foreign keys that says so."""
    parents = tracked_parents(model)
    return root_of(parents[0].related_model) if parents else model


def in_order(written: Sequence[Model]) -> list[Model]:
    """The records that an import wrote, or whose parts: those that refer to others before these.

    So leads come before contacts, and contacts before organisations and categories.
    """
    graph: dict[Model, set[Model]] = {root_of(model): set() for model in written}
    for root in graph:
        others = {root_of(other) for other, _key in references(root) if other in written}
        graph[root] = {other for other in others if other is not root}
    return list(TopologicalSorter(graph).static_order())


@dataclass
class _Undo:
    job: UndoJob
    should_stop: Callable[[], bool]
    conflicts: list[UndoConflict] = field(default_factory=list)

    def run(self) -> None:
        self._begin()
        written = [model for model in tracked_models() if model._meta.label_lower in self._tables()]
        for root in in_order(written):
            parts = [model for model in written if model is not root and root_of(model) is root]
            for model in (root, *parts):
                self._each(model, True, partial(self._remove, model, parts if model is root else []))
            for model in (*parts, root):
                self._each(model, False, partial(self._revert, model))
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
            return
        with connection.cursor() as cursor:
            for model in tracked_models():
                cursor.execute(self._sql(STEPS, model), [self.job.pk, model._meta.label_lower, self.contexts])
        self.job.total = self.job.steps.count()
        self.job.state, self.job.started_at = State.RUNNING, timezone.now()
        self.job.save()

    def _sql(self, sql: str, model: Any) -> str:
        return sql.format(events=connection.ops.quote_name(model.pgh_event_model._meta.db_table))

    def _each(self, model: Model, is_new: bool, take: Callable[[list[Any]], None]) -> None:
        """Take the table's steps a chunk at a time; what was done to the rows is committed with their steps."""
        while True:
            if self.should_stop():
                raise Stopped
            with transaction.atomic():
                self._lock()
                steps = self.job.steps.filter(model=model._meta.label_lower, is_new=is_new)
                chunk = list(steps.order_by("record").values_list("pk", "record")[:CHUNK])
                if not chunk:
                    return
                self.conflicts = []
                take([model._meta.pk.to_python(record) for _pk, record in chunk])
                self.job.steps.filter(pk__in=[pk for pk, _record in chunk]).delete()
                UndoConflict.objects.bulk_create(self.conflicts)
                self.job.rows += len(chunk)
                self.job.heartbeat_at = timezone.now()
                self.job.save(update_fields=["rows", "counts", "heartbeat_at", "updated_at"])

    def _count(self, model: Model, what: str, number: int) -> None:
        kind = self.job.counts.setdefault(str(model._meta.model_name), {"removed": 0, "reverted": 0, "kept": 0})
        kind[what] += number

    # What the import made

    def _remove(self, model: Model, parts: Sequence[Model], keys: list[Any]) -> None:
        """Delete the rows and their parts, but for those that people have changed or that something refers to."""
        rows = {row.pk: row for row in self._locked(model, keys)}
        kept = dict.fromkeys(self._changed_since(model, list(rows)), "It was changed since.")
        if not tracked_parents(model):
            for other, key in references(model):
                for used in self._used(other, key, list(rows), other in parts):
                    kept.setdefault(used, f"It is used by {other._meta.verbose_name_plural}.")
        self._keep_parts(parts, list(kept))
        kept = self._with_whole(model, rows) | kept
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

    def _used(self, other: Model, key: Any, keys: list[Any], is_part: bool) -> set[Any]:
        """Which of the rows something refers to, other than parts that the import made and nobody has touched."""
        rows = other._base_manager.filter(**{f"{key.name}__in": keys})
        found = list(rows.values_list("pk", key.attname))
        if is_part and found:
            steps = self.job.steps.filter(model=other._meta.label_lower, is_new=True)
            own = set(steps.filter(record__in=[str(pk) for pk, _key in found]).values_list("record", flat=True))
            mine = [pk for pk, _key in found if str(pk) in own]
            touched = self._changed_since(other, mine)
            found = [(pk, whole) for pk, whole in found if str(pk) not in own or pk in touched]
        return {whole for _pk, whole in found}

    def _keep_parts(self, parts: Sequence[Model], keys: list[Any]) -> None:
        """Parts of a record that stays stay with it."""
        for part in parts:
            for key in tracked_parents(part):
                rows = part._base_manager.filter(**{f"{key.name}__in": keys})
                records = [str(pk) for pk in rows.values_list("pk", flat=True)]
                self.job.steps.filter(model=part._meta.label_lower, record__in=records).update(is_kept=True)

    def _with_whole(self, model: Model, rows: dict[Any, Any]) -> dict[Any, str]:
        """Parts that were marked to stay with their record; they are no conflicts of their own."""
        steps = self.job.steps.filter(
            model=model._meta.label_lower, is_kept=True, record__in=[str(key) for key in rows]
        )
        return {model._meta.pk.to_python(record): "" for record in steps.values_list("record", flat=True)}

    # What the import changed

    def _revert(self, model: Model, keys: list[Any]) -> None:
        rows = {row.pk: row for row in self._locked(model, keys)}
        stories: dict[Any, list[tuple[dict[str, Any], bool]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(self._sql(STORY, model), [self.contexts, list(rows)])
            for event, is_import in cursor.fetchall():
                event = json.loads(event) if isinstance(event, str) else event
                stories[model._meta.pk.to_python(event["pgh_obj_id"])].append((event, is_import))
        for key, row in rows.items():
            self._revert_row(row, changes_of(stories[key]))

    def _revert_row(self, row: Any, changes: dict[str, Change]) -> None:
        back: dict[str, Any] = {}
        for name, change in changes.items():
            column, _dot, part = name.partition(".")
            reason = "It was changed since." if change.is_changed_since else self._obstacle(row, column, change.before)
            if reason:
                self._conflict(row, reason, name, change)
            elif part:
                values = back.setdefault(column, dict(getattr(row, column)))
                values.pop(part, None) if change.before is None else values.__setitem__(part, change.before)
            else:
                back[column] = change.before
        if not back:
            return
        try:
            with transaction.atomic():
                type(row)._base_manager.filter(pk=row.pk).update(**self._values(row, back))
            self._count(type(row), "reverted", 1)
        except IntegrityError:
            for name in back:
                self._conflict(row, "Another record has by now the value that it had.", name, changes.get(name))

    def _values(self, row: Any, back: dict[str, Any]) -> dict[str, Any]:
        fields = {each.attname: each for each in row._meta.concrete_fields}
        values = {name: value if value is None else fields[name].to_python(value) for name, value in back.items()}
        return values | ({"updated_at": timezone.now()} if "updated_at" in fields else {})

    def _obstacle(self, row: Any, column: str, before: Any) -> str:
        """Why the value cannot come back although nobody changed it."""
        key = next(each for each in row._meta.concrete_fields if each.attname == column)
        if key.is_relation and before is not None and not key.related_model._base_manager.filter(pk=before).exists():
            return "What it was before is gone."
        return ""

    def _conflict(self, row: Any, reason: str, name: str = "", change: Change | None = None) -> None:
        column, _dot, part = name.partition(".")
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


@dataclass
class Change:
    """What the import made of one field, and whether it was changed since."""

    before: Any
    after: Any
    is_changed_since: bool = False


def changes_of(story: Sequence[tuple[dict[str, Any], bool]]) -> dict[str, Change]:
    """The fields that the import changed, from a row's events in their order; keys of JSON objects by dotted name.

    A field that somebody changed before the import's last word on it counts from that word on.
    """
    found: dict[str, Change] = {}
    last: dict[str, Any] = {}
    for event, is_import in story:
        state = flat({name: value for name, value in event.items() if not name.startswith("pgh_")})
        for name in {**last, **state} if last else ():
            before, after = last.get(name), state.get(name)
            if before == after:
                continue
            if is_import and (name not in found or found[name].is_changed_since):
                found[name] = Change(before, after)
            elif is_import:
                found[name].after = after
            elif name in found:
                found[name].is_changed_since = True
        last = state
    return {name: change for name, change in found.items() if change.before != change.after or change.is_changed_since}


def flat(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in state.items():
        found |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return found


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
