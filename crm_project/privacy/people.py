"""One person as the store knows them: the rows that are about them, and the words by which other rows name them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.crypto import salted_hmac

ERASED = "Erased person"  # The name of whoever was erased.
SHORTEST = 3  # A shorter name is a part of too many texts.
FEWEST_DIGITS, COMPARED_DIGITS = 7, 9  # The end of a number is the same in all of its spellings.
# From where a word begins, and without going back: a long one without "@" is read once.
EMAIL = re.compile(r"(?<![^\s<>,;:\"'()\[\]@])[^\s<>,;:\"'()\[\]@]++@[^\s<>,;:\"'()\[\]]+")
NUMBER = re.compile(r"\d(?:[^\w\n]{0,3}\d){6,}")


@dataclass
class Person:
    """``ids`` are those of their contacts, ``keys`` the primary keys of their rows by model.

    With ``is_locked`` the rows that stay are locked as they are found, so that nobody adds a part to them meanwhile.
    """

    ids: tuple[UUID, ...]
    is_locked: bool = False
    keys: dict[type[Any], list[Any]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def learn(self, words: Iterable[str | None]) -> None:
        """Note names, addresses and numbers by which the person is known, unless they are known no more."""
        self.words |= {word.strip() for word in words if word and len(word.strip()) >= SHORTEST} - {ERASED}

    @property
    def emails(self) -> set[str]:
        return {word.lower() for word in self.words if "@" in word}

    @property
    def all_keys(self) -> list[str]:
        return [str(key) for keys in self.keys.values() for key in keys]

    @cached_property
    def pattern(self) -> str:
        """A regular expression of PostgreSQL for folded texts that name the person, or nothing. One query."""
        return pattern_of(self.words)

    @cached_property
    def loose_pattern(self) -> str:
        """The same for texts in which any word of a name stands. One query."""
        parts = {part for word in self.words if not end_of_number(word) for part in word.split()}
        return pattern_of(self.words | {part for part in parts if len(part) >= SHORTEST})

    @property
    def traces(self) -> list[str]:
        """Keyed hashes by which the person is known again, by who has the secret key alone."""
        return sorted({trace(end_of_number(word) or folded(word)) for word in self.words})


def pattern_of(words: Iterable[str]) -> str:
    numbers = {end for end in map(end_of_number, words) if end}
    with connection.cursor() as cursor:
        texts = [word for word in words if not end_of_number(word)]
        cursor.execute("SELECT DISTINCT crm_fold(word) FROM unnest(%s::text[]) AS word", [texts])
        names = sorted(r"\s+".join(map(re.escape, name.split())) for (name,) in cursor.fetchall() if name)
    whole = [rf"(?<!\w)(?:{'|'.join(names)})(?!\w)"] if names else []
    return "|".join([*whole, *(r"\D{0,3}".join(number) + r"(?!\d)" for number in sorted(numbers))])


def end_of_number(text: str) -> str:
    """The last digits of a number; nothing of what is none."""
    digits = re.sub(r"\D", "", text)
    is_number = len(digits) >= FEWEST_DIGITS and not re.search(r"[^\W\d_]|@", text)
    return digits[-COMPARED_DIGITS:] if is_number else ""


def folded(text: str) -> str:
    """Small letters without accents and with single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def trace(text: str) -> str:
    return salted_hmac("crm_project.privacy.trace", text, algorithm="sha256").hexdigest()


def traces_in(cells: Iterable[Any]) -> Iterator[str]:
    """The traces of all that may be a name, an address or a number in the cells of a row."""
    texts = [str(cell) for cell in cells if cell not in (None, "")]
    for text in texts:
        yield trace(folded(text))
        yield from (trace(folded(each)) for each in EMAIL.findall(text))
        yield from (trace(end_of_number(each)) for each in NUMBER.findall(text))
    for one, other in pairwise(texts):
        yield trace(folded(f"{one} {other}"))
        yield trace(folded(f"{other} {one}"))
