"""The rule in SQL: what ``rules`` says of ways to records, as PostgreSQL answers it soonest. Only ``rules`` asks it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import In
from django.db.models.sql.where import AND, WhereNode

from .grants import grants_of, permission_id, permission_name

# The orders that are written in SQL, of a table.
ORDERS: dict[Any, str] = {(): "", ("id",): " ORDER BY {}.id", ("-id",): " ORDER BY {}.id DESC"}


class Way(NamedTuple):
    """Rows of a table whose ``key`` is one of a record that the user reaches: those that name one of the holders."""

    table: str
    key: str
    holder: str
    holders: list[Any]
    condition: str = ""

    def rows(self, columns: str, joined: str = "", condition: str = "", values: Any = ()) -> tuple[str, list[Any]]:
        """The rows in SQL, with the conditions of a join."""
        sql = f"SELECT {columns} FROM {self.table}{joined} WHERE {condition}{self.condition}{self.holder} = ANY(%s)"
        return sql, [*values, self.holders]

    def first_rows(self, columns: str, joined: str, condition: str, values: Any, end: str) -> tuple[str, list[Any]]:
        """The first rows of each holder, which an index has in order; of all holders together none has."""
        holder = "%s" if len(self.holders) == 1 else "holder"
        sql = (
            f"SELECT {columns} FROM {self.table}{joined} WHERE {condition}{self.condition}{self.holder} = {holder}{end}"
        )
        if len(self.holders) == 1:
            return sql, [*values, *self.holders]
        return f"SELECT mine.* FROM unnest(%s) AS holder, LATERAL ({sql}) AS mine", [self.holders, *values]


def owned_ways(user: Any, model: Any, verb: str) -> list[Way]:
    """What ``_owned_branches`` says, in SQL, which Django would take longer to write than PostgreSQL to answer."""
    groups, quoted = grants_of(user).group_ids, connection.ops.quote_name
    shares = (model._meta.get_field(name).related_model for name in ("user_shares", "group_shares"))
    records, of_users, of_groups = (quoted(each._meta.db_table) for each in (model, *shares))
    ways = []
    if permission_name(model, verb) in grants_of(user).own:
        ways.append(Way(records, f"{records}.id", "assigned_to_id", [user.pk]))
        ways.append(Way(records, f"{records}.id", "team_id", [*groups]))
    for table, holder, holders in ((of_users, "user_id", [user.pk]), (of_groups, "group_id", [*groups])):
        key, condition = f"{table}.content_object_id", f"{table}.permission_id = {permission_id(model, verb)} AND "
        ways.append(Way(table, key, f"{table}.{holder}", holders, condition))
    return [way for way in ways if way.holders]


def is_owned(model: type[Model]) -> bool:
    """Whether ``branches`` takes the ways to the kind from owners and shares alone."""
    return hasattr(model, "user_shares") and not hasattr(model, "access_branches")


def reached(user: Any, model: Any, verb: str, ways: list[Q]) -> Any:
    """Primary keys of everything that the user reaches: for ``pk__in``.

    It says UNION, not UNION ALL: of the latter PostgreSQL expects two hundred different keys, however many there are.
    """
    if not is_owned(model):
        return united(model._base_manager.order_by(), ways)
    asked = [way.rows(way.key) for way in owned_ways(user, model, verb)]
    return RawSQL(" UNION ".join(sql for sql, _ in asked), [each for _, values in asked for each in values])


def united(queryset: QuerySet, ways: list[Q], limit: int | None = None) -> QuerySet:
    """Primary keys of the rows that any of the ways reaches, each once; of each way only the first ``limit``."""
    parts = parts_of(queryset, ways, limit)
    return parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]


def parts_of(queryset: QuerySet, ways: list[Q], limit: int | None = None) -> list[QuerySet]:
    return [queryset.filter(way).values("pk")[:limit] for way in ways]


def in_sql(
    queryset: QuerySet, user: Any, verb: str, ways: list[Q], union: str, limit: int | None = None
) -> tuple[str, list[Any]]:
    """The primary keys of the rows that the ways reach, of each way only the first ``limit``; in SQL.

    Raises:
        EmptyResultSet: no way reaches anything.
    """
    parts: list[tuple[str, Any]] = []
    if is_owned(queryset.model) and len(queryset.query.alias_map) <= 1 and queryset.query.order_by in ORDERS:
        parts = owned_in_sql(queryset, user, verb, ["id"], limit)
    else:
        for part in parts_of(queryset, ways, limit):
            with suppress(EmptyResultSet):
                parts.append(part.query.sql_with_params())
    if not parts:
        raise EmptyResultSet
    return f" {union} ".join(f"({sql})" for sql, _ in parts), [each for _, values in parts for each in values]


def owned_in_sql(
    queryset: QuerySet, user: Any, verb: str, columns: list[str], limit: int | None = None, where: Any = None
) -> list[tuple[str, Any]]:
    """Each way to owned records, with the conditions of the queryset, and its order where there is a limit."""
    query, records = queryset.query, connection.ops.quote_name(queryset.model._meta.db_table)
    condition, values = _and_then(queryset, where or query.where)
    selected = ", ".join(f"{records}.{column}" for column in columns)
    parts = []
    for way in owned_ways(user, queryset.model, verb):
        joined = _joined(way, records)
        if limit:
            end = f"{ORDERS[query.order_by].format(records)} LIMIT {limit}"
            parts.append(way.first_rows(selected, joined, condition, values, end))
        else:
            parts.append(way.rows(selected, joined, condition, values))
    return parts


def owned_then_filtered(queryset: QuerySet, user: Any, verb: str, columns: list[str]) -> list[tuple[str, Any]]:
    """Each way to few owned records, of which each is read and asked for the conditions of the queryset.

    OFFSET keeps PostgreSQL from what it takes to be cheaper: an index of the conditions for each way.
    """
    records = connection.ops.quote_name(queryset.model._meta.db_table)
    condition, values = _and_then(queryset, queryset.query.where)
    parts = []
    for way in owned_ways(user, queryset.model, verb):
        sql, holders = way.rows(f"{records}.*", _joined(way, records))
        selected = f"SELECT {', '.join(columns)} FROM ({sql} OFFSET 0) AS {records} WHERE {condition}TRUE"
        parts.append((selected, [*holders, *values]))
    return parts


def _joined(way: Way, records: str) -> str:
    return "" if way.table == records else f" JOIN {records} ON {way.key} = {records}.id"


def _and_then(queryset: QuerySet, where: Any) -> tuple[str, Any]:
    """Conditions that another one follows, in SQL; blank where there are none."""
    with suppress(FullResultSet):
        condition, values = where.as_sql(queryset.query.get_compiler(connection=connection), connection)
        return f"{condition} AND ", values
    return "", []


def asked_of_row(ways: list[Way], records: str, alias: str, *, of_many: bool) -> tuple[str, list[Any]]:
    """The ways as a condition on a row of the table of records.

    Of few rows each is looked up in what was shared; for many, PostgreSQL hashes all of that, once in a query.
    """
    conditions, values = [], []
    for way in ways:
        shared, holders = way.rows(way.key) if of_many else way.rows("", condition=f"{way.key} = {alias}.id AND ")
        if way.table == records:
            conditions.append(f"{alias}.{way.holder} = ANY(%s)")
        else:
            conditions.append(f"{alias}.id IN ({shared})" if of_many else f"EXISTS ({shared})")
        values += holders
    return f"({' OR '.join(conditions)})", values


def first_beside_own(queryset: QuerySet, user: Any, verb: str, limit: int) -> tuple[str, list[Any]] | None:
    """Primary keys of the first rows, of who has many own ones among them, in SQL; ``None`` where that is not the way.

    The last of the first own rows tells how far the others are to be looked for, by their keys alone. When there are
    not so many own ones, each row that the conditions find is asked.
    """
    own, *others = owned_ways(user, queryset.model, verb)
    order: Any = queryset.query.order_by
    if own.holder != "assigned_to_id" or order not in (("id",), ("-id",)) or len(queryset.query.alias_map) > 1:
        return None
    sign, end = "<" if order == ("id",) else ">", ORDERS[order]
    records = connection.ops.quote_name(queryset.model._meta.db_table)
    condition, condition_values = _and_then(queryset, queryset.query.where)
    (first, first_values), *_ = owned_in_sql(queryset, user, verb, ["id"], limit)
    asked = [way.rows(way.key, condition=f"{way.key} {sign} (SELECT id FROM last) AND ") for way in others]
    near = " UNION ALL ".join(sql for sql, _ in asked)
    is_reached, reached_values = asked_of_row([own, *others], records, records, of_many=True)
    rest = f"SELECT id FROM {records} WHERE {condition}{is_reached}{end.format(records)} LIMIT {limit}"
    sql = (
        f"WITH own (id) AS ({first}), last AS (SELECT id FROM own{end.format('own')} OFFSET {limit - 1})"
        f" SELECT id FROM own"
        f" UNION SELECT id FROM {records} WHERE {condition}id = ANY(ARRAY({near}))"
        f" UNION (SELECT id FROM ({rest}) AS rest (id) WHERE NOT EXISTS (SELECT FROM last))"
    )
    near_values = [each for _, values in asked for each in values]
    return sql, [*first_values, *condition_values, *near_values, *condition_values, *reached_values]


def split_by_key(queryset: QuerySet) -> tuple[Any, Any]:
    """The conditions on what belongs to a record, of which only its key is asked, and the others."""
    query = queryset.query
    conditions: list[Any] = query.where.children if query.where.connector == AND and not query.where.negated else []
    by_key: list[Any] = [each for each in conditions if isinstance(each, In) and _is_key(each.lhs)]
    if not by_key or len(query.alias_map) > 1:
        return None, None
    return WhereNode(by_key), WhereNode([each for each in conditions if each not in by_key])


def _is_key(expression: Any) -> bool:
    return isinstance(expression, Col) and expression.target.primary_key


def reached_by_key(queryset: QuerySet, user: Any, by_key: Any, others: Any) -> tuple[str, tuple[Any, ...]]:
    """In SQL: the keys of few records that the user reaches, which are looked up in what belongs to records.

    As an array, for the reason that ``IsReached`` gives. The records themselves are read by nobody.
    """
    parts = owned_in_sql(queryset, user, "view", ["id"], where=others)
    condition, values = by_key.as_sql(queryset.query.get_compiler(connection=connection), connection)
    reached, records = " UNION ".join(sql for sql, _ in parts), connection.ops.quote_name(queryset.model._meta.db_table)
    sql = f"SELECT id FROM unnest(ARRAY({reached})) AS {records} (id) WHERE {condition}"
    return sql, (*(each for _, given in parts for each in given), *values)


class IsReached(Func):
    """Whether the record of a row is one of the few that the user reaches.

    As an array they are looked up one by one, whatever is asked of them; a subquery PostgreSQL may join the other way
    round, by reading all that the filter finds.
    """

    output_field: Any = BooleanField()

    def __init__(self, user: Any, model: Any, verb: str) -> None:
        super().__init__(F("pk"))
        self.reached = reached(user, model, verb, [])

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        key, parameters = compiler.compile(self.get_source_expressions()[0])
        return f"{key} = ANY(ARRAY({self.reached.sql}))", (*parameters, *self.reached.params)


class IsVisible(Func):
    """Whether the user reaches the record of a row, which is one of few or ``of_many``: see ``asked_of_row``."""

    output_field: Any = BooleanField()

    def __init__(self, user: Any, model: Any, verb: str, *, of_many: bool) -> None:
        super().__init__(F("pk"))
        self.ways, self.records, self.of_many = owned_ways(user, model, verb), model._meta.db_table, of_many

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        alias = compiler.compile(self.get_source_expressions()[0])[0].rpartition(".")[0]
        return asked_of_row(self.ways, connection.ops.quote_name(self.records), alias, of_many=self.of_many)
