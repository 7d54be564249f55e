"""Asking customers, reading what they said, and putting the themes in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from unfold import widgets
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from contacts.pages import CustomFieldsForm, CustomFieldsMixin
from crm_project.access import rules
from crm_project.admin import (
    CrmModelAdmin,
    Labelled,
    Link,
    OwnerFilter,
    RecordAdmin,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
    link_to,
    offer,
)
from crm_project.admin.forms import ParametersField
from crm_project.admin.lists import ChoiceFilter, PeriodFilter
from crm_project.api.counting import COUNT_EXACT_TO
from crm_project.api.exceptions import sentences
from customers.models import Customer

from . import services
from .models import Feedback, FeedbackRound, Language, Theme

RATING_COLORS = {1: "danger", 2: "danger", 3: "warning", 4: "success", 5: "success"}
STATUS_COLORS = {"open": "info", "answered": "success", "expired": "warning"}
RATINGS = [("", "–"), *((rating, f"{rating}/5") for rating in RATING_COLORS)]
MOST_THEMES = 100
REFUSALS = {
    "no_email": gettext_lazy("Without an e-mail address"),
    "opted_out": gettext_lazy("Want no such mail"),
    "feedback_request_open": gettext_lazy("Were asked already and may still answer"),
    "asked_too_soon": gettext_lazy("Were asked a short while ago"),
    "not_allowed": gettext_lazy("Are not yours to ask"),
}


class ThemeFilter(ChoiceFilter):
    title = gettext_lazy("theme")
    parameter_name = "theme"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        themes = Theme.objects.visible_to(request.user).filter(merged_into=None)
        return [(str(key), label) for key, label in themes.values_list("pk", "label")[:MOST_THEMES]]

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.about([value])


class RatingFilter(ChoiceFilter):
    title = gettext_lazy("rating")
    parameter_name = "rating"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return [(str(rating), f"{rating}/5") for rating in RATING_COLORS]


class FeedbackForm(CustomFieldsForm):
    """To ask a customer; then, as long as there is no answer, to write one down that came by other ways."""

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As they last answered")), *Language.choices],
        required=False,
        label=gettext_lazy("Language"),
        widget=widgets.UnfoldAdminSelectWidget,
    )
    rating = forms.TypedChoiceField(
        choices=RATINGS,
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Rating"),
        help_text=gettext_lazy("If they told you: from 1, very bad, to 5, very good."),
        widget=widgets.UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Feedback
        fields: list[str] = []

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("order") and data.get("customer") and data["order"].customer_id != data["customer"].pk:
            self.add_error("order", _("This is an order of another customer."))
        if data.get("comment") and "rating" in data and not data["rating"]:
            self.add_error("rating", _("An answer needs a rating."))
        return data

    def _post_clean(self) -> None:
        """The service builds and checks the record; what the form shows is only a part of one."""


@admin.register(Feedback)
class FeedbackAdmin(CustomFieldsMixin, RecordAdmin):
    menu, icon = "sales", "reviews"
    form = FeedbackForm
    autocomplete_fields = ("customer", "order")
    list_display = (
        "customer_name",
        "rating_label",
        "status_label",
        "excerpt",
        "category",
        "owner",
        "requested_at",
        "responded_at",
    )
    list_select_related = ("customer", "assigned_to")
    list_filter = (
        OwnerFilter,
        TeamFilter,
        ("status", ChoicesDropdownFilter),
        RatingFilter,
        ("sentiment", ChoicesDropdownFilter),
        ThemeFilter,
        ("customer", VisibleAutocompleteFilter),
        ("responded_at", PeriodFilter),
        TrashFilter,
    )
    search_fields = ("comment",)
    search_help_text = gettext_lazy("In the comment")
    asked = ("customer_link", "order_link", "language", "requested_at", "expires_at", "reminders_sent", "remind_at")
    answered = ("given_rating", "comment", "sentiment", "theme_labels", "responded_at")
    readonly_fields = (*asked, *answered, "created_by", "created_at", "updated_at")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(comment__icontains=term)

    def prepare(self, request: Any, rows: list[Any]) -> None:
        """Names customers to who may see them."""
        seen = rules.seen(request.user, Customer, {row.customer_id for row in rows})
        for row in rows:
            row.customer_seen = row.customer_id in seen

    @display(description=gettext_lazy("Customer"))
    def customer_name(self, feedback: Any) -> str:
        return str(feedback.customer) if feedback.customer_seen else _("(not visible)")

    @display(description=gettext_lazy("Customer"))
    def customer_link(self, feedback: Any) -> str:
        return link_to(feedback.asked_by, feedback.customer)

    @display(description=gettext_lazy("Order"))
    def order_link(self, feedback: Any) -> str:
        return link_to(feedback.asked_by, feedback.order)

    @display(description=gettext_lazy("Rating"), ordering="rating", label=RATING_COLORS)
    def rating_label(self, feedback: Feedback) -> Any:
        return (feedback.rating, f"{feedback.rating}/5") if feedback.rating else (None, "–")

    @display(description=gettext_lazy("Rating"))
    def given_rating(self, feedback: Feedback) -> str:
        return str(feedback)

    @display(description=gettext_lazy("Status"), label=STATUS_COLORS)
    def status_label(self, feedback: Feedback) -> tuple[str, str]:
        return feedback.status, feedback.get_status_display()

    @display(description=gettext_lazy("Comment"))
    def excerpt(self, feedback: Feedback) -> str:
        return Truncator(feedback.comment).chars(80) or "–"

    @display(description=gettext_lazy("Themes"))
    def theme_labels(self, feedback: Feedback) -> str:
        found = feedback.themes.filter(is_hidden=False).select_related("merged_into")
        return ", ".join(sorted({(theme.merged_into or theme).label for theme in found})) or "–"

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        waits = obj.status != Feedback.Status.ANSWERED
        return tuple(name for name in self.readonly_fields if not (waits and name == "comment"))

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        if obj is None:
            about = _("The customer gets a mail with a link to a page on which they answer.")
            return [(None, {"fields": [("customer", "order"), "language"], "description": about})]
        belonging = [("assigned_to", "team"), ("created_by", "created_at", "updated_at")]
        first = [("customer_link", "order_link"), ("rating", "category"), "comment"]
        if obj.status == Feedback.Status.ANSWERED:
            first = [("customer_link", "order_link"), ("given_rating", "responded_at"), "comment"]
            first += [("category", "theme_labels", "sentiment")]
        asked = [("requested_at", "expires_at"), ("reminders_sent", "remind_at"), "language"]
        return [
            (None, {"fields": first}),
            (_("Request"), {"fields": asked, "classes": ["tab"]}),
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def create(self, request: Any, values: dict[str, Any]) -> Feedback:
        customer = values["customer"]
        mine = Feedback(customer=customer, assigned_to=customer.assigned_to, team=customer.team)
        if not rules.allows(request.user, mine, "add"):
            raise ValidationError(_("You may ask only your own customers and those of your teams."))
        given = {name: values[name] for name in ("order", "language") if values.get(name)}
        return services.request_feedback(customer=customer, actor=request.user, **given)

    def update(self, request: Any, record: Feedback, changes: dict[str, Any]) -> None:
        said = {name: changes.pop(name) for name in ("rating", "comment") if name in changes}
        services.update_feedback(feedback=record, actor=request.user, **changes)
        if said.get("rating"):
            services.record_answer(
                feedback=record, actor=request.user, category=changes.get("category", record.category), **said
            )

    def delete_model(self, request: Any, obj: Any) -> None:
        services.delete_feedback(feedback=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Any) -> None:
        services.restore_feedback(feedback=obj, actor=request.user)


class RoundForm(forms.ModelForm):
    """Whom to ask. Opened from a segment, it has that segment's parameters already."""

    request: Any = None
    filter = ParametersField(
        label=gettext_lazy("Customers"),
        widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "segment=champions"}),
        help_text=gettext_lazy(
            "Parameters of the list of customers, one on a line, such as segment=champions or health=at_risk. Who fits "
            "all of them is asked, but for those who were asked lately, have no address or want no mail."
        ),
    )

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As they last answered")), *Language.choices],
        required=False,
        label=gettext_lazy("Language"),
        widget=widgets.UnfoldAdminSelectWidget,
    )

    class Meta:
        model = FeedbackRound
        fields = ("filter", "language")

    def clean_filter(self) -> dict[str, Any]:
        given = self.cleaned_data["filter"]
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise ValidationError(_("Parameters of the list with texts as their values."))
        try:
            services.customers_of(self.request.user, given)
        except exceptions.ValidationError as error:
            raise ValidationError(sentences(error)) from error
        return given


@admin.register(FeedbackRound)
class FeedbackRoundAdmin(CrmModelAdmin):
    """Rounds are begun here, and then only looked at."""

    menu, icon = "sales", "campaign"
    form = RoundForm
    change_form_before_template = None
    list_display = ("shown_name", "shown_state", "asked", "not_asked", "owner", "created_at")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("owner",)
    shown = (
        "shown_name",
        "language",
        "shown_state",
        "message",
        "asked",
        "refusals",
        "owner",
        "created_at",
        "finished_at",
    )

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["filter", "language"] if obj is None else list(self.shown)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.shown

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Opened from a segment, the form tells how many customers there are in it."""
        about = _("Each of them gets a mail with a link to a page on which they answer.")
        form = RoundForm({"filter": request.GET.get("filter", ""), "language": ""})
        form.request = request
        if obj is None and form.is_valid():
            customers = services.customers_of(request.user, form.cleaned_data["filter"])
            count = customers.order_by()[: COUNT_EXACT_TO + 1].count()
            more = "+" if count > COUNT_EXACT_TO else ""
            fit = _("Customers who fit: %d") % min(count, COUNT_EXACT_TO)
            about = f"{fit}{more}. {about}"
        return [(None, {"fields": self.get_fields(request, obj), "description": "" if obj else about})]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        form.request = request
        return form

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        made = services.start_round(actor=request.user, parameters=obj.filter, language=obj.language)
        obj.__dict__.update(made.__dict__)

    @display(description=gettext_lazy("Customers"))
    def shown_name(self, current: FeedbackRound) -> str:
        return str(current)

    @display(
        description=gettext_lazy("State"),
        label={"queued": "info", "running": "info", "done": "success", "failed": "danger"},
    )
    def shown_state(self, current: FeedbackRound) -> Labelled:
        return Labelled(current.state, current.get_state_display())

    @display(description=gettext_lazy("Not asked"))
    def not_asked(self, current: FeedbackRound) -> int:
        return sum(found["count"] for found in current.refused.values())

    @display(description=gettext_lazy("Not asked, and why"))
    def refusals(self, current: FeedbackRound) -> str:
        rows = ((REFUSALS.get(reason, reason), found["count"]) for reason, found in sorted(current.refused.items()))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", rows)) if current.refused else "–"


@admin.register(Theme)
class ThemeAdmin(CrmModelAdmin):
    """Found by workers; what is decided here, the next search keeps."""

    menu, icon = "sales", "topic"
    list_display = ("label", "language", "words", "comments", "hidden_label", "merged_into")
    list_select_related = ("merged_into",)
    list_filter = (("language", ChoicesDropdownFilter), "is_hidden")
    search_fields = ("label",)
    autocomplete_fields = ("merged_into",)
    ordering = ("label",)
    fields = ("label", "is_hidden", "merged_into", "language", "words")
    readonly_fields = ("language", "words")
    actions = ("hide", "show")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(label__icontains=term)

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        return super().with_columns(queryset).annotate(comment_count=Count("feedback_links"))

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("Words"))
    def words(self, theme: Theme) -> str:
        return ", ".join(theme.heaviest_terms[:6])

    @display(description=gettext_lazy("Hidden"), ordering="is_hidden", label="warning")
    def hidden_label(self, theme: Theme) -> str | None:
        return _("hidden") if theme.is_hidden else None

    @display(description=gettext_lazy("Comments"))
    def comments(self, theme: Any) -> str:
        url = f"{reverse('admin:feedback_feedback_changelist')}?theme={theme.pk}"
        return format_html('<a class="text-link" href="{}">{}</a>', url, theme.comment_count)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        services.change_theme(theme=obj, **form.changes())

    @admin.action(description=gettext_lazy("Hide"), permissions=["change"])
    def hide(self, request: Any, queryset: QuerySet) -> None:
        self.set_hidden(request, queryset, True)

    @admin.action(description=gettext_lazy("Show"), permissions=["change"])
    def show(self, request: Any, queryset: QuerySet) -> None:
        self.set_hidden(request, queryset, False)

    def set_hidden(self, request: Any, queryset: QuerySet, hidden: bool) -> None:
        for theme in queryset:
            services.change_theme(theme=theme, is_hidden=hidden)
        messages.success(request, _("%(count)d changed.") % {"count": len(queryset)})


def feedback_links(request: Any, customer: Customer) -> Iterator[Link]:
    """What a customer's page offers: what they said, and to ask them."""
    if rules.may(request.user, Feedback, "view"):
        url = reverse("admin:feedback_feedback_changelist")
        yield Link(_("Feedback"), f"{url}?customer__id__exact={customer.pk}", "reviews")
    if customer.deleted_at is None and rules.may(request.user, Feedback, "add"):
        yield Link(
            _("Ask for feedback"), f"{reverse('admin:feedback_feedback_add')}?customer={customer.pk}", "rate_review"
        )


offer(Customer, feedback_links)
