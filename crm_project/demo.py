"""Demo data: each app registers the part that it can make; ``manage.py seed_demo`` makes all parts in that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model


@dataclass(frozen=True)
class Part:
    """One kind of demo record, with the option of the command that says how many: ``contacts`` is ``--contacts N``.

    ``make(seed, count)`` sees to it that there are ``count`` demo records of this seed and gives how many it added, so
    that a second call adds none and one that was cut short is finished by the next. When anything was added, ``finish``
    is called once all parts are there.
    """

    name: str
    model: type[Model]
    default: int
    make: Callable[[int, int], int]
    finish: Callable[[], object] | None = None


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add a part, in ``AppConfig.ready()``; it may build on the parts of the apps before."""
    _parts[part.name] = part


def parts() -> list[Part]:
    return list(_parts.values())
