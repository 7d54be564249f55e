"""A file as strictly decoded text, in blocks: memory stays flat whatever the length of its lines."""

import codecs
import difflib
import io
from collections.abc import Iterator
from functools import cached_property
from typing import BinaryIO

from django.utils.translation import gettext as _

from .encoding import BLOCK, detect_encoding, mark_of, utf16_without_mark
from .exceptions import UnreadableFile
from .table import Limits

_KEPT_BYTES = "keep-broken-bytes"
# What a person may name; not codecs of something else than text (base64, rot13), nor utf-7, which can hide anything.
ENCODINGS = (
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"]
    + [f"cp{number}" for number in (437, 850, 852, 855, 866, 874, 932, 949, 950, *range(1250, 1259))]
    + [f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)]
    + ["koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "mac-latin2", "mac-greek", "mac-turkish"]
    + ["shift_jis", "euc_jp", "gbk", "gb18030", "gb2312", "big5", "euc_kr"]
)


def _keep_broken_bytes(error: UnicodeError) -> tuple[str, int]:
    """Puts a marker (U+DC00 plus the byte) for each byte that is not text, which `table.FLAW` finds again.

    Like Python's "surrogateescape", but for every encoding, UTF-16 included.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_KEPT_BYTES, _keep_broken_bytes)


class Text:
    """The decoded text of a file. `careful` turns true when something was read that rows must be searched for:
    NUL, bytes that are not text, or a line longer than a cell may be."""

    def __init__(self, file: BinaryIO, encoding: str | None, limits: Limits) -> None:
        self.file = file
        self.limits = limits
        self.encoding = _known(encoding, file) if encoding else detect_encoding(file)
        self.careful = False
        self.chars_read = 0

    @cached_property
    def sample(self) -> str:
        """The first block."""
        return next(self.blocks(), "")

    def blocks(self) -> Iterator[str]:
        """The whole text, from the start of the file."""
        self.file.seek(0)
        self.careful = False
        self.chars_read = 0
        decoder = codecs.getincrementaldecoder(self.encoding)(_KEPT_BYTES)
        # A line longer than a cell may be must cross the edge of a block, which is where `line_blocks` measures.
        size = min(BLOCK, self.limits.cell_chars)
        while True:
            block = self.file.read(size)
            text = decoder.decode(block, final=not block)
            self.careful = self.careful or _has_flaw(text)
            self.chars_read += len(text)
            if text:
                yield text
            if not block:
                return

    def line_blocks(self) -> Iterator[list[str]]:
        """The lines with their ends (LF, CR LF or CR), as many at a time as a block holds."""
        head: list[str] = []  # the beginning of a line that goes on in the next block
        length = 0
        for text in self.blocks():
            head.append(text)
            length += len(text)
            if ("\n" in text or "\r" in text) and (lines := io.StringIO("".join(head), newline="").readlines()):
                self._measure(len(lines[0]))
                # A CR at the very end may be half of a CR LF.
                head = [lines.pop()] if not lines[-1].endswith("\n") else []
                length = sum(map(len, head))
                if lines:
                    yield lines
            else:
                self._measure(length)
        if head:
            yield io.StringIO("".join(head), newline="").readlines()

    def _measure(self, length: int) -> None:
        if length > self.limits.line_bytes:
            megabytes = self.limits.line_bytes / 1024**2
            raise UnreadableFile(
                _("The file has a line of more than %s MB; a table has a line break after each row.")
                % (format(megabytes, "g")),
                "line_too_long",
            )
        self.careful = self.careful or length > self.limits.cell_chars


def _has_flaw(text: str) -> bool:
    """Whether `FLAW` would find something; several times as fast as the search."""
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _known(encoding: str, file: BinaryIO) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        name = encoding
    if name not in ENCODINGS:
        near = difflib.get_close_matches(encoding.lower(), ENCODINGS, 1)
        hint = _("; did you mean “%s”?") % near[0] if near else "."
        raise UnreadableFile(
            _("There is no encoding called “%(encoding)s”%(hint)s") % {"encoding": encoding[:40], "hint": hint},
            "bad_encoding",
        )
    if name in ("utf-16", "utf-32"):
        # Python's decoders of these names insist on a byte order mark.
        file.seek(0)
        head = file.read(BLOCK)
        return mark_of(head) or utf16_without_mark(head) or f"{name}-le"
    return name
