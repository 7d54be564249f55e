"""The pages of leads, of what was said to them, of campaigns, and of the rules that score."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold import widgets
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from contacts.models import Origin
from contacts.pages import CustomFieldsMixin, PersonForm, PersonMixin, offer_on_contact
from crm_project.access import rules
from crm_project.access.models import User
from crm_project.admin import (
    CrmModelAdmin,
    OwnerFilter,
    RecordAdmin,
    TeamFilter,
    TrashFilter,
    VersionedForm,
    VisibleAutocompleteFilter,
)
from crm_project.admin.lists import ChoiceFilter, PeriodFilter, name_of
from crm_project.transfer.admin import TransferMixin

from . import services
from .models import Campaign, Lead, LeadInteraction, ScoreRule
from .nurturing.admin import NurtureEnrollmentAdmin, NurtureSequenceAdmin
from .resources import LeadResource
from .services.assignment import Method
from .services.status import NEXT

__all__ = ["NurtureEnrollmentAdmin", "NurtureSequenceAdmin"]  # Pages of the package within, found through this module.

STATUS_COLORS = {
    "new": "info",
    "contacted": "info",
    "qualified": "warning",
    "proposal": "warning",
    "negotiation": "warning",
    "converted": "success",
    "won": "success",
    "lost": "danger",
}


class OpenFilter(ChoiceFilter):
    title = gettext_lazy("open")
    parameter_name = "open"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("1", _("Neither converted nor lost nor won"))]

    def narrow(self, request: Any, queryset: Any, value: Any) -> QuerySet:
        return queryset.open()


class LeadForm(PersonForm):
    """A lead; its status moves by steps, and its score is the rules' unless somebody says otherwise."""

    score_by_hand = forms.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        label=gettext_lazy("Score by hand"),
        help_text=gettext_lazy("From 0 to 100. Empty: the rules compute it."),
        widget=widgets.UnfoldAdminIntegerFieldWidget,
    )
    assignment = forms.ChoiceField(
        choices=[("", gettext_lazy("To the owner above")), *Method.choices],
        required=False,
        label=gettext_lazy("Deal it out within the team"),
        widget=widgets.UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["score_by_hand"] = self.instance.score if self.instance.score_is_manual else None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("assignment") and not data.get("team"):
            self.add_error("assignment", _("Choose the team whose member is to get it."))
        return data

    def changes(self) -> dict[str, Any]:
        """What the form changes, as ``services.update_lead`` takes it."""
        changes = super().changes()
        if "score_by_hand" in changes:
            changes["score"] = changes.pop("score_by_hand")
        return changes


class NoteForm(forms.ModelForm):
    """What was said to a lead, and what is to be done next."""

    next_action_date = forms.SplitDateTimeField(
        label=gettext_lazy("When"), required=False, widget=widgets.UnfoldAdminSplitDateTimeWidget
    )

    class Meta:
        model = LeadInteraction
        fields = ("type", "notes", "next_action", "next_action_date")
        widgets = {
            "type": widgets.UnfoldAdminSelectWidget,
            "notes": widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "next_action": widgets.UnfoldAdminTextInputWidget,
        }


class AssignForm(forms.Form):
    """To whom selected leads go: to one person, or to a team, within which they may be dealt out."""

    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, label=gettext_lazy("Person"), widget=widgets.UnfoldAdminSelect2Widget
    )
    team = forms.ModelChoiceField(
        Group.objects.none(), required=False, label=gettext_lazy("Team"), widget=widgets.UnfoldAdminSelect2Widget
    )
    method = forms.ChoiceField(
        choices=[("", gettext_lazy("The team as a whole")), *Method.choices],
        required=False,
        label=gettext_lazy("Within the team"),
        widget=widgets.UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        active = User.objects.filter(is_active=True)
        self.fields["owner"].queryset = active.order_by("first_name", "last_name", "username")
        self.fields["owner"].label_from_instance = name_of
        self.fields["team"].queryset = Group.objects.filter(role=None).order_by("name")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and bool(data.get("owner")) == bool(data.get("team")):
            raise ValidationError(_("Choose either a person or a team."))
        return data


@admin.register(Lead)
class LeadAdmin(CustomFieldsMixin, PersonMixin, TransferMixin, RecordAdmin):
    resource_classes = (LeadResource,)
    menu, icon = "sales", "person_search"
    form = LeadForm
    bulk_statuses = ("contacted", "qualified", "lost")
    actions = ("restore_selected", "assign_selected")
    autocomplete_fields = ("campaign",)
    list_display = ("shown_name", "email", "phone", "company", "status_label", "shown_score", "owner", "changed")
    list_filter = (
        OwnerFilter,
        TeamFilter,
        OpenFilter,
        ("status", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("campaign", VisibleAutocompleteFilter),
        ("created_at", PeriodFilter),
        TrashFilter,
    )
    readonly_fields = ("score_explained", "contact_link", "created_by", "created_at", "updated_at")

    @display(description=gettext_lazy("Status"), label=STATUS_COLORS)
    def status_label(self, lead: Lead) -> tuple[str, str]:
        return lead.status, lead.get_status_display()

    @display(description=gettext_lazy("Score"), ordering="score")
    def shown_score(self, lead: Lead) -> int:
        return lead.score

    @display(description=gettext_lazy("The score and why"))
    def score_explained(self, lead: Lead) -> str:
        reasons = services.explain_score(lead)
        rows = format_html_join("", "<li>{} · {}</li>", ((f"{each.points:+}", each.reason) for each in reasons))
        computed = services.scoring.total(reasons)
        return format_html(
            '<span class="font-semibold">{}</span> {}<ul>{}</ul>',
            lead.score,
            _("set by hand; the rules give %d:") % computed if lead.score_is_manual else _("by the rules:"),
            rows or format_html("<li>{}</li>", _("No rule is true of this lead.")),
        )

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        person: list[Any] = ["name", ("email", "phone"), ("company", "source"), ("campaign", "last_contact"), "notes"]
        belonging: list[Any] = [("assigned_to", "team")]
        may_change = obj is None or self.has_change_permission(request, obj)
        score: list[Any] = ["score_by_hand"] if may_change else []
        if obj is None:
            belonging.append("assignment")
        else:
            score.append("score_explained")
            belonging.append(("contact_link", "created_by", "created_at", "updated_at"))
            if obj.status == Lead.Status.LOST:
                person.insert(4, "lost_reason")
        return [
            (None, {"fields": person}),
            (_("Score"), {"fields": score, "classes": ["tab"]}),
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def create(self, request: Any, values: dict[str, Any]) -> Lead:
        if values.get("assignment"):
            values.pop("assigned_to")
        return services.create_lead(actor=request.user, origin=Origin.ADMIN, **values)

    def update(self, request: Any, record: Lead, changes: dict[str, Any]) -> None:
        services.update_lead(lead=record, actor=request.user, origin=Origin.ADMIN, **changes)

    def delete_model(self, request: Any, obj: Lead) -> None:
        services.delete_lead(lead=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Lead) -> None:
        services.restore_lead(lead=obj, actor=request.user)

    def next_steps(self, record: Lead) -> tuple[str, ...]:
        return NEXT[record.status]

    def take_step(self, request: Any, record: Lead, status: str) -> None:
        services.update_lead(lead=record, actor=request.user, origin=Origin.ADMIN, status=status)

    def note_form(self, request: Any, record: Lead) -> NoteForm | None:
        if not (rules.may(request.user, LeadInteraction, "add") and self.has_change_permission(request, record)):
            return None
        return NoteForm(request.POST or None)

    def save_note(self, request: Any, record: Lead, form: forms.ModelForm) -> None:
        services.record_interaction(lead=record, actor=request.user, **form.cleaned_data)

    @admin.action(description=gettext_lazy("Assign selected leads…"), permissions=["change"])
    def assign_selected(self, request: Any, queryset: QuerySet) -> HttpResponse | None:
        """First asks to whom they go."""
        leads = [lead for lead in queryset if self.has_change_permission(request, lead)]
        form = AssignForm(request.POST if "assign" in request.POST else None)
        if not form.is_valid():
            context = {"title": _("Assign leads"), "opts": self.opts, "leads": leads, "form": form, "media": self.media}
            context["media"] += form.media
            return TemplateResponse(request, "leads/assign.html", {**self.admin_site.each_context(request), **context})
        given = form.cleaned_data

        def assign(lead: Lead) -> bool:
            return self.attempt(
                request, lambda: services.assign_lead(lead=lead, actor=request.user, **given), str(lead)
            )

        messages.success(request, _("%(count)d leads assigned.") % {"count": sum(map(assign, leads))})
        return None


@admin.register(LeadInteraction)
class LeadInteractionAdmin(CrmModelAdmin):
    """To look through and to mend; interactions are written down on their lead's page."""

    menu, icon = "sales", "forum"
    list_display = ("shown_type", "lead", "notes_start", "next_action", "next_action_date", "created_by", "created_at")
    list_select_related = ("lead", "created_by")
    list_filter = (
        ("type", ChoicesDropdownFilter),
        ("created_at", PeriodFilter),
        ("next_action_date", PeriodFilter),
    )
    fields = ("lead", "type", "notes", "next_action", "next_action_date", "created_by", "created_at")
    readonly_fields = ("lead", "created_by", "created_at")

    def everything(self, request: Any) -> QuerySet:
        return LeadInteraction.objects.filter(lead__deleted_at=None)

    @display(description=gettext_lazy("Type"))
    def shown_type(self, interaction: LeadInteraction) -> str:
        return interaction.get_type_display()

    @display(description=gettext_lazy("Notes"))
    def notes_start(self, interaction: LeadInteraction) -> str:
        return interaction.notes[:80]

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: LeadInteraction, form: VersionedForm, change: bool) -> None:
        if changes := form.changes():
            services.update_interaction(interaction=obj, **changes)

    def delete_model(self, request: Any, obj: LeadInteraction) -> None:
        services.delete_interaction(interaction=obj)

    def delete_queryset(self, request: Any, queryset: QuerySet) -> None:
        for interaction in queryset:
            self.delete_model(request, interaction)


@admin.register(Campaign)
class CampaignAdmin(CrmModelAdmin):
    menu, icon = "sales", "campaign"
    ordering = ("name",)
    search_fields = ("name",)
    list_display = ("name", "status", "starts_on", "ends_on", "shown_budget", "leads_link")
    list_filter = (("status", ChoicesDropdownFilter),)
    fields = ("name", ("status", "starts_on", "ends_on"), ("budget", "currency"), "description")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(name__icontains=term)

    @display(description=gettext_lazy("Budget"))
    def shown_budget(self, campaign: Campaign) -> str:
        return "" if campaign.budget is None else f"{campaign.budget} {campaign.currency}"

    @display(description=gettext_lazy("Leads"))
    def leads_link(self, campaign: Campaign) -> str:
        """A link, not a number: to count the leads of each row would read them all."""
        url = f"{self.list_of(Lead)}?campaign__id__exact={campaign.pk}"
        return format_html('<a class="text-link" href="{}">{}</a>', url, _("show"))


@admin.register(ScoreRule)
class ScoreRuleAdmin(CrmModelAdmin):
    """A change has the scores of all open leads computed anew."""

    menu, icon = "settings", "speed"
    ordering = ("kind",)
    list_display = ("kind", "value", "points", "is_active")
    list_filter = (("kind", ChoicesDropdownFilter),)
    fields = ("kind", "value", "points", "is_active")

    def save_model(self, request: Any, obj: ScoreRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.rules_changed()

    def delete_model(self, request: Any, obj: ScoreRule) -> None:
        super().delete_model(request, obj)
        services.rules_changed()

    def delete_queryset(self, request: Any, queryset: QuerySet) -> None:
        super().delete_queryset(request, queryset)
        services.rules_changed()


offer_on_contact(Lead, "person_search")
