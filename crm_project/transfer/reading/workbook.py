"""XLSX: the first visible sheet of a workbook, as a stream.

openpyxl reads the whole table of strings and keeps an element for every row, so its memory grows with the file; this
reads the parts of the archive with expat, and takes from openpyxl what it knows of formats and dates.
No document type is allowed, so there are no entities; and nothing is unpacked before its size is known.
"""

import math
import posixpath
import re
import struct
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from .exceptions import UnreadableFile
from .table import BadRow, Limits, Row, Table, check_headers, make_row

_BLOCK = 64 * 1024
_MAX_RATIO = 200  # unpacked to packed; real sheets stay below 30
_MAX_ROW = 2**31 - 1
_MAX_TAG_BYTES = 1024 * 1024
_MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
_STRINGS_IN_MEMORY = 16 * 1024 * 1024
_LOCAL_DATE_FORMATS = {*range(27, 37), *range(50, 59)}  # dates in East Asian editions, which openpyxl does not list
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ON = ("1", "true")

_OTHER_ARCHIVES = [  # a part by which it is known, what it is
    ("xl/workbook.bin", gettext_lazy("a binary Excel workbook (.xlsb)")),
    ("word/document.xml", gettext_lazy("a Word document")),
    ("ppt/presentation.xml", gettext_lazy("a PowerPoint presentation")),
    ("mimetype", gettext_lazy("an OpenDocument file")),
    ("Index/Document.iwa", gettext_lazy("an Apple Numbers or Pages document")),
]


class WorkbookTable(Table):
    """Rows of the first visible sheet. Text is as it was typed, numbers are text without a trailing ".0", dates ISO
    text, errors like #N/A their text; of formulas the value that the spreadsheet program computed last."""

    format = "xlsx"

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        with _damage_refused():
            self._archive = _open_archive(file, limits)
            self._read_parts()
            line, cells = next(self._records(), (1, []))
            self.headers = check_headers(map(str, cells), limits, line)

    def __iter__(self) -> Iterator[Row | BadRow]:
        with _damage_refused():
            records = self._records()
            next(records, None)
            for line, cells in records:
                yield make_row(line, cells, self.headers)

    def _records(self) -> Iterator[tuple[int, list[object]]]:
        """(row of the sheet, cells) of each row that is not empty."""
        sheet = _Sheet(self._strings, self._styles, self._limits)
        for _part in self._parse(self._sheet_part, sheet.start, sheet.end, sheet.data):
            yield from sheet.rows
            sheet.rows.clear()

    def _read_parts(self) -> None:
        """Finds the sheet, and reads what its cells refer to: the strings and the styles."""
        workbook = next((part for kind, part in self._relations("").values() if kind == "officeDocument"), "")
        relations = self._relations(workbook)
        sheets: list[str] = []
        epoch = WINDOWS_EPOCH

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal epoch
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                identity = next((value for key, value in attributes.items() if key.endswith(" id")), "")
                kind, part = relations.get(identity, ("", ""))
                if kind == "worksheet":
                    sheets.append(part)
            elif name == "workbookPr" and attributes.get("date1904") in _ON:
                epoch = MAC_EPOCH

        self._read(workbook, start)
        if not sheets:
            raise UnreadableFile(_("The workbook has no visible sheet."), "no_header")
        self._sheet_part = sheets[0]
        parts = dict(relations.values())
        self._styles = _Styles(epoch)
        self._strings = _Strings(self._limits)
        if "styles" in parts:
            self._read(parts["styles"], self._styles.start, self._styles.end)
        if "sharedStrings" in parts:
            self._read(parts["sharedStrings"], self._strings.start, self._strings.end, self._strings.data)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What `part` refers to: id → (kind, part)."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                found[attributes.get("Id", "")] = (posixpath.basename(attributes.get("Type", "")), target)

        self._read(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _read(self, part: str, *handlers: Callable[..., None]) -> None:
        for _part in self._parse(part, *handlers):
            pass

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        data: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Calls the handlers for the elements of a part, by their names without namespace; yields after each block."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(" ")[2], attributes)
        if end:
            parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
        parser.CharacterDataHandler = data
        fed = 0
        with self._archive.open(part) as stream:
            while block := stream.read(_BLOCK):
                parser.Parse(block)
                fed += len(block)
                if fed - parser.CurrentByteIndex > _MAX_TAG_BYTES:
                    raise _damaged()  # A tag that goes on and on; expat would keep all of it.
                yield
            parser.Parse(b"", True)
            yield


class _TextGatherer:
    """Handlers that gather the text of a cell or string, without the hints for pronunciation (rPh)."""

    def __init__(self, limits: Limits) -> None:
        self._max_chars = limits.cell_chars
        self._line: int | None = None
        self._text: list[str] = []
        self._chars = 0
        self._reading = self._phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("v", "t"):
            self._reading = not self._phonetic
        elif name in ("c", "si"):
            self._text = []
            self._chars = 0
        elif name == "rPh":
            self._phonetic = True

    def data(self, text: str) -> None:
        if self._reading:
            self._text.append(text)
            self._chars += len(text)
            if self._chars > self._max_chars:
                limit = f"{self._max_chars:,}"
                message = _("A cell has more than %s characters.") % limit
                if self._line:
                    message = _("A cell in row %(row)s has more than %(limit)s characters.") % {
                        "row": self._line,
                        "limit": limit,
                    }
                raise UnreadableFile(message, "cell_too_long", self._line)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reading = False
        elif name == "rPh":
            self._phonetic = False


class _Sheet(_TextGatherer):
    """Handlers that gather the cells of a sheet into `rows`."""

    def __init__(self, strings: "_Strings", styles: "_Styles", limits: Limits) -> None:
        super().__init__(limits)
        self.rows: list[tuple[int, list[object]]] = []
        self._strings = strings
        self._styles = styles
        self._line: int = 0
        self._column = 0
        self._kind = self._style = ""
        self._cells: dict[int, object] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "c":
            place = attributes.get("r", "").rstrip("0123456789")
            self._column = column_index_from_string(place) if place else self._column + 1
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
        elif name == "row":
            self._line = int(attributes.get("r", self._line + 1))
            if not 0 < self._line <= _MAX_ROW:
                raise _damaged()
            self._column = 0
            self._cells = {}

    def end(self, name: str) -> None:
        super().end(name)
        if name == "c" and self._text:
            self._cells[self._column] = self._value("".join(self._text))
        elif name == "row" and any(cell != "" and not str(cell).isspace() for cell in self._cells.values()):
            width = max(self._cells)
            self.rows.append((self._line, [self._cells.get(column, "") for column in range(1, width + 1)]))

    def _value(self, text: str) -> object:
        if self._kind == "s":
            return self._strings[int(text)]
        if self._kind == "n":
            return self._styles.show(self._style, text)
        if self._kind == "b":
            return text in _ON
        return _unescape(text)


class _Styles:
    """Which cell styles show a number as a date, a time or a duration."""

    def __init__(self, epoch: object) -> None:
        self._epoch = epoch
        self._formats: dict[int, str] = dict(BUILTIN_FORMATS)
        self._kinds: dict[str, str] = {}  # style → "date" or "duration"
        self._in_cell_styles = False
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt" and "numFmtId" in attributes:
            self._formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cell_styles = True
        elif name == "xf" and self._in_cell_styles:
            number = int(attributes.get("numFmtId", 0))
            code = self._formats.get(number, "")
            if is_timedelta_format(code):
                self._kinds[str(self._count)] = "duration"
            elif number in _LOCAL_DATE_FORMATS or is_date_format(code):
                self._kinds[str(self._count)] = "date"
            self._count += 1

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cell_styles = False

    def show(self, style: str, number: str) -> str:
        """The number of a cell as text."""
        if kind := self._kinds.get(style):
            try:
                moment = from_excel(float(number), self._epoch, timedelta=kind == "duration")
            except (ValueError, OverflowError):
                pass  # Not a date that the calendar has: the number itself is shown.
            else:
                return str(moment) if kind == "duration" else moment.isoformat().removesuffix("T00:00:00")
        if number.isdecimal():
            return number
        value = float(number)
        if not math.isfinite(value):
            raise _damaged()
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)


class _Strings(_TextGatherer):
    """The table of strings that cells refer to by number; in memory while it is small, else in a temporary file."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._file = SpooledTemporaryFile(_STRINGS_IN_MEMORY)  # noqa: SIM115 - it lives as long as this.
        weakref.finalize(self, self._file.close)
        self._ends = array("Q", [0])

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError(index)
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            written = self._file.write(_unescape("".join(self._text)).encode())
            self._ends.append(self._ends[-1] + written)


def _unescape(text: str) -> str:
    """Text without Excel's escapes for characters that XML cannot hold; those that no text may hold stay escaped."""
    if "_x" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return match[0] if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)

    return _ESCAPED.sub(character, text)


def _open_archive(file: BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """The archive, if it is a workbook of acceptable size. A part never unpacks to more than it declares: `zipfile`
    stops there, and finds that the checksum is wrong."""
    if _directory_size(file) > _MAX_DIRECTORY_BYTES:
        raise UnreadableFile(_("The workbook consists of too many parts."), "too_large")
    archive = zipfile.ZipFile(file)
    parts = archive.infolist()
    names = {part.filename for part in parts}
    what: Any = next((what for name, what in _OTHER_ARCHIVES if name in names), None)
    if what or "_rels/.rels" not in names:
        what = what or _("a ZIP archive")
        raise UnreadableFile(_("This is %s, not a table; save it as XLSX or CSV.") % what, "not_a_table")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile(_("The workbook is protected by a password; save it without one."), "encrypted")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise _damaged()
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > limits.unpacked_bytes or unpacked > max(_MAX_RATIO * packed, _STRINGS_IN_MEMORY):
        raise UnreadableFile(
            _("Unpacked, the workbook would have %s MB, which is too much; send it as CSV.")
            % (format(unpacked / 1024**2, ",.0f")),
            "too_large",
        )
    return archive


def _directory_size(file: BinaryIO) -> int:
    """How large the archive says its list of parts is, so that the list is not read when it is absurd."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 65_557))
    tail = file.read()
    start = tail.rfind(b"PK\5\6")
    if start < 0 or len(tail) < start + 22:
        raise _damaged()
    (size,) = struct.unpack_from("<L", tail, start + 12)
    return int(size)


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, IndexError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        _("The workbook is damaged; open it in your spreadsheet program and save it again."), "damaged"
    )


def _refuse_doctype(*_given: object) -> None:
    raise UnreadableFile(_("The workbook holds a document type definition, which no real workbook has."), "damaged")
