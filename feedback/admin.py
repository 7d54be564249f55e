"""What customers said, and the themes in it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from contacts.pages import CustomFieldsForm, CustomFieldsMixin
from crm_project.access import rules
from crm_project.admin import CrmModelAdmin, RecordAdmin
from crm_project.admin.lists import ChoiceFilter, OwnerFilter, PeriodFilter, TeamFilter, TrashFilter

from . import services
from .models import Feedback, Theme

STARS = {1: "danger", 2: "danger", 3: "warning", 4: "success", 5: "success"}
MOST_THEMES = 100


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
        return [(str(rating), f"{rating}/5") for rating in STARS]


class FeedbackForm(CustomFieldsForm):
    class Meta:
        model = Feedback
        fields: list[str] = []


@admin.register(Feedback)
class FeedbackAdmin(CustomFieldsMixin, RecordAdmin):
    """Customers are asked on their own page or by the API; here one reads what they said, files it, hands it over."""

    menu, icon = "sales", "reviews"
    form = FeedbackForm
    list_display = (
        "customer_name",
        "shown_rating",
        "shown_status",
        "excerpt",
        "category",
        "assigned_to",
        "requested_at",
        "responded_at",
    )
    list_select_related = ("customer", "assigned_to")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        RatingFilter,
        ("sentiment", ChoicesDropdownFilter),
        ThemeFilter,
        OwnerFilter,
        TeamFilter,
        ("responded_at", PeriodFilter),
        TrashFilter,
    )
    search_fields = ("comment",)
    readonly_fields = (
        "shown_customer",
        "order",
        "shown_rating",
        "comment",
        "themes",
        "shown_status",
        "sentiment",
        "language",
        "requested_at",
        "expires_at",
        "responded_at",
        "reminders_sent",
        "remind_at",
        "created_by",
        "created_at",
        "updated_at",
    )

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        state = [("shown_status", "sentiment", "language"), ("requested_at", "expires_at", "responded_at")]
        belonging = [("assigned_to", "team"), ("created_by", "created_at", "updated_at")]
        return [
            (None, {"fields": [("shown_customer", "order"), "shown_rating", "comment", ("category", "themes")]}),
            (_("Request"), {"fields": [*state, ("reminders_sent", "remind_at")]}),
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(comment__icontains=term)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        feedback = super().get_object(request, object_id, from_field)
        if feedback is not None:
            feedback.asked_by = request.user
        return feedback

    @display(description=gettext_lazy("Customer"), ordering="customer__sort_name")
    def customer_name(self, feedback: Feedback) -> str:
        return feedback.customer.name

    @display(description=gettext_lazy("Customer"))
    def shown_customer(self, feedback: Any) -> str:
        """With a link for those who may open it."""
        customer = feedback.customer
        if not rules.allows(feedback.asked_by, customer, "view"):
            return customer.name
        url = reverse(f"{self.admin_site.name}:contacts_contact_change", args=[customer.contact_id])
        return format_html('<a class="text-link" href="{}">{}</a>', url, customer.name)

    @display(description=gettext_lazy("Rating"), ordering="rating", label=STARS)
    def shown_rating(self, feedback: Feedback) -> Any:
        return (feedback.rating, f"{feedback.rating}/5") if feedback.rating else "–"

    @display(description=gettext_lazy("Status"), label={"open": "info", "answered": "success", "expired": "warning"})
    def shown_status(self, feedback: Feedback) -> tuple[str, str]:
        return feedback.status, feedback.get_status_display()

    @display(description=gettext_lazy("Comment"))
    def excerpt(self, feedback: Feedback) -> str:
        return Truncator(feedback.comment).chars(80) or "–"

    @display(description=gettext_lazy("Themes"))
    def themes(self, feedback: Feedback) -> str:
        labels = {(theme.merged_into or theme).label for theme in feedback.themes.select_related("merged_into")}
        return ", ".join(sorted(labels)) or "–"

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        stored = Feedback.objects.get(pk=obj.pk)
        services.update_feedback(feedback=stored, actor=request.user, **form.changes())

    def delete_model(self, request: Any, obj: Any) -> None:
        services.delete_feedback(feedback=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Any) -> None:
        services.restore_feedback(feedback=obj, actor=request.user)


@admin.register(Theme)
class ThemeAdmin(CrmModelAdmin):
    """Found by workers; what is decided here, the next search keeps."""

    menu, icon = "sales", "topic"
    list_display = ("label", "language", "words", "comments", "is_hidden", "merged_into")
    list_select_related = ("merged_into",)
    list_filter = (("language", ChoicesDropdownFilter), "is_hidden")
    search_fields = ("label",)
    autocomplete_fields = ("merged_into",)
    ordering = ("label",)
    fields = ("label", "is_hidden", "merged_into", "language", "words", "comments")
    readonly_fields = ("language", "words", "comments")
    actions = ("hide", "show")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(label__icontains=term)

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        return super().with_columns(queryset).annotate(comment_count=Count("feedback_links"))

    def get_queryset(self, request: Any) -> QuerySet:
        return super().get_queryset(request).annotate(comment_count=Count("feedback_links"))

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("Words"))
    def words(self, theme: Theme) -> str:
        return ", ".join(list(theme.terms)[:6])

    @display(description=gettext_lazy("Comments"))
    def comments(self, theme: Any) -> str:
        url = f"{reverse(f'{self.admin_site.name}:feedback_feedback_changelist')}?theme={theme.pk}"
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
        themes = [theme for theme in queryset if rules.allows(request.user, theme, "change")]
        for theme in themes:
            services.change_theme(theme=theme, is_hidden=hidden)
        messages.success(request, _("%(count)d changed.") % {"count": len(themes)})
