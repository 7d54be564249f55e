"""The pages of contacts: the list, a contact with its points, its story, and with whom it is shared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from rest_framework import exceptions
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm_project.access import rules
from crm_project.admin import (
    CrmTabularInline,
    OwnerFilter,
    RecordAdmin,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
)
from crm_project.admin.lists import MOST_CHOICES, ChoiceFilter, PeriodFilter
from crm_project.admin.story import Table
from crm_project.api.counting import COUNT_EXACT_TO
from crm_project.transfer.admin import TransferMixin

from .. import services
from ..filters import in_segment
from ..models import (
    Category,
    Contact,
    ContactCategory,
    ContactGroupShare,
    ContactPoint,
    ContactSegment,
    ContactUserShare,
    Interaction,
    Origin,
    Segment,
)
from ..pages import CustomFieldsMixin
from ..resources import ContactResource
from .duplicates import DuplicatesMixin
from .forms import ContactForm, InteractionForm, PointForm, PointFormSet
from .privacy import PrivacyMixin

NEWEST = 5
TABLES = {
    "contact_point": Table(ContactPoint, value="value", label="type", part_of="contact"),
    "category": Table(ContactCategory, value="category_id", part_of="contact"),
    "segment": Table(ContactSegment, value="segment_id", part_of="contact"),
    "share": Table(ContactUserShare, value="user_id", part_of="contact"),
    "team_share": Table(ContactGroupShare, value="group_id", part_of="contact"),
    "logged_interaction": Table(Interaction),
}


class CategoryFilter(ChoiceFilter):
    title = gettext_lazy("category")
    parameter_name = "category"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(Category.objects.visible_to(request.user).values_list("pk", "name")[:MOST_CHOICES])

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.filter(pk__in=ContactCategory.objects.filter(category=value).values("contact"))


class SegmentFilter(ChoiceFilter):
    title = gettext_lazy("segment")
    parameter_name = "segment"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(Segment.objects.visible_to(request.user).values_list("pk", "name")[:MOST_CHOICES])

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        segment = Segment.objects.visible_to(request.user).filter(pk=value).first()
        try:
            return in_segment(queryset, segment, request) if segment else queryset.none()
        except exceptions.ValidationError:
            messages.error(request, _("The filter of this segment no longer fits; mend it on the segment's page."))
            return queryset.none()


class PointInline(CrmTabularInline):
    model = ContactPoint
    form = PointForm
    formset = PointFormSet
    fields = ("type", "value", "compared_as", "service", "label", "is_primary")
    readonly_fields = ("compared_as",)
    verbose_name_plural = gettext_lazy("How to reach")
    hide_title = True

    def get_queryset(self, request: Any) -> QuerySet:
        return super().get_queryset(request).filter(deleted_at=None)

    @display(description=gettext_lazy("Normalized"))
    def compared_as(self, point: ContactPoint) -> str:
        """Only where it differs from what was given, so that the rows fit on a phone."""
        return point.normalized if point.normalized != point.value else ""


@admin.register(Contact)
class ContactAdmin(PrivacyMixin, DuplicatesMixin, TransferMixin, CustomFieldsMixin, RecordAdmin):
    tables = TABLES
    resource_classes = (ContactResource,)
    menu, icon = "people", "person"
    form = ContactForm
    compressed_fields = False
    inlines = (PointInline,)
    autocomplete_fields = ("organization",)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Names in any order, companies, e-mail addresses, numbers in any spelling")
    list_display = ("shown_name", "email", "phone", "company", "owner", "category_labels", "changed")
    list_display_links = ("shown_name",)
    list_filter = (
        OwnerFilter,
        TeamFilter,
        CategoryFilter,
        SegmentFilter,
        ("organization", VisibleAutocompleteFilter),
        ("contact_type", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
        ("created_at", PeriodFilter),
        TrashFilter,
    )
    readonly_fields = ("origin", "created_by", "created_at", "updated_at")

    def everything(self, request: Any) -> QuerySet:
        return Contact.objects.filter(merged_into=None)

    def with_columns(self, queryset: Any) -> QuerySet:
        return queryset.for_list().select_related("assigned_to")

    @display(description=pgettext_lazy("name of a person", "Name"), ordering="sort_name")
    def shown_name(self, contact: Contact) -> str:
        return str(contact)

    @display(description=gettext_lazy("E-mail"))
    def email(self, contact: Any) -> str:
        return primary(contact, ContactPoint.Type.MAIL)

    @display(description=gettext_lazy("Phone"))
    def phone(self, contact: Any) -> str:
        return primary(contact, ContactPoint.Type.PHONE)

    @display(description=gettext_lazy("Company"))
    def company(self, contact: Any) -> str:
        return contact.company_name or ""

    @display(description=gettext_lazy("Categories"), label=True)
    def category_labels(self, contact: Any) -> list[str]:
        return contact.category_names

    def panel(self, request: Any) -> dict[str, Any]:
        """The start page's search, counts and newest contacts."""
        live, user, url = Contact.objects.live().filter(merged_into=None).order_by("-pk"), request.user, self.list_url()
        mine = OwnerFilter.parameter_name
        tiles = [(_("Contacts"), live, url), (_("My contacts"), live.filter(**{mine: user.pk}), f"{url}?{mine}=me")]
        keys = rules.top_k(live, user, NEWEST).values_list("pk", flat=True)[:NEWEST]
        return {
            "top": "contacts/find.html",
            "template": "contacts/panel.html",
            "list_url": url,
            "add_url": self.url(request, "add") if self.has_add_permission(request) else "",
            "tiles": [tile(title, rows, user, link) for title, rows, link in tiles],
            "newest": Contact.objects.filter(pk__in=list(keys)).order_by("-pk").select_related("organization"),
        }

    def list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:contacts_contact_changelist")

    # The form

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        person = [("name", "job_title"), ("organization", "contact_type"), ("categories", "segments"), "description"]
        belonging: list[Any] = [("assigned_to", "team"), "external_id"]
        if obj is not None:
            belonging.append(self.readonly_fields)
        sets: list[tuple[Any, dict[str, Any]]] = [(None, {"fields": person})]
        return [
            *sets,
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Left to ``save_related``, which has the contact points too."""

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        changes = form.changes()
        if any(formset.has_changed() for formset in formsets):
            changes["contact_points"] = [point for formset in formsets for point in formset.points()]
        if change:
            stored = Contact.objects.get(pk=form.instance.pk)
            services.update_contact(contact=stored, actor=request.user, origin=Origin.ADMIN, **changes)
        else:
            changes.setdefault("assigned_to", form.cleaned_data.get("assigned_to"))
            made = services.create_contact(actor=request.user, origin=Origin.ADMIN, **changes)
            form.instance.pk, form.instance.name = made.pk, made.name

    def delete_model(self, request: Any, obj: Any) -> None:
        services.delete_contact(contact=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Any) -> None:
        services.restore_contact(contact=obj)

    # The story

    def told_of(self, record: Contact) -> list[UUID]:
        """The stories of contacts that were merged in are told too."""
        return services.told_together(record)

    def tab_pages(self, request: Any, record: Contact) -> list[tuple[str, str]]:
        form, story, *rest = super().tab_pages(request, record)
        return [form, story, ("duplicates", _("Duplicates")), *rest]

    def note_form(self, request: Any, record: Contact) -> InteractionForm | None:
        if not (rules.may(request.user, Interaction, "add") and self.has_change_permission(request, record)):
            return None
        made = Interaction(contact=record, created_by=request.user, origin=Origin.ADMIN, started_at=timezone.now())
        return InteractionForm(request.POST or None, instance=made)

    def _get_obj_does_not_exist_redirect(self, request: Any, opts: Any, object_id: str) -> HttpResponse:
        """A contact that was merged away has become another one, to which its address leads."""
        try:
            survivor = services.survivor_of(UUID(unquote(str(object_id))))
        except ValueError:
            survivor = None
        if survivor and self.get_object(request, str(survivor)):
            messages.info(request, _("That contact was merged into this one."))
            return HttpResponseRedirect(self.url(request, "change", survivor))
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)


def primary(contact: Any, kind: str) -> str:
    return next((point["value"] for point in contact.point_rows if point["is_primary"] and point["type"] == kind), "")


def tile(title: str, rows: QuerySet, user: Any, url: str) -> dict[str, Any]:
    """A number for the start page, counted to 10,000."""
    count = rules.count_up_to(rows, user, COUNT_EXACT_TO + 1)
    return {"title": title, "count": min(count, COUNT_EXACT_TO), "is_exact": count <= COUNT_EXACT_TO, "url": url}
