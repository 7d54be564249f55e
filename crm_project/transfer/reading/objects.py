"""JSON and NDJSON: objects as rows, one at a time.

The items of a list are parsed one by one with Python's own decoder. ijson was tried: its fast backend crashes the
process on a number of 10,000 digits, turns half a surrogate pair into "?", and cannot go on after a NaN.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import chain

from django.utils.translation import gettext as _

from .exceptions import UnreadableFile
from .table import BadRow, Limits, Row, Table, find_flaw, shown
from .text import Text

# Keys under which other programs put the rows beside other things; a key that is alone may have any name.
WRAPPERS = frozenset({"contacts", "leads", "customers", "products", "results", "data", "items", "rows", "records"})
_MAX_NUMBER = 100  # characters of a number, and its largest power of ten
_LOOK_AHEAD = 32  # the decoder may fail this far before the end of a text only because the text is cut off there
_MAX_SKIPPED_DEPTH = 1000
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)


class ObjectTable(Table):
    """Objects as rows. Values keep their types; a number with a fraction or an exponent is a Decimal.

    Opening reads the file once from end to end, to know every key and that the whole can be parsed: a file that is
    cut off is refused before a row of it is used. Headers are the keys in order of appearance; a row has the keys of
    its object.
    """

    def __init__(self, text: Text, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._decoder = _Decoder(limits)
        self.encoding = text.encoding
        self.headers = self._find_keys()

    @abstractmethod
    def __iter__(self) -> Iterator[Row | BadRow]: ...

    def _find_keys(self) -> list[str]:
        keys: dict[str, None] = {}
        bad: BadRow | None = None
        for row in self:
            if isinstance(row, BadRow):
                bad = bad or row
                keys.update({row.column: None} if row.column else {})
                continue
            keys.update(dict.fromkeys(row.values))
            if len(keys) > self._limits.columns:
                message = _("The objects have more than %s different keys.") % self._limits.columns
                raise UnreadableFile(message, "too_many_columns", row.line)
        if bad and not keys:
            raise UnreadableFile(
                _("Not one of the items can be read; of the first: %s") % bad.message, "no_header", bad.line
            )
        return list(keys)

    def _row(self, line: int, value: object, source: str, start: int, end: int) -> Row | BadRow:
        """The row for a value that was decoded from source[start:end]."""
        if not isinstance(value, dict):
            return BadRow(line, _("The item is not an object with names and values."), None, shown([source[start:end]]))
        if self._decoder.unusable:
            column, message = next(_unusable(value), (None, _("A key comes more than once in an inner object.")))
            return BadRow(line, message, column, shown([source[start:end]]))
        if any(_is_deeper(inner, self._limits.json_depth - 1) for inner in value.values()):
            raise _too_deep(line)
        if end - start > self._limits.cell_chars and _longest(value) > self._limits.cell_chars:
            message = _("A text in item %(line)s has more than %(limit)s characters.") % {
                "line": line,
                "limit": format(self._limits.cell_chars, ","),
            }
            raise UnreadableFile(message, "cell_too_long", line)
        if (self._text.careful or source.find("\\u", start, end) >= 0) and (flaw := find_flaw(value, self.encoding)):
            return BadRow(line, flaw[1], flaw[0], shown([source[start:end]]))
        return Row(line, value)


class LinesTable(ObjectTable):
    """NDJSON: an object on each line; empty lines are skipped, `line` is the line of the file."""

    format = "ndjson"

    def __iter__(self) -> Iterator[Row | BadRow]:
        for line, source in enumerate(chain.from_iterable(self._text.line_blocks()), 1):
            source = source.strip()
            if not source:
                continue
            try:
                value, end = self._decoder.decode(source, 0)
                if end < len(source):
                    raise json.JSONDecodeError(_("more than one value"), source, end)
            except json.JSONDecodeError as error:
                yield BadRow(line, _("The line is not JSON: %s.") % error.msg, None, shown([source]))
            else:
                yield self._row(line, value, source, 0, end)


class ListTable(ObjectTable):
    """JSON: a list of objects, a list inside an object beside other things, or one object; `line` counts from 1."""

    format = "json"

    def __init__(self, text: Text, limits: Limits) -> None:
        self._is_one_object = False
        super().__init__(text, limits)

    def _find_keys(self) -> list[str]:
        try:
            return super()._find_keys()
        except _OneObject:
            self._is_one_object = True
            return super()._find_keys()

    def __iter__(self) -> Iterator[Row | BadRow]:
        document = _Document(self._text, self._decoder, self._limits)
        first = document.peek()
        if not first or first not in "[{":
            raise UnreadableFile(_("The JSON must be a list of objects."), "broken_json")
        try:
            if first == "{" and self._is_one_object:
                yield from self._items(document, alone=True)
            elif first == "{":
                yield from self._wrapped(document)
            else:
                document.expect("[")
                yield from self._items(document)
        except json.JSONDecodeError as error:
            raise document.broken(error.msg, error.pos) from error
        if document.peek():
            raise document.broken(_("something follows after the end"))

    def _wrapped(self, document: "_Document") -> Iterator[Row | BadRow]:
        """The rows of the list under one of the keys; `_OneObject` when no key has such a list."""
        document.expect("{")
        is_first = True
        while not document.take("}"):
            key = document.value()
            document.expect(":")
            known = isinstance(key, str) and key.lower() in WRAPPERS
            if (known or is_first) and document.opens_rows():
                document.expect("[")
                yield from self._items(document)
                while document.take(","):
                    if not known:
                        raise _OneObject
                    document.value()
                    document.expect(":")
                    document.value()
                document.expect("}")
                return
            document.value()
            is_first = False
            if document.peek() != "}":
                document.expect(",")
        raise _OneObject

    def _items(self, document: "_Document", *, alone: bool = False) -> Iterator[Row | BadRow]:
        """The items up to the end of the list. One that is not JSON is skipped by its brackets."""
        line = 0
        while alone or not document.take("]"):
            line += 1
            try:
                value = document.value()
            except json.JSONDecodeError as error:
                broken = document.broken(error.msg, error.pos)
                if not document.skip():
                    raise broken from error
                yield BadRow(line, _("The item is not JSON: %s.") % error.msg, None, shown([document.latest()]))
            else:
                yield self._row(line, value, document.buffer, document.start, document.at)
            if alone:
                return
            if document.peek() != "]":
                document.expect(",")
                if document.peek() == "]":
                    raise document.broken(_("a comma before the end of the list"))


class _OneObject(Exception):
    """The object is not around a list of rows: it is the row."""


class _Unusable(str):
    """Stands for a value that is not used; says why."""


class _Decoder:
    """Python's decoder, with `unusable` set when the value it made holds an `_Unusable` or lost a key."""

    def __init__(self, limits: Limits) -> None:
        self.unusable = False
        self._limits = limits
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._decimal,
            parse_constant=self._constant,
        ).raw_decode

    def decode(self, source: str, start: int) -> tuple[object, int]:
        """(value, where it ends), or JSONDecodeError."""
        self.unusable = False
        try:
            return self._decode(source, start)
        except RecursionError:
            raise _too_deep() from None

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in made if keys.count(key) > 1)
            made[twice] = self._refuse(_("The key “%s” comes more than once.") % (twice[:60]))
        return made

    def _integer(self, digits: str) -> object:
        return int(digits) if len(digits) <= _MAX_NUMBER else self._refuse(_("The number has too many digits."))

    def _decimal(self, digits: str) -> object:
        try:
            number = Decimal(digits)
        except InvalidOperation:
            return self._refuse(_("The number is too large."))
        if len(digits) > _MAX_NUMBER or abs(number.adjusted()) > _MAX_NUMBER:
            return self._refuse(_("The number is too large or has too many digits."))
        return number

    def _constant(self, name: str) -> object:
        return self._refuse(_("%s is not a value that JSON has.") % name)

    def _refuse(self, message: str) -> _Unusable:
        self.unusable = True
        return _Unusable(message)


class _Document:
    """A JSON text of which only what is being parsed is held, at least from `at` on."""

    def __init__(self, text: Text, decoder: _Decoder, limits: Limits) -> None:
        self.buffer = ""
        self.at = 0  # where the next value begins
        self.start = 0  # where the latest value began
        self._lines = 1  # that the text before the buffer has
        self._blocks = text.blocks()
        self._decoder = decoder
        self._limits = limits

    def peek(self) -> str:
        """The next character that is not space, or "" at the end."""
        while True:
            self.at = self._after_space(self.at)
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self._more():
                return ""

    def take(self, character: str) -> bool:
        if found := self.peek() == character:
            self.at += 1
        return found

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise self.broken(_("“%s” is expected") % character if self.peek() else _("it ends in the middle"))

    def opens_rows(self) -> bool:
        """Whether a list comes next that is empty or begins with an object."""
        while self.peek() == "[":
            inner = self._after_space(self.at + 1)
            if inner < len(self.buffer):
                return self.buffer[inner] in "{]"
            if not self._more():
                break
        return False

    def value(self) -> object:
        """The next value, or JSONDecodeError; then `at` stays before it."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                cut_off = error.pos + _LOOK_AHEAD > len(self.buffer) or error.msg.startswith("Unterminated")
                if not cut_off or not self._more():
                    raise
            else:
                # What reaches to the end of the buffer may be the beginning of a longer number.
                if end < len(self.buffer) or not self._more():
                    self.start, self.at = self.at, end
                    return value

    def skip(self) -> bool:
        """Goes past a value by its brackets alone; False when they do not close, or it has none."""
        if self.peek() not in ("{", "["):
            return False
        start, depth = self.at, 0
        position = start
        while True:
            token = _TOKEN.search(self.buffer, position)
            if token is None or token.group() == '"':  # nothing more, or a string that is cut off
                position -= self.at
                if not self._more():
                    return False
                position += self.at
                continue
            position = token.end()
            if depth > _MAX_SKIPPED_DEPTH:
                return False
            depth += (token.group() in "[{") - (token.group() in "]}")
            if depth == 0:
                self.start, self.at = self.at, position
                return True

    def latest(self) -> str:
        return self.buffer[self.start : self.at]

    def broken(self, reason: str, position: int | None = None) -> UnreadableFile:
        """The refusal of the whole text, for a reason at a position of the buffer."""
        line = self._lines + self.buffer.count("\n", 0, self.at if position is None else position)
        return UnreadableFile(
            _("The JSON cannot be read from line %(line)s on: %(reason)s.") % {"line": line, "reason": reason},
            "broken_json",
            line,
        )

    def _after_space(self, position: int) -> int:
        found = _SPACE.match(self.buffer, position)
        return found.end() if found else position

    def _more(self) -> bool:
        """Drops what was parsed and doubles what is held, so that a long value is not tried too often."""
        held = self.buffer[self.at :]
        if len(held) > self._limits.line_bytes:
            raise UnreadableFile(
                _("An item has more than %s MB, or the JSON is broken.")
                % (format(self._limits.line_bytes / 1024**2, "g")),
                "item_too_long",
            )
        self._lines += self.buffer.count("\n", 0, self.at)
        parts = [held]
        added = 0
        while added <= len(held) and (block := next(self._blocks, "")):
            parts.append(block)
            added += len(block)
        self.buffer, self.at = "".join(parts), 0
        return added > 0


def _unusable(value: object, column: str | None = None) -> Iterator[tuple[str | None, str]]:
    """(top-level key, why) of each value that is not used."""
    if isinstance(value, _Unusable):
        yield column, str(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unusable(inner, key if column is None else column)
    elif isinstance(value, list):
        for inner in value:
            yield from _unusable(inner, column)


def _is_deeper(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return depth < 1 or any(_is_deeper(part, depth - 1) for part in inner)


def _longest(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return max(map(_longest, chain(value, value.values())), default=0)
    return max(map(_longest, value), default=0) if isinstance(value, list) else 0


def _too_deep(line: int | None = None) -> UnreadableFile:
    return UnreadableFile(_("Lists and objects are nested too deeply in the JSON."), "too_deep", line)
