"""Serializers that refuse unknown fields and apply the model's own rules."""

from __future__ import annotations

import copy
import re
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import ManyToManyField
from rest_framework import exceptions, serializers

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.suggest import nearest, not_one_of

from .errors import as_errors


def unknown_field(name: str, known: list[str]) -> str:
    guess = nearest(name, known)
    return f"Unknown field. Did you mean “{guess}”?" if guess else "Unknown field."


class NearestChoiceMixin:
    """Names the choices, and the nearest one, when a value is none."""

    def fail(self: Any, key: str, **values: Any) -> None:
        if key == "invalid_choice":
            raise exceptions.ValidationError(not_one_of(str(values["input"]), map(str, self.choices)), key)
        super().fail(key, **values)


class ChoiceField(NearestChoiceMixin, serializers.ChoiceField):
    """One of some values."""


class MultipleChoiceField(NearestChoiceMixin, serializers.MultipleChoiceField):
    """Some of some values."""


def refused_numbers(field: serializers.Field, value: Any) -> Any:
    """What to say of numbers where the document says text, of which DRF makes text; nothing when there are none."""
    if isinstance(field, serializers.CharField) and isinstance(value, (int, float)):
        return [field.error_messages["invalid"]]
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return {at: refused for at, item in enumerate(value) if (refused := refused_numbers(field.child, item))}
    return None


class StrictMixin:
    """400 for an unknown field and a number for a text. Read-only fields are ignored: an answer can be sent back."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            known = self.fields
            unknown = {str(name)[:100]: [unknown_field(str(name), [*known])] for name in data if name not in known}
            written = {name: field for name, field in known.items() if name in data and not field.read_only}
            numbers = {name: refused_numbers(field, data[name]) for name, field in written.items()}
            if refused := unknown | {name: what for name, what in numbers.items() if what}:
                raise exceptions.ValidationError(refused)
        return super().to_internal_value(data)


class CrmSerializer(StrictMixin, serializers.Serializer):
    """For bodies that are no record."""


class CrmModelSerializer(StrictMixin, serializers.ModelSerializer):
    """For records. Runs the model's ``clean_fields`` and ``clean``, which DRF leaves out."""

    serializer_choice_field = ChoiceField
    _built: ClassVar[dict[type, dict[str, Any]]] = {}

    def get_fields(self) -> dict[str, Any]:
        """DRF makes them of the model for every request; a copy of those made first takes half the time."""
        if type(self) not in self._built:
            self._built[type(self)] = super().get_fields()
        return copy.deepcopy(self._built[type(self)])

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """Of a choice that is only read, DRF forgets that it may be empty; the document has to tell."""
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        is_blank = bool(model_field.choices) and model_field.blank and not model_field.null
        return field_class, kwargs | ({"allow_blank": True} if is_blank else {})

    def include_extra_kwargs(self, kwargs: dict[str, Any], extra_kwargs: dict[str, Any]) -> dict[str, Any]:
        is_blank = "choices" in kwargs and kwargs.get("allow_blank")
        found = dict(super().include_extra_kwargs(kwargs, extra_kwargs))
        return found | {"allow_blank": True} if is_blank else found

    def get_unique_together_validators(self) -> list[Any]:
        """None: whether a record is unique is the database's to judge, and a 409."""
        return []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        model = self.Meta.model
        columns = {field.name for field in model._meta.concrete_fields}
        relations = {field.name for field in model._meta.get_fields() if isinstance(field, ManyToManyField)}
        given = {name: value for name, value in attrs.items() if name in columns - relations}
        record = model(**{**({} if self.instance is None else self._stored(columns)), **given})
        try:
            record.clean_fields(exclude=columns - given.keys())
            record.clean()
        except DjangoValidationError as error:
            raise exceptions.ValidationError(as_errors(error)) from error
        return attrs

    def _stored(self, columns: set[str]) -> dict[str, Any]:
        return {
            field.attname: getattr(self.instance, field.attname)
            for field in self.Meta.model._meta.concrete_fields
            if field.name in columns
        }


class MomentField(serializers.DateTimeField):
    """A time, or a date, which means its first moment in UTC."""

    def to_internal_value(self, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            value += "T00:00:00Z"
        return super().to_internal_value(value)


class RelatedField(serializers.PrimaryKeyRelatedField):
    """A reference by id: a UUID as text, or where the keys are numbers, one of these."""

    default_error_messages = {
        "does_not_exist": "There is no such record: {pk_value}.",
        "incorrect_type": "This must be an id.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, str if self.pk_field else (str, int)):
            self.fail("incorrect_type")
        try:
            return super().to_internal_value(data)
        except (DjangoValidationError, ValueError, OverflowError):
            self.fail("does_not_exist", pk_value=str(data)[:100])


class VisibleRelatedField(RelatedField):
    """A reference to a record that the asking user may see; any other is said not to exist."""

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        request = self.context.get("request")
        return queryset if queryset is None or request is None else rules.visible(queryset, request.user)


class OwnedSerializer(CrmModelSerializer):
    """Owned records: whom they are assigned to. Whoever makes one without saying owns it."""

    assigned_to = RelatedField(
        queryset=User.objects.filter(is_active=True),
        pk_field=serializers.UUIDField(),
        allow_null=True,
        required=False,
        help_text="The owner's user id; the caller when left out.",
    )
    team = RelatedField(
        queryset=Group.objects.filter(role=None),
        allow_null=True,
        required=False,
        help_text="The id of the team that works with it.",
    )

    OWNED_FIELDS = ("assigned_to", "team", "created_by", "created_at", "updated_at")
    READ_ONLY = ("id", "created_by", "created_at", "updated_at")
