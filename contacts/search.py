"""How people are searched for, in whatever table has a folded ``search_text`` with a trigram index."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q, QuerySet

from crm_project.database.sizes import is_large

from . import phones

MOST_WORDS = 10
LOOKED_UP = 12  # Letters of a word, from the first three in a row on.
LOOKED_UP_DIGITS = 7
LETTER = re.compile(r"[^\W_]")
SERVED = re.compile(r"[^\W_]{3}")
Rows = TypeVar("Rows", bound=QuerySet)


def searched(queryset: Rows, text: str) -> Rows:
    """The rows in which every word occurs, or that have this number.

    Case, accents, ё/е and the order of words do not matter. What looks like a telephone number of four or more
    digits is found in any spelling, complete or in part. How words are found: ``with_words``.
    """
    if phones.looks_like_phone(text):
        return queryset.filter(_has_number(phones.spellings(text)))
    return with_words(queryset, text, "search_text")


def _has_number(spellings: list[str]) -> Q:
    """One of the spellings occurs. The index is asked for the last digits, which they mostly have in common."""
    ends = {digits[-LOOKED_UP_DIGITS:] for digits in spellings}
    if len(ends) > 1:
        return reduce(or_, (Q(search_text__folded_contains=digits) for digits in spellings))
    whole = reduce(or_, (Q(search_text__folded_holds=digits) for digits in spellings))
    return Q(search_text__folded_contains=ends.pop()) & whole


def with_words(queryset: Rows, text: str, *columns: str) -> Rows:
    """The rows in which every word occurs in each of the columns, which hold folded text.

    Nothing but letters and digits, three in a row, is found by a trigram index. Where no word has so many and the table
    is large, words are the beginnings of words, which the index finds too, and signs alone find nothing. Of a long
    word, such as an address, the index is asked for a piece: it reads a list of rows for each letter.
    """
    words = text.split()[:MOST_WORDS]
    if any(SERVED.search(word) for word in words) or not is_large(queryset.model):
        return queryset.filter(*(_contains(column, word) for word in words for column in columns))
    words = [word for word in words if LETTER.search(word)]
    if not words:
        return queryset.none()
    return queryset.filter(*(Q(**{f"{column}__folded_word_start": word}) for word in words for column in columns))


def _contains(column: str, word: str) -> Q:
    served = SERVED.search(word)
    start = served.start() if served else 0
    piece = word[start : start + LOOKED_UP]
    found = Q(**{f"{column}__folded_contains": piece})
    return found if piece == word else found & Q(**{f"{column}__folded_holds": word})
