"""What an import made of the fields of a row, read from the row's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Change:
    """What the import made of one field, and whether it was changed since."""

    before: Any
    after: Any
    is_changed_since: bool = False


def changes_of(story: Sequence[tuple[dict[str, Any], bool]]) -> dict[str, Change]:
    """The fields that the import changed, from a row's events in their order; keys of JSON objects by dotted name.

    Each event comes with whether it is the import's. A field that somebody changed before the import's last word on it
    counts from that word on.
    """
    found: dict[str, Change] = {}
    last: dict[str, Any] = {}
    for event, is_import in story:
        state = flat({name: value for name, value in event.items() if not name.startswith("pgh_")})
        for name in {**last, **state} if last else ():
            before, after = last.get(name), state.get(name)
            if before == after:
                continue
            if is_import and (name not in found or found[name].is_changed_since):
                found[name] = Change(before, after)
            elif is_import:
                found[name].after = after
            elif name in found:
                found[name].is_changed_since = True
        last = state
    return {name: change for name, change in found.items() if change.before != change.after or change.is_changed_since}


def flat(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in state.items():
        found |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return found


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
