"""Files of contacts that are broken, wrong or meant to hurt, and what must come of each, whatever door it comes by."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.crm_project.workbooks import SHEET, change_part, change_sheet, make_shared_workbook, make_workbook, make_zip

LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">%s]>' % b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (letter, *[letter - 1] * 9) for letter in range(98, 110)
)


@dataclass(frozen=True)
class Refused:
    """Nothing is read; the sentence has these words."""

    words: str


@dataclass(frozen=True)
class Taken:
    """Each row goes in by itself: the names of the contacts, and line and reason of the others."""

    names: list[str]
    failed: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hostile:
    content: bytes | Callable[[], bytes]
    expected: Refused | Taken
    file_name: str = "people.csv"

    @property
    def bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else made(self.content)


@cache
def made(make: Callable[[], bytes]) -> bytes:
    """Large contents are made when they are needed, once."""
    return make()


def _noise() -> bytes:
    return random.Random(1).randbytes(5_000)


PEOPLE = [["name", "email"], ["Ann", "ann@x.example"], ["Bob", "bob@x.example"]]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4
CYRILLIC = "Имя;Эл. почта\nПётр Ёлкин;petr@x.example\nАлёна Щукина;alyona@x.example\n"
MORE = "Мария Иванова;\n" * 20
RUSSIANS = ["Пётр Ёлкин", "Алёна Щукина"]

FILES = {
    # No tables
    "png named csv": Hostile(PNG, Refused("a PNG picture")),
    "jpeg named csv": Hostile(b"\xff\xd8\xff\xe0\0\x10JFIF" + _noise(), Refused("a JPEG picture")),
    "pdf": Hostile(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", Refused("a PDF document"), "people.pdf"),
    "gzip": Hostile(gzip.compress(b"name\nAnn\n"), Refused("a gzip archive"), "people.csv.gz"),
    "zip with a csv": Hostile(make_zip("people.csv"), Refused("a ZIP archive"), "people.zip"),
    "old excel": Hostile(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), Refused(".xls"), "people.xls"),
    "web page": Hostile(b"<!DOCTYPE html><html><body>Log in</body></html>", Refused("a web page")),
    "noise": Hostile(_noise, Refused("not text")),
    "nothing but NUL": Hostile(bytes(100_000), Refused("not text")),
    "archive that is none": Hostile(b"PK\x03\x04" + bytes(100), Refused("damaged"), "people.xlsx"),
    "JSON that is no table": Hostile(b'"name"', Refused("must be a list of objects"), "people.json"),
    "bytes that are no text": Hostile(b"name\n\xff\xfe\x00", Refused("Line 2 is not UTF-8")),
    "empty": Hostile(b"", Refused("empty")),
    "byte order mark alone": Hostile(b"\xef\xbb\xbf", Refused("empty")),
    "blank lines": Hostile(b"\r\n\r\n  \n\t\n", Refused("empty")),
    # Headers
    "header only": Hostile(b"name,email\n", Refused("no rows")),
    "header and blank lines": Hostile(b"name,email\n\n  \n,\n", Refused("no rows")),
    "header only, in tabs": Hostile(b"name\temail\n", Refused("no rows"), "people.tsv"),
    "header only, in a workbook": Hostile(make_workbook(PEOPLE[:1]), Refused("no rows"), "people.xlsx"),
    "list of nothing": Hostile(b"[]", Refused("no rows"), "people.json"),
    "list of nothing in an object": Hostile(b'{"contacts": []}', Refused("no rows"), "people.json"),
    "object without a key": Hostile(b"[{}]", Refused("no rows"), "people.json"),
    "line without a key": Hostile(b"{}\n", Refused("no rows"), "people.ndjson"),
    "no header": Hostile(b"James,Butt,jbutt@gmail.com\nAnn,Lee,a@b.example\n", Refused("names of the columns")),
    "duplicate headers": Hostile(b"name,email,name\nA,b@x.example,C\n", Refused("“name”")),
    "unknown headers": Hostile("名前,電話番号\n山田,123\n".encode(), Refused("None of the columns is known")),
    "header in Russian": Hostile(CYRILLIC.encode(), Taken(RUSSIANS)),
    "10,000 columns": Hostile(",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n", Refused("10,000 columns")),
    "header that is a formula": Hostile(b"name,=cmd|'/c calc'!A0\nAnn,1\n", Taken(["Ann"])),
    "mass assignment": Hostile(
        b"name,is_superuser,created_by,deleted_at,version,search_text,password\nAnn,1,1,1,99,x,x\n", Taken(["Ann"])
    ),
    # Encodings
    "UTF-8 with a mark": Hostile("\ufeffname\nЁж\n".encode(), Taken(["Ёж"])),
    "UTF-16": Hostile("name\nЁж\n".encode("utf-16"), Taken(["Ёж"])),
    "UTF-16 without a mark": Hostile("name,email\nAnn,ann@x.example\n".encode("utf-16-le"), Taken(["Ann"])),
    "UTF-16 without a mark, big end first": Hostile(
        "name,email\nAnn,ann@x.example\n".encode("utf-16-be"), Taken(["Ann"])
    ),
    "CP1251": Hostile((CYRILLIC + MORE).encode("cp1251"), Taken([*RUSSIANS, *["Мария Иванова"] * 20])),
    "CP1251 that could be anything": Hostile(CYRILLIC.encode("cp1251"), Refused("say its encoding")),
    "KOI8-R": Hostile(CYRILLIC.encode("koi8-r"), Refused("encoding")),
    "two encodings": Hostile(
        "имя;город\nАлёна;Орёл\n".encode() + "Пётр;Уфа\nАнна;Тверь\n".encode("cp1251"), Refused("Line 3 is not UTF-8")
    ),
    "byte that is no UTF-8": Hostile(
        "Имя,Город\nАлёна,Орёл\nПётр,".encode() + b"x\xffy\n" + "Анна,Уфа\n".encode(),
        Taken(["Алёна", "Анна"], {3: "0xFF"}),
    ),
    "NULs": Hostile(b"name\nAnn\nB\0b\nCarl\n", Taken(["Ann", "Carl"], {3: "NUL"})),
    "half a surrogate pair in a list": Hostile(b'name,categories\nAnn,"[""\\ud800""]"\n', Taken(["Ann"])),
    "half a surrogate pair": Hostile(
        "Имя,Город\nПётр,".encode() + b"\xed\xa0\x80\n" + "Анна,Уфа\n".encode(), Taken(["Анна"], {2: "0xED"})
    ),
    # Lines, cells and quotes
    "unclosed quote over the whole file": Hostile(
        lambda: b'name,email\n"' + b"".join(b"Person %d,p%d@x.example\n" % (n, n) for n in range(5)),
        Taken([f"Person {n}" for n in range(1, 5)], {2: "never closed"}),
    ),
    "quote that never closes in the header": Hostile(b'name,"email\nAnn,a@b.example\n', Refused("never closed")),
    "carriage returns": Hostile(b"name\rAnn\rBob", Taken(["Ann", "Bob"])),
    "mixed line ends": Hostile(b"name\rAnn\nBob\r\nCarl", Taken(["Ann", "Bob", "Carl"])),
    "ragged": Hostile(
        b"name,email\nAnn\nBob,b@x.example,x\nCarl,c@x.example\n", Taken(["Ann", "Carl"], {3: "3 cells"})
    ),
    "a cell of 10 MB": Hostile(lambda: b"name\nAnn\n" + b"x" * 10_000_000 + b"\n", Refused("line 3")),
    "a line of 64 MB": Hostile(lambda: b"name\n" + b"x" * 64 * 1024**2, Refused("16 MB")),
    "a cell of 200 KB": Hostile(b"name\nAnn\n" + b"x" * 200_000 + b"\n", Taken(["Ann"], {3: "200,000 characters"})),
    "semicolons in a file of tabs": Hostile(
        b"name\temail\nAnn; Lee\tann@x.example\n", Taken(["Ann; Lee"]), "people.tsv"
    ),
    # Values
    "formulas": Hostile(b"name\n=cmd|' /C calc'!A0\n@SUM(1)\n", Taken(["=cmd|' /C calc'!A0", "@SUM(1)"])),
    "markup": Hostile(b"name\n<script>alert(1)</script>\n", Taken(["<script>alert(1)</script>"])),
    "SQL": Hostile(b"name\n'; DROP TABLE contacts_contact; --\n", Taken(["'; DROP TABLE contacts_contact; --"])),
    "template": Hostile(b"name\n{{ 7*7 }}{% load x %}\n", Taken(["{{ 7*7 }}{% load x %}"])),
    "path as a name": Hostile(b"name\n../../etc/passwd\n", Taken(["../../etc/passwd"]), "../../etc/passwd"),
    "dates in three styles": Hostile(
        b"name,custom_fields.born\nAnn,2026-01-31\nBob,31.01.2026\nCarl,01/31/2026\nDora,2026-02-30\n",
        Taken(["Ann"], {3: "such as 2026-01-31", 4: "such as 2026-01-31", 5: "date"}),
    ),
    "numbers as text": Hostile(
        b"name,custom_fields.age,external_id\nAnn,0042,007\nBob,forty,8\nCarl,1e3,9\n",
        Taken(["Ann", "Carl"], {3: "number"}),
    ),
    "right to left and nothing to see": Hostile(
        "name\n\u202egnp.exe\nA\u200bnn\n\u200b\n".encode(), Taken(["\u202egnp.exe", "A\u200bnn", "\u200b"])
    ),
    "broken addresses": Hostile(
        b'name,email\nAnn,ann@\nBob,"bob\nx"@x.example\nCarl,c@x.example\n',
        Taken(["Carl"], {2: "e-mail", 3: "Text follows", 4: "may belong"}),
    ),
    "an address of 64 KB": Hostile(
        b"name,email\nAnn," + b"a" * 65_536 + b"@x.example\nBob,b@x.example\n", Taken(["Bob"], {2: "characters"})
    ),
    "foreign id": Hostile(b"id,name\n00000000-0000-0000-0000-00000000000g,Ann\n,Bob\n", Taken(["Ann", "Bob"])),
    "owner that is nobody": Hostile(b"name,assigned_to\nAnn,nobody\nBob,\n", Taken(["Bob"], {2: "no active user"})),
    # JSON
    "JSON 100,000 deep": Hostile(b"[" * 100_000 + b"]" * 100_000, Refused("nested too deeply"), "people.json"),
    "JSON 100,000 deep in a value": Hostile(
        b'[{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", Refused("nested too deeply"), "people.json"
    ),
    "JSON with NaN": Hostile(
        b'[{"name":"Ann"},{"name":NaN},{"name":-Infinity}]', Taken(["Ann"], {2: "NaN", 3: "-Infinity"}), "people.json"
    ),
    "JSON with a lone surrogate": Hostile(
        b'[{"name":"x\\ud800y"},{"name":"\\ud83d\\ude00"}]', Taken(["\U0001f600"], {1: "surrogate"}), "people.json"
    ),
    "JSON with NULs": Hostile(b'[{"name":"x\\u0000y"},{"name":"Ann"}]', Taken(["Ann"], {1: "NUL"}), "people.json"),
    "JSON with 10,000 digits": Hostile(
        b'[{"name":"Ann","external_id":' + b"9" * 10_000 + b'},{"name":"Bob"}]',
        Taken(["Bob"], {1: "too many digits"}),
        "people.json",
    ),
    "JSON with a key twice": Hostile(
        b'[{"name":"Ann","name":"Bob"},{"name":"Carl"}]', Taken(["Carl"], {1: "“name”"}), "people.json"
    ),
    "JSON that ends in the middle": Hostile(
        b'[{"name":"Ann"},{"na', Refused("cannot be read from line 1"), "people.json"
    ),
    "JSON of other types": Hostile(
        b'[{"name":{"a":1}},{"name":["Ann"]},{"name":true},{"name":"Bob"}]',
        Taken(["Bob"], {1: "must be text", 2: "must be text", 3: "must be text"}),
        "people.json",
    ),
    "JSON with prototypes": Hostile(
        json.dumps([{"name": "Ann", "__proto__": {"admin": True}, "constructor": 1}]).encode(),
        Taken(["Ann"]),
        "people.json",
    ),
    "NDJSON with broken lines": Hostile(
        b'{"name":"Ann"}\n{"name":\n[]\n{"name":"Bob"}\n',
        Taken(["Ann", "Bob"], {2: "not JSON", 3: "object"}),
        "p.ndjson",
    ),
    # Workbooks
    "workbook": Hostile(make_workbook(PEOPLE), Taken(["Ann", "Bob"]), "people.xlsx"),
    "workbook that unpacks to 512 MB": Hostile(
        lambda: change_sheet(b"<sheetData>", b"<sheetData>" + b" " * 512 * 1024**2), Refused("512 MB"), "people.xlsx"
    ),
    "workbook with an external entity": Hostile(
        change_part(
            make_workbook(PEOPLE),
            SHEET,
            lambda xml: b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xml.replace(b"<t>Ann</t>", b"<t>&x;</t>"),
        ),
        Refused("document type"),
        "people.xlsx",
    ),
    "workbook of a billion laughs": Hostile(
        change_part(make_workbook(PEOPLE), SHEET, lambda xml: LAUGHS + xml.replace(b"<t>Ann</t>", b"<t>&m;</t>")),
        Refused("document type"),
        "people.xlsx",
    ),
    "workbook that is cut off": Hostile(make_workbook(PEOPLE)[:-100], Refused("damaged"), "people.xlsx"),
    "workbook whose strings are missing": Hostile(
        make_shared_workbook(["<t>name</t>"], [[0], [7]]), Refused("damaged"), "people.xlsx"
    ),
    "workbook of numbers": Hostile(
        make_workbook([["name", "external_id"], [42, 7], [1.5, 8]]), Taken(["42", "1.5"]), "people.xlsx"
    ),
    "workbook with formulas as text": Hostile(
        change_sheet(b"<t>Ann</t>", b"<t>=cmd|'/c calc'!A0</t>", PEOPLE), Taken(["=cmd|'/c calc'!A0", "Bob"]), "p.xlsx"
    ),
    "word document": Hostile(make_zip("_rels/.rels", "word/document.xml"), Refused("a Word document"), "people.docx"),
}
