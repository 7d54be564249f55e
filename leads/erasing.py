"""What the tables of this app become when a person is erased: a lead stays as a number without the person."""

from __future__ import annotations

from contacts.erasing import GONE
from contacts.models import Contact
from crm_project.privacy import steps
from crm_project.privacy.people import ERASED
from crm_project.privacy.steps import Part

from .models import (
    Lead,
    LeadGroupShare,
    LeadInteraction,
    LeadStatusChange,
    LeadUserShare,
    NurtureAction,
    NurtureEnrollment,
)

OF_LEAD = {"lead": Lead}


def register() -> None:
    steps.register(
        Part(
            Lead,
            of={"contact": Contact},
            stays=True,
            values={"name": ERASED},
            besides=GONE,
            known_by=("name", "email", "phone"),
        ),
        Part(LeadInteraction, of=OF_LEAD),
        Part(LeadStatusChange, of=OF_LEAD, stays=True),
        Part(NurtureEnrollment, of=OF_LEAD),
        Part(NurtureAction, of={"enrollment": NurtureEnrollment}),
        Part(LeadUserShare, of={"content_object": Lead}),
        Part(LeadGroupShare, of={"content_object": Lead}),
    )
