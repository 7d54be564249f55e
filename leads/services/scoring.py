"""A lead's score: the sum of the points of the rules that are true of it, cut to 0–100."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.exceptions import AlreadyEnqueued

from ..models import Lead, LeadInteraction, ScoreRule

Kind = ScoreRule.Kind


@dataclass(frozen=True)
class Reason:
    """What one rule gave, in words."""

    points: int
    reason: str


def reasons_for(lead: Lead, interactions: int, rules: Iterable[ScoreRule]) -> list[Reason]:
    """The rules that are true of the lead, with their points. No query but for the lead's campaign."""
    return [Reason(rule.points, text) for rule in rules if (text := _why(rule, lead, interactions))]


def _why(rule: ScoreRule, lead: Lead, interactions: int) -> str | None:
    match rule.kind:
        case Kind.SOURCE:
            return _("Its source is %s.") % lead.source if lead.source == rule.value else None
        case Kind.CAMPAIGN:
            campaign = lead.campaign.name if lead.campaign else ""
            return _("It came by the campaign %s.") % campaign if campaign and campaign == rule.value else None
        case Kind.FILLED:
            return _("Its %s is known.") % rule.value if getattr(lead, rule.value, None) else None
        case Kind.INTERACTIONS:
            said = ngettext("It had %d interaction.", "It had %d interactions.", interactions) % interactions
            return said if interactions >= int(rule.value) else None
        case Kind.RECENT:
            most = int(rule.value)
            if not lead.last_contact or (timezone.now() - lead.last_contact).days > most:
                return None
            said = ngettext("There was contact in the last %d day.", "There was contact in the last %d days.", most)
            return said % most
    return None


def total(reasons: Iterable[Reason]) -> int:
    return max(0, min(100, sum(reason.points for reason in reasons)))


def active_rules() -> list[ScoreRule]:
    return list(ScoreRule.objects.filter(is_active=True))


def explain_score(lead: Lead) -> list[Reason]:
    """Why the lead has its computed score, point by point. Two queries."""
    return reasons_for(lead, lead.interactions.count(), active_rules())


def set_score(lead: Lead) -> None:
    """Give the lead, which is about to be saved, its computed score, unless it was set by hand. Two queries."""
    if not lead.score_is_manual:
        lead.score = total(explain_score(lead))


def rules_changed() -> None:
    """Have a worker compute the scores of all open leads anew, unless that waits to be done already."""
    from ..tasks import rescore_leads

    with suppress(AlreadyEnqueued), transaction.atomic():
        rescore_leads.defer()


def set_scores(leads: Sequence[Lead]) -> None:
    """``set_score`` for many leads. Two queries, and one for each campaign that is not loaded."""
    computed = [lead for lead in leads if not lead.score_is_manual]
    if not computed:
        return
    rules = active_rules()
    counted = LeadInteraction.objects.filter(lead__in=[lead.pk for lead in computed]).values("lead")
    interactions = dict(counted.annotate(number=Count("pk")).values_list("lead", "number"))
    for lead in computed:
        lead.score = total(reasons_for(lead, interactions.get(lead.pk, 0), rules))


@transaction.atomic
def rescore(leads: Sequence[Lead]) -> int:
    """Compute the scores of these leads anew and say how many changed; those set by hand stay. Four queries at most."""
    before = {lead.pk: lead.score for lead in leads}
    set_scores(leads)
    changed = [lead for lead in leads if lead.score != before[lead.pk]]
    Lead.objects.bulk_update(changed, ["score"], batch_size=1_000)
    return len(changed)


@transaction.atomic
def rescore_ids(keys: Sequence[UUID]) -> int:
    """``rescore`` for leads by their ids, which it locks."""
    leads = Lead.objects.filter(pk__in=keys).select_related("campaign").order_by("pk")
    return rescore(list(leads.select_for_update(of=("self",))))


def computed_columns(lead: Lead) -> Sequence[str]:
    """What the rules make of a lead's other columns."""
    return () if lead.score_is_manual else ("score",)
