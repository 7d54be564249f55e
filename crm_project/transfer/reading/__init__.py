"""Files that people send, read as tables: `open_table` and what it gives."""

import re
from pathlib import PurePath
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .delimited import DELIMITERS, DelimitedTable
from .exceptions import UnreadableFile
from .objects import LinesTable, ListTable
from .table import BadRow, Limits, Row, Table
from .text import ENCODINGS, Text
from .workbook import WorkbookTable

__all__ = ["DELIMITERS", "ENCODINGS", "FORMATS", "BadRow", "Limits", "Row", "Table", "UnreadableFile", "open_table"]

FORMATS = ("csv", "tsv", "json", "ndjson", "xlsx")

_HEAD_BYTES = 64 * 1024
_SIGNATURES = [  # how files begin that are no tables, and what they are
    (b"\x89PNG", gettext_lazy("a PNG picture")),
    (b"\xff\xd8\xff", gettext_lazy("a JPEG picture")),
    (b"GIF8", gettext_lazy("a GIF picture")),
    (b"%PDF", gettext_lazy("a PDF document")),
    (b"\xd0\xcf\x11\xe0", gettext_lazy("an Excel workbook of the old kind (.xls) or one with a password")),
    (b"\x1f\x8b", gettext_lazy("a gzip archive")),
    (b"7z\xbc\xaf", gettext_lazy("a 7z archive")),
    (b"Rar!", gettext_lazy("a RAR archive")),
    (b"{\\rtf", gettext_lazy("a text document (RTF)")),
    (b"SQLite format 3", gettext_lazy("a database")),
    (b"\x7fELF", gettext_lazy("a program")),
    (b"MZ\x90", gettext_lazy("a program")),
    (b"BEGIN:VCARD", gettext_lazy("a file of vCards")),
    (b"<!", gettext_lazy("a web page")),
    (b"<html", gettext_lazy("a web page")),
    (b"<?xml", gettext_lazy("an XML document")),
]
_ZIP = (b"PK\3\4", b"PK\5\6")
_HINTS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
}
_LOOKS_LIKE_JSON = re.compile(r'\s*(\[\s*[\[{\]"\d-]|\{\s*["}])')
_TWO_OBJECTS = re.compile(r"\s*\{[^\r\n]*\}[ \t]*[\r\n]\s*\{")


def open_table(
    file: BinaryIO,
    *,
    filename: str = "",
    content_type: str = "",
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """The table in `file`, which must be seekable and stay open; `UnreadableFile` if there is none.

    What is not given is found from the content; `filename` and `content_type` decide only between CSV and JSON.
    `encoding` is one of `ENCODINGS` or another name of it; `delimiter` is one character.
    Text is read up to three times to be sure of its encoding, JSON once more to be sure that it is whole.
    """
    limits = limits or Limits()
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if format not in (None, *FORMATS):
        raise UnreadableFile(
            _("There is no format “%(format)s”; there are %(formats)s.")
            % {"format": format, "formats": ", ".join(FORMATS)},
            "bad_format",
        )
    if len(head) < _HEAD_BYTES and not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\0"):
        raise UnreadableFile(_("The file is empty."), "empty")
    if head.startswith(_ZIP) and format in (None, "xlsx"):
        return WorkbookTable(file, limits)
    _refuse_other_files(head, format)
    text = Text(file, encoding, limits)
    format = format or _guess_format(text.sample, filename, content_type)
    if format == "json":
        return ListTable(text, limits)
    if format == "ndjson":
        return LinesTable(text, limits)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0 '):
        raise UnreadableFile(_("The delimiter must be one character, such as “;”."), "bad_delimiter")
    return DelimitedTable(text, delimiter or ("\t" if format == "tsv" else None), limits)


def _refuse_other_files(head: bytes, format: str | None) -> None:
    start = head.lstrip(b" \t\r\n\xef\xbb\xbf")
    what: Any = next((what for signature, what in _SIGNATURES if start.startswith(signature)), None)
    if head.startswith(_ZIP):
        what = _("a ZIP archive or an Excel workbook")
    if format == "xlsx":
        what = what or _("not an Excel workbook (.xlsx)")
    if what:
        raise UnreadableFile(_("The file is %s; send a table as CSV, XLSX or JSON.") % what, "not_a_table")


def _guess_format(sample: str, filename: str, content_type: str) -> str:
    hint = _HINTS.get(content_type.partition(";")[0].strip().lower()) or _HINTS.get(PurePath(filename).suffix.lower())
    if _LOOKS_LIKE_JSON.match(sample):
        return "ndjson" if hint == "ndjson" or _TWO_OBJECTS.match(sample) else "json"
    return hint or "csv"
