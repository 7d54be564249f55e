"""What becomes of each table when a person is erased, and what it tells them.

An app registers the steps of its tables in its ``AppConfig.ready()``, each after those of the tables that it refers to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import BinaryField, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from crm_project.database.functions import Fold

from .people import Person

Model = type[models.Model]
Rows = list[dict[str, Any]]

UUID_PATTERN = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Step:
    """Rows of one table that are about a person. Their text is blanked in each column but those that it ``keeps``.

    ``values`` are what columns get instead, in the table and in its history; ``besides`` in the table alone.
    """

    model: Any
    keeps: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    besides: Mapping[str, Any] = field(default_factory=dict)

    def find(self, person: Person) -> None:
        """Note which rows are about the person, and by which words these know them."""

    def rows(self, person: Person) -> QuerySet:
        raise NotImplementedError

    def forget(self, person: Person) -> int:
        """Blank the rows that are not blank yet; how many. A constant number of queries."""
        return changed(self.rows(person), self.blank(self.model) | {**self.besides})

    def tell(self, person: Person) -> Iterator[tuple[Model, Rows]]:
        """The rows as they are stored, by table."""
        yield self.model, readable(self.rows(person))

    @property
    def is_told_only(self) -> bool:
        """Whether the rows have nothing that could be erased: they stay as they are."""
        return False

    def blank(self, model: Any) -> dict[str, Any]:
        """What the columns of the table, or of its history, become."""
        there = {each.name for each in model._meta.concrete_fields}
        blanks = {each.name: nothing(each) for each in texts_of(self.model) if each.name not in self.keeps}
        return {name: value for name, value in (blanks | {**self.values}).items() if name in there}


@dataclass(frozen=True)
class Part(Step):
    """Rows that belong to a person by a foreign key, with their history.

    ``of`` names the columns, with the table whose keys they hold where they are no foreign keys. Rows that do not
    ``stay`` go; what is left of their history tells who did what kind of thing when. ``known_by`` names the columns
    that hold names, addresses and numbers.
    """

    of: Mapping[str, Any] = field(default_factory=dict)
    stays: bool = False
    known_by: tuple[str, ...] = ()

    @property
    def is_told_only(self) -> bool:
        return self.stays and not self.blank(self.model) and not self.besides

    def find(self, person: Person) -> None:
        rows = self.belonging(self.model, person).order_by("pk")
        if person.is_locked and self.stays:
            rows = rows.select_for_update(of=("self",))
        keys = set(rows.values_list("pk", flat=True))
        if events := history_of(self.model):
            # Rows that are no more, such as those of an import that was taken back, have left their history.
            past = set(self.belonging(events, person).values_list("pgh_obj", flat=True).distinct()) - keys
            keys |= past - set(self.model._base_manager.filter(pk__in=past).values_list("pk", flat=True))
        person.keys[self.model] = sorted(keys, key=str)
        for column in self.known_by:
            for found in (self.rows(person), *self.past(person)):
                person.learn(found.values_list(column, flat=True).distinct())

    def belonging(self, model: Any, person: Person) -> QuerySet:
        """Rows of the table, or of its history, that have the person's keys where it says whose they are."""
        ways = [Q(**{f"{column}__in": person.keys.get(whole, [])}) for column, whole in self.of.items()]
        return model._base_manager.filter(reduce(or_, ways, Q(pk__in=[])))

    def rows(self, person: Person) -> QuerySet:
        return self.model._base_manager.filter(pk__in=person.keys[self.model])

    def past(self, person: Person) -> Iterator[QuerySet]:
        """The history of the rows, if there is one."""
        if events := history_of(self.model):
            yield events._base_manager.filter(pgh_obj__in=person.keys[self.model]) | self.belonging(events, person)

    def forget(self, person: Person) -> int:
        count = super().forget(person) if self.stays else deleted(self.rows(person))
        for events in self.past(person):
            changed(events, self.blank(events.model))
        return count

    def tell(self, person: Person) -> Iterator[tuple[Model, Rows]]:
        yield from super().tell(person)
        for events in self.past(person):
            yield events.model, readable(events, "pgh_context__metadata")


@dataclass(frozen=True)
class Mention(Step):
    """Rows that are nobody's and may name a person: in ``columns``, by a word or by the key of one of their rows.

    ``among`` narrows them; without ``values`` they go. Where little is lost, ``part_suffices`` of a name.
    """

    columns: tuple[str, ...] = ()
    among: Q = field(default_factory=Q)
    part_suffices: bool = False

    def rows(self, person: Person) -> QuerySet:
        rows = self.model._base_manager.filter(self.among)
        pattern = person.loose_pattern if self.part_suffices else person.pattern
        ways = [Q(pk__in=[])]
        for column in self.columns:
            rows = rows.alias(**{f"{column}_names_key": names_one_of(self.model, column, person.all_keys)})
            ways.append(Q(**{f"{column}_names_key": True}))
            if pattern:
                rows = rows.alias(**{f"{column}_text": Fold(Cast(column, TextField()))})
                ways.append(Q(**{f"{column}_text__regex": pattern}))
        return rows.filter(reduce(or_, ways))

    def forget(self, person: Person) -> int:
        rows = self.model._base_manager.filter(pk__in=list(self.rows(person).values_list("pk", flat=True)))
        return changed(rows, self.values) if self.values else rows.delete()[0]


def names_one_of(model: Any, column: str, keys: list[str]) -> RawSQL:
    """Whether one of the keys stands in the column's text; the same for one key and for thousands."""
    text = f"{connection.ops.quote_name(model._meta.get_field(column).column)}::text"
    found = f"regexp_matches({text}, '{UUID_PATTERN}', 'g') AS found"
    return RawSQL(f"EXISTS (SELECT FROM {found} WHERE found[1] = ANY(%s))", [keys], models.BooleanField())


def texts_of(model: Any) -> list[Any]:
    """The columns of a table in which anything may be written."""
    return [each for each in model._meta.concrete_fields if not each.choices and _takes_text(each)]


def _takes_text(column: Any) -> bool:
    if isinstance(column, ArrayField):
        return _takes_text(column.base_field)
    return isinstance(column, models.CharField | models.TextField | models.JSONField)


def nothing(column: Any) -> Any:
    """What a column of text has when there is none."""
    if column.null:
        return None
    if isinstance(column, models.JSONField | ArrayField):
        return column.get_default() if column.has_default() else {}
    return ""


def history_of(model: Any) -> Any:
    return getattr(model, "pgh_event_model", None)


def changed(rows: QuerySet, values: Mapping[str, Any]) -> int:
    """Give the rows these values; how many had others. So a second time writes nothing."""
    return rows.filter(~Q(**values)).update(**values) if values else 0


def deleted(rows: QuerySet) -> int:
    """Delete the rows; how many there were."""
    return rows.delete()[1].get(rows.model._meta.label, 0)


def readable(rows: QuerySet, *besides: str) -> Rows:
    names = [each.attname for each in rows.model._meta.concrete_fields if not isinstance(each, BinaryField)]
    return list(rows.order_by("pk").values(*names, *besides))


_steps: list[Step] = []


def register(*steps: Step) -> None:
    """Have tables told of and blanked; what refers to another table comes after it."""
    _steps.extend(steps)


def steps() -> tuple[Step, ...]:
    return tuple(_steps)
