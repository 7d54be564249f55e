"""The pages of tasks: what is due when and for whom, with the steps that end it, put it off or hand it over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSplitDateTimeWidget

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.admin import OwnedForm, OwnerFilter, TeamFilter, TrashFilter
from crm_project.admin.lists import PeriodFilter, name_of
from crm_project.admin.records import RecordAdmin
from crm_project.api.counting import COUNT_EXACT_TO

from .. import services
from ..models import Contact, Task

NEXT = 5
MORNING = 9
Step = Callable[[Task, Any], Any]


class TaskForm(OwnedForm):
    class Meta:
        model = Task
        fields = ("title", "description", "contact", "due_at", "kind", "assigned_to", "team")


class StatusFilter(DropdownFilter):
    """The list shows what is open unless this filter asks for something else."""

    title = gettext_lazy("status")
    parameter_name = "status"
    all_option = ["", pgettext_lazy("task", "Open")]

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        closed = [(value, label) for value, label in Task.Status.choices if value != Task.Status.OPEN]
        return [*closed, ("all", _("Whatever status"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if self.value() == "all" or request.GET.get(TrashFilter.parameter_name):
            return queryset
        return queryset.filter(status=self.value() or Task.Status.OPEN)


class DueFilter(DropdownFilter):
    title = gettext_lazy("due")
    parameter_name = "due"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("overdue", _("Overdue")), ("today", _("Until tonight")), ("week", _("Within a week"))]

    def queryset(self, request: Any, queryset: Any) -> QuerySet:
        if self.value() == "overdue":
            return queryset.overdue(timezone.now())
        if self.value() in ("today", "week"):
            return queryset.filter(due_at__lt=midnight(1 if self.value() == "today" else 7))
        return queryset


class EscalatedFilter(DropdownFilter):
    title = gettext_lazy("escalation")
    parameter_name = "escalated"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("me", _("Escalated to me")), ("1", _("Escalated"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if self.value() == "me":
            return queryset.filter(escalated_to=request.user)
        return queryset.filter(escalated_at__isnull=False) if self.value() == "1" else queryset


class HandOverForm(forms.Form):
    assigned_to = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("first_name", "last_name", "username"),
        label=gettext_lazy("New owner"),
        widget=UnfoldAdminSelect2Widget,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["assigned_to"].label_from_instance = name_of


class SnoozeForm(forms.Form):
    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"), widget=UnfoldAdminSplitDateTimeWidget, initial=lambda: morning(1)
    )


@admin.register(Task)
class TaskAdmin(RecordAdmin):
    menu, icon = "work", "task_alt"
    shortcuts = (
        (gettext_lazy("My tasks"), "checklist", {"assigned_to": "me"}),
        (gettext_lazy("Escalated to me"), "priority_high", {"escalated": "me"}),
    )
    form = TaskForm
    ordering = ("due_at",)
    search_fields = ("title",)
    autocomplete_fields = ("contact",)
    list_display = ("title", "about", "owner", "due", "kind", "state")
    list_select_related = ("assigned_to", "escalated_to")
    list_filter = (
        StatusFilter,
        OwnerFilter,
        TeamFilter,
        DueFilter,
        EscalatedFilter,
        ("kind", ChoicesDropdownFilter),
        ("due_at", PeriodFilter),
        TrashFilter,
    )
    change_form_outer_before_template = "contacts/task_state.html"
    readonly_fields = ("closed_at", "closed_by", "escalated_at", "escalated_to", "created_by", "created_at")
    actions = ("mark_done", "snooze_a_day", "snooze_until", "assign_to", "reopen")

    def get_changelist_instance(self, request: Any) -> Any:
        """The page's rows, each with its contact if the user may see that one."""
        changes = super().get_changelist_instance(request)
        rows = list(changes.result_list)
        seen = rules.seen(request.user, Contact, {row.contact_id for row in rows} - {None})
        contacts = Contact.objects.in_bulk(seen)
        for row in rows:
            row.seen_contact = contacts.get(row.contact_id)
        changes.result_list = rows
        return changes

    @display(description=gettext_lazy("Contact"))
    def about(self, task: Any) -> str:
        if task.seen_contact is None:
            return ""
        url = reverse(f"{self.admin_site.name}:contacts_contact_change", args=[task.contact_id])
        return format_html('<a class="text-link" href="{}">{}</a>', url, task.seen_contact)

    @display(description=gettext_lazy("Due"), ordering="due_at")
    def due(self, task: Task) -> dt.datetime:
        return task.due_at

    @display(
        description=gettext_lazy("Status"),
        label={"open": "info", "done": "success", "overdue": "warning", "escalated": "danger"},
    )
    def state(self, task: Task) -> tuple[str, str]:
        if task.status != Task.Status.OPEN:
            return task.status, task.get_status_display()
        if task.escalated_to:
            return "escalated", _("escalated to %s") % name_of(task.escalated_to)
        return ("overdue", _("overdue")) if task.is_overdue else ("open", pgettext("task", "open"))

    def panel(self, request: Any) -> dict[str, Any]:
        """The start page's card: what the user has to do next."""
        url, own = self.url(request, "changelist"), Task.objects.open().owned_by(request.user)
        tiles = [
            (_("Overdue"), own.overdue(timezone.now()), "assigned_to=me&due=overdue"),
            (_("Until tonight"), own.filter(due_at__lt=midnight(1)), "assigned_to=me&due=today"),
            (_("Escalated to me"), Task.objects.open().filter(escalated_to=request.user), "escalated=me"),
        ]
        return {
            "template": "contacts/tasks_panel.html",
            "tiles": [
                {"title": title, "count": min(count, COUNT_EXACT_TO), "more": count > COUNT_EXACT_TO, "url": link}
                for title, count, link in (
                    (title, rows[: COUNT_EXACT_TO + 1].count(), f"{url}?{query}") for title, rows, query in tiles
                )
            ],
            "next": own.order_by("due_at", "pk")[:NEXT],
            "add_url": self.url(request, "add") if self.has_add_permission(request) else "",
        }

    # The form

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        fields: list[Any] = ["title", "due_at", ("contact", "kind"), "description", ("assigned_to", "team")]
        sets: list[tuple[Any, dict[str, Any]]] = [(None, {"fields": fields})]
        return [*sets, (_("What happened"), {"fields": self.readonly_fields})] if obj else sets

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        return {"due_at": morning(1), **super().get_changeform_initial_data(request)}

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            services.update_task(task=Task.objects.get(pk=obj.pk), actor=request.user, **form.changes())
        else:
            obj.pk = services.create_task(actor=request.user, **form.cleaned_data).pk

    def delete_model(self, request: Any, obj: Any) -> None:
        services.delete_task(task=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Any) -> None:
        services.restore_task(task=obj)

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        task = context.get("original")
        if task is not None and self.has_change_permission(request, task):
            context["task_steps"] = [
                {"name": name, "label": STEPS[name][0], "url": self.url(request, "step", task.pk)}
                for name in (("done", "snooze", "cancel") if task.status == Task.Status.OPEN else ("reopen",))
            ]
        return super().render_change_form(request, context, *args, **options)

    # Steps

    def get_actions(self, request: Any) -> dict[str, Any]:
        """Those that fit what the list shows."""
        found, status = super().get_actions(request), request.GET.get(StatusFilter.parameter_name)
        left_out = {None: ["reopen"], "all": []}.get(status, ["mark_done", "snooze_a_day", "snooze_until", "assign_to"])
        return {name: each for name, each in found.items() if name not in left_out}

    def get_urls(self) -> list[Any]:
        return [self.record_path("step", self.step_view), *super().get_urls()]

    @method_decorator(require_POST)
    def step_view(self, request: Any, object_id: str) -> HttpResponse:
        """One of ``STEPS`` with one task."""
        task = self.visible_object(request, object_id, "change")
        if task is None or task.deleted_at or request.POST.get("step") not in STEPS:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        label, step = STEPS[request.POST["step"]]
        if self.attempt(request, lambda: step(task, request.user)):
            messages.success(request, f"{task}: {label}.")
        return HttpResponseRedirect(self.url(request, "change", object_id))

    def take(self, request: Any, queryset: QuerySet, step: Step) -> None:
        """The step with each task of the list that the user may change."""
        tasks = [task for task in queryset if rules.allows(request.user, task, "change")]
        count = sum(self.attempt(request, lambda task=task: step(task, request.user)) for task in tasks)
        if left := len(queryset) - len(tasks):
            messages.warning(request, _("%d of them you may not change.") % left)
        messages.success(request, ngettext("%d task changed.", "%d tasks changed.", count) % count)

    @admin.action(description=gettext_lazy("Mark as done"), permissions=["change"])
    def mark_done(self, request: Any, queryset: QuerySet) -> None:
        self.take(request, queryset, STEPS["done"][1])

    @admin.action(description=gettext_lazy("Put off until tomorrow"), permissions=["change"])
    def snooze_a_day(self, request: Any, queryset: QuerySet) -> None:
        self.take(request, queryset, STEPS["snooze"][1])

    @admin.action(description=gettext_lazy("Reopen"), permissions=["change"])
    def reopen(self, request: Any, queryset: QuerySet) -> None:
        self.take(request, queryset, STEPS["reopen"][1])

    @admin.action(description=gettext_lazy("Put off until …"), permissions=["change"])
    def snooze_until(self, request: Any, queryset: QuerySet) -> HttpResponse | None:
        def step(task: Task, actor: Any, until: Any) -> None:
            services.snooze_task(task=task, until=until)

        return self.ask(request, queryset, SnoozeForm, _("Put off until"), step)

    @admin.action(description=gettext_lazy("Assign to …"), permissions=["change"])
    def assign_to(self, request: Any, queryset: QuerySet) -> HttpResponse | None:
        def step(task: Task, actor: Any, assigned_to: Any) -> None:
            services.update_task(task=task, actor=actor, assigned_to=assigned_to)

        return self.ask(request, queryset, HandOverForm, _("Assign to"), step)

    def ask(
        self, request: Any, queryset: QuerySet, form_class: type[forms.Form], title: str, step: Callable[..., Any]
    ) -> HttpResponse | None:
        """A page that asks for what the step needs, and then takes it with each of the chosen tasks."""
        form = form_class(request.POST if "answered" in request.POST else None)
        if form.is_valid():
            self.take(request, queryset, lambda task, actor: step(task, actor, **form.cleaned_data))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "tasks": queryset,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "media": self.media + form.media,
            "list_url": self.url(request, "changelist"),
        }
        return TemplateResponse(request, "contacts/tasks_step.html", context)


def midnight(days: int) -> dt.datetime:
    """The end of today, or of so many days, in the user's time zone."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)


def morning(days: int) -> dt.datetime:
    return midnight(days).replace(hour=MORNING)


STEPS: dict[str, tuple[Any, Step]] = {
    "done": (pgettext_lazy("task", "Done"), lambda task, actor: services.close_task(task=task, actor=actor)),
    "snooze": (
        gettext_lazy("Put off until tomorrow"),
        lambda task, actor: services.snooze_task(task=task, until=morning(1)),
    ),
    "cancel": (
        gettext_lazy("Cancel"),
        lambda task, actor: services.close_task(task=task, actor=actor, status=Task.Status.CANCELLED),
    ),
    "reopen": (gettext_lazy("Reopen"), lambda task, actor: services.reopen_task(task=task)),
}
