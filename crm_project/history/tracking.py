"""The change history of tables: triggers copy each row at each change, so that bulk and raw SQL leave traces too."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pghistory
from django.db import models

Model = TypeVar("Model", bound=models.Model)

BOOKKEEPING = {"updated_at", "version"}


def track(exclude: Sequence[str] = (), parent: str | None = None) -> Callable[[type[Model]], type[Model]]:
    """Record every insert, update and delete of the model's rows, by one trigger call for a statement.

    ``exclude`` names columns that follow from others; generated columns, version and time of change always do.
    ``parent`` names the foreign key by whose record the history is read; the record's own key is indexed anyway.
    """

    def decorate(model: type[Model]) -> type[Model]:
        fields = {field.name: field for field in model._meta.concrete_fields}
        generated = {name for name, field in fields.items() if getattr(field, "generated", False)}
        names: list[Any] = sorted({*exclude, *generated, *(BOOKKEEPING & fields.keys())})
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=names,
            level=pghistory.Statement,
            context_field=pghistory.ContextForeignKey(null=True, db_index=False),
            attrs={"pgh_id": models.BigAutoField(primary_key=True)},
            meta={"indexes": [models.Index(fields=[parent])] if parent else []},
        )(model)

    return decorate
