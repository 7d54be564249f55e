"""Broken and hostile files are refused with a sentence or taken row by row; no row vanishes and no time is lost."""

import io
import json
import random
import re
import time
import tracemalloc
import zipfile
from dataclasses import dataclass

import pytest

from crm_project.transfer.reading import BadRow, Limits, UnreadableFile, delimited, open_table

from .workbooks import SHEET, change_part, change_sheet, make_shared_workbook, make_workbook, make_zip

SECONDS = 5  # of processor time


@dataclass
class Refused:
    code: str
    words: str = ""
    line: int | None = None


@dataclass
class Bad:
    line: int
    words: str
    column: str | None = None


def outcome(content: bytes, **options) -> list | UnreadableFile:
    """What came of the file: the values of good rows and the bad rows, or the refusal."""
    started = time.process_time()
    try:
        return [row if isinstance(row, BadRow) else row.values for row in open_table(io.BytesIO(content), **options)]
    except UnreadableFile as refusal:
        return refusal
    finally:
        assert time.process_time() - started < SECONDS


def check(found: list | UnreadableFile, expected: list | Refused) -> None:
    if isinstance(expected, Refused):
        assert isinstance(found, UnreadableFile), found
        assert (found.code, found.line) == (expected.code, expected.line), found.message
        assert expected.words in found.message
        assert re.fullmatch(r"[A-Z].*[.?]", found.message), "not a sentence"
        return
    assert not isinstance(found, UnreadableFile), found.message
    assert len(found) == len(expected), found
    for row, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, Bad):
            assert isinstance(row, BadRow), row
            assert (row.line, row.column) == (wanted.line, wanted.column)
            assert wanted.words in row.message
            assert not any(re.search("[\0\ud800-\udfff]", cell) for cell in row.cells)
        else:
            assert row == wanted


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4
NOISE = random.Random(1).randbytes(5000)

NOT_TABLES = {
    "png": (PNG, Refused("not_a_table", "a PNG picture")),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF" + NOISE, Refused("not_a_table", "a JPEG picture")),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", Refused("not_a_table", "a PDF document")),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), Refused("not_a_table", ".xls")),
    "gzip": (b"\x1f\x8b\x08\0" + NOISE, Refused("not_a_table", "gzip")),
    "zip": (make_zip("contacts.csv"), Refused("not_a_table", "a ZIP archive")),
    "word": (make_zip("_rels/.rels", "word/document.xml"), Refused("not_a_table", "a Word document")),
    "opendocument": (make_zip("mimetype", "content.xml"), Refused("not_a_table", "an OpenDocument file")),
    "binary excel": (make_zip("_rels/.rels", "xl/workbook.bin"), Refused("not_a_table", ".xlsb")),
    "web page": (b"\n<!DOCTYPE html><html><body>Log in</body></html>", Refused("not_a_table", "a web page")),
    "vcards": (b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD\n", Refused("not_a_table", "vCards")),
    "noise": (NOISE, Refused("not_a_table", "not text")),
    "nothing but NUL": (bytes(100_000), Refused("not_a_table", "not text")),
    "empty": (b"", Refused("empty", "empty")),
    "byte order mark alone": (b"\xef\xbb\xbf", Refused("empty")),
    "blank lines": (b"\r\n\r\n  \n\t\n", Refused("empty")),
    "only delimiters": (b",,,\n,,,\n", Refused("no_header")),
}

HEADERS = {
    "twice the same": (b"name,email,name\n1,2,3\n", Refused("duplicate_headers", "“name”", 1)),
    "same but for spaces": (b"\nname, email,email \n1,2,3\n", Refused("duplicate_headers", "“email”", 2)),
    "200 columns": (",".join(f"c{n}" for n in range(200)).encode() + b"\n", []),
    "201 columns": (",".join(f"c{n}" for n in range(201)).encode(), Refused("too_many_columns", "201 columns", 1)),
    "10,000 columns": (",".join(f"c{n}" for n in range(10_000)).encode(), Refused("too_many_columns", "10,000", 1)),
    "no header but data": (b"James,Butt,jbutt@gmail.com\nAnn,Lee,a@b.example\n", Refused("no_header", "jbutt@", 1)),
    "no header but a phone": (b"James,+1 (504) 621-8927\n", Refused("no_header", "621", 1)),
    "NUL in the header": (b"na\0me,email\nAnn,x\n", Refused("bad_header", "column 1", 1)),
    "quote that never closes": (b'name,"email\nAnn,a@b.example\n', Refused("bad_header", "never closed", 1)),
}

ROWS = {
    "more cells than headers": (
        b"a,b\n1,2\n1,2,3\n4,5\n",
        [{"a": "1", "b": "2"}, Bad(3, "3 cells, but the header has 2"), {"a": "4", "b": "5"}],
    ),
    "10,000 cells": (b"a,b\n" + b"x," * 10_000 + b"\n1,2\n", [Bad(2, "10000 cells"), {"a": "1", "b": "2"}]),
    "quote that never closes": (
        b'a,b\n1,2\n"3,4\n5,6\n7,8\n',
        [{"a": "1", "b": "2"}, Bad(3, "line 3 is never closed"), {"a": "5", "b": "6"}, {"a": "7", "b": "8"}],
    ),
    "quote that never closes, in the last cell": (
        b'a,b\n1,"2\n3,4\n',
        [Bad(2, "never closed"), {"a": "3", "b": "4"}],
    ),
    "quote that closes in a later row": (
        b'a,b\n1,"2\n3,4\n5,"6"\n7,8\n',
        [Bad(2, "doubled"), {"a": "3", "b": "4"}, {"a": "5", "b": "6"}, {"a": "7", "b": "8"}],
    ),
    "text after a closing quote": (
        b'a,b\n"x" y,1\n2,3\n',
        [Bad(2, "Text follows a closing quotation mark"), {"a": "2", "b": "3"}],
    ),
    "rest of a broken cell is no row": (
        b'a,b,c\n"He said "hi"\nand left\nbye",x,y\n1,2,3\n4\n',
        [
            Bad(2, "doubled"),
            Bad(3, "may belong"),
            {"a": 'bye"', "b": "x", "c": "y"},
            {"a": "1", "b": "2", "c": "3"},
            {"a": "4", "b": "", "c": ""},
        ],
    ),
    "quotes inside a plain cell": (b'a,b\nx "y" z,2\n', [{"a": 'x "y" z', "b": "2"}]),
    "NUL": (b"a,b\n1,2\n3,x\0y\n5,6\n", [{"a": "1", "b": "2"}, Bad(3, "NUL", "b"), {"a": "5", "b": "6"}]),
    "byte that is no UTF-8": (
        "имя,город\nАлёна,Орёл\nПётр,".encode() + b"x\xffy\n" + "Анна,Уфа\n".encode(),
        [{"имя": "Алёна", "город": "Орёл"}, Bad(3, "0xFF", "город"), {"имя": "Анна", "город": "Уфа"}],
    ),
    "UTF-8 that is cut off": (
        "имя,город\nАлёна,Орёл\nПётр,Уфа".encode()[:-1],
        [{"имя": "Алёна", "город": "Орёл"}, Bad(3, "0xD0", "город")],
    ),
    "half a surrogate pair in UTF-8": (
        "имя,город\nАлёна,Орёл\nПётр,".encode() + b"\xed\xa0\x80\n" + "Анна,Уфа,\n".encode() * 20,
        [{"имя": "Алёна", "город": "Орёл"}, Bad(3, "0xED", "город"), *[{"имя": "Анна", "город": "Уфа"}] * 20],
    ),
    "half a surrogate pair in UTF-16": (
        "a,b\n1,".encode("utf-16") + b"\x00\xd8" + "x\n3,4\n".encode("utf-16-le"),
        [Bad(2, "not text in the encoding utf-16", "b"), {"a": "3", "b": "4"}],
    ),
    "UTF-16 with an odd byte at the end": ("a\nb".encode("utf-16") + b"x", [Bad(2, "0x78", "a")]),
    "two encodings": (
        "имя;город\nАлёна;Орёл\n".encode() + "Пётр;Уфа\nАнна;Тверь\n".encode("cp1251"),
        Refused("unknown_encoding", "Line 3 is not UTF-8", 3),
    ),
    "two encodings, the other way round": (
        "имя;город\nПётр;Уфа\n".encode("cp1251") + "Алёна;Орёл\n".encode(),
        Refused("unknown_encoding", "Line 1", 1),
    ),
    "two western encodings": (
        "name;city\nJosé;Málaga\n".encode("cp1252") + "Zoë;Köln\n".encode(),
        Refused("unknown_encoding", "Line 2", 2),
    ),
    "mixed line ends": (b"a,b\r1,2\n3,4\r\n5,6", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}, {"a": "5", "b": "6"}]),
    "200 KB in a cell": (b"a\n" + b"x" * 200_000 + b"\n1\n", [{"a": "x" * 200_000}, {"a": "1"}]),
    "10 MB in a cell": (lambda: b"a,b\n1,2\n3," + b"x" * 10_000_000 + b"\n", Refused("cell_too_long", "line 3", 3)),
    "10 MB in a quoted cell": (lambda: b'a,b\n3,"' + b"x" * 10_000_000 + b'"\n', Refused("cell_too_long", "line 2", 2)),
    "64 MB in a line": (lambda: b"a,b\n" + b"x" * 64 * 1024**2, Refused("line_too_long", "16 MB")),
    "markup, formulas and templates": (
        b"a,b\n=cmd|'/c calc'!A0,<script>alert(1)</script>\n{{7*7}},'; DROP TABLE contacts; --\n",
        [
            {"a": "=cmd|'/c calc'!A0", "b": "<script>alert(1)</script>"},
            {"a": "{{7*7}}", "b": "'; DROP TABLE contacts; --"},
        ],
    ),
}

JSON = {
    "100,000 deep": (b"[" * 100_000 + b"]" * 100_000, Refused("too_deep", "nested too deeply")),
    "100,000 deep in an item": (b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", Refused("too_deep")),
    "100,000 objects deep": (b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000, Refused("too_deep")),
    "100,000 deep in NDJSON": (b'{"a":1}\n{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", Refused("too_deep")),
    "51 deep": (b'[{"a":' + b"[" * 51 + b"]" * 51 + b"}]", Refused("too_deep", line=1)),
    "never closed": (b'[{"a":' * 1_000_000, Refused("too_deep")),
    "10,000 digits": (b'[{"a":1,"b":' + b"9" * 10_000 + b'},{"a":2}]', [Bad(1, "too many digits", "b"), {"a": 2}]),
    "10,000 decimals": (b'[{"a":0.' + b"9" * 10_000 + b'},{"a":2}]', [Bad(1, "too many digits", "a"), {"a": 2}]),
    "huge exponent": (
        b'[{"a":1e400},{"a":1e99999999999999999999}]',
        [Bad(1, "too large", "a"), Bad(2, "too large", "a")],
    ),
    "NaN and Infinity": (
        b'[{"a":NaN},{"a":-Infinity},{"b":{"c":[Infinity]}},{"a":1}]',
        [Bad(1, "NaN", "a"), Bad(2, "-Infinity", "a"), Bad(3, "Infinity", "b"), {"a": 1}],
    ),
    "lone surrogates": (
        b'[{"a":"x\\ud800y"},{"a":["\\udfff"]},{"\\ud800":1},{"a":"\\ud83d\\ude00"}]',
        [Bad(1, "surrogate", "a"), Bad(2, "surrogate", "a"), Bad(3, "surrogate", "\ufffd"), {"a": "😀"}],
    ),
    "escaped NUL": (b'[{"a":"x\\u0000y"},{"a":1}]', [Bad(1, "NUL", "a"), {"a": 1}]),
    "raw NUL": (b'[{"a":"x\0y"},{"a":1}]', [Bad(1, "control character"), {"a": 1}]),
    "line break in a string": (b'[{"a":"x\ny"},{"a":1}]', [Bad(1, "control character"), {"a": 1}]),
    "twice the same key": (
        b'[{"a":1,"a":2},{"b":{"c":1,"c":2}},{"a":1}]',
        [Bad(1, "“a”", "a"), Bad(2, "“c”", "b"), {"a": 1}],
    ),
    "byte that is no UTF-8": (
        '[{"a":"Алёна"},{"a":"'.encode() + b"\xff" + '"},{"a":"Пётр"}]'.encode(),
        [{"a": "Алёна"}, Bad(2, "0xFF", "a"), {"a": "Пётр"}],
    ),
    "broken item": (
        b'[{"a":1},{"a":tru},{"b":1,},{"a":2}]',
        [{"a": 1}, Bad(2, "not JSON"), Bad(3, "not JSON"), {"a": 2}],
    ),
    "items that are no objects": (
        b'[1,{"a":1},[2],"x",null]',
        [Bad(1, "object"), {"a": 1}, *(Bad(n, "object") for n in (3, 4, 5))],
    ),
    "no objects at all": (b"[1, 2]", Refused("no_header", "not an object", 1)),
    "no keys in quotes": (b"[{name: 1}]", Refused("no_header", "double quotes", 1)),
    "cut off in an item": (b'[\n{"a":1},\n{"a":', Refused("broken_json", "from line 3", 3)),
    "cut off in a string": (b'[{"a":1},{"a":"x', Refused("broken_json", "line 1", 1)),
    "cut off after an item": (b'[{"a":1}', Refused("broken_json", "ends in the middle", 1)),
    "cut off in a wrapper": (b'{"contacts":[{"a":1}]', Refused("broken_json", "ends in the middle", 1)),
    "broken around the rows": (b'{"meta":tru,"contacts":[]}', Refused("broken_json", "line 1", 1)),
    "broken behind the rows": (b'{"contacts":[{"a":1}],\n"n":}', Refused("broken_json", "line 2", 2)),
    "comma at the end": (b'[{"a":1},]', Refused("broken_json", "comma", 1)),
    "no comma": (b'[{"a":1}{"a":2}]', Refused("broken_json", "“,”", 1)),
    "something after the end": (b'[{"a":1}]\n[]', Refused("broken_json", "after the end", 2)),
    "201 keys": (json.dumps([{f"k{n}": n} for n in range(201)]).encode(), Refused("too_many_columns", "200", 201)),
    "10 MB in a string": (
        lambda: b'[{"a":1},{"a":"' + b"x" * 10_000_000 + b'"}]',
        Refused("cell_too_long", "item 2", 2),
    ),
    "64 MB in a string": (lambda: b'[{"a":1},{"a":"' + b"x" * 64 * 1024**2 + b'"}]', Refused("item_too_long", "16 MB")),
    "64 MB in a line of NDJSON": (lambda: b'{"a":1}\n{"a":"' + b"x" * 64 * 1024**2, Refused("line_too_long", "16 MB")),
    "bad lines of NDJSON": (
        b'{"a":1}\n{"a":\n[]\n{"a":2} {"a":3}\n',
        [{"a": 1}, Bad(2, "not JSON"), Bad(3, "object"), Bad(4, "not JSON")],
    ),
}

WORKBOOKS = {
    "document type": (
        change_part(make_workbook([["a"], ["b"]]), SHEET, lambda xml: b'<!DOCTYPE x [<!ENTITY e "y">]>' + xml),
        Refused("damaged", "document type"),
    ),
    "external entity": (
        change_part(
            make_workbook([["a"], ["b"]]),
            SHEET,
            lambda xml: b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xml.replace(b"<t>b</t>", b"<t>&x;</t>"),
        ),
        Refused("damaged", "document type"),
    ),
    "laughs in the workbook": (
        change_part(
            make_workbook([["a"], ["b"]]),
            "xl/workbook.xml",
            lambda xml: b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + xml,
        ),
        Refused("damaged", "document type"),
    ),
    "bomb": (
        lambda: change_sheet(b"<sheetData>", b"<sheetData>" + b" " * 512 * 1024**2),
        Refused("too_large", "512 MB"),
    ),
    "cut off": (make_workbook([["a"], ["b"]])[:-100], Refused("damaged")),
    "XML that is cut off": (
        change_part(make_workbook([["a"], ["b"]]), SHEET, lambda xml: xml[:-50]),
        Refused("damaged"),
    ),
    "wrong checksum": (
        make_workbook([["a"], ["b"]]).replace(b"PK\x01\x02", b"PK\x01\x02", 1)[:200] + b"x" * 50,
        Refused("damaged"),
    ),
    "tag of 20 MB": (
        lambda: change_sheet(
            b"<sheetData>", b"<sheetData x='" + random.Random(1).randbytes(10**7).hex().encode() + b"'>"
        ),
        Refused("damaged"),
    ),
    "cell of 3 MB": (
        lambda: change_sheet(b"<v>1</v>", b"<v>" + b"1" * 3_000_000 + b"</v>"),
        Refused("cell_too_long", "row 2", 2),
    ),
    "row at the end of the world": (change_sheet(b'<row r="2"', b'<row r="99999999999999999999"'), Refused("damaged")),
    "far away row": (change_sheet(b'<row r="2"', b'<row r="2000000000"'), [{"name": "Ann", "n": "1"}]),
    "column that is none": (change_sheet(b'r="A2"', b'r="ZZZZZZZZZ2"'), Refused("damaged")),
    "number that is none": (change_sheet(b"<v>1</v>", b"<v>NaN</v>"), Refused("damaged")),
    "number too large": (change_sheet(b"<v>1</v>", b"<v>1e999999</v>"), Refused("damaged")),
    "string that is not there": (make_shared_workbook(["<t>a</t>"], [[0], [7]]), Refused("damaged")),
    "string before the first": (make_shared_workbook(["<t>a</t>", "<t>b</t>"], [[0], [-1]]), Refused("damaged")),
    "no visible sheet": (
        change_part(
            make_workbook([["a"]]), "xl/workbook.xml", lambda xml: xml.replace(b'state="visible"', b'state="hidden"')
        ),
        Refused("no_header", "no visible sheet"),
    ),
    "empty sheet": (make_workbook([]), Refused("no_header")),
    "duplicate headers": (make_workbook([["a", "a"], [1, 2]]), Refused("duplicate_headers", "“a”", 1)),
    "201 columns": (make_workbook([[f"c{n}" for n in range(201)]]), Refused("too_many_columns", "201", 1)),
    "more cells than headers": (make_workbook([["a"], ["x", None, "y"], ["z"]]), [Bad(2, "3 cells"), {"a": "z"}]),
    "header alone": (make_workbook([["a", "b"]]), []),
    "formula": (change_sheet(b"<t>Ann</t>", b"<t>=cmd|'/c calc'!A0</t>"), [{"name": "=cmd|'/c calc'!A0", "n": "1"}]),
    "not a workbook at all": (make_zip("_rels/.rels", "x.xml"), Refused("damaged")),
}

# Large contents are made when they are needed.
CASES = {
    f"{group}: {name}": case
    for group, cases in [
        ("not a table", NOT_TABLES),
        ("header", HEADERS),
        ("rows", ROWS),
        ("json", JSON),
        ("xlsx", WORKBOOKS),
    ]
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_file(name):
    content, expected = CASES[name]
    if callable(content):
        content = content()
    check(outcome(content, filename="contacts.csv"), expected)


PIECES = [
    b'"',
    b",",
    b";",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"{",
    b"]",
    b"\\u",
    b":",
    b"1e999",
    b"\xff\xfe",
    b"<",
    "ё".encode(),
]


@pytest.mark.parametrize("seed", range(4))
def test_damaged_file_is_read_or_refused(seed):
    chance = random.Random(seed)
    samples = [content for content, _ in CASES.values() if isinstance(content, bytes) and len(content) < 20_000]
    for _ in range(500):
        content = bytearray(chance.choice(samples))
        for _ in range(chance.choice([1, 2, 10])):
            place = chance.randrange(len(content) + 1)
            content[place : place + chance.choice([0, 1, 10])] = chance.choice(PIECES) * chance.choice([0, 1, 100])
        found = outcome(bytes(content))
        if not isinstance(found, UnreadableFile):
            assert "\0" not in "".join(str(row) for row in found if isinstance(row, dict))


def test_quote_over_many_lines_costs_only_its_own_row():
    lines = [b"%d,x" % number for number in range(400_000)]
    lines[10] = b'10,"x'
    found = outcome(b"a,b\n" + b"\n".join(lines))
    assert len(found) == 400_000
    assert [(row.line, row.message) for row in found if isinstance(row, BadRow)] == [
        (12, "A quotation mark that opens in line 12 is never closed.")
    ]


def test_endless_cell_is_taken_line_by_line():
    found = outcome(b'a,b\n3,"' + b"x,\n" * 1_000_000 + b'"\n1,2\n')
    assert len(found) == 1_000_002
    assert isinstance(found[0], BadRow)
    assert found[-1] == {"a": "1", "b": "2"}


def test_quotes_that_would_be_searched_for_ever(monkeypatch):
    monkeypatch.setattr(delimited, "_PATIENCE_LINES", 10_000)
    refusal = outcome(b"a,b\n" + b'a",",b\n' * 100_000, delimiter=",")
    check(refusal, Refused("broken_quotes", "too many places", refusal.line))


def test_row_that_never_ends():
    refusal = outcome(b"a,b\n" + b'a",",b\n' * 6_000_000, delimiter=",")
    check(refusal, Refused("row_too_long", "line 2", 2))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"encoding": "utf-9"}, Refused("bad_encoding", "did you mean “utf-8”?")),
        ({"encoding": "base64"}, Refused("bad_encoding")),
        ({"delimiter": ";;"}, Refused("bad_delimiter")),
        ({"delimiter": '"'}, Refused("bad_delimiter")),
        ({"format": "ods"}, Refused("bad_format", "csv, tsv, json, ndjson, xlsx")),
        ({"format": "xlsx"}, Refused("not_a_table", "not an Excel workbook")),
        ({"format": "json"}, Refused("broken_json", "list of objects")),
        ({"filename": "a.json"}, Refused("broken_json", "list of objects")),
        ({"content_type": "application/json; charset=utf-8"}, Refused("broken_json")),
        ({"encoding": "ascii"}, [Bad(2, "0xC3", "a")]),
    ],
)
def test_options_that_do_not_fit(options, expected):
    check(outcome("a,b\né,2\n".encode(), **options), expected)


def test_utf16_is_read_without_a_mark_when_it_is_named():
    assert outcome("a,b\né,2\n".encode("utf-16-be"), encoding="utf-16") == [{"a": "é", "b": "2"}]
    assert outcome("имя".encode("utf-16-le"), encoding="utf-16") == []


class HugeLine(io.RawIOBase):
    """A file of one line, as long as wanted, that takes no memory."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.position = 0
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.size - self.position)
        buffer[:count] = b"x" * count
        self.position += count
        self.read_bytes += count
        return count


@pytest.mark.parametrize("options", [{}, {"filename": "a.ndjson"}, {"encoding": "utf-16-le"}])
def test_line_of_a_gigabyte_is_refused_early_with_flat_memory(options):
    tracemalloc.start()
    try:
        started = time.process_time()
        with pytest.raises(UnreadableFile) as refusal:
            open_table(io.BufferedReader(HugeLine(1024**3)), **options)
        assert time.process_time() - started < 2 * SECONDS
        assert tracemalloc.get_traced_memory()[1] < 150 * 1024**2
    finally:
        tracemalloc.stop()
    check(refusal.value, Refused("line_too_long", "more than 16 MB"))


def test_unpacked_size_is_checked_before_anything_is_unpacked():
    content = make_workbook([["a"], ["x" * 1000]])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(part.file_size for part in archive.infolist())
    check(outcome(content, limits=Limits(unpacked_bytes=size - 1)), Refused("too_large", "Unpacked"))
    check(outcome(content, limits=Limits(unpacked_bytes=size)), [{"a": "x" * 1000}])


def test_limits_can_be_set():
    limits = Limits(columns=2, cell_chars=10, line_bytes=40, json_depth=2)
    check(outcome(b"a,b,c\n1,2,3\n", limits=limits), Refused("too_many_columns", "at most 2", 1))
    check(outcome(b"a,b\n1,1234567890\n", limits=limits), [{"a": "1", "b": "1234567890"}])
    check(outcome(b"a,b\n1,2\n1,12345678901\n", limits=limits), Refused("cell_too_long", "more than 10", 3))
    check(outcome(b"a,b\n1," + b"x" * 50, limits=limits), Refused("line_too_long"))
    check(outcome(b'[{"a":{"b":[1]}}]', limits=limits), Refused("too_deep", line=1))
    check(outcome(b'[{"a":{"b":1}}]', limits=limits), [{"a": {"b": 1}}])
    check(outcome(b'[{"a":"12345678901"}]', limits=limits), Refused("cell_too_long", "item 1", 1))
