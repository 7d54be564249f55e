"""The lists whose records are counted, and by which of their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.models import Task
from contacts.task_api.filters import TaskFilterSet
from crm_project.access import rules
from crm_project.access.models import User
from crm_project.admin.lists import name_of
from crm_project.api.filters import NONE, Asked, CrmFilterSet, condition, filtered
from customers.filters import CustomerFilterSet
from customers.models import Customer
from feedback.filters import FeedbackFilterSet
from feedback.models import Feedback
from leads.filters import LeadFilterSet
from leads.models import Campaign, Lead
from orders.filters import OrderFilterSet
from orders.models import Order, Product

Labels = Callable[[Any, list[Any]], dict[Any, str]]


@dataclass(frozen=True)
class Records:
    """One list of the API; ``export`` is the route by which its records are taken out, if they can be."""

    name: str
    route: str
    model: type[Model]
    filterset: type[CrmFilterSet]
    export: str = ""

    @property
    def path(self) -> str:
        return reverse(self.route)

    def visible(self, user: Any) -> QuerySet:
        """What the list shows without filters."""
        return rules.visible(self.model._default_manager.live(), user)  # type: ignore[attr-defined]

    def filtered(self, user: Any, parameters: dict[str, str]) -> QuerySet:
        """What the list shows with these parameters, by the list's own filters.

        Raises:
            ValidationError: the parameters are not those of the list; the messages name them.
        """
        return filtered(self.filterset, parameters, self.visible(user), Asked(user))

    def behind(self, rows: QuerySet, column: str, *, user: Any, owned: dict[str, str]) -> QuerySet:
        """Those of the rows whose ``column`` names a record that the list shows the user with these owners.

        Who sees everything sees all but the trash, which is sooner looked through than all that is not in it.
        """
        if rules.reaches_all(user, self.model, "view") and not owned:
            return rows.exclude(**{f"{column}__in": self.model._default_manager.trashed().order_by().values("pk")})  # type: ignore[attr-defined]
        shown = self.visible(user).filter(self.condition(owned))
        return rows.filter(**{f"{column}__in": shown.order_by().values("pk")})

    def condition(self, parameters: dict[str, str]) -> Any:
        return condition(self.filterset, parameters)


LISTS = {
    records.name: records
    for records in (
        Records("leads", "lead-list", Lead, LeadFilterSet, "lead-export-file"),
        Records("customers", "customer-list", Customer, CustomerFilterSet, "customer-export-file"),
        Records("orders", "order-list", Order, OrderFilterSet),
        Records("feedback", "feedback-list", Feedback, FeedbackFilterSet),
        Records("tasks", "task-list", Task, TaskFilterSet),
    )
}


TABLES = [records.model for records in LISTS.values()]


@dataclass(frozen=True)
class Dimension:
    """A column by which records are told apart, and the parameter of their list that finds those of one value.

    ``labels(user, keys)`` gives the names of the keys, as far as the user may know them.
    """

    key: str
    column: str
    parameter: str
    labels: Labels

    def parameters(self, value: Any) -> dict[str, str]:
        if value == "":
            return {f"has_{self.parameter}": "false"}
        return {self.parameter: NONE if value is None else str(value)}


def choices(kind: Any) -> Labels:
    return lambda user, keys: {key: str(kind(key).label) for key in keys}


def themselves(user: Any, keys: list[Any]) -> dict[Any, str]:
    return {key: str(key) for key in keys}


def users(user: Any, keys: Iterable[UUID]) -> dict[Any, str]:
    return {each.pk: name_of(each) for each in User.objects.filter(pk__in=keys)}


def names_of(model: type[Model]) -> Labels:
    """The names of records, as far as the user may see them."""

    def labels(user: Any, keys: list[Any]) -> dict[Any, str]:
        rows = rules.visible(model._default_manager.filter(pk__in=keys), user)
        return dict(rows.order_by().values_list("pk", "name"))

    return labels


OWNER = Dimension("assigned_to", "assigned_to_id", "assigned_to", users)
DIMENSIONS = {
    "leads": {
        dimension.key: dimension
        for dimension in (
            Dimension("status", "status", "status", choices(Lead.Status)),
            Dimension("source", "source", "source", choices(Lead.Source)),
            OWNER,
            Dimension("campaign", "campaign_id", "campaign_id", names_of(Campaign)),
            Dimension("lost_reason", "lost_reason", "lost_reason", themselves),
        )
    },
    "customers": {
        dimension.key: dimension
        for dimension in (
            Dimension("type", "type", "type", choices(Customer.Type)),
            Dimension("status", "status", "status", choices(Customer.Status)),
            OWNER,
        )
    },
    "orders": {
        dimension.key: dimension
        for dimension in (
            Dimension("status", "status", "status", choices(Order.Status)),
            Dimension("product", "product_id", "product_id", names_of(Product)),
            Dimension("customer", "customer_id", "customer_id", names_of(Customer)),
            OWNER,
        )
    },
}


def label(dimension: Dimension, names: dict[Any, str], key: Any) -> str:
    if key in (None, ""):
        return _("None")
    return names.get(key, _("Not shown to you"))
