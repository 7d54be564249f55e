"""From lead to customer, and back as long as nothing was sold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import custom_fields as custom
from contacts.models import Contact
from crm_project.access import rules
from crm_project.access.models import User
from leads.models import Lead
from leads.services import change_status
from leads.services.status import Status

from ..exceptions import ConversionNotUndoable, CustomerExists, CustomerInTrash, NotYoursToUndo
from ..models import Conversion, Customer
from .customers import create_customer

CARRIED = ("name", "email", "phone", "company", "notes", "assigned_to", "team")

# Questions of later apps: each says, in words, why the customer must stay, or nothing.
UndoCheck = Callable[[Customer], str | None]
_undo_checks: list[UndoCheck] = []


def register_undo_check(check: UndoCheck) -> None:
    """Let an app that builds on customers object to the undoing of a conversion."""
    _undo_checks.append(check)


@dataclass
class Preview:
    """What a conversion would do: make a customer with ``values``, or link or find ``customer_id``."""

    would: str
    customer_id: UUID | None
    values: dict[str, Any]


def same_email(lead: Lead) -> Customer | None:
    if not lead.email:
        return None
    customers = Customer.objects.live().annotate(folded=Lower("email"))
    return customers.filter(folded=lead.email.lower()).first()


def converted_customer(lead: Lead) -> Customer | None:
    """The customer that the lead became, if it did."""
    found = lead.conversions.filter(undone_at=None).select_related("customer").first()
    return found.customer if found else None


def carried_values(lead: Lead) -> dict[str, Any]:
    """What the customer takes over from the lead; of its custom fields those that customers have under the same key."""
    known = {field.key: field for field in custom.definitions("customer")}
    values = {key: value for key, value in lead.custom_fields.items() if key in known}
    return {**{name: getattr(lead, name) for name in CARRIED}, "custom_fields": values}


def preview_conversion(*, lead: Lead, actor: User) -> Preview:
    """What ``convert_lead`` would do now, without doing it; a customer that the actor may not see is not named."""
    values = carried_values(lead)
    values |= {"assigned_to": lead.assigned_to_id, "team": lead.team_id}
    if done := converted_customer(lead):
        return Preview("nothing", done.pk if rules.allows(actor, done, "view") else None, values)
    if found := same_email(lead):
        return Preview("link", found.pk if rules.allows(actor, found, "view") else None, values)
    return Preview("create", None, values)


@transaction.atomic
def convert_lead(*, lead: Lead, actor: User, link_to: Customer | None = None) -> tuple[Customer, bool]:
    """Make the lead a customer, or link it to ``link_to``; returns it and whether that happened now.

    Locks the row first, so that parallel calls make one customer; the others, and later ones, get that one.

    Raises:
        CustomerExists: another customer has the lead's e-mail; it is named if the actor may see it.
        CustomerInTrash: the customer that the lead became, or is to be linked to, is in the trash.
    """
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    if done := converted_customer(lead):
        refuse_trashed(done, actor)
        return done, False
    made = link_to is None
    if link_to is None:
        refuse_existing(lead, actor)
        customer = create_customer(actor=actor, contact=lead.contact, lead=lead, **carried_values(lead))
    else:
        customer = Customer.objects.select_for_update().get(pk=link_to.pk)
        refuse_trashed(customer, actor)
        if customer.lead_id is None:
            customer.lead = lead
            customer.save(update_fields=["lead", "updated_at"])
    Conversion.objects.create(
        lead=lead,
        customer=customer,
        old_status=lead.status,
        old_contact=lead.contact,
        made_customer=made,
        converted_by=actor,
    )
    move_to_contact(lead, customer.contact)
    change_status(lead=lead, status=Status.CONVERTED, actor=actor, by_conversion=True)
    return customer, True


def move_to_contact(lead: Lead, contact: Contact) -> None:
    """Have one person stand behind the lead and the customer that it was linked to."""
    if lead.contact_id != contact.pk:
        lead.contact = contact
        lead.save(update_fields=["contact", "updated_at"])


def refuse_trashed(customer: Customer, actor: User) -> None:
    if customer.deleted_at is None:
        return
    extra = {"customer_id": str(customer.pk)} if rules.allows(actor, customer, "view") else {}
    raise CustomerInTrash(
        _("The customer of this lead is in the trash; restore it, or undo the conversion."), extra=extra
    )


def refuse_existing(lead: Lead, actor: User) -> None:
    found = same_email(lead)
    if found is None:
        return
    if rules.allows(actor, found, "view"):
        raise CustomerExists(
            _("A customer with this e-mail address exists; send its customer_id to link the lead to it."),
            extra={"customer_id": str(found.pk)},
        )
    raise CustomerExists(_("A customer with this e-mail address exists; ask a manager to link the lead to it."))


@transaction.atomic
def undo_conversion(*, lead: Lead, actor: User) -> Lead:
    """Give the lead back its old status; the customer that the conversion made goes to the trash.

    Raises:
        ConversionNotUndoable: the lead is not converted, or something was sold.
        NotYoursToUndo: the actor may not delete the customer that the conversion made.
    """
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    conversion = lead.conversions.select_for_update().filter(undone_at=None).first()
    if conversion is None:
        raise ConversionNotUndoable(_("This lead is not converted."))
    customer = Customer.objects.select_for_update().get(pk=conversion.customer_id)
    if conversion.made_customer:
        if not rules.allows(actor, customer, "delete"):
            raise NotYoursToUndo(_("You may not delete the customer that was made; ask a manager to undo this."))
        for check in _undo_checks:
            if objection := check(customer):
                raise ConversionNotUndoable(objection)
        customer.deleted_at, customer.deleted_by = timezone.now(), actor
    if customer.lead_id == lead.pk:
        customer.lead = None
    customer.save(update_fields=["lead", "deleted_at", "deleted_by", "updated_at"])
    if conversion.old_contact and lead.contact_id == customer.contact_id and not conversion.old_contact.merged_into_id:
        move_to_contact(lead, conversion.old_contact)
    conversion.undone_at = timezone.now()
    conversion.save(update_fields=["undone_at", "updated_at"])
    return change_status(lead=lead, status=conversion.old_status, actor=actor, by_conversion=True)
