"""By which indexes PostgreSQL would answer a query."""

from django.db import connection


def indexes_of(sql):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT json) " + sql.replace("%", "%%"), [])
        (plan,) = cursor.fetchone()[0]

    def walk(node):
        yield node.get("Index Name")
        for child in node.get("Plans", []):
            yield from walk(child)

    return {name for name in walk(plan["Plan"]) if name}
