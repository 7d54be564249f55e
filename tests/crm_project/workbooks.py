"""Makes XLSX files for tests, sound ones and hostile ones."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"


def make_workbook(rows: Iterable[Sequence[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def make_shared_workbook(strings: Iterable[str], rows: Iterable[Sequence[int]], prefix: str = "") -> bytes:
    """A workbook as Excel writes it: cells are numbers of strings in a table of its own, here as pieces of XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    colon = f"{prefix}:" if prefix else ""
    space = f'xmlns:{prefix}="{main}"' if prefix else f'xmlns="{main}"'
    cells = "".join(
        f"<{colon}row>"
        + "".join(f'<{colon}c t="s"><{colon}v>{n}</{colon}v></{colon}c>' for n in row)
        + f"</{colon}row>"
        for row in rows
    )
    parts = {
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="one.xml"/>'
        f'<Relationship Id="r2" Type="{office}/worksheet" Target="/xl/two.xml"/>'
        f'<Relationship Id="r3" Type="{office}/sharedStrings" Target="strings.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="1" state="hidden" r:id="r1"/><sheet name="2" r:id="r2"/></sheets></workbook>',
        "xl/strings.xml": f'<sst xmlns="{main}">{"".join(f"<si>{string}</si>" for string in strings)}</sst>',
        "xl/one.xml": f'<worksheet xmlns="{main}"><sheetData/></worksheet>',
        "xl/two.xml": f"<{colon}worksheet {space}><{colon}sheetData>{cells}</{colon}sheetData></{colon}worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def change_part(book: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts rewritten."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return file.getvalue()


def change_sheet(old: bytes, new: bytes, rows: Iterable[Sequence[object]] = (("name", "n"), ("Ann", 1))) -> bytes:
    """A small workbook in whose sheet a piece of XML is replaced."""
    return change_part(make_workbook(rows), SHEET, lambda content: content.replace(old, new))


def make_zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()
