"""Who and what stands behind changes that do not come from a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from django.db import connection
from pghistory import config


@contextmanager
def because_of(**metadata: Any) -> Iterator[Any]:
    """Changes inside are recorded with this metadata: ``user``, ``door``, ``job``, … Yields what ``announce`` takes.

    Within a request it adds to the request's own context, whose id then stands for both.
    """
    with pghistory.context(**metadata) as context:
        yield context


def announce(context: Any) -> None:
    """Tell the running transaction its context: pghistory does so with each statement, but ``COPY`` passes it by."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(context.id), json.dumps(context.metadata, cls=config.json_encoder())],
        )
