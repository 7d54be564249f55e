"""Imports and exports: against what PostgreSQL alone needs, with how much memory, and what others notice of them."""

from __future__ import annotations

import csv
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql

from . import bulk
from .measuring import Times
from .places import BASE_DIR, Client, Place

FEW = 10_000
PLAIN_ROWS = 1_000
WATCHED_ROWS = 100_000
PROFILED_ROWS = 50_000
FLAT = 1.25
OWNER = "bench"
HEADERS = ["name", "email", "phone", "other_phones", "company", "categories", "job_title", "custom_fields.city"]
SET_UP = "import django; django.setup()"
PREPARE = f"""
{SET_UP}
from contacts.models import CustomField
CustomField.objects.get_or_create(key="city", defaults={{"label": "City", "type": "text"}})
"""


@dataclass(frozen=True)
class Run:
    """One process that has ended: how long it took, its processor time, and its memory at the most."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    output: str


def make_file(path: Path, rows: int, *, every: int = 1, title: str = "Buyer") -> Path:
    """So many people with an address, two numbers, a company, categories and a custom field; of fifty one is broken.

    With ``every`` only each such one, under another title: those who are there before.
    """
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for n in range(0, rows, every):
            mail = "broken@" if n % 50 == 7 and every == 1 else f"person.{n}@firm{n % 997}.example"
            numbers = (
                f"+1 (212) {n // 10_000 % 800 + 200:03}-{n % 10_000:04}",
                f"+7 9{n // 10_000_000:02} {n % 10_000_000:07}",
            )
            company, categories = f"Firm {n % max(rows // 20, 10)}", f"Group {n % 7};All"
            writer.writerow([f"Person Number{n}", mail, *numbers, company, categories, title, f"City {n % 331}"])
    return path


class Site:
    """Databases for one size of file, each made from one that has those people who are there before."""

    def __init__(self, base_url: str, rows: int, folder: Path) -> None:
        self.rows, self.folder = rows, folder
        self.base = Place(f"crm_bench_import_{rows}", rows, base_url)
        self.path = make_file(folder / f"people{rows}.csv", rows)
        empty = Place("crm_bench_empty", 0, base_url)
        empty.migrate()
        self.drop(self.base.name)
        self.create(self.base.name, empty.name)
        self.base.manage("create_user", OWNER, "--role", "Manager")
        self.program(self.base, "-c", PREPARE)
        earlier = make_file(folder / f"earlier{rows}.csv", rows, every=33, title="Clerk")
        self.base.manage("import_contacts", str(earlier), "--owner", OWNER)
        (folder / "media").mkdir(exist_ok=True)

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.base.base_url, autocommit=True) as connection:
            connection.execute(statement)

    def create(self, name: str, template: str) -> None:
        self._admin(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, name: str) -> None:
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def copy(self, name: str) -> Iterator[Place]:
        place = Place(f"{self.base.name}_{name}", self.rows, self.base.base_url)
        self.drop(place.name)
        self.create(place.name, self.base.name)
        try:
            yield place
        finally:
            self.drop(place.name)

    def environment(self, place: Place) -> dict[str, str]:
        return {**place.environment, "CRM_DATA_DIR": str(self.folder), "DJANGO_SETTINGS_MODULE": "crm_project.settings"}

    def program(self, place: Place, *arguments: str) -> Run:
        """Run Python with these arguments to its end."""
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=self.environment(place),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        output = process.stdout.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):  # One says that some rows failed, as two in a hundred do.
            sys.exit(f"{arguments} failed:\n{output[-2000:]}")
        seconds = time.perf_counter() - started
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def started(name: str) -> tuple[str, str]:
    """How Python is told to run a module of ours in which Django is set up."""
    return "-c", f"{SET_UP}\nfrom bench.{name} import main\nmain()"


def peak_mb(pid: int) -> float:
    """The most memory that a process or one of its children has had since it began."""
    found = []
    for each in (pid, *(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
        lines = Path(f"/proc/{each}/status").read_text().splitlines()
        found.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
    return max(found)


def rate_of(place: Place) -> float:
    """Rows a second of the last import, by its own receipt."""
    with psycopg.connect(place.url) as connection:
        found = connection.execute(
            "SELECT state, rows, failed, updated, extract(epoch FROM finished_at - started_at)::float"
            " FROM transfer_importjob ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert found
    state, rows, failed, updated, seconds = found
    assert state == "done", state
    assert abs(failed - place.contacts / 50) <= 1, failed
    assert updated, "Nobody was there before."
    return rows / seconds


class Transfers:
    """The lines of the table; each is one measurement with what it is compared with."""

    def __init__(self, base_url: str, rows: int, folder: Path) -> None:
        self.large, self.small = (Site(base_url, number, folder) for number in (rows, min(FEW, rows // 2)))
        self.folder, self.base_url = folder, base_url
        self.missed = 0

    def line(self, name: str, value: str, against: str, ratio: float, goal: float, *, at_most: bool = False) -> None:
        is_good = ratio <= goal if at_most else ratio >= goal
        self.missed += not is_good
        shown = f"{'≤' if at_most else '≥'} {goal:.2f}"
        print(f"{name:58} {value:>16} {against:>16} {ratio:7.2f} {shown:>8} {'ok' if is_good else 'MISS'}", flush=True)

    def all(self) -> None:
        rows = f"{self.large.rows:,} rows"
        with self.large.copy("command") as place:
            run, rate = self.by_command(self.large, place)
            self.exports(place)
        with self.small.copy("command") as place:
            small, _rate = self.by_command(self.small, place)
        bare, plain = self.bare(), self.plain()
        self.line(f"import of {rows} : COPY and SQL, rows a second", f"{rate:,.0f}", f"{bare:,.0f}", rate / bare, 1 / 4)
        self.line("import : a plain ModelResource, rows a second", f"{rate:,.0f}", f"{plain:,.1f}", rate / plain, 20)
        self.memory("command", run.peak_mb, small.peak_mb)
        peaks = {site.rows: self.by_worker(site) for site in (self.large, self.small)}
        for process in ("worker", "web"):
            self.memory(process, peaks[self.large.rows][process], peaks[self.small.rows][process])
        self.others()
        self.where()

    def memory(self, process: str, large: float, small: float) -> None:
        name = f"peak memory of the {process}, {self.large.rows:,} : {self.small.rows:,} rows"
        self.line(name, f"{large:.0f} MB", f"{small:.0f} MB", large / small, FLAT, at_most=True)

    def by_command(self, site: Site, place: Place) -> tuple[Run, float]:
        run = site.program(place, "manage.py", "import_contacts", str(site.path), "--match", "email", "--owner", OWNER)
        return run, rate_of(place)

    def bare(self) -> float:
        with self.large.copy("bare") as place:
            return bulk.import_people(place, self.large.path, OWNER)

    def plain(self) -> float:
        path = self.folder / "plain.csv"
        with self.large.path.open() as file, path.open("w") as short:
            short.writelines(line for line, _ in zip(file, range(PLAIN_ROWS + 1), strict=False))
        with self.large.copy("plain") as place:
            return float(self.large.program(place, *started("plain"), str(path)).output.split()[-1])

    def exports(self, place: Place) -> None:
        """The same columns, from the database that was just filled."""
        path, few = self.folder / "export.csv", self.folder / "few.csv"
        run = self.large.program(place, "manage.py", "export_contacts", str(path), "--owner", OWNER)
        bare = bulk.export_people(place, self.folder / "bare.csv")
        with psycopg.connect(place.url) as connection:
            found = connection.execute(
                "SELECT rows, extract(epoch FROM finished_at - started_at)::float FROM transfer_exportjob"
            )
            rows, seconds = found.fetchone() or (0, 1)
        rate, limit = rows / seconds, rows / bare
        self.line(
            f"export of {rows:,} rows : COPY TO, rows a second", f"{rate:,.0f}", f"{limit:,.0f}", rate / limit, 1 / 6
        )
        little = self.large.program(
            place, "manage.py", "export_contacts", str(few), "created_at_after=2100-01-01", "--owner", OWNER
        )
        name = f"peak memory of the export, {rows:,} : no rows"
        self.line(
            name, f"{run.peak_mb:.0f} MB", f"{little.peak_mb:.0f} MB", run.peak_mb / little.peak_mb, FLAT, at_most=True
        )

    @contextmanager
    def working(self, site: Site, place: Place) -> Iterator[tuple[int, int]]:
        """Two web workers and one worker on the place; the ids of both processes."""
        place.keys["manager"] = place.manage("create_api_key", OWNER, "--name", "bench", "--expires", "1")
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=BASE_DIR,
            env=site.environment(place),
            stderr=subprocess.DEVNULL,
        )
        try:
            with place.served(CRM_DATA_DIR=str(site.folder)) as web:
                yield web.pid, worker.pid
        finally:
            worker.terminate()
            worker.wait(60)

    def by_worker(self, site: Site) -> dict[str, float]:
        """Send the file as a client does and let the worker import it; the peak memory of both."""
        with site.copy("worker") as place, self.working(site, place) as (web, worker):
            wait_for_import(Client(place), send(place, site.path))
            rate_of(place)
            return {"web": peak_mb(web), "worker": peak_mb(worker)}

    def others(self) -> None:
        """What other people's requests take while an import runs, against what they take when nothing does."""
        rows = min(WATCHED_ROWS, self.large.rows)
        site = self.large if rows == self.large.rows else Site(self.base_url, rows, self.folder)
        with site.copy("others") as place, self.working(site, place):
            client = Client(place)
            ids = [each["id"] for each in json.loads(client.get("/contacts?page_size=100"))["results"]]
            calls: dict[str, Callable[[int], Any]] = {
                "GET /contacts/{id}": lambda n: client.get(f"/contacts/{ids[n % len(ids)]}"),
                "GET /contacts": lambda n: client.get("/contacts"),
                "GET /contacts?search=": lambda n: client.get(f"/contacts?search=number{n % 1000}"),
                "POST /contacts": lambda n: client.send("POST", "/contacts", new_person(n)),
            }
            for n in range(20):
                for call in calls.values():
                    call(n)
            idle = timed(calls, lambda n: n >= 150)
            ended = threading.Event()
            url = send(place, site.path)
            watcher = threading.Thread(target=lambda: (wait_for_import(Client(place), url), ended.set()))
            watcher.start()
            busy = timed(calls, lambda n: ended.is_set(), start=1_000)
            watcher.join()
            rate_of(place)
        for name in calls:
            during, before = busy[name].p95 * 1000, idle[name].p95 * 1000
            label = f"{name}, p95 while {rows:,} rows go in : idle"
            self.line(label, f"{during:.1f} ms", f"{before:.1f} ms", during / before, 3, at_most=True)

    def where(self) -> None:
        rows = min(PROFILED_ROWS, self.large.rows)
        site = self.large if rows == self.large.rows else Site(self.base_url, rows, self.folder)
        with site.copy("where") as place:
            print(f"\nWhere the time of an import of {rows:,} rows goes:")
            print(site.program(place, *started("where"), str(site.path), OWNER).output.rstrip())


def send(place: Place, path: Path) -> str:
    """Upload the file as a client does, streamed; where to ask how far it is."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=120)
    headers = {
        "Authorization": f"Bearer {place.keys['manager']}",
        "Content-Type": "text/csv",
        "Content-Length": str(path.stat().st_size),
    }
    with path.open("rb") as file:
        connection.request("POST", "/contacts/import?match=email", file, headers)
        response = connection.getresponse()
        content = response.read()
    if response.status not in (200, 202):
        sys.exit(f"The import was refused: {content[:500].decode()}")
    return json.loads(content)["url"].partition(str(place.port))[2]


def wait_for_import(client: Client, url: str) -> None:
    while json.loads(client.get(url))["state"] in ("queued", "running"):
        time.sleep(0.5)


def new_person(number: int) -> bytes:
    return json.dumps({"name": f"Made Meanwhile {number}", "email": f"meanwhile{number}@x.example"}).encode()


def timed(calls: dict[str, Callable[[int], Any]], is_over: Callable[[int], bool], start: int = 0) -> dict[str, Times]:
    found: dict[str, list[float]] = {name: [] for name in calls}
    number = start
    while not is_over(number):
        for name, call in calls.items():
            began = time.perf_counter()
            call(number)
            found[name].append(time.perf_counter() - began)
        number += 1
        time.sleep(0.02)  # People think between their clicks.
    return {name: Times(sorted(seconds)) for name, seconds in found.items()}


def report(base_url: str, rows: int) -> int:
    """Print the table; how many lines miss their goal."""
    print(f"\n{'':58} {'':>16} {'against':>16} {'ratio':>7} {'goal':>8}", flush=True)
    with TemporaryDirectory(prefix="crm-bench-") as folder:
        transfers = Transfers(base_url, rows, Path(folder))
        transfers.all()
    return transfers.missed
