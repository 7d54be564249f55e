"""The pages of customers, of what happened with them, and of the conversion of leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold import widgets
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from contacts.models import Origin
from contacts.pages import CustomFieldsMixin, PersonForm, PersonMixin, offer_on_contact
from crm_project.access import rules
from crm_project.admin import (
    CrmModelAdmin,
    Link,
    OwnerFilter,
    RecordAdmin,
    TeamFilter,
    TrashFilter,
    VersionedForm,
    link_to,
    offer,
)
from crm_project.admin.lists import PeriodFilter, name_of
from crm_project.transfer.admin import TransferMixin
from leads.models import Lead

from . import services
from .models import Customer, CustomerInteraction
from .resources import CustomerResource

PREVIEWED = ("name", "email", "phone", "company", "notes")


class CustomerForm(PersonForm):
    class Meta:
        model = Customer
        fields: list[str] = []


class NoteForm(forms.ModelForm):
    """What happened with a customer, and what is to be done next."""

    date = forms.SplitDateTimeField(
        label=gettext_lazy("When"), initial=timezone.now, widget=widgets.UnfoldAdminSplitDateTimeWidget
    )
    next_action_date = forms.SplitDateTimeField(
        label=gettext_lazy("Until when"), required=False, widget=widgets.UnfoldAdminSplitDateTimeWidget
    )

    class Meta:
        model = CustomerInteraction
        fields = ("type", "subject", "date", "outcome", "description", "next_action", "next_action_date")
        widgets = {
            "type": widgets.UnfoldAdminSelectWidget,
            "subject": widgets.UnfoldAdminTextInputWidget,
            "outcome": widgets.UnfoldAdminTextInputWidget,
            "description": widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "next_action": widgets.UnfoldAdminTextInputWidget,
        }


class ConversionMixin:
    """Two addresses for a lead: what its conversion would do, and doing it; and taking it back."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("convert/<uuid:key>/", wrap(self.convert_view), name="customers_customer_convert"),
            path("unconvert/<uuid:key>/", wrap(self.undo_view), name="customers_customer_unconvert"),
            *super().get_urls(),
        ]

    def lead(self, request: Any, key: UUID) -> Lead | None:
        """The lead, or ``None`` when there is none that the user may see.

        Raises:
            PermissionDenied: the user may see it, but not change it.
        """
        lead = Lead.objects.live().visible_to(request.user).filter(pk=key).first()
        if lead is not None and not rules.allows(request.user, lead, "change"):
            raise PermissionDenied
        return lead

    def convert_view(self, request: Any, key: UUID) -> HttpResponse:
        lead = self.lead(request, key)
        if lead is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        if not rules.may(request.user, Customer, "add"):
            raise PermissionDenied
        preview = services.preview_conversion(lead=lead, actor=request.user)
        found = Customer.objects.filter(pk=preview.customer_id).first() if preview.customer_id else None
        if request.method == "POST" and preview.would != "nothing":
            link = found if preview.would == "link" else None
            made: list[Customer] = []

            def convert() -> None:
                made.append(services.convert_lead(lead=lead, actor=request.user, link_to=link)[0])

            if self.attempt(request, convert):
                messages.success(request, _("The lead is converted."))
                return HttpResponseRedirect(page_of(request, made[0], lead))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Convert %s") % lead,
            "opts": self.opts,
            "media": self.media,
            "lead_url": page_of(request, lead),
            "preview": preview,
            "found": link_to(request, found) if found else "",
            "values": self.previewed(preview.values),
        }
        return TemplateResponse(request, "customers/convert.html", context)

    def previewed(self, values: dict[str, Any]) -> list[tuple[str, Any]]:
        """What the customer would get, by the names that people know."""
        columns = [(self.opts.get_field(name).verbose_name, values[name]) for name in PREVIEWED if values[name]]
        labels = {field.key: field.label for field in services.conversion.custom.definitions("customer")}
        return columns + [(labels[key], value) for key, value in values["custom_fields"].items()]

    def undo_view(self, request: Any, key: UUID) -> HttpResponse:
        lead = self.lead(request, key)
        if lead is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))
        if request.method == "POST" and self.attempt(
            request, lambda: services.undo_conversion(lead=lead, actor=request.user)
        ):
            messages.success(request, _("The conversion is undone."))
            return HttpResponseRedirect(page_of(request, lead))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo the conversion of %s") % lead,
            "opts": self.opts,
            "media": self.media,
            "lead_url": page_of(request, lead),
        }
        return TemplateResponse(request, "customers/unconvert.html", context)


def page_of(request: Any, *records: Any) -> str:
    """The address of the page of the first of the records that the user may see."""
    seen = next((each for each in records if rules.allows(request.user, each, "view")), records[-1])
    return reverse(f"admin:{seen._meta.app_label}_{seen._meta.model_name}_change", args=[seen.pk])


def conversion_links(request: Any, lead: Lead) -> Iterator[Link]:
    """What the page of a lead offers: its customer, converting it, or taking that back."""
    if lead.deleted_at:
        return
    may_change = rules.allows(request.user, lead, "change")
    if customer := services.conversion.converted_customer(lead):
        if rules.allows(request.user, customer, "view"):
            yield Link(_("Customer"), page_of(request, customer), "storefront")
        if may_change:
            yield Link(_("Undo conversion"), reverse("admin:customers_customer_unconvert", args=[lead.pk]), "undo")
    elif may_change and rules.may(request.user, Customer, "add"):
        yield Link(_("Convert"), reverse("admin:customers_customer_convert", args=[lead.pk]), "how_to_reg")


def lead_links(request: Any, customer: Customer) -> Iterator[Link]:
    """The lead that a customer comes from."""
    if customer.lead and rules.allows(request.user, customer.lead, "view"):
        yield Link(_("Lead"), page_of(request, customer.lead), "person_search")


offer(Lead, conversion_links)
offer_on_contact(Customer, "storefront")
offer(Customer, lead_links)


@admin.register(Customer)
class CustomerAdmin(ConversionMixin, CustomFieldsMixin, PersonMixin, TransferMixin, RecordAdmin):
    resource_classes = (CustomerResource,)
    menu, icon = "sales", "storefront"
    form = CustomerForm
    list_display = ("shown_name", "email", "phone", "company", "type", "status_label", "owner", "changed")
    list_filter = (
        OwnerFilter,
        TeamFilter,
        ("status", ChoicesDropdownFilter),
        ("type", ChoicesDropdownFilter),
        ("created_at", PeriodFilter),
        TrashFilter,
    )
    readonly_fields = ("contact_link", "created_by", "created_at", "updated_at")

    @display(
        description=gettext_lazy("Status"), label={"active": "success", "inactive": "warning", "blocked": "danger"}
    )
    def status_label(self, customer: Customer) -> tuple[str, str]:
        return customer.status, customer.get_status_display()

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        person = ["name", ("email", "phone"), ("company", "type"), "notes"]
        trade = [("status", "tax_id"), ("payment_terms", "credit_limit"), ("billing_address", "shipping_address")]
        belonging: list[Any] = [("assigned_to", "team")]
        if obj is not None:
            belonging.append(self.readonly_fields)
        return [
            (None, {"fields": person}),
            (_("Trade"), {"fields": trade, "classes": ["tab"]}),
            *self.custom_fieldsets(request, obj),
            (_("Belongs to"), {"fields": belonging, "classes": ["tab"]}),
        ]

    def create(self, request: Any, values: dict[str, Any]) -> Customer:
        return services.create_customer(actor=request.user, origin=Origin.ADMIN, **values)

    def update(self, request: Any, record: Customer, changes: dict[str, Any]) -> None:
        services.update_customer(customer=record, actor=request.user, origin=Origin.ADMIN, **changes)

    def delete_model(self, request: Any, obj: Customer) -> None:
        services.delete_customer(customer=obj, actor=request.user)

    def restore_model(self, request: Any, obj: Customer) -> None:
        services.restore_customer(customer=obj, actor=request.user)

    def note_form(self, request: Any, record: Customer) -> NoteForm | None:
        if not (rules.may(request.user, CustomerInteraction, "add") and self.may_write_down(request, record)):
            return None
        made = CustomerInteraction(customer=record, created_by=request.user)
        return NoteForm(request.POST or None, instance=made)

    def may_write_down(self, request: Any, record: Customer) -> bool:
        """Support writes down what it hears of customers that it may not change."""
        if record.deleted_at:
            return False
        reaches_all = rules.reaches_all(request.user, CustomerInteraction, "add")
        return reaches_all or rules.allows(request.user, record, "change")


@admin.register(CustomerInteraction)
class CustomerInteractionAdmin(CrmModelAdmin):
    """To look through and to mend; interactions are written down on their customer's page."""

    menu, icon = "sales", "support_agent"
    list_display = ("subject", "customer", "type", "date", "outcome", "next_action_date", "recorded_by")
    list_select_related = ("customer", "created_by")
    list_filter = (("type", ChoicesDropdownFilter), ("date", PeriodFilter), ("next_action_date", PeriodFilter))
    fields = (
        "customer",
        ("type", "date"),
        "subject",
        "description",
        "outcome",
        ("next_action", "next_action_date"),
        ("created_by", "created_at"),
    )
    readonly_fields = ("customer", "created_by", "created_at")

    def everything(self, request: Any) -> QuerySet:
        return CustomerInteraction.objects.filter(customer__deleted_at=None)

    @display(description=gettext_lazy("Recorded by"))
    def recorded_by(self, interaction: CustomerInteraction) -> str:
        return name_of(interaction.created_by) if interaction.created_by else ""

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: CustomerInteraction, form: VersionedForm, change: bool) -> None:
        if changes := form.changes():
            obj.save(update_fields=[*changes, "updated_at"])
