"""The pages of contacts: the list, a contact with its points, its story, and with whom it is shared."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.forms import formset_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2Widget

from crm_project.access import rules
from crm_project.access import services as access
from crm_project.admin import (
    CrmTabularInline,
    OwnedModelAdmin,
    OwnerFilter,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
)
from crm_project.admin.lists import MOST_CHOICES, ChoiceFilter, PeriodFilter, name_of
from crm_project.admin.story import Table, Teller
from crm_project.api.pagination import COUNT_EXACT_TO
from crm_project.history.timeline import Entry, timeline
from crm_project.transfer.admin import TransferMixin

from .. import custom_fields as custom
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
    CustomField,
    Interaction,
    Origin,
    Segment,
)
from ..resources import ContactResource
from ..views import decode_position, encode_position
from .duplicates import DuplicatesMixin
from .fields import form_field, readable
from .fields import name_of as field_name
from .forms import ContactForm, InteractionForm, PointForm, PointFormSet, ShareForm

NEWEST = 5
PAGE = 30
TABLES = {
    "contact": Table(Contact),
    "contact_point": Table(ContactPoint, value="value", label="type"),
    "category": Table(ContactCategory, value="category_id"),
    "segment": Table(ContactSegment, value="segment_id"),
    "share": Table(ContactUserShare, value="user_id"),
    "team_share": Table(ContactGroupShare, value="group_id"),
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
class ContactAdmin(DuplicatesMixin, TransferMixin, OwnedModelAdmin):
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
    change_form_outer_after_template = "contacts/newest.html"
    readonly_fields = ("origin", "created_by", "created_at", "updated_at")

    def everything(self, request: Any) -> QuerySet:
        return Contact.objects.filter(merged_into=None)

    def with_columns(self, queryset: Any) -> QuerySet:
        return queryset.for_list().select_related("assigned_to")

    @display(description=gettext_lazy("Name"), ordering="sort_name")
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

    @display(description=gettext_lazy("Owner"))
    def owner(self, contact: Contact) -> str:
        return name_of(contact.assigned_to) if contact.assigned_to else ""

    @display(description=gettext_lazy("Categories"), label=True)
    def category_labels(self, contact: Any) -> list[str]:
        return contact.category_names

    @display(description=gettext_lazy("Changed"), ordering="updated_at")
    def changed(self, contact: Contact) -> dt.datetime:
        return contact.updated_at

    def panel(self, request: Any) -> dict[str, Any]:
        """The start page's search, counts and newest contacts."""
        live, user, url = Contact.objects.live().filter(merged_into=None).order_by("-pk"), request.user, self.list_url()
        mine = OwnerFilter.parameter_name
        tiles = [(_("Contacts"), live, url), (_("My contacts"), live.filter(**{mine: user.pk}), f"{url}?{mine}=me")]
        keys = rules.top_k(live, user, NEWEST).values_list("pk", flat=True)[:NEWEST]
        return {
            "template": "contacts/panel.html",
            "list_url": url,
            "add_url": self.url(request, "add") if self.has_add_permission(request) else "",
            "tiles": [tile(title, rows, user, link) for title, rows, link in tiles],
            "newest": Contact.objects.filter(pk__in=list(keys)).order_by("-pk").select_related("organization"),
        }

    def list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:contacts_contact_changelist")

    # The form

    def definitions(self, request: Any) -> list[CustomField]:
        """The definitions of custom fields, read once in a request."""
        if not hasattr(request, "_custom_fields"):
            request._custom_fields = custom.definitions()
        return request._custom_fields

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        person = [("name", "job_title"), ("organization", "contact_type"), ("categories", "segments"), "description"]
        belonging: list[Any] = [("assigned_to", "team"), "external_id"]
        if obj is not None:
            belonging.append(self.readonly_fields)
        sets: list[tuple[Any, dict[str, Any]]] = [(None, {"fields": person})]
        if columns := self.custom_columns(request, obj):
            pairs = [tuple(columns[at : at + 2]) for at in range(0, len(columns), 2)]
            sets.append((_("Custom fields"), {"fields": pairs, "classes": ["tab"]}))
        return [*sets, (_("Belongs to"), {"fields": belonging, "classes": ["tab"]})]

    def custom_columns(self, request: Any, obj: Any) -> list[Any]:
        """Names of form fields, or for those who only look, what Django shows in their place."""
        if obj is None or self.has_change_permission(request, obj):
            return [field_name(definition) for definition in self.definitions(request)]

        def column(definition: CustomField) -> Any:
            @display(description=definition.label)
            def value(contact: Contact) -> Any:
                return readable(definition, contact.custom_fields.get(definition.key)) or "–"

            return value

        return [column(definition) for definition in self.definitions(request)]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form with a field for each definition."""
        stored = {} if obj is None else obj.custom_fields
        fields = {
            field_name(definition): form_field(
                definition, stored.get(definition.key, None if obj else definition.default)
            )
            for definition in self.definitions(request)
        }
        form = type(
            "ContactForm", (ContactForm,), {**fields, "definitions": self.definitions(request), "user": request.user}
        )
        return super().get_form(request, obj, change, **{**options, "form": form})

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name in ("assigned_to", "team"):
            options["queryset"] = db_field.remote_field.model._default_manager.all()  # Narrowed by the form.
            options["widget"] = UnfoldAdminSelect2Widget
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name in ("assigned_to", "team") and field is not None:
            field.widget = getattr(field.widget, "widget", field.widget)  # Without links to add or change users.
        return field

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        return {"assigned_to": request.user.pk, **super().get_changeform_initial_data(request)}

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

    def teller(self, request: Any) -> Teller:
        labels = {definition.key: definition.label for definition in self.definitions(request)}
        return Teller(request.user, TABLES, labels)

    def entries_since(self, record: Any, since: dt.datetime) -> list[Entry]:
        return [entry for entry in timeline([record.pk], None, NEWEST) if entry.at > since and entry.kind == "event"]

    def story(self, request: Any, contact: Contact, before: Any, limit: int) -> tuple[list[Any], str]:
        """What happened, newest first, and where the next page starts. Changes made together stay on one page."""
        ids = [contact.pk, *Contact.objects.filter(merged_into=contact).values_list("pk", flat=True)]
        entries = timeline(ids, before, limit + 1)
        following = ""
        if len(entries) > limit:
            last = entries.pop()
            whole = [entry for entry in entries if entry.at != last.at]
            entries = whole or entries
            following = encode_position(entries[-1].position)
        return self.teller(request).tell(entries), following

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        contact = context.get("original")
        if contact is not None and not context["is_popup"]:
            story, _following = self.story(request, contact, None, PAGE)
            context["tabs"], context["story"] = self.tabs(request, contact), story[:NEWEST]
            context["story_url"] = self.url(request, "history", contact.pk)
        return super().render_change_form(request, context, *args, **options)

    def tabs(self, request: Any, contact: Contact) -> list[dict[str, Any]]:
        """The pages of a contact, for the row of tabs above each of them."""
        pages = [("change", _("Contact")), ("history", _("Timeline")), ("duplicates", _("Duplicates"))]
        if rules.allows(request.user, contact, "share"):
            pages.append(("sharing", _("Sharing")))
        links = [(title, self.url(request, page, contact.pk)) for page, title in pages]
        return [{"title": title, "link": link, "active": request.path == link} for title, link in links]

    def page(self, request: Any, contact: Contact, template: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": str(contact),
                "opts": self.opts,
                "original": contact,
                "model_admin": self,
                "tabs": self.tabs(request, contact),
                **context,
            },
        )

    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [path("<path:object_id>/sharing/", wrap(self.sharing_view), name=f"{name}_sharing"), *super().get_urls()]

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

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The timeline, with a form to write down a call, a meeting or a note."""
        contact = self.visible_object(request, object_id)
        if contact is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = None
        if rules.may(request.user, Interaction, "add") and self.has_change_permission(request, contact):
            made = Interaction(contact=contact, created_by=request.user, origin=Origin.ADMIN, started_at=timezone.now())
            form = InteractionForm(request.POST or None, instance=made)
            if request.method == "POST" and form.is_valid():
                form.save()
                messages.success(request, _("Written down."))
                return HttpResponseRedirect(request.path)
        try:
            before = decode_position(request.GET.get("before", ""))
        except exceptions.ValidationError:
            before = None
        story, older = self.story(request, contact, before, PAGE)
        return self.page(
            request,
            contact,
            "contacts/timeline.html",
            story=story,
            older=older,
            form=form,
            before=before,
            media=self.media + InteractionForm().media,
        )

    def sharing_view(self, request: Any, object_id: str) -> HttpResponse:
        contact = self.visible_object(request, object_id, "share")
        if contact is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        initial = [
            {"user": share.user, "team": share.team, "level": share.verbs[-1]} for share in access.shares_of(contact)
        ]
        formset = formset_factory(ShareForm, extra=1, can_delete=True)(
            request.POST or None,
            initial=initial,
            form_kwargs={
                "users": access.User.objects.filter(is_active=True).order_by("first_name", "last_name", "username"),
                "groups": access.Group.objects.order_by("name"),
            },
        )
        if request.method == "POST" and formset.is_valid():
            kept = [form for form in formset if form.has_changed() or form.initial]
            shares = [form.share() for form in kept if form not in formset.deleted_forms]
            access.set_shares(record=contact, shares=shares)
            messages.success(request, _("Sharing saved."))
            return HttpResponseRedirect(request.path)
        return self.page(request, contact, "contacts/sharing.html", formset=formset, media=self.media + formset.media)


def primary(contact: Any, kind: str) -> str:
    return next((point["value"] for point in contact.point_rows if point["is_primary"] and point["type"] == kind), "")


def tile(title: str, rows: QuerySet, user: Any, url: str) -> dict[str, Any]:
    """A number for the start page, counted to 10,000."""
    count = rules.count_up_to(rows, user, COUNT_EXACT_TO + 1)
    return {"title": title, "count": min(count, COUNT_EXACT_TO), "is_exact": count <= COUNT_EXACT_TO, "url": url}
