"""What a user's groups allow, loaded in one query and kept on the user for the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, OuterRef, Value
from django.db.models.functions import Coalesce, Concat, JSONObject

if TYPE_CHECKING:
    from .models import User


@dataclass(frozen=True)
class Grants:
    """Permissions as ``app_label.codename``: those that count for every record, and those for own records only."""

    company: frozenset[str]
    own: frozenset[str]
    group_ids: tuple[int, ...]

    @classmethod
    def from_rows(cls, groups: list[dict[str, Any]], direct: list[str]) -> Grants:
        company = {name for group in groups if group["reach"] == "company" for name in group["permissions"]}
        own = {name for group in groups if group["reach"] != "company" for name in group["permissions"]}
        return cls(frozenset(company), frozenset(own | set(direct)), tuple(group["id"] for group in groups))


def _names(permissions: Any) -> Any:
    name = Concat("content_type__app_label", Value("."), "codename", output_field=CharField())
    return ArraySubquery(permissions.values(codename_of_app=name))


def grant_columns(user_pk: str) -> dict[str, Any]:
    """Expressions for any queryset, whose column ``user_pk`` names the user, to bring the user's grants along."""
    groups = Group.objects.filter(user=OuterRef(user_pk)).order_by("pk")
    permissions = Permission.objects.filter(group=OuterRef("pk"))
    return {
        "granted_groups": ArraySubquery(
            groups.values(
                json=JSONObject(
                    id=F("pk"), reach=Coalesce("role__reach", Value("own")), permissions=_names(permissions)
                )
            )
        ),
        "granted_directly": _names(Permission.objects.filter(user=OuterRef(user_pk))),
    }


def remember(user: User, row: Any) -> None:
    """Keep on the user what a row with ``grant_columns`` brought along."""
    user._grants = Grants.from_rows(row.granted_groups, row.granted_directly)  # type: ignore[attr-defined]


def grants_of(user: User) -> Grants:
    """The user's grants; one query for a user object that was not asked before, none after."""
    if not hasattr(user, "_grants"):  # ``__class__``, because a request's user may still be a lazy object.
        remember(user, user.__class__._default_manager.annotate(**grant_columns("pk")).only("pk").get(pk=user.pk))
    return user._grants  # type: ignore[attr-defined]
