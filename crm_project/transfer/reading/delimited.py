"""CSV and TSV: Python's strict `csv`, plus what it leaves to others: line numbers, limits and broken quotes."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice

from django.utils.translation import gettext as _

from .exceptions import UnreadableFile
from .table import BadRow, Limits, Row, Table, check_headers, find_flaw, make_row, shown
from .text import Text

DELIMITERS = ",;\t|"
_HINT = re.compile(r"sep=(.)[\r\n]", re.IGNORECASE)  # the first line by which Excel is told the delimiter
_SAMPLE_ROWS = 200
_PATIENCE_LINES = 1_000_000  # that may be read again, all in all, to get past quotes that are never closed


class DelimitedTable(Table):
    """Rows of a CSV or TSV file.

    A quotation mark that is not closed as it should be costs the row it stands in and no other: reading goes on with
    the next line. As that may still be inside the broken cell, rows are bad from there until one has exactly as many
    cells as the header.
    """

    def __init__(self, text: Text, delimiter: str | None, limits: Limits) -> None:
        # The limit of `csv` is one for the whole process: it is only ever raised, the exact one is checked here.
        csv.field_size_limit(max(csv.field_size_limit(), limits.cell_chars))
        self._text = text
        self._limits = limits
        self.encoding = text.encoding
        self.delimiter = delimiter or guess_delimiter(text.sample)
        self.format = "tsv" if self.delimiter == "\t" else "csv"
        line, cells = self._header(self._records())
        self.headers = check_headers(cells, limits, line)

    def __iter__(self) -> Iterator[Row | BadRow]:
        records = self._records()
        self._header(records)
        text, headers, width = self._text, self.headers, len(self.headers)
        resuming = False  # after a broken quote, until a row is whole again
        for line, cells in records:
            if text.careful and (bad := self._find_fault(line, cells)):
                yield bad
            elif len(cells) == width:
                resuming = False
                yield Row(line, dict(zip(headers, cells)))  # noqa: B905 - the lengths were just compared.
            elif isinstance(cells, _Broken):
                resuming = True
                yield BadRow(line, cells.message, None, shown([cells.text]))
            elif resuming:
                yield BadRow(
                    line, _("The line follows a broken quotation mark and may belong to its row."), None, shown(cells)
                )
            else:
                yield make_row(line, cells, headers)

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str]]:
        """Takes the header off the records, and Excel's hint about the delimiter if it is there."""
        line, cells = next(records, (1, []))
        if line == 1 and cells and cells[0].lower() == "sep=" and not any(cells[1:]):
            line, cells = next(records, (1, []))
        if isinstance(cells, _Broken):
            raise UnreadableFile(_("The header row cannot be read: %s") % cells.message, "bad_header", line)
        return line, cells

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """(line where it starts, cells) of each record that is not empty; cells are `_Broken` where `csv` gave up."""
        lines = _Lines(self._text, self._limits)
        lines_before, feed = 0, lines.after(0)
        patience = _PATIENCE_LINES
        while True:
            reader = csv.reader(feed, delimiter=self.delimiter or ",", strict=True)
            next_line = lines_before + 1  # what `csv` counts starts with 0
            try:
                for cells in reader:
                    if cells and (cells[0].strip() or "".join(cells).strip()):
                        yield lines.record, cells
                    lines.record = reader.line_num + next_line
                return
            except csv.Error as error:
                line, last = lines.record, reader.line_num + lines_before
                patience -= last - line
                if patience < 0:
                    message = _("Quotation marks are broken in too many places, the latest in line %s.") % line
                    raise UnreadableFile(message, "broken_quotes", line) from error
                if "field larger" in str(error) and last == line:
                    raise self._too_long(line) from error
                yield line, _Broken(error, line, next(lines.after(line - 1), ""))
                lines.record = line + 1
                lines_before, feed = line, lines.after(line)

    def _find_fault(self, line: int, cells: list[str]) -> BadRow | None:
        if max(map(len, cells), default=0) > self._limits.cell_chars:
            raise self._too_long(line)
        if flaw := find_flaw(dict(zip(self.headers, cells, strict=False)), self.encoding):
            return BadRow(line, flaw[1], flaw[0], shown(cells))
        return None

    def _too_long(self, line: int) -> UnreadableFile:
        message = _("A cell in line %(line)s has more than %(limit)s characters.") % {
            "line": line,
            "limit": format(self._limits.cell_chars, ","),
        }
        return UnreadableFile(message, "cell_too_long", line)


class _Broken(list[str]):
    """Stands for the cells of a record that `csv` could not read; it has none."""

    def __init__(self, error: csv.Error, line: int, text: str) -> None:
        super().__init__()
        self.text = text.rstrip("\r\n")
        if "expected after" in str(error):
            self.message = _(
                "Text follows a closing quotation mark; inside a quoted cell, quotation marks must be doubled."
            )
        elif "unexpected end" in str(error) or "field larger" in str(error):
            self.message = _("A quotation mark that opens in line %s is never closed.") % line
        else:
            self.message = _("The line is not valid CSV (%s).") % error


class _Lines:
    """The lines of a text, of which those since the start of the current record can be had again."""

    def __init__(self, text: Text, limits: Limits) -> None:
        self.record = 1  # the line where the current record starts; the reader keeps it
        self._text = text
        self._limits = limits
        self._kept: list[tuple[int, int, list[str]]] = []  # (first line, characters read before it, lines)
        self._blocks = self._keep()

    def after(self, line: int) -> Iterator[str]:
        """The lines after `line`, which is not before the current record."""
        again = [lines[max(0, line + 1 - first) :] for first, _, lines in self._kept]
        return chain(chain.from_iterable(again), chain.from_iterable(self._blocks))

    def _keep(self) -> Iterator[list[str]]:
        first, chars = 1, 0
        for lines in self._text.line_blocks():
            while self._kept and self._kept[0][0] + len(self._kept[0][2]) <= self.record:
                del self._kept[0]
            if self._kept and chars - self._kept[0][1] > 2 * self._limits.line_bytes:
                message = (
                    _("The row that starts in line %s does not end; is a quotation mark not closed?") % self.record
                )
                raise UnreadableFile(message, "row_too_long", self.record)
            self._kept.append((first, chars, lines))
            first += len(lines)
            chars = self._text.chars_read
            yield lines


def guess_delimiter(sample: str) -> str:
    """The delimiter that cuts the first rows most evenly; of equals the one that makes more columns, then the comma.

    `csv` does the cutting for each candidate, so delimiters inside quotes do not mislead. A row may be shorter than the
    header (spreadsheets leave out empty cells at its end), but not longer.
    """
    if hint := _HINT.match(sample):
        return hint.group(1)
    lines = io.StringIO(sample, newline="").readlines()
    return max(DELIMITERS, key=lambda delimiter: (*_evenness(lines, delimiter), -DELIMITERS.index(delimiter)))


def _evenness(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    """(whether it makes columns that rows agree with, how well they do from 0 to 1, columns of the header)."""
    widths: list[int] = []
    with suppress(csv.Error):  # a cell beyond the limit: what came before it must do
        for cells in islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_ROWS):
            used = max((number for number, cell in enumerate(cells, 1) if cell), default=0)
            if used:  # Empty cells beyond the header do no harm.
                widths.append(max(used, min(len(cells), widths[0])) if widths else used)
    columns = widths[0] if widths else 0
    # A row of one cell may be a short one, and may be text that has nothing to do with this delimiter.
    fits = [1.0 if width == columns else 0.5 if 1 < width < columns else 0.2 if width == 1 else 0.0 for width in widths]
    share = sum(fits) / len(fits) if columns else 0.0
    return columns > 1 and share > 0.3, share, columns
