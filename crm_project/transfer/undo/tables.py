"""Which tables an import may have written, and how their rows hang together."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import models

Model = type[models.Model]


def is_tracked(model: Any) -> bool:
    """Whether an import may have written the table and its history is kept. The kernel's tables, such as that of users,
    are none of an import's business.
    """
    return hasattr(model, "pgh_event_model") and not model.__module__.startswith("crm_project.")


def tracked_models() -> list[Model]:
    return [model for model in apps.get_models() if is_tracked(model)]


def parents(model: Model) -> list[Any]:
    """The foreign keys by which a row of the model is a part of other records, with which it is deleted."""
    keys: list[Any] = [key for key in model._meta.concrete_fields if key.is_relation]
    return [key for key in keys if key.remote_field.on_delete is models.CASCADE and is_tracked(key.related_model)]


def parent(model: Model) -> Any:
    """The foreign key to the record whose part a row is: that by whose record it is seen, else the first one."""
    keys = parents(model)
    seen_by = getattr(model, "access_parent", None)
    return next((key for key in keys if key.name == seen_by), keys[0] if keys else None)


def root_of(model: Model) -> Model:
    """The record that a part belongs to."""
    key = parent(model)
    return root_of(key.related_model) if key else model


def references(model: Model) -> list[tuple[Model, Any]]:
    """Foreign keys of tracked tables that lead to the model's rows."""
    return [
        (other, key)
        for other in tracked_models()
        for key in other._meta.concrete_fields
        if key.is_relation and key.related_model is model
    ]


def in_order(written: Sequence[Model]) -> list[Model]:
    """The records that an import wrote, or whose parts: those that refer to others before these.

    So leads come before contacts, and contacts before organisations and categories.
    """
    graph: dict[Model, set[Model]] = {root_of(model): set() for model in written}
    for root in graph:
        others = {root_of(other) for other, _key in references(root) if other in written}
        graph[root] = {other for other in others if other is not root}
    return list(TopologicalSorter(graph).static_order())
