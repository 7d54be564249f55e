"""Making users, keys and shares."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import status

from crm_project.api.exceptions import CrmError

from . import rules
from .models import ApiKey, OwnedModel, User

SHARED_VERBS = ("view", "change", "delete")


def create_api_key(
    *, user: User, name: str = "", scopes: Iterable[str] = ("read", "write"), expires_at: dt.datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can see again."""
    secret = ApiKey.new_secret()
    key = ApiKey.objects.create(
        user=user,
        name=name,
        scopes=sorted(scopes),
        expires_at=expires_at,
        prefix=secret[: ApiKey.SHOWN_CHARACTERS],
        digest=ApiKey.digest_of(secret),
    )
    return key, secret


def revoke_api_key(*, key: ApiKey) -> None:
    """The key stops with the next request; revoking twice keeps the first time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


class HandoverRefused(CrmError):
    """A share is no ownership: whoever could assign a shared record to themselves would gain every right to it."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "handover_refused"


def check_handover(*, record: OwnedModel, actor: User | None, changes: Mapping[str, Any]) -> None:
    """Let only those assign a record to others to whom it belongs, or whose role reaches every record. No query.

    Raises:
        HandoverRefused: the record was only shared with the actor.
    """
    moved = any(
        name in changes and getattr(changes[name], "pk", None) != getattr(record, f"{name}_id")
        for name in ("assigned_to", "team")
    )
    if (
        moved
        and actor is not None
        and not rules.belongs_to(actor, type(record), "change", record.assigned_to_id, record.team_id)
    ):
        kind = record._meta.verbose_name
        raise HandoverRefused(
            _("This %s is shared with you; only its owner or a manager may assign it to somebody.") % kind
        )


@dataclass
class Share:
    """What one user or one group may do with a record because it was shared with them."""

    user: User | None = None
    team: Group | None = None
    verbs: list[str] = field(default_factory=list)


def shares_of(record: OwnedModel) -> list[Share]:
    """The record's shares, users first, each with its verbs. Two queries."""
    found: dict[Any, Share] = {}
    for row in record.user_shares.select_related("user", "permission").order_by("user__username"):  # type: ignore[attr-defined]
        found.setdefault(("user", row.user_id), Share(user=row.user)).verbs.append(_verb(row.permission))
    for row in record.group_shares.select_related("group", "permission").order_by("group__name"):  # type: ignore[attr-defined]
        found.setdefault(("team", row.group_id), Share(team=row.group)).verbs.append(_verb(row.permission))
    for share in found.values():
        share.verbs.sort(key=SHARED_VERBS.index)
    return list(found.values())


def _verb(permission: Permission) -> str:
    return permission.codename.partition("_")[0]


@transaction.atomic
def set_shares(*, record: OwnedModel, shares: Iterable[Share]) -> None:
    """Make these the record's only shares; others than before make a new version of it.

    To change or delete includes to view.
    """
    wanted: dict[str, set[tuple[Any, str]]] = defaultdict(set)
    for share in shares:
        kind, holder = ("user_shares", share.user) if share.user else ("group_shares", share.team)
        assert holder is not None
        wanted[kind] |= {(holder.pk, verb) for verb in {*share.verbs, "view"}}
    holders = {"user_shares": "user_id", "group_shares": "group_id"}
    changed = [_replace(record, kind, column, wanted[kind]) for kind, column in holders.items()]
    if any(changed):
        type(record)._default_manager.filter(pk=record.pk).update(updated_at=timezone.now())


def _replace(record: OwnedModel, kind: str, holder_column: str, wanted: set[tuple[Any, str]]) -> bool:
    """Whether anything was changed."""
    manager: models.Manager = getattr(record, kind)
    permissions = {verb: rules.permission_id(type(record), verb) for verb in SHARED_VERBS}
    rows = {(holder, permissions[verb]) for holder, verb in wanted}
    present = {(getattr(row, holder_column), row.permission_id): row.pk for row in manager.all()}
    manager.filter(pk__in=[key for pair, key in present.items() if pair not in rows]).delete()
    manager.bulk_create(
        [
            manager.model(content_object=record, permission_id=permission, **{holder_column: holder})
            for holder, permission in rows - present.keys()
        ],
        ignore_conflicts=True,
    )
    return rows != present.keys()
