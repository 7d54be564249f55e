"""Who may see and do what: the only module that decides it.

A user may do a verb (view, add, change, delete, share, …) to a record when

- they are a superuser, or a role of theirs that reaches the whole company holds the permission; or
- another role of theirs holds the permission and the record is assigned to them or to one of their groups; or
- the record was shared with them or one of their groups: a django-guardian object permission for that verb.

The rule is written as *branches*, one condition for each way to a record, so that a list can ask each branch for its
newest rows by an index of its own and unite them: see ``top_k``.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Model, Q, QuerySet

from .grants import grants_of


def permission_name(model: type[Model], verb: str) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def is_known(user: Any) -> bool:
    return bool(user is not None and user.is_authenticated and user.is_active)


def reaches_all(user: Any, model: type[Model], verb: str) -> bool:
    """Whether the user may do this to every record of the kind."""
    return is_known(user) and (user.is_superuser or permission_name(model, verb) in grants_of(user).company)


def may(user: Any, model: type[Model], verb: str) -> bool:
    """Whether the user may do this to some record of the kind, at least to own ones. No query."""
    return reaches_all(user, model, verb) or (is_known(user) and permission_name(model, verb) in grants_of(user).own)


@cache
def _permission_id(app_label: str, codename: str) -> int | None:
    """Permissions are made by migrations and never renumbered, so their ids are looked up once in a process."""
    return (
        Permission.objects.filter(content_type__app_label=app_label, codename=codename)
        .values_list("pk", flat=True)
        .first()
    )


def permission_id(model: type[Model], verb: str) -> int | None:
    app_label, codename = permission_name(model, verb).split(".")
    return _permission_id(app_label, codename)


def branches(user: Any, model: type[Model], verb: str = "view") -> list[Q] | None:
    """The ways by which this user reaches records of the kind; ``None`` means all of them, ``[]`` none."""
    if not is_known(user):
        return []
    if reaches_all(user, model, verb):
        return None
    if hasattr(model, "access_branches"):
        return model.access_branches(user, verb)
    if parent := getattr(model, "access_parent", None):
        verb_on_parent = verb if verb == "view" else "change"
        ways = branches(user, parent_model(model, parent), verb_on_parent)
        return None if ways is None else [_prefixed(way, parent) for way in ways]
    if not hasattr(model, "user_shares"):
        return None if may(user, model, verb) else []
    return _owned_branches(user, model, verb)


def parent_model(model: type[Model], field: str) -> Any:
    return model._meta.get_field(field).related_model


def _owned_branches(user: Any, model: type[Model], verb: str) -> list[Q]:
    grants = grants_of(user)
    ways = []
    if permission_name(model, verb) in grants.own:
        ways.append(Q(assigned_to=user.pk))
        ways += [Q(team=group) for group in grants.group_ids]
    permission = permission_id(model, verb)
    ways.append(Q(user_shares__user=user.pk, user_shares__permission=permission))
    ways += [Q(group_shares__group=group, group_shares__permission=permission) for group in grants.group_ids]
    return ways


def _prefixed(way: Q, parent: str) -> Q:
    """A condition on records as one on what belongs to them. The branches of owned records are plain conjunctions."""
    conditions: list[Any] = list(way.children)
    return Q(*((f"{parent}__{name}", value) for name, value in conditions))


def _united(queryset: QuerySet, ways: list[Q], limit: int | None = None) -> QuerySet:
    """Primary keys of the rows that any of the ways reaches, each once; of each way only the first ``limit``."""
    parts = [queryset.filter(way).values("pk")[:limit] for way in ways]
    return parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]


def visible(queryset: QuerySet, user: Any, verb: str = "view") -> QuerySet:
    """The rows of the queryset that the user may do the verb to. Costs no query by itself."""
    ways = branches(user, queryset.model, verb)
    if ways is None:
        return queryset
    if not ways:
        return queryset.none()
    everything = queryset.model._base_manager.order_by()
    return queryset.filter(pk__in=_united(everything, ways))


def top_k(queryset: QuerySet, user: Any, limit: int, verb: str = "view") -> QuerySet:
    """The ``limit`` first visible rows of a filtered and ordered queryset, as a queryset that is still to be sliced.

    Each branch reads its own first rows from an index in the list's order and stops; only those are united and sorted.
    A page so costs the same for a user who sees a thousand records and for one who sees a hundred thousand.
    """
    ways = branches(user, queryset.model, verb)
    if ways is None:
        return queryset
    if not ways:
        return queryset.none()
    first = queryset.model._default_manager.filter(pk__in=_united(queryset, ways, limit))
    return first.order_by(*queryset.query.order_by)


def count_up_to(queryset: QuerySet, user: Any, limit: int, verb: str = "view") -> int:
    """How many visible rows there are, counting no further than ``limit``. One query."""
    queryset = queryset.order_by()
    ways = branches(user, queryset.model, verb)
    if ways == []:
        return 0
    rows = queryset.values("pk")[:limit] if ways is None else _united(queryset, ways, limit)
    return min(rows.count(), limit)


def seen(user: Any, model: type[Model], keys: Collection[Any]) -> set[Any]:
    """Those of the keys whose records the user may view. One query, none for who sees everything."""
    ways = branches(user, model)
    if ways is None or not keys:
        return set(keys)
    if not ways:
        return set()
    return set(_united(model._base_manager.filter(pk__in=keys).order_by(), ways).values_list("pk", flat=True))


def allows(user: Any, record: Any, verb: str) -> bool:
    """Whether the user may do the verb to this record. At most one query, none for own and company-wide rights."""
    model = type(record)
    if not is_known(user):
        return False
    if reaches_all(user, model, verb):
        return True
    if parent := getattr(model, "access_parent", None):
        return allows(user, getattr(record, parent), verb if verb == "view" else "change")
    own = hasattr(model, "user_shares") and permission_name(model, verb) in grants_of(user).own
    if own and (record.assigned_to_id == user.pk or record.team_id in grants_of(user).group_ids):
        return True
    ways = branches(user, model, verb)
    if ways is None:
        return True
    return bool(ways) and model._base_manager.filter(reduce(or_, ways), pk=record.pk).exists()
