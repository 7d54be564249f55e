"""Rows as files: CSV, TSV, JSON, NDJSON and XLSX, made while they are sent, with flat memory."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from . import formulas
from .rows import as_text

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
XLSX_ROWS = 1_048_576
BLOCK_BYTES = 64 * 1024

Rows = Iterable[Sequence[Any]]


def write(format: str, columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """The file in pieces, the first one at once."""
    return WRITERS[format](columns, rows)


def cell(value: Any) -> str:
    """A value as the harmless text of a cell; lists are joined."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, str):
        return formulas.neutralise(value)
    if isinstance(value, list):
        return formulas.neutralise(join(value))
    return iso(value) if isinstance(value, datetime) else as_text(value)


def join(entries: Sequence[Any]) -> str:
    """A list as one cell: texts with “ ::: ” between them, as JSON when reading would part them elsewhere."""
    if all(isinstance(each, str) for each in entries):
        joined = " ::: ".join(entries)
        parts = re.split(r"\s*:::\s*|[;\r\n]", joined)
        is_plain = not joined.startswith(("[", "* ")) and all(part == part.strip() for part in parts)
        if parts == list(entries) and is_plain:
            return joined
    return json.dumps(entries, ensure_ascii=False)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _delimited(delimiter: str) -> Callable[[Sequence[str], Rows], Iterator[bytes]]:
    def pieces(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=delimiter)
        writer.writerow([formulas.neutralise(column) for column in columns])
        yield taken(buffer)
        for row in rows:
            writer.writerow([cell(value) for value in row])
            if buffer.tell() > BLOCK_BYTES:
                yield taken(buffer)
        yield taken(buffer)

    return pieces


def taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _objects(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Each row as a JSON object; ``custom_fields.key`` is a key of its object ``custom_fields``."""
    plain = [(at, name) for at, name in enumerate(columns) if not name.startswith("custom_fields.")]
    custom = [(at, name.partition(".")[2]) for at, name in enumerate(columns) if name.startswith("custom_fields.")]
    for row in rows:
        record = {name: row[at] for at, name in plain}
        if custom:
            record["custom_fields"] = {key: row[at] for at, key in custom if row[at] is not None}
        yield json.dumps(record, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


def _ndjson(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    yield b""
    yield from in_blocks(f"{text}\n" for text in _objects(columns, rows))


def _json(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    yield b"["
    objects = (("\n" if not at else ",\n") + text for at, text in enumerate(_objects(columns, rows)))
    yield from in_blocks(objects)
    yield b"\n]\n"


def in_blocks(texts: Iterable[str]) -> Iterator[bytes]:
    gathered, size = [], 0
    for text in texts:
        gathered.append(text)
        size += len(text)
        if size > BLOCK_BYTES:
            yield "".join(gathered).encode()
            gathered, size = [], 0
    yield "".join(gathered).encode()


_XLSX_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="xl/workbook.xml"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="worksheets/sheet1.xml"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
}
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
# What XML cannot hold, Excel writes as _x000D_; an underscore that only looks like the start of one is written so too.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class _Pieces(io.RawIOBase):
    """What was written since it was last taken; a ZIP archive is written to it, which never looks back."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


def _xlsx(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A workbook of one sheet whose cells are all text, so that nothing is turned into a date or loses its zeros."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, text in _XLSX_PARTS.items():
            archive.writestr(zipfile.ZipInfo(name), _XML + text, zipfile.ZIP_DEFLATED)
        yield pieces.take()
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((_XML + _SHEET + _xlsx_row([formulas.neutralise(column) for column in columns])).encode())
            for block in in_blocks(_xlsx_row([cell(value) for value in row]) for row in rows):
                sheet.write(block)
                yield pieces.take()
            sheet.write(b"</sheetData></worksheet>")
    yield pieces.take()


def _xlsx_row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_xlsx_cell, cells))}</row>"


def _xlsx_cell(text: str) -> str:
    if not text:
        return "<c/>"
    text = escape(_ESCAPED.sub(lambda found: f"_x{ord(found.group()):04X}_", text))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


WRITERS: dict[str, Callable[[Sequence[str], Rows], Iterator[bytes]]] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "json": _json,
    "ndjson": _ndjson,
    "xlsx": _xlsx,
}
