"""Which encoding a text file is in: found for certain or on good evidence, never guessed.

The order is: byte order mark; UTF-16 by its NUL bytes; UTF-8 when the whole file is; else a one-byte encoding, but only
when what it makes of the words is plausible. A wrong guess would write mojibake into the names of people, so a file
that leaves doubt is refused with its first bad line and the advice to say the encoding.

The plausibility tests were tuned on generated names, companies and towns of 33 languages. A general detector
(charset-normalizer) was tried on the same files: as good on Russian, wrong on half of the western ones, and it never
says that it does not know.
"""

import codecs
import math
import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from .exceptions import UnreadableFile

BLOCK = 256 * 1024
BOMS = [  # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
CYRILLIC_ENCODINGS = ["cp1251", "koi8-r", "koi8-u", "cp866"]
_ENOUGH_WORDS = 30_000
_CONTROL_BYTES = [bytes([code]) for code in (*range(9), *range(14, 32), 127)]  # without tabs and line ends

_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")  # with a byte beyond ASCII
_UTF8 = rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
# A line that is nothing but UTF-8. In Cyrillic text one such character may be an accident, three are none.
_UTF8_LINE = re.compile(rb"^(?:[\0-\x09\x0b-\x7f]*+" + _UTF8 + rb"){3,}+[\0-\x09\x0b-\x7f]*+$", re.MULTILINE)

_SEPARATOR = re.compile(r'[\n\r\t,;|":{}]')
_SEPARATOR_BYTES = [b"\n", b"\r", b"\t", b",", b";", b"|", b'"', b":", b"{", b"}"]
_NOT_TEXT = re.compile("[^\\s\x20-\ud7ff\uf900-\uffef\U00010000-\U0010ffff]")  # control characters and private use

# How often a letter comes in 10,000 of Russian text, with estimates for the other languages of the alphabet.
_FREQUENCY = {
    letter: count
    for letters, counts in [
        ("оеаинтсрвлкмд", (1097, 845, 801, 735, 670, 626, 547, 473, 454, 440, 349, 321, 298)),
        ("пуяыьгзбчйхжш", (281, 262, 201, 190, 174, 170, 165, 159, 144, 121, 97, 94, 73)),
        ("юцщэфъёіїєґў", (64, 48, 36, 32, 26, 4, 4, 100, 20, 15, 1, 10)),
    ]
    for letter, count in zip(letters, counts, strict=True)
}
_LOG_FREQUENCY = {letter: math.log(count / sum(_FREQUENCY.values())) for letter, count in _FREQUENCY.items()}
_LOWER = "".join(_FREQUENCY)
_CYRILLIC_WORD = re.compile(f"[{_LOWER}{_LOWER.upper()}][{_LOWER}]*|[{_LOWER.upper()}]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_SYMBOL = re.compile(r"[^\w\s\0-\x7f«»„“”‘’№—–…•·°§€´]")

_WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœ"
# Signs that a word was not written in a western language, or not in CP1252. Letters that only these languages share
# with others stand in other places there: what is Czech, Polish, Croatian, Romanian or Baltic gives itself away.
_NOT_WESTERN = re.compile(
    rf"""
    [^\Wa-z\d_{_WESTERN}]
    | [{_WESTERN}]{{3}} | (?<![^\W_])[{_WESTERN}]{{2,}}(?![^\W_])
    | [ìòù](?=[^\W_]) | (?<![aeiouéâ])[ïë] | ñ(?![aeiouáéíóú]) | ç(?![aouáâãóôõú]|\b)
    | õ(?!e) | ã(?![oe]|(?<=[uhmç]ã)\b) | œ(?!u) | i[æè]\b | \bè[aeiou] | [ae]è | ø[áéí]
    | [aeiouyáéíóúìù][èø][aeiouáéíóú]
    | [^\W\d_][^\w\s\0-\x7f’´·®™©ª–—“”«»…] | [^\w\s\0-\x7f’´·‘“”«»„–—…¿¡®°º§•€][^\W\d_] | [^\W\d_][“”„«»…][^\W\d_]
    | (?-i:[a-zß-ÿ][À-ÞŒ])
    """,
    re.VERBOSE | re.IGNORECASE,
)


def detect_encoding(file: BinaryIO) -> str:
    """The Python name of the encoding of `file`, or `UnreadableFile`. Reads the file up to three times, in blocks."""
    file.seek(0)
    head = file.read(BLOCK)
    if found := mark_of(head) or utf16_without_mark(head):
        return found
    if sum(map(head.count, _CONTROL_BYTES)) > max(8, len(head) / 50):
        raise UnreadableFile(_("The file is not text; send a table as CSV, XLSX or JSON."), "not_a_table")
    if _is_utf8(file):
        return "utf-8"
    if legacy := _one_byte_encoding(file):
        return legacy
    if _is_nearly_utf8(file):
        return "utf-8"  # The rows that hold the broken bytes will be named.
    line = _first_broken_line(file)
    raise UnreadableFile(
        _(
            "Line %s is not UTF-8 and the encoding of the file cannot be told for certain; "
            "save the file as “CSV UTF-8”, or say its encoding."
        )
        % line,
        "unknown_encoding",
        line,
    )


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file in blocks that end with a line, as long as lines are shorter than a block."""
    file.seek(0)
    while block := file.read(BLOCK):
        yield block + file.readline(BLOCK)


def mark_of(head: bytes) -> str | None:
    """The encoding that a byte order mark names."""
    return next((name for mark, name in BOMS if head.startswith(mark)), None)


def utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 shows itself by delimiters and line ends: most bytes that look like one really are one, beside a NUL."""
    if b"\0" not in head:
        return None
    looks = sum(map(head.count, _SEPARATOR_BYTES))
    for name in ("utf-16-le", "utf-16-be"):
        # "ignore": the block may end inside a character.
        text = head.decode(name, "ignore")
        if len(_SEPARATOR.findall(text)) > 0.5 * looks and not _NOT_TEXT.search(text):
            return name
    return None


def _is_utf8(file: BinaryIO) -> bool:
    """Whether the whole file is. ASCII blocks cost next to nothing."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_utf8(file: BinaryIO) -> bool:
    """Whether five times as many characters beyond ASCII are UTF-8 as are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = broken = 0
    for block in _blocks(file):
        text = decoder.decode(block)
        bad = text.count("\ufffd")
        broken += bad
        valid += len(text) - len(text.encode("ascii", "ignore")) - bad
    return valid >= 5 * (broken + len(decoder.decode(b"", final=True)))


def _first_broken_line(file: BinaryIO) -> int:
    """The line of the first byte that is not UTF-8. Holds one block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    line, after_return = 1, False
    for block in _blocks(file):
        text, found, _ = decoder.decode(block).partition("\ufffd")
        line += text.count("\n") + text.count("\r") - text.count("\r\n") - (after_return and text.startswith("\n"))
        after_return = text.endswith("\r") if text else after_return
        if found:
            return line
    return line


def _one_byte_encoding(file: BinaryIO) -> str | None:
    """The encoding in which the file reads as Cyrillic or western text, when no part of it is UTF-8."""
    words: list[bytes] = []
    for block in _blocks(file):
        if _UTF8_LINE.search(block):
            return None
        if len(words) < _ENOUGH_WORDS:
            words += _WORD.findall(block)
    scores = {name: score for name in CYRILLIC_ENCODINGS if (score := _cyrillic_score(words, name))}
    if scores:
        return max(scores, key=lambda name: scores[name])
    return "cp1252" if _is_western(words) and not any(map(_has_utf8, _blocks(file))) else None


def _has_utf8(block: bytes) -> bool:
    """Whether a character beyond ASCII is UTF-8; in western text that is no accident."""
    return not block.decode("utf-8", "ignore").isascii()


def _cyrillic_score(words: list[bytes], encoding: str) -> tuple[float, float] | None:
    """How well the words read as Cyrillic (share of letters in well-formed words, mean log frequency), or None.

    Well-formed is a word of Cyrillic letters only, in small letters, capitals or with one capital in front.
    In a wrong Cyrillic encoding the case is upside down or rare letters are frequent.
    """
    try:
        text = b" ".join(words).decode(encoding)
    except UnicodeDecodeError:
        return None
    found = [word for word in _LETTERS.findall(text) if not word.isascii()]
    good = [word for word in found if _CYRILLIC_WORD.fullmatch(word)]
    letters = "".join(good).lower()
    all_letters = sum(map(len, found)) + len(_SYMBOL.findall(text))
    if not letters or len(letters) < 0.95 * all_letters:
        return None
    capitals = sum(len(word) > 1 and word.isupper() for word in good) / len(good)
    titles = sum(word.istitle() for word in good) / len(good)
    if encoding.startswith("koi8") and capitals > 0.5:
        return None  # What Hebrew looks like.
    mean = sum(map(_LOG_FREQUENCY.__getitem__, letters)) / len(letters)
    # A handful of letters may be rare ones; a capital in front of most words is evidence in itself.
    floor = -3.4 - 0.8 / len(letters) ** 0.5 if titles >= 0.2 else -3.2
    return (len(letters) / all_letters, mean) if mean > floor else None


def _is_western(words: list[bytes]) -> bool:
    """Whether the words read as a western European language in CP1252, but for one in fifty."""
    try:
        found = b" ".join(words).decode("cp1252").split(" ")
    except UnicodeDecodeError:
        return False
    odd = sum(bool(_NOT_WESTERN.search(word)) for word in found)
    return odd <= 0.02 * len(found) and any(_LETTERS.search(word) for word in found)
