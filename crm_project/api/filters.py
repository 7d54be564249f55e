"""Filters that refuse what they do not know, and the filter types that lists share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django_filters import rest_framework as filters
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.suggest import nearest, not_one_of


def refuse_unknown_parameters(sent: Any, known: list[str]) -> None:
    """400 for parameters that nothing reads, with the nearest name. A known ``name.`` stands for any ``name.key``."""
    families = tuple(name for name in known if name.endswith("."))
    errors = {}
    for name in sent:
        if name in known or name.startswith(families):
            continue
        guess = nearest(name, known)
        hint = f" Did you mean “{guess}”?" if guess else ""
        errors[name[:100]] = [f"Unknown parameter.{hint}"]
    if errors:
        raise exceptions.ValidationError(errors)


NONE = "none"


class StrictFilterBackend(filters.DjangoFilterBackend):
    """The view's filter set, on the actions that the view says are filtered."""

    def filter_queryset(self, request: Any, queryset: QuerySet, view: Any) -> QuerySet:
        if view.action not in view.filtered_actions:
            return queryset
        return super().filter_queryset(request, queryset, view)


class MomentField(forms.Field):
    """An ISO 8601 date or date-time; without a zone it is UTC, a date is its first moment."""

    default_error_messages = {"invalid": "A date such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z."}

    def to_python(self, value: Any) -> dt.datetime | None:
        if not value:
            return None
        try:
            moment = parse_datetime(value)
            if moment is None and (day := parse_date(value)):
                moment = dt.datetime.combine(day, dt.time())
        except ValueError:
            moment = None
        if moment is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return (moment if timezone.is_aware(moment) else timezone.make_aware(moment, dt.UTC)).astimezone(dt.UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(filters.Filter):
    field_class = MomentField


class TruthField(forms.Field):
    """``true`` or ``false``, in any case, or 1 or 0."""

    default_error_messages = {"invalid": "One of: true, false."}
    known = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        try:
            return self.known[str(value).lower()]
        except KeyError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


def says_true(text: str | None) -> bool:
    return TruthField.known.get((text or "").lower(), False)


class BooleanFilter(filters.BooleanFilter):
    field_class = TruthField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **options)


class WholeNumberFilter(filters.NumberFilter):
    field_class = forms.IntegerField


class TextListField(forms.Field):
    """Comma separated values."""

    default_validators = [ProhibitNullCharactersValidator()]

    def to_python(self, value: Any) -> list[str]:
        return [part.strip() for part in (value or "").split(",") if part.strip()]

    def run_validators(self, value: Any) -> None:
        for part in value or []:
            super().run_validators(part)


class ChoiceListField(TextListField):
    def __init__(self, *, choices: Any, **options: Any) -> None:
        self.known = [str(value) for value, _label in choices]
        super().__init__(**options)

    def validate(self, value: Any) -> None:
        super().validate(value)
        for part in value:
            if part not in self.known:
                raise ValidationError("%(message)s", params={"message": not_one_of(part, self.known)}, code="invalid")


class UUIDListField(TextListField):
    """``none`` among the ids, where the filter allows it, means that there is none."""

    def __init__(self, *, nullable: bool = False, **options: Any) -> None:
        self.nullable = nullable
        super().__init__(**options)

    def validate(self, value: Any) -> None:
        super().validate(value)
        for part in value:
            if not (self.nullable and part == NONE):
                forms.UUIDField().clean(part)


class TextListFilter(filters.BaseInFilter):
    field_class = TextListField
    base_field_class = TextListField

    def __init__(self, *args: Any, **options: Any) -> None:
        filters.Filter.__init__(self, *args, lookup_expr=options.pop("lookup_expr", "in"), **options)


class ChoiceListFilter(TextListFilter):
    field_class = ChoiceListField


class UUIDListFilter(TextListFilter):
    """With ``nullable=True`` the word ``none`` finds the rows that refer to nothing."""

    field_class = UUIDListField

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.filter(self.condition(value)) if value else queryset

    def condition(self, value: list[str]) -> Q:
        found = Q(**{f"{self.field_name}__in": [part for part in value if part != NONE]})
        return found | Q(**{f"{self.field_name}__isnull": True}) if NONE in value else found


class FilledFilter(BooleanFilter):
    """Whether a text is there at all."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset if value is None else queryset.filter(self.condition(value))

    def condition(self, value: bool) -> Q:
        empty = Q(**{self.field_name: ""})
        return ~empty if value else empty


def condition(filterset: type[filters.FilterSet], parameters: Mapping[str, str]) -> Q:
    """Parameters of a list as one condition on its rows, for who counts what the list would show. No query.

    Filters that are more than a column and a lookup say what they mean by a ``condition(value)`` of their own.
    """
    found = Q()
    for name, text in parameters.items():
        each = filterset.base_filters[name]
        value = each.field.clean(text)
        lookup = {f"{each.field_name}__{each.lookup_expr}": value}
        found &= each.condition(value) if hasattr(each, "condition") else Q(**lookup)
    return found


class CrmFilterSet(filters.FilterSet):
    """Base of the filter sets: by time of creation and change, by key, and by the trash.

    ``families`` names the parameters, with a dot at the end, whose second half is known to the database only.
    """

    families: tuple[str, ...] = ()
    base_filters: dict[str, filters.Filter]

    id = UUIDListFilter(label="Ids, comma separated")
    created_at_after = MomentFilter(field_name="created_at", lookup_expr="gte", label="Created at or after")
    created_at_before = MomentFilter(field_name="created_at", lookup_expr="lt", label="Created before")
    updated_at_after = MomentFilter(field_name="updated_at", lookup_expr="gte", label="Changed at or after")
    updated_at_before = MomentFilter(field_name="updated_at", lookup_expr="lt", label="Changed before")

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        # They are copied for each request, which takes long for many, so only those that the request names are.
        self.base_filters = {name: each for name, each in type(self).base_filters.items() if name in (data or ())}
        super().__init__(data, *args, **options)


def extend(filterset: type[CrmFilterSet], known: Mapping[str, filters.Filter]) -> None:
    """Let a later app filter the list of an earlier one."""
    for name, each in known.items():
        each.parent = each.model = None
        filterset.declared_filters[name] = filterset.base_filters[name] = each


@dataclass(eq=False)
class Asked:
    """Who asks for what a list would show, where there is no request; ``None`` is the CRM itself.

    ``in_segment`` says that what is asked is the stored filter of a segment.
    """

    user: Any
    in_segment: bool = False


def once(request: Any, name: str, make: Callable[[], Any]) -> Any:
    """What filters look up, looked up once for all that one request filters."""
    if request is None:
        return make()
    known = request.__dict__.setdefault("_looked_up", {})
    if name not in known:
        known[name] = make()
    return known[name]


def asks_itself(request: Any) -> bool:
    """Whether nobody asks but the CRM itself, from which nothing is hidden."""
    return request is None or (isinstance(request, Asked) and request.user is None)


def seen_by(request: Any, queryset: QuerySet) -> QuerySet:
    """What whoever asks may see of the queryset."""
    return queryset if asks_itself(request) else rules.visible(queryset, request.user)


def filtered(
    filterset: type[CrmFilterSet], parameters: Mapping[str, str], queryset: QuerySet, request: Any
) -> QuerySet:
    """What a list shows of the queryset with these parameters, wherever they come from.

    Raises:
        ValidationError: the parameters are not those of the list; the messages name them.
    """
    refuse_unknown_parameters(parameters, [*filterset.get_filters(), *filterset.families])
    found = filterset(parameters, queryset=queryset, request=request)
    if not found.is_valid():
        raise exceptions.ValidationError(found.errors)
    return found.qs


class OwnedFilterSet(CrmFilterSet):
    assigned_to = UUIDListFilter(
        field_name="assigned_to_id", nullable=True, label="Owners' ids; none: without an owner"
    )
    team = WholeNumberFilter(field_name="team_id", label="Team's id")
    created_by = UUIDListFilter(field_name="created_by_id", label="Creators' ids")
    trashed = BooleanFilter(method="keep", label="true lists what is in the trash")

    def keep(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """The view has chosen the trash or the rest already, before any filter."""
        return queryset
