"""Who may see and do what: the only module that decides it.

A user may do a verb (view, add, change, delete, share, …) to a record when

- they are a superuser, or a role of theirs that reaches the whole company holds the permission; or
- another role of theirs holds the permission and the record is assigned to them or to one of their groups; or
- the record was shared with them or one of their groups: a django-guardian object permission for that verb.

The rule is written as *branches*, one condition for each way to a record, so that a list can ask each branch for its
newest rows by an index of its own and unite them: see ``top_k``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from crm_project.database.sizes import is_large

from .grants import grants_of, permission_id, permission_name
from .ways import (
    ORDERS,
    IsReached,
    IsVisible,
    first_beside_own,
    in_sql,
    is_owned,
    owned_in_sql,
    owned_then_filtered,
    owned_ways,
    parts_of,
    reached,
    reached_by_key,
    split_by_key,
    united,
)

FEW = 10_000  # So many records are looked at one by one faster than an index finds those that fit a filter.
SEES_FEW_SECONDS = 60


def is_known(user: Any) -> bool:
    return bool(user is not None and user.is_authenticated and user.is_active)


def standing(user: Any) -> tuple[Any, ...]:
    """All that the rule knows of a user besides the key: as long as it is equal, the rule is the same for them."""
    return user.is_active, user.is_superuser, grants_of(user)


def reaches_all(user: Any, model: type[Model], verb: str) -> bool:
    """Whether the user may do this to every record of the kind."""
    return is_known(user) and (user.is_superuser or permission_name(model, verb) in grants_of(user).company)


def sees_everything(user: Any) -> bool:
    """Whether no record of any kind is hidden from the user, whoever owns it. No query."""
    return all(reaches_all(user, model, "view") for model in apps.get_models() if hasattr(model, "user_shares"))


def may(user: Any, model: type[Model], verb: str) -> bool:
    """Whether the user may do this to some record of the kind, at least to own ones. No query."""
    return reaches_all(user, model, verb) or (is_known(user) and permission_name(model, verb) in grants_of(user).own)


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


def visible(queryset: QuerySet, user: Any, verb: str = "view") -> QuerySet:
    """The rows of the queryset that the user may do the verb to. Costs no query by itself."""
    ways = branches(user, queryset.model, verb)
    if ways is None:
        return queryset
    if not ways:
        return queryset.none()
    return queryset.filter(pk__in=reached(user, queryset.model, verb, ways))


def top_k(
    queryset: QuerySet,
    user: Any,
    limit: int,
    verb: str = "view",
    *,
    is_narrowed: bool = False,
    are_many: bool = False,
) -> QuerySet:
    """The ``limit`` first visible rows of an ordered queryset, as a queryset that is still to be sliced.

    Each branch reads its own first rows from an index in the list's order and stops; only those are united and sorted.
    A page so costs the same however many records the user sees. ``is_narrowed`` says that the queryset is filtered or
    not ordered by its key: then a large table is asked ``among``, or, when it is known that ``are_many`` to be found,
    for own rows first.
    """
    ways = branches(user, queryset.model, verb)
    if ways is None:
        return queryset
    if not ways:
        return queryset.none()
    if is_narrowed and is_asked_by_row(queryset.model):
        asked = first_beside_own(queryset, user, verb, limit) if are_many else None
        if asked is None:
            return among(queryset, user, ways, verb)
    else:
        try:
            asked = in_sql(queryset, user, verb, ways, "UNION", limit)
        except EmptyResultSet:
            return queryset.none()
    sql, parameters = asked
    if end := ORDERS.get(queryset.query.order_by):
        sql = f"SELECT id FROM ({sql}) AS first (id){end.format('first')} LIMIT {limit}"
    first = queryset.model._default_manager.filter(pk__in=RawSQL(sql, parameters))
    return first.order_by(*queryset.query.order_by)


def first_of_few(
    queryset: QuerySet, user: Any, order: list[str], beyond: list[Any], limit: int, *, is_filtered: bool
) -> tuple[list[Any], int]:
    """Primary keys of the first visible rows after the one with these values, and how many are visible in all.

    For who ``sees_few`` of a kind, or of few rows that are found: all of them are taken, narrow, and sorted. One query,
    another one for a page beyond the end.

    Raises:
        EmptyResultSet: there can be no rows.
    """
    columns = [queryset.model._meta.get_field(name.removeprefix("-")).column for name in order]
    ways = branches(user, queryset.model)
    are_reached = sees_few(user, queryset.model, "view", ways)
    by_key, others = split_by_key(queryset)
    if by_key and columns == ["id"] and are_reached:
        inner, values = reached_by_key(queryset, user, by_key, others)
    elif by_key or not are_reached or len(queryset.query.alias_map) > 1:
        found = queryset if ways is None else among(queryset, user, ways, "view")
        inner, values = found.values_list(*columns).query.sql_with_params()
    else:
        parts = (owned_then_filtered if is_filtered else owned_in_sql)(queryset, user, "view", columns)
        inner, values = " UNION ".join(sql for sql, _ in parts), tuple(each for _, given in parts for each in given)
    names, sign = ", ".join(columns), "<" if order[0].startswith("-") else ">"
    counted = f"SELECT *, count(*) OVER () AS number FROM ({inner}) AS reached ({names})"
    start = f" WHERE ({names}) {sign} ({', '.join(['%s'] * len(beyond))})" if beyond else ""
    end = ", ".join(
        f"{column} {'DESC' if name.startswith('-') else 'ASC'}" for name, column in zip(order, columns, strict=True)
    )
    with connection.cursor() as cursor:
        sql = f"SELECT id, number FROM ({counted}) AS counted{start} ORDER BY {end} LIMIT {limit}"
        cursor.execute(sql, [*values, *beyond])
        rows = cursor.fetchall()
        if beyond and not rows:
            cursor.execute(f"SELECT count(*) FROM ({inner}) AS reached", values)
            return [], cursor.fetchone()[0]
    return [key for key, _ in rows], rows[0][1] if rows else 0


def is_asked_by_row(model: type[Model]) -> bool:
    """Whether the rows of a filtered list are asked one by one who may see them: those of large, owned tables."""
    return is_owned(model) and is_large(model)


def among(queryset: QuerySet, user: Any, ways: list[Q], verb: str) -> QuerySet:
    """The visible rows of a filtered queryset of owned records, for which no index has each branch in order.

    For who sees few records, those are taken and the filter is asked of each; for who sees many, it is asked of each
    row that the filter finds whether it is visible. One query a minute to know which.
    """
    if sees_few(user, queryset.model, verb, ways):
        return queryset.filter(IsReached(user, queryset.model, verb))
    return queryset.filter(IsVisible(user, queryset.model, verb, of_many=True))


def each_visible(queryset: QuerySet, user: Any, verb: str = "view") -> QuerySet:
    """The visible rows of a queryset that finds few by an index: each of them is asked.

    Costs no query by itself, and of owned records the same however much the user may see.
    """
    ways = branches(user, queryset.model, verb)
    if not ways or not is_owned(queryset.model):
        return visible(queryset, user, verb)
    return queryset.filter(IsVisible(user, queryset.model, verb, of_many=False))


def sees_few(user: Any, model: type[Model], verb: str, ways: list[Q] | None) -> bool:
    """Which of two plans is the faster one; both find the same rows, so an answer a minute old is good enough."""
    if not ways or not is_owned(model):
        return False
    if not is_large(model):
        return True

    def ask() -> bool:
        return each_way(model._base_manager.order_by(), ways)[: FEW + 1].count() <= FEW

    return bool(cache.get_or_set(f"sees_few:{user.pk}:{permission_name(model, verb)}", ask, SEES_FEW_SECONDS))


def each_way(queryset: QuerySet, ways: list[Q] | None) -> QuerySet:
    """Primary keys of the rows that are reached, as often as there are ways to them."""
    parts = parts_of(queryset, ways) if ways is not None else [queryset.values("pk")]
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def count_up_to(queryset: QuerySet, user: Any, limit: int, verb: str = "view", *, is_narrowed: bool = False) -> int:
    """How many visible rows there are, counting no further than ``limit``. One query, two of a narrowed queryset."""
    queryset = queryset.order_by()
    ways = branches(user, queryset.model, verb)
    if ways == []:
        return 0
    if ways is None:
        rows = queryset.values("pk")[:limit]
    elif is_narrowed and is_asked_by_row(queryset.model):
        rows = among(queryset, user, ways, verb).values("pk")[:limit]
    else:
        return _count_reached(queryset, user, verb, ways, limit)
    return min(rows.count(), limit)


def _count_reached(queryset: QuerySet, user: Any, verb: str, ways: list[Q], limit: int) -> int:
    """Reads no more than ``2 * limit`` rows, unless most of them are reached twice, which does not tell enough."""
    try:
        sql, parameters = in_sql(queryset, user, verb, ways, "UNION ALL")
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        sql = f"SELECT count(*), count(DISTINCT pk) FROM ({sql} LIMIT %s) AS reached (pk)"
        cursor.execute(sql, [*parameters, 2 * limit])
        read, distinct = cursor.fetchone()
    if read < 2 * limit or distinct >= limit:
        return min(distinct, limit)
    return min(united(queryset, ways, limit).count(), limit)


def seen_of(queryset: QuerySet, user: Any) -> set[Any]:
    """The primary keys of those of a few rows that the user may view. One query."""
    return set(each_visible(queryset.order_by(), user).values_list("pk", flat=True))


def seen(user: Any, model: type[Model], keys: Collection[Any]) -> set[Any]:
    """Those of the keys whose records the user may view. One query, none for who sees everything."""
    return seen_together(user, {model: keys})


def seen_together(user: Any, keys: Mapping[type[Model], Collection[Any]]) -> set[Any]:
    """Those of the keys, of kinds whose keys are all different, whose records the user may view.

    One query for all owned records, one for each other kind, none for who sees everything.
    """
    found: set[Any] = set()
    asked: list[str] = []
    values: list[Any] = []
    for model, wanted in keys.items():
        ways = branches(user, model)
        if ways is None:
            found.update(wanted)
        elif ways and wanted and is_owned(model):
            owned = [way.rows("", condition=f"{way.key} = key AND ") for way in owned_ways(user, model, "view")]
            # OFFSET keeps PostgreSQL from reading all that was shared, to look the few keys up in it.
            seen_by_way = " OR ".join(f"EXISTS ({sql} OFFSET 0)" for sql, _ in owned)
            asked.append(f"SELECT key FROM unnest(%s) AS key WHERE {seen_by_way}")
            values.append([model._meta.pk.to_python(key) for key in wanted])
            values += [each for _, given in owned for each in given]
        elif ways and wanted:
            found |= seen_of(model._base_manager.filter(pk__in=wanted), user)
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(asked), values)
            found.update(key for (key,) in cursor)
    return found


def belongs_to(user: Any, model: type[Model], verb: str, assigned_to: Any, team: Any) -> bool:
    """Whether the user may do the verb to a record of this owner and team without its having been shared. No query."""
    if reaches_all(user, model, verb):
        return True
    if not is_known(user) or permission_name(model, verb) not in grants_of(user).own:
        return False
    return assigned_to == user.pk or team in grants_of(user).group_ids


def allows(user: Any, record: Any, verb: str) -> bool:
    """Whether the user may do the verb to this record. At most one query, none for own and company-wide rights."""
    model = type(record)
    if not is_known(user):
        return False
    if reaches_all(user, model, verb):
        return True
    if parent := getattr(model, "access_parent", None):
        return allows(user, getattr(record, parent), verb if verb == "view" else "change")
    if hasattr(model, "user_shares") and belongs_to(user, model, verb, record.assigned_to_id, record.team_id):
        return True
    ways = branches(user, model, verb)
    if ways is None:
        return True
    return bool(ways) and model._base_manager.filter(reduce(or_, ways), pk=record.pk).exists()
