"""Doing several things at the same moment, each over a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def at_once(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """What the calls give, in their order. All begin when the last of their threads is ready."""
    calls = list(calls)
    ready = threading.Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            connections["default"].ensure_connection()
            ready.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
