"""Putting leads on a sequence: named ones, and those that fit its segment and filter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions

from contacts.filters import in_segment
from contacts.models import Contact
from crm_project.access.models import User
from crm_project.api.filters import refuse_unknown_parameters
from crm_project.mail.models import Purpose, Suppression

from ..filters import LeadFilterSet
from ..models import Lead
from ..querysets import CLOSED
from .models import NurtureEnrollment, NurtureSequence

BATCH = 1_000


def filtered(parameters: dict[str, Any], leads: QuerySet) -> QuerySet:
    """The leads that fit stored parameters of the list of leads.

    Raises:
        ValidationError: the parameters are not those of the list.
    """
    if not isinstance(parameters, dict):
        raise exceptions.ValidationError({"filter": ["Parameters of the list of leads, as an object."]})
    known = [name for name in LeadFilterSet.get_filters() if name != "trashed"]
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    try:
        refuse_unknown_parameters(texts, [*known, *LeadFilterSet.families])
        filter_set = LeadFilterSet(texts, leads)
        if not filter_set.is_valid():
            raise exceptions.ValidationError(filter_set.errors)
        return filter_set.qs
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"filter": error.detail}) from error


def candidates(sequence: NurtureSequence, leads: QuerySet) -> QuerySet:
    """Those of the leads that are to join by themselves: who fits, is open, wants mail, and was never on it.

    Raises:
        ValidationError: the filter of the sequence or of its segment no longer fits the fields that there are.
    """
    if sequence.segment is None and not sequence.filter:
        return leads.none()
    leads = leads.filter(deleted_at=None).exclude(status__in=CLOSED)
    if sequence.segment:
        members = in_segment(Contact.objects.live(), sequence.segment, None)
        leads = leads.filter(contact__in=members.order_by().values("pk"))
    if sequence.filter:
        leads = filtered(sequence.filter, leads)
    known = NurtureEnrollment.objects.filter(sequence=sequence, lead=OuterRef("pk"))
    return leads.filter(~Exists(known), ~Exists(unwanted()))


def unwanted() -> QuerySet:
    """Rows that say that a lead, the outer query's, wants no mail of sequences."""
    return Suppression.objects.filter(address=Lower(OuterRef("email")), purpose__in=["", Purpose.NURTURING.value])


@transaction.atomic
def enrol_who_fit(*, sequence: NurtureSequence, leads: QuerySet, actor: User | None, limit: int) -> int:
    """Put up to ``limit`` leads on the sequence by its rule; how many. Nothing while another process does so."""
    if (sequence.segment is None and not sequence.filter) or not _alone(sequence):
        return 0
    keys = list(candidates(sequence, leads).order_by("pk").values_list("pk", flat=True)[:limit])
    return len(_insert(sequence, keys, actor, NurtureEnrollment.Origin.RULE))


def _alone(sequence: NurtureSequence) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"nurture sequence {sequence.pk}"])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def enrol(
    *, sequence: NurtureSequence, leads: Sequence[Lead], actor: User | None, origin: str
) -> tuple[int, dict[UUID, str]]:
    """Put these leads on the sequence; how many joined, and of the others why they did not. Four queries."""
    keys = [lead.pk for lead in leads]
    refused = {
        lead.pk: _("The lead is %s.") % lead.get_status_display().lower() for lead in leads if lead.status in CLOSED
    }
    no_mail = Lead.objects.filter(Exists(unwanted()), pk__in=keys).values_list("pk", flat=True)
    refused |= dict.fromkeys(no_mail, _("The lead wants no mail."))
    joined = _insert(sequence, [key for key in keys if key not in refused], actor, origin)
    refused |= {
        key: _("The lead is or was on this sequence.") for key in keys if key not in joined and key not in refused
    }
    return len(joined), refused


def _insert(sequence: NurtureSequence, keys: list[UUID], actor: User | None, origin: str) -> set[UUID]:
    """Enrol whom nobody has enrolled yet; who joined. Parallel inserts of the same wait for each other."""
    now = timezone.now()
    rows = [
        NurtureEnrollment(sequence=sequence, lead_id=key, enrolled_by=actor, origin=origin, due_at=now)
        for key in sorted(keys)
    ]
    NurtureEnrollment.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    stored = NurtureEnrollment.objects.filter(pk__in=[row.pk for row in rows])
    return set(stored.values_list("lead_id", flat=True))
