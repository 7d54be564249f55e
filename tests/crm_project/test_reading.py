"""Sound files of every format, encoding and delimiter are read as they are."""

import csv
import io
import json
import tracemalloc
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_project.transfer.reading import BadRow, Limits, Row, Table, UnreadableFile, open_table, workbook

from .workbooks import change_part, make_shared_workbook, make_workbook

DATA = Path(__file__).parent.parent / "data"
SHARED_DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"


def table_of(content: str | bytes, **options) -> Table:
    return open_table(io.BytesIO(content.encode() if isinstance(content, str) else content), **options)


def rows_of(content: str | bytes, **options) -> list[dict]:
    rows = list(table_of(content, **options))
    assert not [row for row in rows if isinstance(row, BadRow)]
    return [row.values for row in rows]


def read_file(path: Path) -> tuple[Table, list[Row]]:
    with path.open("rb") as file:
        table = open_table(file, filename=path.name)
        rows = list(table)
    assert all(isinstance(row, Row) for row in rows)
    return table, rows


class TestRealFiles:
    def test_google(self):
        table, rows = read_file(DATA / "google-contacts.csv")
        assert (table.format, table.encoding, table.delimiter, len(table.headers)) == ("csv", "utf-8", ",", 27)
        assert [row.line for row in rows] == [2, 3, 5, 6, 7]
        assert rows[0].values["Last Name"] == "O'Connor-Núñez"
        assert rows[1].values["Notes"] == '喜欢, "茶"\n第二行'
        assert rows[2].values["Nickname"] == "Энакин"

    def test_outlook_with_a_byte_order_mark(self):
        table, rows = read_file(DATA / "outlook-contacts.csv")
        assert (table.encoding, table.headers[0]) == ("utf-8-sig", "First Name")
        assert rows[0].values["Business Phone"] == "(202) 555-0143 x12"

    def test_hubspot(self):
        _, rows = read_file(DATA / "hubspot-contacts.csv")
        assert [row.values["Associated Company"] for row in rows] == ["HubSample, Inc.", "HubSample, Inc.", ""]

    def test_russian_spreadsheet(self):
        table, rows = read_file(DATA / "clients-cp1251.csv")
        assert (table.encoding, table.delimiter) == ("cp1251", ";")
        assert rows[0].values["Категории"] == "VIP;Опт"
        assert rows[2].values["Описание"] == "Просит звонить после 18:00; не писать"

    @pytest.mark.skipif(not (SHARED_DATA / "us-500.csv").exists(), reason="the public sample is not here")
    def test_us_500(self):
        table, rows = read_file(SHARED_DATA / "us-500.csv")
        assert (len(table.headers), len(rows)) == (12, 500)
        assert rows[0].values["company_name"] == "Benton, John B Jr"


class TestDelimited:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiter_is_found(self, delimiter):
        content = f'name{delimiter}note\nAnn{delimiter}"a, b; c | d"\nBob{delimiter}1\n'
        table = table_of(content)
        assert table.delimiter == delimiter
        assert table.format == ("tsv" if delimiter == "\t" else "csv")
        assert next(iter(table)) == Row(2, {"name": "Ann", "note": "a, b; c | d"})

    def test_commas_in_texts_do_not_hide_the_semicolons(self):
        assert table_of("name;note\nAnn;well, yes, no\nBob;so, so\n").delimiter == ";"

    def test_one_column_with_commas_in_it(self):
        assert rows_of("company\nAcme, Inc.\nBolt, Ltd.\n") == [{"company": "Acme, Inc."}, {"company": "Bolt, Ltd."}]

    def test_one_column(self):
        assert rows_of("name\nAnn\nBob") == [{"name": "Ann"}, {"name": "Bob"}]

    def test_header_alone_has_no_rows(self):
        assert table_of("name,email\n").headers == ["name", "email"]
        assert rows_of("name,email") == []

    def test_delimiter_of_an_excel_hint(self):
        table = table_of("sep=;\nname;note\nAnn;1,5\n")
        assert list(table) == [Row(3, {"name": "Ann", "note": "1,5"})]

    def test_short_rows_end_with_empty_cells(self):
        assert rows_of("a,b,c\n1,2,3\n4\n5,6,7,,\n") == [
            {"a": "1", "b": "2", "c": "3"},
            {"a": "4", "b": "", "c": ""},
            {"a": "5", "b": "6", "c": "7"},
        ]

    def test_empty_rows_are_no_rows(self):
        assert [row.line for row in table_of("\n\na,b\n\n , \n1,2\n,\n\n3,4\n\n")] == [6, 9]

    def test_lines_count_line_breaks_in_cells(self):
        assert [row.line for row in table_of('a,b\r\n"x\r\ny\r\n",1\r\n2,3\r\n')] == [2, 5]

    @pytest.mark.parametrize("content", ["a,b\r1,2\r3,4\r", "a,b\r\n1,2\n3,4", "a,b\n1,2\r3,4\r\n"])
    def test_every_kind_of_line_end(self, content):
        assert list(table_of(content)) == [Row(2, {"a": "1", "b": "2"}), Row(3, {"a": "3", "b": "4"})]

    def test_other_separators_of_lines_stay_in_the_cell(self):
        assert rows_of("a,b\nx\u2028y\x0b,\x85\n", encoding="utf-8") == [{"a": "x\u2028y\x0b", "b": "\x85"}]

    def test_unnamed_columns(self):
        assert table_of(",name,,note,,\n1,Ann,,x\n").headers == ["Column 1", "name", "Column 3", "note"]

    def test_text_that_looks_like_json_in_a_csv(self):
        assert rows_of('name;tags\nAnn;"[""a"", 1]"\n') == [{"name": "Ann", "tags": '["a", 1]'}]

    def test_formulas_and_markup_stay_text(self):
        cells = ["=cmd|'/c calc'!A0", "<script>alert(1)</script>", "{{ 7 * 7 }}", "'; DROP TABLE contacts; --", "+1"]
        content = io.StringIO()
        csv.writer(content).writerows([["a"], *([cell] for cell in cells)])
        assert [row["a"] for row in rows_of(content.getvalue())] == cells

    def test_table_can_be_read_again(self):
        table = table_of("a\n1\n2\n")
        next(iter(table))
        assert list(table) == list(table) == [Row(2, {"a": "1"}), Row(3, {"a": "2"})]


class TestEncodings:
    RUSSIAN = "имя;город;телефон\nАлёна Ёлкина;Санкт-Петербург;+7 987 654-32-10\nПётр;Орёл;8 800\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    @pytest.mark.parametrize("text", [RUSSIAN, "name;city\nZoë;Köln\n", "姓名;城市\n李雷;北京\n", "name,tel\nAnn,1\n"])
    def test_unicode(self, text, encoding):
        table = table_of(text.encode(encoding))
        assert table.encoding == ("utf-8" if text.isascii() and encoding == "utf-8" else encoding)
        expected = list(csv.reader(io.StringIO(text), delimiter=table.delimiter))
        assert [table.headers, *(list(row.values.values()) for row in table)] == expected

    @pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866"])
    def test_russian(self, encoding):
        assert table_of(self.RUSSIAN.encode(encoding)).encoding == encoding
        assert rows_of(self.RUSSIAN.encode(encoding)) == rows_of(self.RUSSIAN)

    def test_russian_in_capitals(self):
        assert table_of("ФАМИЛИЯ;ГОРОД\nИВАНОВ;МОСКВА\n".encode("cp1251")).encoding == "cp1251"

    @pytest.mark.parametrize("encoding", ["cp1251", "koi8-u"])
    def test_ukrainian(self, encoding):
        text = "ім'я;місто\nГанна Колесниченко;Київ\nОлексій Мірошниченко;Львів\nЄвген;Їжакове\n"
        assert table_of(text.encode(encoding)).encoding == encoding

    @pytest.mark.parametrize(
        "text",
        [
            "Jörg Müller;Düsseldorf;Straße 1\nAnna Groß;Köln;Weg 2",
            "Zoé Lefèvre;Nîmes;Ça va\nFrançois Noël;Besançon;où ?",
            "José Muñoz;Málaga;¿sí?\nÍñigo Peña;Cádiz;10 €",
            "João Conceição;São Paulo;lições\nÂngela;Belém;irmã",
            "Bjørn Ødegård;Tromsø;Øvre gate\nÅsa Ström;Malmö;kyrkogården",
        ],
    )
    def test_western(self, text):
        table = table_of(f"name;city;note\n{text}\n".encode("cp1252"))
        assert table.encoding == "cp1252"
        assert [list(row.values.values()) for row in table] == [line.split(";") for line in text.split("\n")]

    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            ("cp1250", "Wałęsa;Gdańsk\nŻak;Łódź"),
            ("cp1250", "Dvořák;Plzeň\nČerný;Přerov"),
            ("cp1250", "Horvatić;Đakovo\nNovaković;Šibenik"),
            ("cp1253", "Γιώργος Παπαδόπουλος;Αθήνα\nΜαρία;Θεσσαλονίκη"),
            ("cp1254", "Ayşe Yıldız;İstanbul\nOğuz;Diyarbakır"),
            ("cp1255", "משה כהן;תל אביב\nשרה לוי;חיפה"),
            ("cp1256", "محمد علي;القاهرة\nفاطمة;بغداد"),
            ("cp1257", "Jānis Bērziņš;Rīga\nŠarūnas;Kaunas"),
            ("gbk", "李雷;北京\n韩梅梅;上海"),
            ("shift_jis", "山田太郎;東京\n鈴木;大阪"),
            ("euc_kr", "김철수;서울\n이영희;부산"),
            ("cp850", "Jörg Müller;Düsseldorf\nAnna Groß;Köln"),
            ("mac-roman", "José Muñoz;Málaga\nZoé;Nîmes"),
        ],
    )
    def test_others_are_refused_and_read_when_named(self, encoding, text):
        content = f"name;city\n{text}\n".encode(encoding)
        with pytest.raises(UnreadableFile) as refusal:
            table_of(content)
        assert (refusal.value.code, refusal.value.line) == ("unknown_encoding", 2)
        rows = rows_of(content, encoding=encoding)
        assert [";".join(row.values()) for row in rows] == text.split("\n")

    def test_names_of_encodings_are_taken_in_any_spelling(self):
        assert table_of(self.RUSSIAN.encode("cp1251"), encoding="Windows-1251").encoding == "cp1251"

    def test_legacy_text_far_behind_ascii(self):
        filler = "Ann;Berlin;1\n" * 60_000
        table = table_of(b"name;city;tel\n" + filler.encode() + self.RUSSIAN.encode("cp1251"))
        assert table.encoding == "cp1251"


class TestJson:
    def test_values_keep_their_types(self):
        content = (
            '[{"a": "x", "b": 1, "c": 1.10, "d": true, "e": null, "f": ["p", {"q": 1e2}], "g": 12345678901234567890}]'
        )
        assert rows_of(content) == [
            {
                "a": "x",
                "b": 1,
                "c": Decimal("1.10"),
                "d": True,
                "e": None,
                "f": ["p", {"q": Decimal("1E+2")}],
                "g": 12345678901234567890,
            }
        ]
        assert str(rows_of(content)[0]["c"]) == "1.10"

    @pytest.mark.parametrize(
        "content",
        [
            '[{"a": 1}, {"a": 2}]',
            '{"contacts": [{"a": 1}, {"a": 2}], "count": 2}',
            '{"count": 2, "next": {"x": []}, "results": [{"a": 1}, {"a": 2}]}',
            '{"anything": [{"a": 1}, {"a": 2}]}',
            '{"a": 1}\n{"a": 2}\n',
            '{"a": 1}\r\n\r\n  {"a": 2}',
        ],
    )
    def test_where_the_rows_are(self, content):
        assert rows_of(content) == [{"a": 1}, {"a": 2}]

    @pytest.mark.parametrize(
        "content",
        ['{"name": "Ann", "tags": ["x"]}', '{"phones": [{"n": 1}], "name": "Ann"}', '{"data": 1}', '{"data": [1]}'],
    )
    def test_one_object_is_one_row(self, content):
        assert list(table_of(content)) == [Row(1, json.loads(content))]

    @pytest.mark.parametrize("content", ["[]", '{"contacts": []}', '{"items": [ ]}'])
    def test_no_rows(self, content):
        assert rows_of(content) == []

    def test_headers_are_all_keys_in_order(self):
        table = table_of('[{"b": 1}, {"a": 1, "b": 2}, {"c": 3}]')
        assert table.headers == ["b", "a", "c"]
        assert [row.line for row in table] == [1, 2, 3]

    def test_lines_of_ndjson(self):
        table = table_of('{"a": 1}\n\n{"a": 2}\n', filename="x.jsonl")
        assert (table.format, [row.line for row in table]) == ("ndjson", [1, 3])

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_encodings(self, encoding):
        assert rows_of('[{"имя": "Алёна 😀"}]'.encode(encoding)) == [{"имя": "Алёна 😀"}]

    def test_item_larger_than_a_block(self):
        text = "ж" * 700_000
        assert rows_of(json.dumps([{"a": text, "n": 1}, {"a": "x"}])) == [{"a": text, "n": 1}, {"a": "x"}]

    @given(
        st.lists(
            st.dictionaries(
                st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8),
                st.recursive(
                    st.none()
                    | st.booleans()
                    | st.integers(-(10**30), 10**30)
                    | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
                    lambda inner: st.lists(inner, max_size=3),
                    max_leaves=5,
                ),
                max_size=5,
            ),
            max_size=8,
        ).filter(any),
        st.booleans(),
        st.sampled_from([None, 2]),
    )
    @settings(max_examples=100, deadline=None)
    def test_round_trip(self, rows, ascii_only, indent):
        content = json.dumps(rows, ensure_ascii=ascii_only, indent=indent)
        assert rows_of(content, format="json", encoding="utf-8") == rows
        lines = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
        assert rows_of(lines, format="ndjson", encoding="utf-8") == rows


class TestWorkbooks:
    def test_cells_of_every_kind(self):
        content = make_workbook(
            [
                ["text", "int", "float", "date", "moment", "time", "yes", "error", "long", "span"],
                [
                    *[
                        "  Zoë <x> ",
                        79876543210,
                        1.5,
                        date(2026, 1, 2),
                        datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001
                        time(9, 5),
                        True,
                    ],
                    *["#N/A", 3.0, timedelta(hours=30)],
                ],
            ]
        )
        assert rows_of(content) == [
            {
                "text": "  Zoë <x> ",
                "int": "79876543210",
                "float": "1.5",
                "date": "2026-01-02",
                "moment": "2026-01-02T03:04:05",
                "time": "09:05:00",
                "yes": True,
                "error": "#N/A",
                "long": "3",
                "span": "1 day, 6:00:00",
            }
        ]

    def test_gaps_are_empty_and_empty_rows_are_no_rows(self):
        table = table_of(make_workbook([[], ["a", "b", "c"], [None, "x"], [None, None, None], [" "], ["y"]]))
        assert table.format == "xlsx"
        assert list(table) == [Row(3, {"a": "", "b": "x", "c": ""}), Row(6, {"a": "y", "b": "", "c": ""})]

    def test_escaped_characters(self):
        content = make_workbook([["a"], ["x_x000D_y _x005F_x0041_ _x0000_"]])
        assert rows_of(content) == [{"a": "x\ry _x0041_ _x0000_"}]

    @pytest.mark.parametrize("in_memory", [1, 1_000_000])
    @pytest.mark.parametrize("prefix", ["", "x"])
    def test_shared_strings_of_the_first_visible_sheet(self, in_memory, prefix, monkeypatch):
        monkeypatch.setattr(workbook, "_STRINGS_IN_MEMORY", in_memory)
        strings = ["<t>имя</t>", "<r><t>Ta</t></r><r><t>ro</t></r><rPh><t>hidden</t></rPh>", "<t>Zoë</t>", "<t/>"]
        content = make_shared_workbook(strings, [[0], [2], [1], [3], [2]], prefix)
        assert [row["имя"] for row in rows_of(content)] == ["Zoë", "Taro", "Zoë"]

    def test_value_of_a_formula(self):
        book = make_workbook([["a"], ["=1+1"]])
        with_value = change_part(
            book,
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>"),
        )
        assert rows_of(with_value) == [{"a": "2"}]

    def test_name_of_the_file_does_not_matter(self):
        assert table_of(make_workbook([["a"], ["x"]]), filename="contacts.csv").format == "xlsx"

    @given(
        st.lists(
            st.lists(
                st.text(st.characters(exclude_categories=["C"], codec="utf-8"), max_size=20), min_size=3, max_size=3
            ),
            max_size=10,
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_round_trip(self, rows):
        # What begins with "=" would be written as a formula.
        rows = [["'" + cell if cell.startswith("=") else cell for cell in row] for row in rows]
        content = make_workbook([["a", "b", "c"], *rows])
        expected = [dict(zip("abc", row, strict=True)) for row in rows if "".join(row).strip()]
        assert rows_of(content) == expected


def tables(codec: str):
    """Rows of text of one width, as any spreadsheet may hold them."""
    cells = st.text(st.characters(codec=codec, exclude_characters="\0"), max_size=12)
    widths = st.integers(1, 6)
    return widths.flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_table_reads_back_as_it_was_written(data):
    encoding = data.draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp1252", "gb18030"])
    )
    codec = {"utf-8-sig": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8", "utf-16": "utf-8"}.get(
        encoding, encoding
    )
    rows = data.draw(tables(codec))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    line_end = data.draw(st.sampled_from(["\r\n", "\n", "\r"]))
    headers = [f"column {number}" for number in range(len(rows[0]) if rows else 1)]
    text = io.StringIO(newline="")
    # Left to itself, the writer quotes only those line breaks that are in `line_end`.
    quoting = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])) if line_end == "\r\n" else csv.QUOTE_ALL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([headers, *rows])
    limits = Limits(cell_chars=data.draw(st.sampled_from([16, 1000, 1_000_000])))  # small ones make small blocks
    found = rows_of(
        text.getvalue().encode(encoding), encoding=encoding, delimiter=delimiter, format="csv", limits=limits
    )
    assert [list(row.values()) for row in found] == [row for row in rows if "".join(row).strip()]


def big_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "email", "phone", "note"])
        writer.writerows(
            ["Алёна", f"user{number}@example.com", "+1 202 555 0143", "two\nlines"] for number in range(rows)
        )


def big_json(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        file.writelines(json.dumps({"name": "Алёна", "n": number}) + "," for number in range(rows))
        file.write('{"name": "last"}]')


def big_workbook(path: Path, rows: int) -> None:
    path.write_bytes(make_workbook([["name", "email"], *(["Алёна", f"user{n}@example.com"] for n in range(rows))]))


@pytest.mark.parametrize(
    ("make", "few", "many"), [(big_csv, 5_000, 200_000), (big_json, 5_000, 30_000), (big_workbook, 1_000, 8_000)]
)
def test_memory_does_not_grow_with_the_file(make, few, many, tmp_path):
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}"
        make(path, rows)
        with path.open("rb") as file:
            tracemalloc.start()
            try:
                assert sum(1 for _ in open_table(file)) >= rows
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(few)  # also imports and fills caches
    assert peak(many) < peak(few) + 4 * 1024 * 1024
