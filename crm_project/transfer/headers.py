"""Which column of a file is which field: headers matched with the names that people and programs give to fields."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

_NUMBER = "#"
_CAMEL_CASE = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
_WORD = re.compile(r"[^\W\d_]+|\d+|#")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The headers by which a model's columns are known.

    In a header, `{n}` stands for any number (`Phone {n} - Value`). Case, punctuation, spaces, underscores, ё or е and
    the English plural make no difference. Each target is known by its own name too.
    """

    targets: Mapping[str, Sequence[str]]  # target → headers, the most certain first
    multiple: Collection[str] = ()  # targets that may have several columns
    ignored: Mapping[str, Sequence[str]] = field(default_factory=dict)  # reason → headers that are left out on purpose
    # Words before or after a header that say whose or which one it is (`work`, `company`), and where they may lead.
    qualifiers: Mapping[str, Collection[str]] = field(default_factory=dict)
    # Headers that mean another target when that is free and one of these targets has a column too.
    readings: Mapping[str, tuple[str, Collection[str]]] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[str, "Meaning"]:
        """Normalised header → what it means."""
        found: dict[str, Meaning] = {}
        for reason, headers in self.ignored.items():
            found.update({normalize(header): Meaning(None, 0, reason) for header in headers})
        for target, headers in self.targets.items():
            for rank, header in enumerate([target, *headers]):
                found.setdefault(normalize(header), Meaning(target, rank))
        return found

    @cached_property
    def other_readings(self) -> dict[str, tuple[str, Collection[str]]]:
        return {normalize(header): reading for header, reading in self.readings.items()}


class Meaning(NamedTuple):
    target: str | None  # None: ignored
    rank: int  # in the vocabulary's list
    reason: str = ""
    distance: int = 0  # how much of the header had to be overlooked


class Guess(NamedTuple):
    """What is known of the headers of a file; each header is in exactly one of the three."""

    mapping: dict[str, str]  # header → target
    ignored: dict[str, str]  # header → why it is left out
    unknown: list[str]


def guess(headers: Sequence[str], vocabulary: Vocabulary) -> Guess:
    """What the headers mean. Two of them never get one target, unless it may have several columns: the closest match
    gets it, of equals the name that the vocabulary has first, then the first column. The others are unknown."""
    meanings = {header: meaning for header in headers if (meaning := _meaning(header, vocabulary))}
    _reread(meanings, vocabulary)
    winners: dict[str, str] = {}
    for header, meaning in sorted(meanings.items(), key=lambda item: (item[1].distance, item[1].rank)):
        if meaning.target and meaning.target not in vocabulary.multiple:
            winners.setdefault(meaning.target, header)
    guessed = Guess({}, {}, [])
    for header in headers:
        meaning = meanings.get(header)
        if meaning and meaning.target is None:
            guessed.ignored[header] = meaning.reason
        elif meaning and meaning.target and winners.get(meaning.target, header) == header:
            guessed.mapping[header] = meaning.target
        else:
            guessed.unknown.append(header)
    return guessed


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelled most like `name`, for "did you mean"; None when none is close."""
    spelled = {normalize(choice): choice for choice in choices}
    close = difflib.get_close_matches(normalize(name), spelled, 1)
    return spelled[close[0]] if close else None


def normalize(header: str) -> str:
    """The header as it is compared: letters and numbers only, and English words in the singular."""
    return "".join(_words(header))


def _words(header: str) -> list[str]:
    text = unicodedata.normalize("NFKC", _CAMEL_CASE.sub(" ", header.replace("{n}", _NUMBER)))
    return [_singular(word) for word in _WORD.findall(text.casefold().replace("ё", "е"))]


def _singular(word: str) -> str:
    if not word.isascii() or len(word) < 4:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith("sses") else word.removesuffix("s") if not word.endswith("ss") else word


def _meaning(header: str, vocabulary: Vocabulary) -> Meaning | None:
    """What a header means as it stands, or without some of its qualifiers; each time first with its numbers as they
    are and then with any."""
    words = _words(header)
    for first, last in _cuts(words, vocabulary.qualifiers):
        kept, cut = words[first:last], words[:first] + words[last:]
        for step, spelled in enumerate([kept, [_NUMBER if word.isdecimal() else word for word in kept]]):
            meaning = vocabulary.known.get("".join(spelled))
            if meaning and all(meaning.target in (None, *vocabulary.qualifiers[word]) for word in cut):
                return meaning._replace(distance=2 * len(cut) + step)
    return None


def _cuts(words: list[str], qualifiers: Collection[str]) -> list[tuple[int, int]]:
    """(start, end) of what may be left of the words when qualifiers at both ends are taken off, the longest first."""
    before = next((number for number, word in enumerate(words) if word not in qualifiers), len(words))
    after = next((number for number, word in enumerate(reversed(words)) if word not in qualifiers), len(words))
    cuts = [
        (first, len(words) - last)
        for first in range(before + 1)
        for last in range(after + 1)
        if first + last < len(words)
    ]
    return sorted(cuts, key=lambda cut: cut[0] - cut[1])


def _reread(meanings: dict[str, Meaning], vocabulary: Vocabulary) -> None:
    """Gives headers with two readings the second one, where the other columns of the file speak for it."""
    for header, meaning in list(meanings.items()):
        if reading := vocabulary.other_readings.get(normalize(header)):
            target, companions = reading
            others = {other.target for name, other in meanings.items() if name != header}
            if target not in others and not others.isdisjoint(companions):
                meanings[header] = meaning._replace(target=target)
