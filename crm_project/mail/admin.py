"""Mails and what became of them, the texts that staff may write anew, and who wants no mail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from crm_project.access import rules
from crm_project.admin import CrmModelAdmin, Labelled
from crm_project.admin.lists import PeriodFilter
from crm_project.api.exceptions import CrmError

from . import services, templates
from .models import LANGUAGES, Mail, Suppression, Template

STATES = {
    "queued": "info",
    "sending": "info",
    "sent": "success",
    "uncertain": "warning",
    "failed": "danger",
    "suppressed": "warning",
    "cancelled": "warning",
}
READ_ONLY_IN_EDIT = ("key", "language")


@admin.register(Mail)
class MailAdmin(CrmModelAdmin):
    """To look through. What did not go out can be sent again, what waits can be cancelled."""

    menu, icon = "settings", "mail"
    actions = ("send_again", "cancel")
    list_display = ("shown_subject", "to", "shown_state", "purpose", "created_at", "sent_at")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
        ("created_at", PeriodFilter),
    )
    search_fields = ("to",)
    fields = (
        *("shown_state", "error", "to", "reason", "purpose", "template", "language", "time_zone"),
        *(
            "created_at",
            "not_before",
            "tries",
            "tried_at",
            "sent_at",
            "message_id",
            "subject",
            "shown_text",
            "shown_html",
        ),
    )
    readonly_fields = fields

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        """The mails to an address; a part of one would be looked for in every mail there is."""
        return queryset.alias(address=Lower("to")).filter(address=term.lower())

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_send_permission(self, request: Any) -> bool:
        return self.may(request, "change")

    @display(description=gettext_lazy("Subject"))
    def shown_subject(self, mail: Mail) -> str:
        return mail.subject or "–"

    @display(description=gettext_lazy("State"), label=STATES)
    def shown_state(self, mail: Mail) -> Labelled:
        return Labelled(mail.state, mail.get_state_display())

    @display(description=gettext_lazy("Text"))
    def shown_text(self, mail: Mail) -> str:
        return format_html('<div class="whitespace-pre-wrap">{}</div>', mail.text)

    @display(description=gettext_lazy("As it is seen"))
    def shown_html(self, mail: Mail) -> str:
        return framed(mail.html)

    @admin.action(description=gettext_lazy("Send again"), permissions=["send"])
    def send_again(self, request: Any, queryset: QuerySet) -> None:
        self.each(request, queryset, lambda mail: services.send_again(mail=mail))

    @admin.action(description=gettext_lazy("Cancel"), permissions=["send"])
    def cancel(self, request: Any, queryset: QuerySet) -> None:
        who = request.user.get_username()
        self.each(request, queryset, lambda mail: services.cancel_mail(mail=mail, why=f"Cancelled by {who}."))

    def each(self, request: Any, queryset: QuerySet, do: Any) -> None:
        """Do it to each mail; those that refuse are told, the others are done."""
        done = 0
        for mail in queryset:
            try:
                do(mail)
                done += 1
            except CrmError as error:
                messages.error(request, f"{mail.to}: {error.detail}")
        if done:
            messages.success(request, _("Done: %d.") % done)


def framed(html: str) -> str:
    """Somebody's HTML in a frame that runs nothing, sends nothing and knows nothing of the page around it."""
    return format_html(
        '<iframe sandbox="" srcdoc="{}" title="{}" class="{}"></iframe>',
        html,
        _("The mail"),
        "bg-white border border-base-200 h-96 rounded-default w-full",
    )


@admin.register(Template)
class TemplateAdmin(CrmModelAdmin):
    menu, icon = "settings", "drafts"
    list_display = ("name", "key", "language", "purpose", "updated_at")
    list_filter = (("purpose", ChoicesDropdownFilter), ("language", ChoicesDropdownFilter))
    search_fields = ("name",)
    ordering = ("key", "language")
    fields = ("name", "key", "language", "purpose", "subject", "text", "html")
    list_before_template = "mail/admin/shipped.html"
    change_form_after_template = "mail/admin/preview_button.html"
    formfield_overrides = {TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 12})}}

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(Q(name__icontains=term) | Q(key__icontains=term))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """What refers to a template does so by its key."""
        return READ_ONLY_IN_EDIT if obj is not None else ()

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        """For a template that comes with the CRM, its own text to begin with."""
        key, language = request.GET.get("key", ""), request.GET.get("language", "en")
        shipped = templates.registered().get(key)
        if shipped is None or language not in dict(LANGUAGES):
            return {}
        written = templates.file_sources(key, language) or templates.file_sources(key, "en")
        return {"key": key, "language": language, "purpose": shipped.purpose, "name": shipped.name, **written}

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        written = set(Template.objects.values_list("key", "language"))
        shipped = [
            (template, [(code, name) for code, name in LANGUAGES if (template.key, code) not in written])
            for template in templates.registered().values()
        ]
        may_add = self.has_add_permission(request)
        return super().changelist_view(request, {"shipped": shipped if may_add else [], **(extra_context or {})})

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        context["preview_url"] = self.url(request, "preview")
        if (record := context.get("original")) is not None:
            context["preview_of"] = {name: getattr(record, name) for name in READ_ONLY_IN_EDIT}
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_preview"
        return [path("preview/", self.admin_site.admin_view(self.preview_view), name=name), *super().get_urls()]

    def preview_view(self, request: Any) -> HttpResponse:
        """The mail that the form, as it is filled in and not yet saved, would make of the example."""
        if not rules.may(request.user, Template, "view"):
            raise PermissionDenied
        sources = {part: request.POST.get(part, "") for part in templates.PARTS}
        key, language = request.POST.get("key", ""), request.POST.get("language", "en")
        shipped = templates.registered().get(key)
        example = shipped.example if shipped else templates.EXAMPLE
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preview"),
            "opts": self.opts,
            "example": example,
        }
        if errors := templates.check(sources):
            context["errors"] = errors
        else:
            rendered = templates.render_sources(
                sources, language if language in dict(LANGUAGES) else "en", example, unsubscribe_url="#"
            )
            context |= {"mail": rendered, "frame": framed(rendered.html)}
        return TemplateResponse(request, "mail/admin/preview.html", context)


@admin.register(Suppression)
class SuppressionAdmin(CrmModelAdmin):
    menu, icon = "settings", "unsubscribe"
    list_display = ("address", "shown_purpose", "reason", "created_at")
    list_filter = (("reason", ChoicesDropdownFilter), ("purpose", ChoicesDropdownFilter))
    search_fields = ("address",)
    fields = ("address", "purpose", "reason")

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(address__icontains=term)

    @display(description=gettext_lazy("Purpose"))
    def shown_purpose(self, row: Suppression) -> str:
        return row.get_purpose_display()
