"""Limits to how long the database may work."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def statement_timeout(milliseconds: int) -> Iterator[None]:
    """No statement inside takes longer; one that would is cancelled, and the connection stays usable. Two queries.

    Raises:
        OperationalError: with SQLSTATE 57014, for the statement that was cancelled.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)",
            [str(milliseconds)],
        )
        (before, _now) = cursor.fetchone()
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
