"""Reports and health on a large CRM, by the clock: what people wait for, and what a worker does every hour."""

from __future__ import annotations

import datetime as dt
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from .measuring import in_turns
from .places import BASE_DIR, Client, Place

REPORTS = {
    "leads": "/dev/crm/reports/leads",
    "customers": "/dev/crm/reports/customers",
    "dashboard": "/dev/crm/analytics/dashboard",
    "segments": "/dev/crm/customers/segments",
}
WARM, COLD, REFRESH = 0.3, 6.0, 60.0  # Seconds at most: kept, at the median; not kept, each; all customers anew.
MEMORY = 50  # Megabytes that the refresh of many may take more than that of few.
QUESTIONS = 5
REFRESHING = (
    "import django; django.setup(); from customers import services; services.refresh_segments(); services.refresh_all()"
)


def measure(large: Place, small: Place, only: str) -> int:
    """Print a line for each, and say how many miss their goal."""
    missed = 0
    for name, value, goal, unit in lines(large, small, only):
        is_missed = value > goal
        missed += is_missed
        print(f"{name:58} {value:8.2f} {unit:2}   goal {goal:g} {'MISS' if is_missed else 'ok'}", flush=True)
    return missed


def lines(large: Place, small: Place, only: str) -> Iterator[tuple[str, float, float, str]]:
    """What was measured, the value, the most that it should be, and their unit."""
    for kind in ("manager", "rep100k"):
        for name, path in REPORTS.items():
            if only in f"report {name}":
                client = Client(large, kind)
                cold = [once(large, kind, each) for each in questions(name, path)]
                yield f"report {name}, {kind}, not kept, slowest of {len(cold)}", max(cold), COLD, "s"
                client.get(path)
                times = in_turns({"kept": lambda number, ask=client.get, path=path: ask(path)}, 20)
                yield f"report {name}, {kind}, kept, median", times["kept"].p50, WARM, "s"
    if only in "report health":
        few, many = refreshed(small), refreshed(large)
        yield "report health, of all customers anew", many[0], REFRESH, "s"
        yield "report health, memory beyond that for few", many[1] - few[1], MEMORY, "MB"


def questions(name: str, path: str) -> list[str]:
    """Questions that nobody has asked yet, of the last quarters of a year; of segments there is but one."""
    if name == "segments":
        return [path]
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(int(time.time()) % 50)
    return [f"{path}?to={day - dt.timedelta(each)}" for each in range(QUESTIONS)]


def once(place: Place, kind: str, path: str) -> float:
    """How long an answer takes; a 503 that says when to ask again is one."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    started = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {place.keys[kind]}"})
    response = connection.getresponse()
    content = response.read()
    seconds = time.perf_counter() - started
    if response.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        print(f"  {path}: a worker has to count it")
    elif response.status != http.HTTPStatus.OK:
        sys.exit(f"{path}: {response.status} {content[:500].decode()}")
    return seconds


def refreshed(place: Place) -> tuple[float, int]:
    """Seconds and megabytes that the hourly refresh takes, in a process of its own."""
    started = time.perf_counter()
    environment = place.environment | {"DJANGO_SETTINGS_MODULE": "crm_project.settings"}
    child = subprocess.Popen([sys.executable, "-c", REFRESHING], cwd=BASE_DIR, env=environment)
    _pid, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("The refresh of health has failed.")
    return time.perf_counter() - started, usage.ru_maxrss // 1024
