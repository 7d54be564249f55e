"""Dealing leads out to the members of a team."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_project.access.models import User

from ..exceptions import NobodyToAssign
from ..models import AssignmentTurn, Lead
from ..querysets import CLOSED


class Method(models.TextChoices):
    ROUND_ROBIN = "round_robin", gettext_lazy("In turn")
    LEAST_BUSY = "least_busy", gettext_lazy("To whoever has the fewest open leads")


@transaction.atomic
def choose_owner(*, team: Group, method: str) -> User:
    """Who of the team gets the next lead. The team's row is locked, so that parallel leads are dealt out fairly.

    Raises:
        NobodyToAssign: the team has no active member.
    """
    AssignmentTurn.objects.bulk_create([AssignmentTurn(team=team)], ignore_conflicts=True)
    turn = AssignmentTurn.objects.select_for_update().get(team=team)
    members = list(User.objects.filter(groups=team, is_active=True).order_by("pk"))
    if not members:
        raise NobodyToAssign(_("The team %s has no active member to assign the lead to.") % team.name)
    chosen = _next(members, turn) if method == Method.ROUND_ROBIN else _least_busy(members)
    turn.last_user = chosen
    turn.save(update_fields=["last_user"])
    return chosen


def _next(members: list[User], turn: AssignmentTurn) -> User:
    after = [member for member in members if turn.last_user_id and member.pk > turn.last_user_id]
    return (after or members)[0]


def _least_busy(members: list[User]) -> User:
    keys = [member.pk for member in members]
    open_leads = Lead.objects.live().filter(~Q(status__in=CLOSED), assigned_to__in=keys).values("assigned_to")
    load = dict(open_leads.annotate(number=Count("pk")).values_list("assigned_to", "number"))
    return min(members, key=lambda member: (load.get(member.pk, 0), member.pk))
