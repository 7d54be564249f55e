"""Timing things in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Call = Callable[[int], object]


@dataclass(frozen=True)
class Times:
    """Seconds of many calls, sorted."""

    seconds: Sequence[float]

    def percentile(self, percent: int) -> float:
        return self.seconds[min(len(self.seconds) * percent // 100, len(self.seconds) - 1)]

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return self.percentile(95)


def in_turns(calls: dict[str, Call], rounds: int, warm_up: int = 5) -> dict[str, Times]:
    """Call all of them in each round, every time with the round's number; the first rounds are not counted."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    gc.disable()
    try:
        for number in range(-warm_up, rounds):
            for name, call in calls.items():
                started = time.perf_counter()
                call(number)
                if number >= 0:
                    found[name].append(time.perf_counter() - started)
    finally:
        gc.enable()
    return {name: Times(sorted(seconds)) for name, seconds in found.items()}


def rates(makers: dict[str, Callable[[], Call]], clients: int, seconds: float, turns: int) -> dict[str, float]:
    """Calls a second by so many clients at once, in turns; each client makes what it calls by the maker."""
    found: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(turns):
        for name, make in makers.items():
            found[name].append(_rate(make, clients, seconds))
    return {name: statistics.median(values) for name, values in found.items()}


def _rate(make: Callable[[], Call], clients: int, seconds: float) -> float:
    done = [0] * clients
    calls = [make() for _ in range(clients)]
    deadline = time.monotonic() + seconds

    def work(client: int) -> None:
        while time.monotonic() < deadline:
            calls[client](done[client])
            done[client] += 1

    threads = [threading.Thread(target=work, args=[client]) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds
