from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from crm_project.access import rules
from crm_project.api.filters import BooleanFilter, ChoiceListFilter, MomentFilter, OwnedFilterSet, UUIDListFilter

from ..filters import TextFilter
from ..models import Contact, Task


class TaskFilterSet(OwnedFilterSet):
    search = TextFilter(method="by_search", max_length=200, label="A part of the title")
    status = ChoiceListFilter(choices=Task.Status.choices, label="Statuses, comma separated")
    kind = ChoiceListFilter(choices=Task.Kind.choices, label="Kinds, comma separated")
    contact_id = UUIDListFilter(method="by_contact", label="Ids of contacts")
    due_after = MomentFilter(field_name="due_at", lookup_expr="gte", label="Due at or after")
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt", label="Due before")
    escalated_to = UUIDListFilter(field_name="escalated_to_id", label="Ids of the users it was escalated to")
    overdue = BooleanFilter(method="by_overdue", label="Open and due in the past, or not")

    class Meta:
        model = Task
        fields: list[str] = []

    def by_search(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.search(value)

    def by_contact(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Of contacts that the asking user sees; of others it is not told that there are tasks."""
        return queryset.filter(contact__in=rules.seen(self.request.user, Contact, value)) if value else queryset

    def by_overdue(self, queryset: Any, name: str, value: bool) -> QuerySet:
        overdue = queryset.overdue(timezone.now())
        return overdue if value else queryset.exclude(pk__in=overdue.values("pk"))
