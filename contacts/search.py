"""How people are searched for, in whatever table has a folded ``search_text`` with a trigram index."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q, QuerySet

from . import phones

MOST_WORDS = 10
Rows = TypeVar("Rows", bound=QuerySet)


def searched(queryset: Rows, text: str) -> Rows:
    """The rows in which every word occurs, or that have this number.

    Case, accents, ё/е and the order of words do not matter. What looks like a telephone number of four or more
    digits is found in any spelling, complete or in part. A trigram index serves words of three or more letters.
    """
    if phones.looks_like_phone(text):
        numbers = [Q(search_text__folded_contains=digits) for digits in phones.spellings(text)]
        return queryset.filter(reduce(or_, numbers))
    words = text.split()[:MOST_WORDS]
    return queryset.filter(*(Q(search_text__folded_contains=word) for word in words))
