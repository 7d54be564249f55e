"""Making, changing and removing customers."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contacts import custom_fields as custom
from contacts.models import Origin
from contacts.services.people import contact_for, move_to_trash, refuse_taken_email, take_from_trash
from crm_project.access.models import User
from crm_project.access.services import check_handover

from ..exceptions import EmailTaken
from ..models import Customer


@transaction.atomic
def create_customer(*, actor: User, origin: str = Origin.API, contact: Any = None, **columns: Any) -> Customer:
    """Make a customer, and the contact behind it if none matches.

    Raises:
        EmailTaken: another customer has the address.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    refuse_taken_email(Customer, columns.get("email"), actor, EmailTaken)
    columns.setdefault("assigned_to", actor)
    values = custom.clean_for("customer", Customer, None, columns.pop("custom_fields", None) or {})
    customer = Customer(created_by=actor, custom_fields=values, contact=contact, **columns)
    customer.clean()
    customer.contact = contact_for(customer, actor=actor, origin=origin)
    customer.save(force_insert=True)
    return customer


@transaction.atomic
def update_customer(*, customer: Customer, actor: User, origin: str = Origin.API, **changes: Any) -> Customer:
    """Change what is given. Locks the row.

    Raises:
        EmailTaken: another customer has the address.
        ValidationError: a custom field is wrong; the messages name the field.
    """
    Customer.objects.select_for_update().get(pk=customer.pk)
    check_handover(record=customer, actor=actor, changes=changes)
    if "email" in changes and (changes["email"] or "").lower() != (customer.email or "").lower():
        refuse_taken_email(Customer, changes["email"], actor, EmailTaken)
    if "custom_fields" in changes:
        changes["custom_fields"] = custom.clean_for("customer", Customer, customer, changes["custom_fields"])
    changes = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    for name, value in changes.items():
        setattr(customer, name, value)
    if changes:
        customer.clean()
        customer.save(update_fields=[*changes, "normalized_phone", "updated_at"])
    if changes.keys() & {"email", "phone"}:
        contact_for(customer, actor=actor, origin=origin)
    return customer


def delete_customer(*, customer: Customer, actor: User) -> None:
    """Move the customer to the trash; a second time changes nothing."""
    move_to_trash(customer, actor=actor)


def restore_customer(*, customer: Customer, actor: User) -> None:
    """Take the customer out of the trash.

    Raises:
        EmailTaken: another customer got its address in the meantime.
    """
    take_from_trash(customer, actor=actor, refusal=EmailTaken)
