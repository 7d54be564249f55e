"""The columns of lead files, in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework import serializers
from uuid_utils.compat import uuid7

from contacts.people_resource import UNSTORED, PersonDraft, PersonResource, vocabulary_of
from contacts.services.naming import tidy
from crm_project.access import rules
from crm_project.api.serializers import MomentField
from crm_project.database import copying
from crm_project.transfer.columns import Source
from crm_project.transfer.resources import Draft
from crm_project.transfer.rows import Cells, Incoming, RowRefused

from .exceptions import StatusNotAllowed
from .models import Campaign, Lead, LeadStatusChange
from .services.scoring import set_scores
from .services.status import check_step

Status = Lead.Status
SCORE = serializers.IntegerField(min_value=0, max_value=100)
FLAG = serializers.BooleanField()
MOMENT = MomentField()

VOCABULARY = vocabulary_of(
    ["Lead", "Лид"],
    {
        "source": ["Original Source", "Источник", "Источник лида", "Канал"],
        "campaign": ["Campaign Name", "utm_campaign", "Кампания", "Рекламная кампания"],
        "status": ["Stage", "Статус", "Статус лида", "Этап", "Стадия"],
        "lost_reason": ["Loss Reason", "Reason Lost", "Reason for the loss", "Причина отказа", "Причина потери"],
        "score": ["Балл", "Баллы", "Оценка", "Скоринг"],
        "score_is_manual": [],
        "last_contact": ["Last Contacted", "Last Contact Date", "Последний контакт", "Дата последнего контакта"],
    },
)


@dataclass(slots=True)
class LeadDraft(PersonDraft):
    steps: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, changes: dict[str, tuple[Any, Any]], values: dict[str, Any]) -> None:
        PersonDraft.refuse(self, changes, values)
        status = self.record.status
        if "status" in changes:
            old, status = changes["status"]
            try:
                check_step(old, status)
            except StatusNotAllowed as refusal:
                raise RowRefused(str(refusal), "status", status) from refusal
        if "lost_reason" in changes and status != Status.LOST:
            raise RowRefused("Only a lost lead has a reason for the loss.", "lost_reason", values["lost_reason"])

    def take(self, values: dict[str, Any], given: dict[str, Any]) -> None:
        old = self.record.status if self.steps or not self.is_new else ""
        PersonDraft.take(self, values, given)
        if self.record.status != old:
            self.steps.append((old, self.record.status))
        if self.record.status != Status.LOST:
            self.record.lost_reason = ""


class LeadResource(PersonResource):
    """Leads. A score that is given counts as set by hand, unless ``score_is_manual`` says that the rules made it.

    Campaigns are called by name, and made by those who may.
    """

    class Meta:
        model = Lead
        fields = [
            *["id", "name", "email", "phone", "company", "source", "campaign", "status", "lost_reason"],
            *["score", "score_is_manual", "notes", "last_contact"],
            *["assigned_to", "team", "created_at", "updated_at"],
        ]

    vocabulary = VOCABULARY
    unstored = UNSTORED | {"campaign_id": "Campaigns are called by name, in the column “campaign”."}
    optional_columns = ("assigned_to", "team", "created_at", "updated_at")
    draft_class = LeadDraft
    texts = (*PersonResource.texts, "lost_reason")
    choices = ("source", "status")
    own_columns = ("source", "campaign", "status", "lost_reason", "score", "score_is_manual", "last_contact")
    related = ("campaign",)

    @classmethod
    def get_written_models(cls) -> Sequence[type[Model]]:
        return [*super().get_written_models(), LeadStatusChange]

    def read(self, cells: Cells, row: Incoming) -> None:
        super().read(cells, row)
        if name := tidy(cells.text("campaign", 255)):
            row.values["campaign"] = name
        if (moment := cells.value("last_contact", MOMENT)) is not None:
            row.values["last_contact"] = moment
        score, is_manual = cells.value("score", SCORE), cells.value("score_is_manual", FLAG)
        if is_manual is False:
            row.values["score_is_manual"] = False
        elif score is not None:
            row.values |= {"score": score, "score_is_manual": True}

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        super().resolve(rows, make=make)
        names = {row.values["campaign"] for row in rows if "campaign" in row.values}
        campaigns = self._campaigns(names, make=make) if names else {}
        for row in rows:
            if name := row.values.get("campaign"):
                row.values["campaign"] = campaigns.get(name)
                if name not in campaigns:
                    row.refuse(_("There is no campaign “%s”, and you may not make one.") % name, "campaign", name)

    def _campaigns(self, names: set[str], *, make: bool) -> dict[str, Campaign]:
        """Two queries, three when one is new. A dry run makes none, but goes on as if it had."""
        known = rules.visible(Campaign.objects.filter(name__in=names), self.user)
        found = {campaign.name: campaign for campaign in known}
        missing = sorted(names - found.keys())
        if not missing or not rules.may(self.user, Campaign, "add"):
            return found
        made = [Campaign(name=name) for name in missing]
        if make:
            Campaign.objects.bulk_create(made, ignore_conflicts=True)
            made = list(Campaign.objects.filter(name__in=missing))
        return found | {campaign.name: campaign for campaign in made}

    def complete(self, drafts: Sequence[PersonDraft]) -> None:
        set_scores([draft.record for draft in drafts])

    def write(self, drafts: Sequence[Draft]) -> None:
        super().write(drafts)
        assert self.user is not None
        steps = [
            (uuid7(), draft.id, old, new, self.user.pk)
            for draft in drafts
            if isinstance(draft, LeadDraft)
            for old, new in draft.steps
        ]
        if steps:
            copying.copy(LeadStatusChange, ("id", "lead", "old", "new", "changed_by"), steps)

    def sources(self) -> dict[str, Source]:
        return super().sources() | {"campaign": ("campaign__name", None)}
