"""What the tables of this app become when a person is erased: a customer stays, without the person, for the orders."""

from __future__ import annotations

from contacts.erasing import GONE
from contacts.models import Contact
from crm_project.privacy import steps
from crm_project.privacy.people import ERASED
from crm_project.privacy.steps import Part
from leads.models import Lead

from .models import (
    Conversion,
    Customer,
    CustomerGroupShare,
    CustomerInteraction,
    CustomerUserShare,
    Standing,
)

OF_CUSTOMER = {"customer": Customer}


def register() -> None:
    steps.register(
        Part(
            Customer,
            of={"contact": Contact},
            stays=True,
            values={"name": ERASED},
            besides=GONE,
            known_by=("name", "email", "phone"),
        ),
        Part(CustomerInteraction, of=OF_CUSTOMER),
        Part(Conversion, of={"lead": Lead, **OF_CUSTOMER}, stays=True, keeps=("old_status",)),
        Part(Standing, of=OF_CUSTOMER),
        Part(CustomerUserShare, of={"content_object": Customer}),
        Part(CustomerGroupShare, of={"content_object": Customer}),
    )
