"""What every format is read into: a table with headers, and rows that are good or bad, one by one."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.translation import gettext as _

from .exceptions import UnreadableFile

# What no database column takes: NUL, and halves of surrogate pairs. `text` also marks undecodable bytes with the
# low surrogates U+DC00 to U+DCFF, so one search finds them all.
FLAW = re.compile("[\0\ud800-\udfff]")
_DATA_NOT_HEADER = re.compile(r"\S+@\S+\.\w+|https?://\S+|\+?\d[\d\s().-]{5,}\d")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything a file may hold; each is checked before the memory for it is spent."""

    columns: int = 200
    cell_chars: int = 1_000_000
    line_bytes: int = 16 * 1024 * 1024  # of a line of CSV or NDJSON or an item of JSON, counted in characters
    unpacked_bytes: int = 1024**3  # all parts of an XLSX together
    json_depth: int = 50


@dataclass(slots=True)
class Row:
    """A row that could be read. `line` is where it starts: line of the file, item of a JSON list, row of a sheet."""

    line: int
    values: dict[str, object]


@dataclass(slots=True)
class BadRow:
    """A row that could not be read. `cells` is what it looks like, for the file of rows to mend."""

    line: int
    message: str
    column: str | None = None
    cells: tuple[str, ...] = ()


class Table(ABC):
    """A file as rows. Iterating reads the file from its start with flat memory and yields each row once, in order.

    A table may be iterated again, but not twice at the same time: it moves the one file position.
    Iterating can raise `UnreadableFile` in the middle, for what cannot be seen without reading that far (a damaged
    archive, a cell beyond the limit).
    """

    format: str  # csv, tsv, json, ndjson or xlsx
    encoding: str | None = None
    delimiter: str | None = None
    headers: list[str]

    @abstractmethod
    def __iter__(self) -> Iterator[Row | BadRow]: ...

    def is_empty(self) -> bool:
        """Whether there is a header and nothing else."""
        return next(iter(self), None) is None


def check_headers(cells: Iterable[str], limits: Limits, line: int) -> list[str]:
    """The header row as unique names, or `UnreadableFile`.

    Empty cells at the end are dropped; an empty one between others gets a name, so that its values are not lost.
    """
    names = [cell.strip().lstrip("\ufeff") for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not any(map(str.isalnum, "".join(names))):
        raise UnreadableFile(_("The file has no header row with the names of its columns."), "no_header")
    if len(names) > limits.columns:
        raise UnreadableFile(
            _("The file has %(count)s columns; at most %(limit)s are allowed.")
            % {"count": format(len(names), ","), "limit": limits.columns},
            "too_many_columns",
            line,
        )
    if flawed := next((number for number, name in enumerate(names, 1) if FLAW.search(name)), None):
        raise UnreadableFile(
            _("The name of column %s holds characters that are not text.") % flawed, "bad_header", line
        )
    if data := next((name for name in names if _DATA_NOT_HEADER.fullmatch(name)), None):
        raise UnreadableFile(
            _("The first row looks like data (“%s”); it must hold the names of the columns.") % (data[:60]),
            "no_header",
            line,
        )
    names = [name or f"Column {number}" for number, name in enumerate(names, 1)]
    if twice := sorted({name for name in names if names.count(name) > 1}, key=names.index):
        listed = ", ".join(f"“{name[:60]}”" for name in twice)
        raise UnreadableFile(_("More than one column is called %s; rename them.") % listed, "duplicate_headers", line)
    return names


def make_row(line: int, cells: Sequence[object], headers: Sequence[str]) -> Row | BadRow:
    """Cells under their headers. Missing cells are empty, as spreadsheets leave out empty ones at the end of a row;
    a cell beyond the last header makes a bad row, because then the others may be shifted too."""
    if len(cells) > len(headers) and any(cells[len(headers) :]):
        used = max(number for number, cell in enumerate(cells, 1) if cell)
        message = _("The row has %(count)s cells, but the header has %(headers)s; nothing of it was taken.") % {
            "count": used,
            "headers": len(headers),
        }
        return BadRow(line, message, cells=shown(cells))
    return Row(line, dict(zip_longest(headers, cells[: len(headers)], fillvalue="")))


def find_flaw(values: Mapping[str, object], encoding: str | None) -> tuple[str, str] | None:
    """The first column whose text cannot be stored and a sentence about it; looks into lists and objects."""
    for column, value in values.items():
        if found := _flaw(column) or _flaw(value):
            return FLAW.sub("\ufffd", column), describe_flaw(found, encoding)
    return None


def describe_flaw(character: str, encoding: str | None) -> str:
    if character == "\0":
        return _("The text holds a NUL character.")
    if "\udc00" <= character <= "\udcff" and encoding:
        return _("The byte 0x%(byte)s is not text in the encoding %(encoding)s.") % {
            "byte": format(ord(character) - 56320, "02X"),
            "encoding": encoding,
        }
    return _("The text holds half a character (a lone surrogate).")


def shown(cells: Iterable[object]) -> tuple[str, ...]:
    """Cells as text that may be shown and stored."""
    return tuple(FLAW.sub("\ufffd", str(cell)) for cell in cells)


def _flaw(value: object) -> str | None:
    if isinstance(value, str):
        found = FLAW.search(value)
        return found.group() if found else None
    if isinstance(value, dict):
        return next(filter(None, (_flaw(part) for pair in value.items() for part in pair)), None)
    if isinstance(value, list):
        return next(filter(None, map(_flaw, value)), None)
    return None
