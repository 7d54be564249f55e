"""What apps know of their tables and the history does not tell, for when an import is taken back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models


def _nothing(argument: Any) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Rule:
    """How the rows of one table are taken back.

    ``settle`` is given the keys of records whose parts may have gone, and brings the others into order.
    ``derive`` is given the keys of records that somebody changed since, and computes anew what follows from other
    columns; ``derived`` says which columns of a row that are: they go by no history.
    ``follows`` names columns that say something of another one, and stay when that was changed since.
    ``tells_of`` is for parts: the column of their record whose changes they tell. Such a part goes when the column goes
    back, and stays when that stays.
    """

    settle: Callable[[Sequence[Any]], Any] = _nothing
    derive: Callable[[Sequence[Any]], Any] = _nothing
    derived: Callable[[Any], Collection[str]] = _nothing
    follows: Mapping[str, str] = field(default_factory=dict)
    tells_of: str = ""


_rules: dict[type[models.Model], Rule] = {}


def register(model: type[models.Model], rule: Rule) -> None:
    """Apps call this in ``AppConfig.ready()``."""
    _rules[model] = rule


def rule_of(model: Any) -> Rule:
    return _rules.get(model, Rule())


def settled_models() -> set[type[models.Model]]:
    return {model for model, rule in _rules.items() if rule.settle is not _nothing}
