"""The filters of the lists; a dynamic segment is one of these filters, stored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower
from django_filters import rest_framework as filters
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.api.filters import (
    BooleanFilter,
    ChoiceListFilter,
    CrmFilterSet,
    MomentFilter,
    OwnedFilterSet,
    TextListFilter,
    UUIDListFilter,
    once,
    refuse_unknown_parameters,
    says_true,
)
from crm_project.database.functions import Fold

from . import custom_fields as custom
from . import phones, points
from .models import (
    Category,
    Contact,
    ContactMerge,
    ContactPoint,
    CustomField,
    Interaction,
    Organization,
    Origin,
    Segment,
    Task,
)
from .services.naming import tidy

NO_NULLS = [ProhibitNullCharactersValidator()]
RANGES = {"_after": "gte", "_before": "lt", "_min": "gte", "_max": "lte"}
RANGED = {CustomField.Type.DATE, CustomField.Type.DATETIME, CustomField.Type.INTEGER}


class TextFilter(filters.CharFilter):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, max_length=options.pop("max_length", 255), validators=NO_NULLS, **options)


class NameFilter(TextFilter):
    """Equal but for case, accents and spaces; several names with commas. A name with a comma is found too."""

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        if not value:
            return queryset
        names = {tidy(name) for name in (value, *value.split(",")) if name.strip()}
        return queryset.filter(**{f"{self.field_name}__in": [Fold(Value(name)) for name in sorted(names)]})


class CustomFieldsFilterSet(OwnedFilterSet):
    """What lists of records with custom fields have in common. ``entity`` is the kind of record."""

    entity: str
    families = ("custom_fields.",)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        asked = {name: self.data[name] for name in self.data if name.startswith("custom_fields.")}
        if not asked:
            return queryset
        fields = once(self.request, f"{self.entity} fields", lambda: custom.definitions(self.entity))
        return filter_by_custom_fields(queryset, asked, fields)


class PeopleFilterSet(CustomFieldsFilterSet):
    """What lists of people have in common, whatever their role."""

    entity = "contact"

    search = TextFilter(method="by_search", max_length=200, label="Words of name, company or addresses; a number")
    name = NameFilter(method="by_name", label="The whole name, case and accents folded")
    email = TextFilter(method="by_email", max_length=320, label="An e-mail address")
    phone = TextFilter(method="by_phone", max_length=100, label="A number in any spelling")

    def by_search(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.search(value)

    def by_name(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(sort_name=Fold(Value(tidy(value))))

    def by_email(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.annotate(_email=Lower("email")).filter(_email=value.strip().lower())

    def by_phone(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(normalized_phone__in=sorted(phones.readings(value)))


class DealingsFilterSet(PeopleFilterSet):
    """People with whom ``interactions`` are written down: leads and customers.

    The parameters that start alike are about one and the same interaction, so that they combine: somebody whom a
    colleague called in a week.
    """

    happened = "created_at"  # The column that says when an interaction was.

    interaction_by = UUIDListFilter(method="keep", label="Ids of users: they wrote down an interaction")
    interaction_after = MomentFilter(method="keep", label="There was an interaction at or after")
    interaction_before = MomentFilter(method="keep", label="There was an interaction before")
    next_action_after = MomentFilter(method="keep", label="A next action falls due at or after")
    next_action_before = MomentFilter(method="keep", label="A next action falls due before")
    next_action_open = BooleanFilter(
        method="keep", label="A next action is still to be done; false: it was done, cancelled or thrown away"
    )

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """With the filters that ``keep`` left out, for they are asked together."""
        queryset = super().filter_queryset(queryset)
        relation = queryset.model._meta.get_field("interactions")
        columns = {
            "interaction_by": "created_by__in",
            "interaction_after": f"{self.happened}__gte",
            "interaction_before": f"{self.happened}__lt",
            "next_action_after": "next_action_date__gte",
            "next_action_before": "next_action_date__lt",
        }
        given = {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}
        for start in ("interaction_", "next_action_"):
            asked = [
                Q(**{columns[name]: value})
                for name, value in given.items()
                if name in columns and name.startswith(start)
            ]
            if start == "next_action_" and "next_action_open" in given:
                settled = Q(_is_settled())
                asked += [Q(next_action_date__isnull=False), ~settled if given["next_action_open"] else settled]
            if asked:
                rows = relation.related_model._default_manager.filter(*asked).order_by()
                queryset = queryset.filter(pk__in=rows.values(relation.field.attname))
        return queryset


def _is_settled() -> Exists:
    """Whether the task for the date of an interaction's next action has come to its end, in whatever way."""
    tasks = Task.objects.filter(source_id=OuterRef("pk"), source_at=OuterRef("next_action_date"))
    return Exists(tasks.exclude(status=Task.Status.OPEN, deleted_at=None))


class ContactFilterSet(PeopleFilterSet):
    """What ``GET /contacts`` and everything that works on a filtered list understands."""

    company = NameFilter(method="by_company", label="Names of organisations, comma separated")
    organization = UUIDListFilter(field_name="organization_id", label="Ids of organisations")
    category = NameFilter(method="by_category", label="Names of categories, comma separated: any of them")
    segment = TextFilter(method="by_segment", label="Id or name of a segment")
    contact_type = ChoiceListFilter(choices=Contact.Type.choices, label="Types, comma separated")
    origin = ChoiceListFilter(choices=Origin.choices, label="Origins, comma separated")
    job_title = TextFilter(field_name="job_title", lookup_expr="iexact", label="The job title")
    external_id = TextListFilter(label="Ids in another system, comma separated")

    class Meta:
        model = Contact
        fields: list[str] = []

    def by_email(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(reached_by(ContactPoint.Type.MAIL, [points.normalize_email(value)]))

    def by_phone(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(reached_by(ContactPoint.Type.PHONE, sorted(phones.readings(value))))

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """The trash holds what can be taken out of it; who was merged away cannot."""
        queryset = super().filter_queryset(queryset)
        return queryset.filter(merged_into=None) if says_true(self.data.get("trashed")) else queryset

    def by_company(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(organization__in=called(Organization, value))

    def by_category(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        members = Category.contacts.through.objects.filter(category__in=called(Category, value))
        return queryset.filter(pk__in=members.values("contact"))

    def by_segment(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        segment = find_segment(value)
        if segment is None or (self.request is not None and not rules.allows(self.request.user, segment, "view")):
            raise exceptions.ValidationError({"segment": ["There is no segment of this id or name."]})
        return in_segment(queryset, segment, self.request)


def called(model: Any, value: str) -> list[UUID]:
    """Ids of what has one of these names. One query, so that the planner knows how many contacts each id has."""
    names = {tidy(name) for name in (value, *value.split(",")) if name.strip()}
    found = model.objects.filter(folded_name__in=[Fold(Value(name)) for name in sorted(names)])
    return list(found.values_list("pk", flat=True))


def reached_by(kind: str, normalized: list[str]) -> Q:
    rows = ContactPoint.objects.live().filter(type=kind, normalized__in=normalized)
    return Q(pk__in=rows.values("contact"))


def find_segment(text: str) -> Segment | None:
    try:
        return Segment.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return Segment.objects.filter(folded_name=Fold(Value(tidy(text)))).first()


def in_segment(queryset: QuerySet, segment: Segment, request: Any) -> QuerySet:
    """The contacts of the queryset that belong to the segment."""
    if segment.kind == Segment.Kind.STATIC:
        return queryset.filter(pk__in=Segment.contacts.through.objects.filter(segment=segment).values("contact"))
    return stored_filter(segment.filter, queryset, request)


def stored_filter(parameters: dict[str, Any], queryset: QuerySet, request: Any = None) -> QuerySet:
    """The queryset filtered by stored parameters of the list.

    Raises:
        ValidationError: the parameters are not those of a list, or name another segment.
    """
    if not isinstance(parameters, dict) or not parameters:
        raise exceptions.ValidationError({"filter": ["A dynamic segment needs parameters of the contact list."]})
    known = [name for name in ContactFilterSet.get_filters() if name not in {"segment", "trashed"}]
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    plain = ["This must be text, a number, true or false."]
    strange = {name: plain for name, value in parameters.items() if not isinstance(value, (str, int, float))}
    try:
        if strange:
            raise exceptions.ValidationError(strange)
        refuse_unknown_parameters(texts, [*known, *ContactFilterSet.families])
        filter_set = ContactFilterSet(texts, queryset, request=request)
        if not filter_set.is_valid():
            raise exceptions.ValidationError(filter_set.errors)
        return filter_set.qs
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"filter": error.detail}) from error


def filter_by_custom_fields(queryset: QuerySet, asked: dict[str, str], known: Iterable[CustomField]) -> QuerySet:
    """``custom_fields.key=value``, and ``_after``, ``_before``, ``_min``, ``_max`` for dates and numbers."""
    fields = {field.key: field for field in known}
    errors: dict[str, list[str]] = {}
    for name, text in asked.items():
        key = name.removeprefix("custom_fields.")
        suffix = next((end for end in RANGES if key not in fields and key.endswith(end)), "")
        field = fields.get(key.removesuffix(suffix))
        try:
            if field is None or (suffix and field.type not in RANGED):
                raise DjangoValidationError("There is no such custom field.")
            if suffix:
                if (value := custom.clean_value(field, text)) is not None:
                    queryset = queryset.filter(**{f"custom_fields__{field.key}__{RANGES[suffix]}": value})
            else:
                queryset = queryset.filter(_has_value(field, text))
        except DjangoValidationError as error:
            errors[name[:100]] = error.messages
    if errors:
        raise exceptions.ValidationError(errors)
    return queryset


def _has_value(field: CustomField, text: str) -> Q:
    if "\0" in text:
        raise DjangoValidationError("Null characters are not allowed.")
    whole = {CustomField.Type.TEXT, CustomField.Type.LONG_TEXT, CustomField.Type.DECIMAL}
    several = field.type not in whole and text.strip() not in field.choices
    found = Q()
    for part in text.split(",") if several else [text]:
        value = custom.clean_value(field, part.strip())
        if value is None:
            found |= ~Q(custom_fields__has_key=field.key)
        else:
            found |= Q(custom_fields__contains={field.key: value})
    return found


class InteractionFilterSet(CrmFilterSet):
    type = ChoiceListFilter(choices=Interaction.Type.choices)
    direction = ChoiceListFilter(choices=Interaction.Direction.choices)
    started_at_after = MomentFilter(field_name="started_at", lookup_expr="gte")
    started_at_before = MomentFilter(field_name="started_at", lookup_expr="lt")
    created_by = UUIDListFilter(field_name="created_by_id")

    class Meta:
        model = Interaction
        fields: list[str] = []


class NamedFilterSet(CrmFilterSet):
    """Organisations, categories and segments: by name or a part of it."""

    search = TextFilter(method="by_search", label="A part of the name")
    name = NameFilter(field_name="folded_name", label="Names, comma separated")

    def by_search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(folded_name__folded_contains=value)


class OrganizationFilterSet(NamedFilterSet):
    domain = TextFilter(field_name="domain", lookup_expr="iexact")

    class Meta:
        model = Organization
        fields: list[str] = []


class CategoryFilterSet(NamedFilterSet):
    class Meta:
        model = Category
        fields: list[str] = []


class SegmentFilterSet(NamedFilterSet):
    kind = ChoiceListFilter(choices=Segment.Kind.choices)

    class Meta:
        model = Segment
        fields: list[str] = []


class CustomFieldFilterSet(CrmFilterSet):
    entity = TextListFilter()
    type = ChoiceListFilter(choices=CustomField.Type.choices)

    class Meta:
        model = CustomField
        fields: list[str] = []


class ContactMergeFilterSet(CrmFilterSet):
    contact = UUIDListFilter(method="by_contact", label="Ids of contacts that survived a merge or were merged in")
    undone = BooleanFilter(field_name="undone_at", lookup_expr="isnull", exclude=True, label="Undone or not")

    class Meta:
        model = ContactMerge
        fields: list[str] = []

    def by_contact(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        return queryset.filter(Q(survivor__in=value) | Q(merged_ids__overlap=value)) if value else queryset
