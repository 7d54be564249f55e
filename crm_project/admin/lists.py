"""Lists of the admin that cost the same on ten rows and on a million, for those who see all and those who see some."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter, RangeDateFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.utils import parse_date_str
from unfold.views import ChangeList

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.counting import COUNT_EXACT_TO

MOST_CHOICES = 500


class Labelled(NamedTuple):
    """A choice for ``display(label=…)``: lists show its name in the colour of its value, forms the name alone."""

    value: str
    name: Any

    def __str__(self) -> str:
        return str(self.name)


class BoundedPaginator(Paginator):
    """Counts to 10,000 and offers no page beyond, so that neither the count nor the last page reads a whole table.

    With a ``user`` the rows need not be restricted yet: count and pages then come from ``access.rules``. A page costs
    one query for its keys and one for the rows with the columns that ``with_columns`` adds.
    """

    template_name = "admin/pagination_bounded.html"
    object_list: Any

    def __init__(
        self,
        object_list: Any,
        per_page: Any,
        *args: Any,
        user: Any = None,
        with_columns: Callable[[QuerySet], QuerySet] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(object_list, per_page, *args, **options)
        self.user, self.with_columns = user, with_columns

    @cached_property
    def counted(self) -> int:
        if self.user is not None:
            return rules.count_up_to(self.object_list, self.user, COUNT_EXACT_TO + 1)
        return self.object_list.order_by()[: COUNT_EXACT_TO + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNT_EXACT_TO)

    @property
    def is_exact(self) -> bool:
        return self.counted <= COUNT_EXACT_TO

    def page(self, number: Any) -> Page:
        if self.user is None:
            return super().page(number)
        number = self.validate_number(number)
        top = number * self.per_page
        found = rules.top_k(self.object_list, self.user, top).values_list("pk", flat=True)
        keys = list(found[top - self.per_page : top])
        rows = self.object_list.model._default_manager.filter(pk__in=keys)
        rows = {row.pk: row for row in (self.with_columns(rows) if self.with_columns else rows)}
        return self._get_page([rows[key] for key in keys if key in rows], number, self)


class CrmChangeList(ChangeList):
    """A list whose filters, search and order are applied to every way by which the user reaches a record."""

    def get_queryset(self, request: Any, exclude_parameters: Any = None) -> QuerySet:
        self.root_queryset = self.model_admin.everything(request)
        self.unrestricted = super().get_queryset(request, exclude_parameters)
        return rules.visible(self.unrestricted, request.user)

    def apply_select_related(self, qs: QuerySet) -> QuerySet:
        """Nothing: the page's rows get their columns when their keys are known."""
        return qs

    def _get_deterministic_ordering(self, ordering: list[Any]) -> list[Any]:
        """One column and the key in the same direction, as the indexes have it."""
        first = next(iter(ordering), "-pk")
        if first in ("pk", "-pk"):
            return [first]
        return [first, "-pk" if str(first).startswith("-") else "pk"]

    def get_results(self, request: Any) -> None:
        paginator = BoundedPaginator(
            self.unrestricted, self.list_per_page, user=request.user, with_columns=self.model_admin.with_columns
        )
        self.paginator = paginator
        self.result_count = self.full_result_count = paginator.count
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = True
        self.multi_page = self.result_count > self.list_per_page
        try:
            self.result_list = paginator.page(self.page_num).object_list
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.model_admin.prepare(request, self.result_list)


class VisibleAutocompleteForm(AutocompleteDropdownForm):
    """Names the chosen record only to those who may see it."""

    def __init__(self, request: Any, name: str, *args: Any, field: Any, **options: Any) -> None:
        super().__init__(request, name, *args, field=field, **options)
        self.fields[name].queryset = rules.visible(field.remote_field.model._default_manager.all(), request.user)


class VisibleAutocompleteFilter(AutocompleteSelectFilter):
    form_class = VisibleAutocompleteForm


class ChoiceFilter(DropdownFilter):
    """A filter by one of a few records; what is not one of them is refused as a wrong address."""

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        try:
            return self.narrow(request, queryset, self.value())
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters from error

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.filter(**{self.parameter_name: value})


def user_choices() -> list[tuple[Any, str]]:
    """Active users by name, for filters and for handing records over. One query."""
    users = User.objects.filter(is_active=True).order_by("first_name", "last_name", "username")
    return [(str(user.pk), name_of(user)) for user in users[:MOST_CHOICES]]


def short_moment(moment: dt.datetime) -> str:
    """A day, with the year unless it is this one; the time when one points at it."""
    moment, now = timezone.localtime(moment), timezone.localtime()
    day = formats.date_format(moment, "MONTH_DAY_FORMAT" if moment.year == now.year else "DATE_FORMAT")
    whole = formats.date_format(moment, "DATETIME_FORMAT")
    return format_html('<time class="whitespace-nowrap" title="{}">{}</time>', whole, day)


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


class OwnerFilter(ChoiceFilter):
    title = _("owner")
    parameter_name = "assigned_to"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("me", _("Me")), ("nobody", _("Nobody")), *user_choices()]

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        return super().narrow(request, queryset, {"me": request.user.pk, "nobody": None}.get(value, value))


class TeamFilter(ChoiceFilter):
    title = _("team")
    parameter_name = "team"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(Group.objects.filter(role=None).order_by("name").values_list("pk", "name")[:MOST_CHOICES])


class PeriodFilter(RangeDateFilter):
    """From one day to another, both included, as the days of the user's time zone."""

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        for end, lookup, days in (("from", "gte", 0), ("to", "lt", 1)):
            day = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
            if day is None:
                continue
            try:
                moment = timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days), dt.time()))
            except OverflowError as error:
                raise IncorrectLookupParameters from error
            queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": moment})
        return queryset


class TrashFilter(DropdownFilter):
    """The list shows what is not in the trash unless this filter asks for the trash."""

    title = _("trash")
    parameter_name = "trash"
    all_option = ["", _("Not in the trash")]

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("1", _("In the trash"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        return queryset.trashed() if self.value() == "1" else queryset.live()
