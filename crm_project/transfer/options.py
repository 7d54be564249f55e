"""How somebody wants a file to be imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class OnMatch(StrEnum):
    """What happens to a row that matches a record."""

    UPDATE = "update"
    FILL = "fill"
    SKIP = "skip"
    ERROR = "error"


@dataclass(frozen=True)
class Options:
    """``match`` names the keys by which rows find records, in that order; without any, every row makes a new one.

    ``mapping`` says field by column where guessing would be wrong; an empty field leaves the column out.
    ``source`` names the place that the file comes from, whose mapping was kept.
    ``owner`` is the id of the user who will own new records, the importing one by default.
    """

    match: tuple[str, ...] = ()
    on_match: OnMatch = OnMatch.UPDATE
    dry_run: bool = False
    atomic: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    owner: str | None = None
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    source: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"match": list(self.match), "mapping": dict(self.mapping)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Options:
        return cls(**{**stored, "match": tuple(stored["match"]), "on_match": OnMatch(stored["on_match"])})
