"""Sequences with their steps and their calendar, and the leads that are on them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_value
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from crm_project.access import rules
from crm_project.admin import CrmModelAdmin, CrmTabularInline, Labelled, VersionedForm, VisibleAutocompleteFilter
from crm_project.admin.forms import ParametersField, flat
from crm_project.api.exceptions import CrmError
from crm_project.mail import templates
from crm_project.mail.models import Purpose

from ..models import Lead
from . import processing, services, stopping
from .calendar import calendar, count_by_day
from .models import NurtureEnrollment, NurtureSequence, NurtureStep

DAYS = (7, 30, 90, 365)
SHOWN_ENTRIES = 500
# The steps stand in a row each; what is chosen from a list or written has to be readable.
WIDTHS = {
    "kind": "min-width: 11rem",
    "template": "min-width: 10.5rem",
    "title": "min-width: 8rem",
    "status": "min-width: 6rem",
}
LAST = 1_000_000  # The position of a step that has none: after all others.


class NotEnrolled(CrmError):
    default_code = "not_enrolled"


class StepForm(forms.ModelForm):
    """A step. Its position may be left empty, for the end, and need not be unique: steps are numbered anew."""

    class Meta:
        model = NurtureStep
        fields = ("position", "kind", "template", "title", "days", "hours", "points", "status")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "–"), *templates.choices(Purpose.NURTURING)]
        self.fields["template"] = forms.ChoiceField(
            choices=choices, required=False, label=_("mail template"), widget=UnfoldAdminSelectWidget
        )
        self.fields["position"].required = False
        for name in ("days", "hours"):
            self.fields[name].required = False
        self.fields["status"].choices = [("", "–"), *((status, status) for status in NurtureStep.STATUSES)]
        for name, field in self.fields.items():
            field.widget.attrs["style"] = WIDTHS.get(name, "min-width: 4rem")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("days", "hours"):
            data[name] = data.get(name) or 0
        return data

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "position"}


class StepInline(CrmTabularInline):
    model = NurtureStep
    form = StepForm
    hide_title = True
    ordering = ("position",)


class SequenceForm(VersionedForm):
    filter = ParametersField(
        required=False,
        label=gettext_lazy("Filter"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "source=website\nscore_min=50"}),
        help_text=gettext_lazy(
            "Leads that fit join by themselves: parameters of the list of leads, one on a line, such as source=website "
            "or score_min=50. All of them must fit, and the segment too if there is one."
        ),
    )

    class Meta:
        model = NurtureSequence
        fields = ("name", "is_active", "description", "segment", "filter")

    def clean_filter(self) -> dict[str, Any]:
        parameters = self.cleaned_data["filter"] or {}
        try:
            services.check_rule(parameters)
        except exceptions.ValidationError as error:
            raise forms.ValidationError(flat(error.detail)) from error
        return parameters


@admin.register(NurtureSequence)
class NurtureSequenceAdmin(CrmModelAdmin):
    menu, icon = "sales", "conversion_path"
    form = SequenceForm
    inlines = (StepInline,)
    ordering = ("name",)
    list_display = ("name", "running", "segment", "enrollments_link", "updated_at")
    list_filter = ("is_active",)
    list_select_related = ("segment",)
    search_fields = ("name",)
    autocomplete_fields = ("segment",)
    fields = ("name", "is_active", "description", "segment", "filter")
    change_form_outer_before_template = "admin/tabs.html"

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(name__icontains=term)

    @display(description=gettext_lazy("State"), label={True: "success", False: "warning"})
    def running(self, sequence: NurtureSequence) -> tuple[bool, str]:
        return sequence.is_active, _("running") if sequence.is_active else _("not running")

    @display(description=gettext_lazy("Leads"))
    def enrollments_link(self, sequence: NurtureSequence) -> str:
        url = reverse(f"{self.admin_site.name}:leads_nurtureenrollment_changelist")
        return format_html('<a class="text-link" href="{}?sequence__id__exact={}">{}</a>', url, sequence.pk, _("show"))

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        """Number the steps by what was typed, and in the order of the page where that leaves a choice."""
        formset.save(commit=False)
        for step in formset.deleted_objects:
            step.delete()
        kept = [each.instance for each in formset.forms if each.instance.kind and each not in formset.deleted_forms]
        kept.sort(key=lambda step: step.position or LAST)
        for position, step in enumerate(kept, start=1):
            step.position = position
            step.save()

    def tabs(self, request: Any, sequence: NurtureSequence, active: str) -> list[dict[str, Any]]:
        pages = [("change", _("Sequence")), ("calendar", _("Calendar"))]
        return [
            {"title": title, "link": self.url(request, page, sequence.pk), "active": page == active}
            for page, title in pages
        ]

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        if context.get("original") is not None:
            context["tabs"] = self.tabs(request, context["original"], "change")
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_calendar"
        view = self.admin_site.admin_view(self.calendar_view)
        return [path("<path:object_id>/calendar/", view, name=name), *super().get_urls()]

    def calendar_view(self, request: Any, object_id: str) -> HttpResponse:
        """What the days ahead bring to the leads of whoever asks; a button does what is due now."""
        sequence = self.visible_object(request, object_id)
        if sequence is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        may_start = rules.may(request.user, NurtureEnrollment, "add")
        if request.method == "POST":
            return self.start(request, sequence, may_start)
        days = int(request.GET["days"]) if request.GET.get("days") in map(str, DAYS) else DAYS[1]
        planned = calendar(actor=request.user, days=days, sequence=sequence)
        context = {
            **self.admin_site.each_context(request),
            "title": sequence.name,
            "opts": self.opts,
            "original": sequence,
            "tabs": self.tabs(request, sequence, "calendar"),
            "may_start": may_start,
            "days": days,
            "choices": DAYS,
            "mails": count_by_day(planned.entries),
            "entries": planned.entries[:SHOWN_ENTRIES],
            "is_cut": planned.is_cut or len(planned.entries) > SHOWN_ENTRIES,
        }
        return TemplateResponse(request, "leads/calendar.html", context)

    def start(self, request: Any, sequence: NurtureSequence, may_start: bool) -> HttpResponse:
        if not may_start:
            raise PermissionDenied
        report = processing.process(actor=request.user, sequence=sequence, limit=processing.AT_ONCE)
        counts = {"joined": report.enrolled, "mails": report.done["mail"], "stopped": report.stopped.total()}
        messages.success(request, _("%(joined)d joined, %(mails)d mails queued, %(stopped)d stopped.") % counts)
        return HttpResponseRedirect(self.url(request, "calendar", sequence.pk))


@admin.register(NurtureEnrollment)
class NurtureEnrollmentAdmin(CrmModelAdmin):
    """Leads on sequences: added by hand here, then only looked at and stopped."""

    menu, icon = "sales", "follow_the_signs"
    form = forms.ModelForm
    change_form_before_template = None
    actions = ("stop",)
    list_display = ("lead", "sequence", "shown_state", "next_step", "ended_at")
    list_filter = (
        ("sequence", VisibleAutocompleteFilter),
        ("lead", VisibleAutocompleteFilter),
        ("state", ChoicesDropdownFilter),
        ("stop_reason", ChoicesDropdownFilter),
    )
    list_select_related = ("lead", "sequence", "enrolled_by")
    autocomplete_fields = ("sequence", "lead")
    shown = ("lead", "sequence", "shown_state", "origin", "enrolled_by", "created_at", "next_step", "ended_at", "story")

    def everything(self, request: Any) -> QuerySet:
        return NurtureEnrollment.objects.filter(lead__deleted_at=None)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_stop_permission(self, request: Any) -> bool:
        return self.may(request, "change")

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["sequence", "lead"] if obj is None else list(self.shown)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.shown

    def selectable(self, model: Any, request: Any) -> QuerySet:
        if model is Lead:
            return rules.visible(Lead.objects.live(), request.user, "change")
        return super().selectable(model, request)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        report = processing.process(
            actor=request.user,
            sequence=obj.sequence,
            leads=[obj.lead],
            origin=NurtureEnrollment.Origin.ADMIN,
        )
        if report.refused:
            raise NotEnrolled(report.refused[obj.lead_id])
        obj.pk = NurtureEnrollment.objects.get(sequence=obj.sequence, lead=obj.lead).pk

    @display(description=gettext_lazy("State"), label={"active": "info", "finished": "success", "stopped": "warning"})
    def shown_state(self, enrollment: NurtureEnrollment) -> Labelled:
        """Of who was stopped, why."""
        return Labelled(enrollment.state, enrollment.get_stop_reason_display() or enrollment.get_state_display())

    @display(description=gettext_lazy("Next step due"))
    def next_step(self, enrollment: NurtureEnrollment) -> str:
        """Who is off the sequence has none, whatever was planned."""
        is_active = enrollment.state == NurtureEnrollment.State.ACTIVE
        return display_for_value(enrollment.due_at if is_active else None, "–")

    @display(description=gettext_lazy("What was done"))
    def story(self, enrollment: NurtureEnrollment) -> str:
        told = (
            (
                formats.date_format(timezone.localtime(action.created_at), "DATETIME_FORMAT"),
                action.get_kind_display(),
                f": {action.note}" if action.note else "",
            )
            for action in enrollment.actions.all()
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} · {}{}</li>", told))

    @admin.action(description=gettext_lazy("Stop"), permissions=["stop"])
    def stop(self, request: Any, queryset: QuerySet) -> None:
        rows = [row for row in queryset if rules.allows(request.user, row, "change")]
        for enrollment in rows:
            stopping.stop_by_hand(enrollment=enrollment)
        messages.success(request, _("Stopped: %d.") % len(rows))
