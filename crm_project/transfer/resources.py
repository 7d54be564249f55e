"""Resources of django-import-export on top of the bulk engine: columns and rules, once for admin, API and commands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from import_export.resources import ModelResource
from import_export.results import Result, RowResult
from tablib import Dataset

from crm_project.access.models import User
from crm_project.api.filters import CrmFilterSet

from . import headers
from .columns import Source, column_values
from .options import Options
from .reading import Row, Table, UnreadableFile
from .rows import Cells, Incoming, Kind, Outcome, as_text

LINE_COLUMN, REASON_COLUMN = "Import line", "Import problem"
PREVIEWED_ROWS = 2_000
SHOWN_ROWS = 100
MOST_MATCHES = 6


class Draft(ABC):
    """A record as it is going to be: one that is in the database, or a new one."""

    id: UUID
    is_new: bool
    label: str

    @abstractmethod
    def apply(self, row: Incoming, *, fill: bool) -> dict[str, tuple[Any, Any]]:
        """Take the row's values over, with ``fill`` only where there is none; the values before and after by field.

        Raises:
            RowRefused: the record would break a rule; nothing is taken over.
        """


@dataclass
class FileColumns:
    """Which column of a file is which field, and why the others are left out."""

    mapping: dict[str, str]
    ignored: dict[str, str]
    by_target: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for header, target in self.mapping.items():
            self.by_target.setdefault(target, []).append(header)


class CrmResource(ModelResource):
    """What the columns of a model are, and how a row becomes a record.

    The engine calls, for each chunk of rows: ``read`` for each row, then ``resolve``, ``find``, ``load`` and ``write``
    once for all, each with a number of queries that does not depend on the number of rows.
    """

    vocabulary: ClassVar[headers.Vocabulary]
    match_keys: ClassVar[tuple[str, ...]] = ()
    unstored: ClassVar[Mapping[str, str]] = {}  # fields that files have and the model has not, with the reason
    optional_columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, user: User | None = None, options: Options | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user
        self.options = options or Options()

    @classmethod
    def get_model(cls) -> type[Model]:
        return cls._meta.model

    @classmethod
    def get_written_models(cls) -> Sequence[type[Model]]:
        """Whose tables an import fills."""
        return [cls.get_model()]

    @classmethod
    def kind(cls) -> str:
        """What jobs call this kind of record."""
        return str(cls.get_model()._meta.model_name)

    # What people read

    def targets(self) -> list[str]:
        """The fields that a column of a file can be."""
        return [name for name in self.full_vocabulary().targets if name not in self.unstored]

    def label_of(self, name: str) -> str:
        """What a field is called on pages."""
        try:
            return str(capfirst(self.get_model()._meta.get_field(name).verbose_name))
        except FieldDoesNotExist:
            return str(capfirst(name.replace("_", " ")))

    # Import

    def columns_of(self, table: Table) -> FileColumns:
        """What the headers of a file mean: what the mapping says, else what the vocabulary knows.

        Raises:
            ValidationError: the mapping names a column that the file has not, or an unknown field.
            UnreadableFile: there are no rows, or not one of the columns is known.
        """
        names = table.headers
        if not names or table.is_empty():
            raise UnreadableFile(_("The file has no rows to import."), "no_rows")
        vocabulary = self.full_vocabulary()
        said = self.options.mapping
        self._check_mapping(said, names, vocabulary)
        guess = headers.guess([name for name in names if name not in said], vocabulary)
        taken = {target for target in said.values() if target not in vocabulary.multiple}
        mapping, ignored = {}, {}
        for name in names:
            target = said.get(name) if name in said else guess.mapping.get(name)
            if name in said and not target:
                ignored[name] = _("Left out, as was said.")
            elif target and target in self.unstored:
                ignored[name] = self.unstored[target]
            elif target and (name in said or target not in taken):
                mapping[name] = target
            else:
                ignored[name] = guess.ignored.get(name, _("No field has this name; choose one to take the column."))
        if not mapping:
            listed = ", ".join(f"“{name[:40]}”" for name in names[:10])
            raise UnreadableFile(
                _("None of the columns is known (%s); name the fields in the header row, or say which column is which.")
                % listed,
                "unknown_columns",
            )
        return FileColumns(mapping, ignored)

    def full_vocabulary(self) -> headers.Vocabulary:
        """The vocabulary with this database's own fields."""
        notes = {_("It says why the row was not imported."): [LINE_COLUMN, REASON_COLUMN]}
        unstored: dict[str, list[str]] = {name: [] for name in self.unstored if name not in self.vocabulary.targets}
        targets = {**self.vocabulary.targets, **unstored}
        return replace(self.vocabulary, targets=targets, ignored={**self.vocabulary.ignored, **notes})

    def _check_mapping(self, said: Mapping[str, str], names: Sequence[str], vocabulary: headers.Vocabulary) -> None:
        known = self.targets()
        problems, seen = [], set()
        for column, target in said.items():
            if column not in names:
                problems.append(_("The file has no column “%s”.") % (column[:60]) + suggestion(column, names))
            elif target and target not in known:
                problems.append(_("There is no field “%s”.") % (target[:60]) + suggestion(target, known))
            elif target and target in seen and target not in vocabulary.multiple:
                problems.append(_("Two columns cannot both be “%s”.") % target)
            seen.add(target)
        if problems:
            raise ValidationError({"mapping": problems})

    def read_row(self, row: Row, columns: FileColumns, names: Sequence[str], restore: bool) -> Incoming:
        cells = Cells(row.values, columns.by_target, restore)
        incoming = Incoming(row.line, [row.values.get(name) for name in names])
        self.read(cells, incoming)
        incoming.problems = cells.problems
        return incoming

    @abstractmethod
    def read(self, cells: Cells, row: Incoming) -> None:
        """Fill in the row's values and keys; what is wrong is noted in ``cells``. No query."""

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        """Look up, and with ``make`` make, what rows call by name. Problems are noted in the rows."""

    @abstractmethod
    def find(self, key: str, values: Sequence[str]) -> Iterable[tuple[str, UUID]]:
        """(value, id) of the records that the user may see and that have one of the values under this key.

        Of a value that very many have, the first ``MOST_MATCHES``.
        """

    @abstractmethod
    def taken(self, ids: Sequence[UUID]) -> set[UUID]:
        """Which of the ids records have already, whoever may see them."""

    @abstractmethod
    def load(self, ids: Iterable[UUID], *, lock: bool) -> dict[UUID, Draft]:
        """The records by id, locked in the order of their ids."""

    @abstractmethod
    def changeable(self, ids: Iterable[UUID]) -> set[UUID]:
        """Which of these records the user may change."""

    @abstractmethod
    def new(self, row: Incoming) -> Draft:
        """An empty record for the row."""

    @abstractmethod
    def write(self, drafts: Sequence[Draft]) -> None:
        """Store new and changed records by ``COPY`` and set-based SQL."""

    def import_data(
        self, dataset: Table, dry_run: bool = False, raise_errors: bool = False, user: User | None = None, **kwargs: Any
    ) -> Result:
        """A preview for the admin: what each of the first rows of a table will do. Nothing is written.

        The result has ``previews`` and ``failures`` besides: what the first rows would change, and why others fail. The
        rows themselves are imported by a job, see ``services``.

        Raises:
            UnreadableFile: there are no rows, or not one of the columns is known.
            ValidationError: the mapping makes no sense.
        """
        assert dry_run
        self.user = user or self.user
        return self.import_data_inner(dataset, dry_run, raise_errors, using_transactions=False, **kwargs)

    def import_data_inner(
        self,
        dataset: Table,
        dry_run: bool,
        raise_errors: bool,
        using_transactions: bool,
        collect_failed_rows: bool = False,
        **kwargs: Any,
    ) -> Result:
        from .engine import Engine

        engine = Engine(self, dataset)
        result = Result()
        result.previews, result.failures = [], []
        for chunk in engine.chunks(islice(dataset, PREVIEWED_ROWS)):
            for outcome in engine.take(engine.read(chunk), write=False):
                self._add_to(result, outcome)
        return result

    def _add_to(self, result: Any, outcome: Outcome) -> None:
        result.totals[ROW_TYPES[outcome.kind]] += 1
        result.total_rows += 1
        if outcome.kind is Kind.FAILED:
            if len(result.failures) < SHOWN_ROWS:
                problems = [problem.as_json() for problem in outcome.row.problems]
                result.failures.append({"line": outcome.row.line, "problems": problems})
        elif len(result.previews) < SHOWN_ROWS:
            result.previews.append(outcome.as_json())

    # Export

    def column_names(self) -> list[str]:
        """The columns of an export that names none, in their order."""
        return [name for name in self.all_columns() if name not in self.optional_columns]

    def all_columns(self) -> list[str]:
        """Every column that an export can have."""
        return list(self._meta.fields)

    def sources(self) -> Mapping[str, Source]:
        """Where the columns of an export are found, of those that are not attributes of their own name."""
        return {}

    def export_rows(self, queryset: QuerySet, columns: Sequence[str]) -> Generator[list[Any]]:
        """The records' values in the order of the columns, from a server-side cursor; needs a transaction."""
        return column_values(queryset, columns, self.sources())

    def get_export_order(self) -> list[str]:
        return self.all_columns()

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> Dataset:
        columns = kwargs.get("export_fields") or self.column_names()
        rows = self.export_rows(self.get_queryset() if queryset is None else queryset, columns)
        return Dataset(*([as_text(value) for value in row] for row in rows), headers=columns)


ROW_TYPES = {
    Kind.CREATED: RowResult.IMPORT_TYPE_NEW,
    Kind.UPDATED: RowResult.IMPORT_TYPE_UPDATE,
    Kind.UNCHANGED: RowResult.IMPORT_TYPE_SKIP,
    Kind.SKIPPED: RowResult.IMPORT_TYPE_SKIP,
    Kind.FAILED: RowResult.IMPORT_TYPE_INVALID,
}


def suggestion(name: str, choices: Iterable[str]) -> str:
    guess = headers.nearest(name, choices)
    return _(" Did you mean “%s”?") % guess if guess else ""


_resources: dict[str, tuple[type[CrmResource], type[CrmFilterSet]]] = {}


def register(resource: type[CrmResource], filters: type[CrmFilterSet]) -> None:
    """Make the resource, and the filters of the list that it exports, known to jobs by the kind of record.

    Apps call this in ``AppConfig.ready()``.
    """
    _resources[resource.kind()] = resource, filters


def resource_of(kind: str) -> type[CrmResource]:
    return _resources[kind][0]


def filters_of(kind: str) -> type[CrmFilterSet]:
    return _resources[kind][1]
