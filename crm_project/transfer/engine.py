"""The bulk engine: rows in, records out, a chunk at a time, with a number of queries that rows do not change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from .options import OnMatch
from .reading import BadRow, Row, Table
from .resources import MOST_MATCHES, CrmResource, Draft
from .rows import Incoming, Kind, Outcome, Problem, RowRefused

CHUNK_ROWS = 2_000
CHUNK_CHARACTERS = 8_000_000


class Engine:
    """One import of one table by one resource, for the resource's user and options.

    ``remembered`` stands in for the database in a dry run: it is asked for records that earlier chunks would have made,
    with the key and its values, and gives ``(value, id)``.
    """

    def __init__(self, resource: CrmResource, table: Table, remembered: Any = None) -> None:
        self.resource = resource
        self.names = table.headers
        self.columns = resource.columns_of(table)
        self.options = resource.options
        self.restores = table.format in {"csv", "tsv", "xlsx"}
        self.remembered = remembered

    def chunks(self, rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
        """Rows by the thousand; fewer when they are long, so that memory stays flat."""
        chunk: list[Row | BadRow] = []
        characters = 0
        for row in rows:
            chunk.append(row)
            characters += row_length(row)
            if len(chunk) >= CHUNK_ROWS or characters >= CHUNK_CHARACTERS:
                yield chunk
                chunk, characters = [], 0
        if chunk:
            yield chunk

    def read(self, rows: Iterable[Row | BadRow]) -> list[Incoming]:
        """Validate each row fully, without a query."""
        return [self._read(row) for row in rows]

    def _read(self, row: Row | BadRow) -> Incoming:
        if isinstance(row, BadRow):
            return Incoming(row.line, list(row.cells), problems=[Problem(row.message, row.column)])
        return self.resource.read_row(row, self.columns, self.names, self.restores)

    def take(self, rows: Sequence[Incoming], *, write: bool) -> list[Outcome]:
        """What becomes of each row, in their order; with ``write`` it is in the database when this returns.

        Rows see the records that earlier rows made or changed, as if each were written before the next is read.
        """
        good = [row for row in rows if not row.problems]
        self.resource.resolve(good, make=write)
        good = [row for row in good if not row.problems]
        work = _Work(self, good, lock=write)
        outcomes = [Outcome(Kind.FAILED, row) if row.problems else work.take(row) for row in rows]
        if write and work.touched:
            self.resource.write([*work.touched.values()])
        self._name_columns(rows)
        return outcomes

    def _name_columns(self, rows: Iterable[Incoming]) -> None:
        """Rules speak of fields, people of the columns of their file."""
        for row in rows:
            for problem in row.problems:
                if problem.column not in self.names and problem.column in self.columns.by_target:
                    problem.column = self.columns.by_target[problem.column][0]


class _Work:
    """The records that the rows of one chunk match, and what the rows make of them."""

    def __init__(self, engine: Engine, rows: Sequence[Incoming], *, lock: bool) -> None:
        self.engine = engine
        self.resource = engine.resource
        self.options = engine.options
        self.found: dict[tuple[str, str], dict[UUID, None]] = defaultdict(dict)
        self.touched: dict[UUID, Draft] = {}
        self._find(rows)
        ids = {record for records in self.found.values() for record in records}
        self.drafts = self.resource.load(ids, lock=lock) if ids else {}
        for records in self.found.values() if lock else ():
            for gone in records.keys() - self.drafts.keys():
                del records[gone]
        self.changeable = self.resource.changeable(ids) if ids else set()
        given = {UUID(value) for row in rows for value in row.keys.get("id", ())}
        self.taken = self.resource.taken(sorted(given)) if given else set()

    def _find(self, rows: Sequence[Incoming]) -> None:
        for key in self.options.match:
            values = sorted({value for row in rows for value in row.keys.get(key, ())})
            if not values:
                continue
            for value, record in self.resource.find(key, values):
                self.found[key, value][record] = None
            if self.engine.remembered:
                for value, record in self.engine.remembered(key, values):
                    self.found[key, value][record] = None

    def take(self, row: Incoming) -> Outcome:
        try:
            record = self._match(row)
            return self._make(row) if record is None else self._change(row, record)
        except RowRefused as refusal:
            row.problems.append(refusal.problem)
            return Outcome(Kind.FAILED, row)

    def _match(self, row: Incoming) -> UUID | None:
        """The record that the first key with any finds."""
        for key in self.options.match:
            records = list(dict.fromkeys(found for value in row.keys.get(key, ()) for found in self.found[key, value]))
            if len(records) == 1:
                return records[0]
            if records:
                self._refuse_several(row, key, records)
        return None

    def _refuse_several(self, row: Incoming, key: str, records: list[UUID]) -> None:
        kind = self.resource.get_model()._meta.verbose_name_plural
        labels = [self.drafts[record].label for record in records if record in self.drafts]
        names = ", ".join(f"“{label}”" for label in labels[: MOST_MATCHES - 1])
        words = key.replace("_", " ")
        number = str(len(records)) if len(records) < MOST_MATCHES else _("More than %d") % (MOST_MATCHES - 1)
        raise RowRefused(
            _("%(count)s %(kind)s have this %(words)s: %(names)s. Merge them, or match by something else.")
            % {"count": number, "kind": kind, "words": words, "names": names},
            key,
            ", ".join(row.keys[key]),
        )

    def _make(self, row: Incoming) -> Outcome:
        for value in row.keys.get("id", ()):
            if UUID(value) in self.taken or UUID(value) in self.drafts:
                hint = "" if "id" in self.options.match else _(" To change that record, match by id.")
                raise RowRefused(_("The id is taken.%s") % hint, "id", value)
        draft = self.resource.new(row)
        changes = draft.apply(row, fill=False)
        self.drafts[draft.id] = self.touched[draft.id] = draft
        self.changeable.add(draft.id)
        self._note_keys(row, draft.id)
        return Outcome(Kind.CREATED, row, draft.id, draft.label, changes)

    def _change(self, row: Incoming, record: UUID) -> Outcome:
        draft = self.drafts.get(record)
        label = draft.label if draft else ""
        if self.options.on_match is OnMatch.SKIP:
            return Outcome(Kind.SKIPPED, row, record, label)
        if self.options.on_match is OnMatch.ERROR:
            kind = self.resource.get_model()._meta.verbose_name
            raise RowRefused(_("There is such a %(kind)s already: “%(label)s”.") % {"kind": kind, "label": label})
        if draft is None:
            return Outcome(Kind.UPDATED, row, record, label)
        if record not in self.changeable:
            kind = self.resource.get_model()._meta.verbose_name
            raise RowRefused(
                _("The row matches “%(label)s”, a %(kind)s that you may not change.") % {"label": label, "kind": kind}
            )
        changes = draft.apply(row, fill=self.options.on_match is OnMatch.FILL)
        if not changes:
            return Outcome(Kind.UNCHANGED, row, record, label)
        self.touched[record] = draft
        self._note_keys(row, record)
        return Outcome(Kind.UPDATED, row, record, draft.label, changes)

    def _note_keys(self, row: Incoming, record: UUID) -> None:
        for key in self.options.match:
            for value in row.keys.get(key, ()):
                self.found[key, value][record] = None


def row_length(row: Row | BadRow) -> int:
    """About how many characters the row holds."""
    cells = row.cells if isinstance(row, BadRow) else row.values.values()
    return sum(len(cell) if isinstance(cell, str) else 8 if cell is None else len(str(cell)) for cell in cells)
