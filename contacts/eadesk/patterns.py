"""Regular expressions from outside: in JavaScript's spelling, run by PostgreSQL, and never for long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.db import DataError, OperationalError

from crm_project.api.errors import QUERY_CANCELED, sqlstate
from crm_project.database.timeouts import statement_timeout

from .errors import BadRegex, SearchTimeout

LONGEST = 200  # Characters.
TIMEOUT_MS = 2_000
PATIENCE_S = 0.5  # How long a search waits for its turn.
AT_ONCE = 2  # Searches that may keep a web process' threads busy, which are four when nobody says otherwise.
REFUSED = {"2201B", "54000", "54001"}  # SQLSTATEs: not a regular expression; one that is too complex.

_turns = BoundedSemaphore(AT_ONCE)
_tokens = re.compile(r"\\x(?P<hex>[0-9a-fA-F]{2})|\\.|\[\^?\]?|\]|\(\?<|.", re.DOTALL)
# What means the same in PostgreSQL. Word boundaries are none within brackets: there \b is a backspace in both.
SPELLINGS = {r"\b": r"\y", r"\B": r"\Y", "[]": "(?!)", "[^]": "."}


def translate(pattern: str) -> str:
    """JavaScript's regular expression in PostgreSQL's spelling; whether it is one is left to PostgreSQL.

    Raises:
        BadRegex: it is too long, or uses named groups or look-behind, or PostgreSQL's own directors.
    """
    if len(pattern) > LONGEST or pattern.startswith("***") or "\0" in pattern:
        raise BadRegex()
    parts, is_in_brackets = [], False
    for match in _tokens.finditer(pattern):
        token = match.group()
        if match["hex"]:
            token = rf"\u00{match['hex']}"
        elif is_in_brackets:
            is_in_brackets = token != "]"
        elif token == "(?<":
            raise BadRegex()
        else:
            is_in_brackets = token in {"[", "[^"}
            token = SPELLINGS.get(token, token)
        parts.append(token)
    return "".join(parts)


@contextmanager
def searching() -> Iterator[None]:
    """Around queries with a regular expression: a few at once, each for two seconds at most.

    So searches cannot keep every thread of a web process from its other work.

    Raises:
        BadRegex: PostgreSQL refuses the expression.
        SearchTimeout: it takes too long, or others were in front of it for too long.
    """
    if not _turns.acquire(timeout=PATIENCE_S):
        raise SearchTimeout()
    try:
        with statement_timeout(TIMEOUT_MS):
            yield
    except (DataError, OperationalError) as error:
        if sqlstate(error) in REFUSED:
            raise BadRegex() from error
        if sqlstate(error) == QUERY_CANCELED:
            raise SearchTimeout() from error
        raise
    finally:
        _turns.release()
