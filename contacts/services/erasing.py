"""Erasing the person behind a contact, and telling them what is stored about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_project.access.models import User
from crm_project.privacy import services as privacy
from crm_project.privacy.models import Erasure

from ..models import Contact
from .merging import lock_contacts, survivor_of


@transaction.atomic
def erase_contact(*, contact_id: UUID, actor: User | None, door: str) -> Erasure:
    """Erase the person behind a contact, with all that was merged into it or that it was merged into, for good.

    Leads, customers and orders stay as numbers without the person. Once, however often it is asked for: later calls
    give the first act. Locks the contacts; costs a constant number of queries.

    Raises:
        Contact.DoesNotExist: there is no such contact.
    """
    ids = sorted(lock_contacts([survivor_of(contact_id) or contact_id]))
    if contact_id not in ids:
        raise Contact.DoesNotExist
    return privacy.erase(ids=ids, actor=actor, door=door)


def counts_of_person(*, contact_id: UUID) -> dict[str, int]:
    """How many rows of each table ``erase_contact`` would blank or delete, by the table's label.

    Raises:
        Contact.DoesNotExist: there is no such contact.
    """
    return privacy.counted(privacy.person_of(contacts_of(contact_id)))


@transaction.atomic
def replay_erasure(*, contact_id: UUID) -> bool:
    """Erase the person again, as a restored backup needs it; whether there was a contact to be erased."""
    try:
        contacts_of(contact_id)
    except Contact.DoesNotExist:
        return False
    if done := privacy.erasure_of([contact_id]):
        privacy.begin_again(done)
    else:
        erase_contact(contact_id=contact_id, actor=None, door="command")
    return True


def personal_data(*, contact_id: UUID) -> dict[str, Any]:
    """All that is stored about the person behind a contact: ``contact_ids``, ``at`` and ``tables``, each with its name
    in the database, a name in words and its rows; those of its history stand in a table of their own.

    Raises:
        Contact.DoesNotExist: there is no such contact.
    """
    ids = contacts_of(contact_id)
    found = privacy.told(privacy.person_of(ids))
    tables = [{"table": model._meta.db_table, "name": in_words(model), "rows": rows} for model, rows in found.items()]
    return {"contact_ids": ids, "at": timezone.now(), "tables": tables}


def in_words(model: Any) -> str:
    """What the rows of a table are."""
    tracked = getattr(model, "pgh_tracked_model", None)
    return f"{tracked._meta.verbose_name_plural} (history)" if tracked else str(model._meta.verbose_name_plural)


def contacts_of(contact_id: UUID) -> Sequence[UUID]:
    """The ids of all contacts that are one with this one, the trash included.

    Raises:
        Contact.DoesNotExist: there is no such contact.
    """
    root = survivor_of(contact_id) or contact_id
    ids = [root, *Contact.objects.filter(merged_into=root).order_by("pk").values_list("pk", flat=True)]
    if not Contact.objects.filter(pk=root).exists():
        raise Contact.DoesNotExist
    return ids
