"""``make bench``: one table of ratios, each measured in turns within this run, and which of them miss their goal."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from crm_project.database.embedded import Server

from . import bare, places, reports, transfers
from .measuring import Times, in_turns, rates
from .places import Client, Place

SMALL = 10_000
WRITERS = 4


def main() -> int:
    options = arguments()
    base_url = os.environ.get("DATABASE_URL") or own_server()
    missed = 0
    if options.part != "transfers":
        missed += requests(base_url, options)
    if options.part == "transfers" or (options.part == "all" and not options.only):
        missed += transfers.report(base_url, options.contacts)
    print(f"\n{missed} missed" if missed else "\nall as they should be")
    return 1 if missed else 0


def requests(base_url: str, options: argparse.Namespace) -> int:
    """What is asked of the API; how many lines miss their goal."""
    large = Place(f"crm_bench_{options.contacts}", options.contacts, base_url)
    small = Place(f"crm_bench_{min(SMALL, options.contacts // 2)}", min(SMALL, options.contacts // 2), base_url)
    os.environ |= large.environment | {"DJANGO_SETTINGS_MODULE": "crm_project.settings"}
    warnings.simplefilter("ignore")
    import django

    django.setup()
    with ExitStack() as stack:
        for place in (large, small):
            place.prepare()
            stack.enter_context(place.served())
        describe(large)
        return report(large, small, options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--contacts",
        type=int,
        default=1_000_000,
        help="size of the large database and of the file that is imported (1000000)",
    )
    parser.add_argument(
        "--part",
        choices=["all", "api", "transfers"],
        default="all",
        help="requests, imports and exports, or both (all)",
    )
    parser.add_argument("--rounds", type=int, default=100, help="calls of each kind (100)")
    parser.add_argument("--only", default="", metavar="WORD", help="only lines in which the word occurs")
    parser.add_argument("--seconds", type=float, default=3, help="how long writers write in each of 4 turns (3)")
    return parser.parse_args()


def own_server() -> str:
    server = Server(Path(os.environ.get("CRM_DATA_DIR") or places.BASE_DIR / "var", "postgres").resolve())
    server.start()
    return server.url


def describe(place: Place) -> None:
    ((version,),) = bare.rows(place, "SELECT split_part(version(), ' on ', 1)")
    ((contacts, points),) = bare.rows(
        place, "SELECT (SELECT count(*) FROM contacts_contact), (SELECT count(*) FROM contacts_contactpoint)"
    )
    python = f"Python {platform.python_version()}"
    print(f"{contacts:,} contacts, {points:,} contact points; {os.cpu_count()} cores, {version}, {python}")


def report(large: Place, small: Place, options: argparse.Namespace) -> int:
    from .cases import Cases

    print(f"\n{'':52} {'p50':>8} {'p95':>8}   {'against':^17} {'ratio':>6} {'goal':>5} {'queries':>7}")
    missed = 0
    for case in Cases(large, small).all():
        if options.only not in case.name:
            continue
        times = in_turns({"call": case.call, "against": case.against}, options.rounds)
        ratio = getattr(times["call"], case.at) / getattr(times["against"], case.at)
        is_missed = case.goal is not None and ratio > case.goal
        missed += is_missed
        queries = count_queries(case.path, large.keys[case.kind], case.body) if case.path else ""
        print(
            f"{case.name:52} {shown(times['call'])}   {shown(times['against'])} {ratio:6.2f} {case.goal or '':>5}"
            f" {queries:>7} {case.at} {'MISS' if is_missed else 'ok'}",
            flush=True,
        )
    missed += reports.measure(large, small, options.only)
    if options.only in "POST /contacts":
        missed += writes(large, options.seconds)
    return missed


def shown(times: Times) -> str:
    return f"{times.p50 * 1000:8.2f} {times.p95 * 1000:8.2f}"


def count_queries(path: str, key: str, body: dict[str, Any] | None = None) -> int:
    """The queries of one request, asked in this process of the large database, when caches are warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from rest_framework.test import APIClient

    client = APIClient(headers={"Authorization": f"Bearer {key}"}, SERVER_NAME="localhost")

    def ask() -> Any:
        return client.get(path) if body is None else client.post(path, body, format="json")

    ask()
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    assert response.status_code == 200, response.content
    return len(queries)


def writes(place: Place, seconds: float) -> int:
    """``POST /contacts`` against the bare transaction, by the same number of clients; what was made is removed."""
    ((company,),) = bare.rows(place, "SELECT name FROM contacts_organization ORDER BY id LIMIT 1")

    def post() -> object:
        client = Client(place)

        def send(number: int) -> bytes:
            body = {
                "name": f"Bench Person {number}",
                "email": f"bench{number}@bench.example",
                "phone": f"+7916{number:07d}",
                "company": company,
                "external_id": "bench",
            }
            return client.send("POST", "/contacts", json.dumps(body).encode())

        return send

    found = rates({"http": post, "bare": lambda: bare.post_contact(place)}, WRITERS, seconds, turns=4)
    with bare.connect(place) as connection:
        made = "SELECT id FROM contacts_contact WHERE external_id = 'bench'"
        connection.execute(f"DELETE FROM contacts_contactpoint WHERE contact_id IN ({made})")
        connection.execute("DELETE FROM contacts_contact WHERE external_id = 'bench'")
        connection.execute("VACUUM contacts_contact, contacts_contactpoint")  # Whatever is measured next would pay.
    ratio = found["http"] / found["bare"]
    print(
        f"{f'POST /contacts, {WRITERS} clients, per second : bare SQL':52} {found['http']:8.0f} {'':8}   "
        f"{found['bare']:8.0f} {'':8} {ratio:6.2f} {'1/3':>5} {'':7} rate {'ok' if ratio >= 1 / 3 else 'MISS'}"
    )
    return int(ratio < 1 / 3)


if __name__ == "__main__":
    sys.exit(main())
