"""What a user's groups allow, loaded in one query and kept on the user for the request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.db.models import Func, Model, TextField

if TYPE_CHECKING:
    from .models import User


@dataclass(frozen=True)
class Grants:
    """Permissions as ``app_label.codename``: those that count for every record, and those for own records only."""

    company: frozenset[str]
    own: frozenset[str]
    group_ids: tuple[int, ...]


class Granted(Func):
    """The user's groups, each with its reach and permissions, and the permissions given directly, as JSON text.

    Written in SQL because it is part of every request, where Django would take longer to write it than PostgreSQL to
    answer.
    """

    arity = 1
    output_field = TextField()
    template = """(
        SELECT json_build_array(
            (
                SELECT coalesce(json_agg(json_build_array(member.group_id, role.reach, ARRAY(
                    SELECT permission_id FROM auth_group_permissions WHERE group_id = member.group_id
                )) ORDER BY member.group_id), '[]')
                FROM access_user_groups AS member LEFT JOIN access_role AS role ON role.group_id = member.group_id
                WHERE member.user_id = %(expressions)s
            ),
            ARRAY(SELECT permission_id FROM access_user_user_permissions WHERE user_id = %(expressions)s)
        )::text
    )"""


def grant_columns(user_pk: str) -> dict[str, Any]:
    """Expressions for any queryset, whose column ``user_pk`` names the user, to bring the user's grants along."""
    return {"granted": Granted(user_pk)}


@lru_cache(maxsize=1_000)
def _read(granted: str) -> Grants:
    """Equal rights are read once in a process; changed rights are another text."""
    groups, direct = json.loads(granted)
    company = {name for _group, reach, permissions in groups if reach == "company" for name in _names(permissions)}
    own = {name for _group, reach, permissions in groups if reach != "company" for name in _names(permissions)}
    return Grants(frozenset(company), frozenset(own | _names(direct)), tuple(group for group, _reach, _rest in groups))


def _names(permissions: list[int]) -> set[str]:
    known = _all_names()
    if not known.keys() >= {*permissions}:
        _all_names.cache_clear()
        known = _all_names()
    return {known[permission] for permission in permissions}


@cache
def _all_names() -> dict[int, str]:
    """Permissions are made by migrations and never renumbered, so they are loaded once in a process."""
    rows = Permission.objects.order_by().values_list("pk", "content_type__app_label", "codename")
    return {key: f"{app_label}.{codename}" for key, app_label, codename in rows}


def remember(user: User, row: Any) -> None:
    """Keep on the user what a row with ``grant_columns`` brought along."""
    user._grants = _read(row.granted)  # type: ignore[attr-defined]


def grants_of(user: User) -> Grants:
    """The user's grants; one query for a user object that was not asked before, none after."""
    if not hasattr(user, "_grants"):  # ``__class__``, because a request's user may still be a lazy object.
        remember(user, user.__class__._default_manager.annotate(**grant_columns("pk")).only("pk").get(pk=user.pk))
    return user._grants  # type: ignore[attr-defined]


def permission_name(model: type[Model], verb: str) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


@cache
def permission_id_of(app_label: str, codename: str) -> int | None:
    """Permissions are made by migrations and never renumbered, so their ids are looked up once in a process."""
    return (
        Permission.objects.filter(content_type__app_label=app_label, codename=codename)
        .values_list("pk", flat=True)
        .first()
    )


def permission_id(model: type[Model], verb: str) -> int | None:
    app_label, codename = permission_name(model, verb).split(".")
    return permission_id_of(app_label, codename)
