"""«Did you mean …?»"""

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelled most like the name, or nothing when none comes near."""
    return next(iter(difflib.get_close_matches(name[:100].lower(), list(choices), n=1, cutoff=0.6)), None)
