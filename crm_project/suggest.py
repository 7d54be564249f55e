"""«Did you mean …?»"""

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelled most like the name, or nothing when none comes near."""
    return next(iter(difflib.get_close_matches(name[:100].lower(), list(choices), n=1, cutoff=0.6)), None)


def not_one_of(value: str, choices: Iterable[str]) -> str:
    """That a value is none of the choices, which they are, and which of them was probably meant."""
    known = list(choices)
    guess = nearest(value, known)
    hint = f" Did you mean “{guess}”?" if guess else ""
    return f"“{value[:50]}” is not one of: {', '.join(known)}.{hint}"
