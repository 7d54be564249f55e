"""What README.md and docs/ say is true.

Every ``bash`` block is run as it stands, in the order of the page and in one shell for each page, against a CRM that
was started as ``make run`` starts it. A ``json``, ``text`` or ``csv`` block below it is compared with what it prints:

- "…" stands for anything; in JSON ``"…": "…"`` does,
- a space stands for any space or none, a time for any time,
- an id stands for any id, but for the same one wherever it stands on the page.

``sh`` blocks are for machines that no test has; their commands and options are looked up.
"""

import argparse
import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
OUTPUT = {"json", "text", "csv"}
SHOWN = {"sh", "ini", "nginx", "sql", "python"}
PATIENCE = 180
ADDRESS = "127.0.0.1:8000"

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
LOOSE = re.compile(rf"(?P<id>{ID})|(?P<time>{TIME})|" r'(?P<any>"…":\s*"…"|…)|(?P<space>\s+)')


@dataclass
class Block:
    """A fenced block, with the page and line where it stands."""

    page: Path
    line: int
    language: str
    text: str
    follows: "Block | None"  # The block before, when nothing stands between the two.

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page):
    source, found, end = page.read_text(), [], 0
    for match in FENCE.finditer(source):
        before = found[-1] if found and not source[end : match.start()].strip() else None
        line = source.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match.group(1), match.group(2), before))
        end = match.end()
    return found


def prose(page):
    return FENCE.sub("", page.read_text())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """What a reader has: a clone of the repository in which ``make run`` is running."""

    def __init__(self, folder, port):
        self.folder, self.address, self.log = folder, f"127.0.0.1:{port}", folder / "log"
        for path in ROOT.iterdir():
            if path.name not in {".git", ".venv", "var"}:
                (folder / path.name).symlink_to(path)
        (folder / ".venv").symlink_to(sys.prefix)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CRM_", "DJANGO_")) and name not in {"DATABASE_URL", "SECRET_KEY"}
        }
        self.environment = kept | {"CRM_DATA_DIR": str(folder / "var"), "CRM_PORT": str(port)}
        if not shutil.which("curl"):
            self.environment["PATH"] = f"{self.stand_in()}:{os.environ['PATH']}"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crm_project.run"],
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stand_in(self):
        """A folder with a curl in it."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        curl = folder / "curl"
        curl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "tests" / "curl.py"}" "$@"\n')
        curl.chmod(0o755)
        return folder

    def wait(self):
        deadline = time.monotonic() + PATIENCE
        while "The CRM is running." not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()

    def run(self, page):
        """Run the page's bash blocks in one shell. Gives what each printed, by the line where it stands."""
        folder = self.folder / "blocks" / page.relative_to(ROOT).with_suffix("")
        folder.mkdir(parents=True)
        todo = [block for block in blocks(page) if block.language == "bash"]
        script = ["set -eo pipefail"]
        for block in todo:
            file = folder / f"{block.line}.sh"
            file.write_text(block.text.replace(ADDRESS, self.address))
            script += [f"echo {block.line} >{folder}/running", f"source {file} >{folder}/{block.line}.out 2>&1"]
        ended = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        printed = {file.stem: file.read_text().replace(self.address, ADDRESS) for file in folder.glob("*.out")}
        if ended.returncode:
            line = (folder / "running").read_text().strip()
            pytest.fail(f"{page.name}:{line} ended with {ended.returncode}.\n{printed.get(line)}")
        assert {str(block.line) for block in todo} == printed.keys()
        return {int(line): text for line, text in printed.items()}


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path, free_port())
    try:
        house.wait()
        yield house
        house.stop()
    finally:
        house.process.kill()
        subprocess.run(
            [sys.executable, "-m", "crm_project.run", "stop"], cwd=house.folder, env=house.environment, check=True
        )
        shutil.rmtree(house.folder / "var", ignore_errors=True)


def pattern_of(shown, known):
    """What the output must match. Ids that earlier blocks have met are known; new ones become groups."""
    pattern, end, groups = "", 0, {}
    for match in LOOSE.finditer(shown):
        pattern += re.escape(shown[end : match.start()])
        end = match.end()
        if match.group("id"):
            name = match.group("id")
            if name in known:
                pattern += re.escape(known[name])
            elif name in groups:
                pattern += f"(?P={groups[name]})"
            else:
                groups[name] = f"id{len(groups)}"
                pattern += f"(?P<{groups[name]}>{ID})"
        else:
            pattern += {"time": TIME, "any": ".*?", "space": r"\s*"}[match.lastgroup]
    return re.compile(pattern + re.escape(shown[end:]), re.DOTALL), groups


def differences(page, printed):
    """For each block of output that is not what was printed, what it shows and what it should."""
    known, found = {}, []
    for block in blocks(page):
        if block.language in OUTPUT:
            pattern, groups = pattern_of(block.text.strip(), known)
            text = printed[block.follows.line]
            if match := pattern.fullmatch(text.strip()):
                known |= {shown: match.group(name) for shown, name in groups.items()}
            else:
                found.append(f"{block} shows\n{block.text}\nbut it is\n{text}")
    return found


def test_what_the_documents_show_is_what_happens(house, subtests):
    """One test, so that the CRM is started once."""
    for page in PAGES:
        with subtests.test(page=str(page.relative_to(ROOT))):
            wrong = differences(page, house.run(page))
            assert not wrong, "\n".join(wrong)
    with subtests.test("addresses"):
        for path in ("docs", "redoc", "schema", "healthz", "readyz", "admin/login/"):
            with urlopen(f"http://{house.address}/{path}", timeout=30) as answer:
                assert answer.status == 200
    with subtests.test("a stand-in for curl"):
        check_stand_in(house)


def check_stand_in(house):
    script = f"""
        set -e
        call() {{ {house.stand_in()}/curl -sS -H "Authorization: Bearer $(cat var/api_key)" "$@"; echo; }}
        url=http://{house.address}/contacts
        call -I $url | tr -d '\\r' | sed -n 's/^Allow: //p'
        call -G "$url/export" -d columns=email --data-urlencode "search=h.tanaka@minato"
        try="$url/import?dry_run=1"
        call $try -H "Content-Type: text/csv" --data-binary @docs/samples/people.csv | grep -o '"rows":[0-9]*'
        printf 'Name\\nAnn\\n' | call $url/import -F dry_run=1 -F "file=@-;filename=a.csv" | grep -o '"rows":[0-9]*'
        call $try -F file=@docs/samples/people.csv | grep -o '"file_name":"[^"]*"'
        call -X PUT $url -d '{{}}' | grep -o '"code":"[^"]*"'
    """
    printed = subprocess.run(
        ["bash", "-c", script], cwd=house.folder, env=house.environment, capture_output=True, text=True, check=False
    )
    assert printed.stdout.split() == [
        *["GET,", "POST,", "HEAD,", "OPTIONS", "email", "h.tanaka@minato.example"],
        *['"rows":10', '"rows":1', '"file_name":"people.csv"', '"code":"method_not_allowed"'],
    ], printed.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_run_or_compared_or_only_shown_by_intent(page):
    for block in blocks(page):
        assert block.language in {"bash"} | OUTPUT | SHOWN, f"{block}: a block of an unknown kind"
        if block.language in OUTPUT:
            assert block.follows is not None, f"{block}: nothing above prints this"
            assert block.follows.language == "bash", f"{block}: nothing above prints this"
        if block.language == "python":
            ast.parse(block.text)


def test_comparison_sees_differences():
    one, two = "0199aaaa-0000-7000-8000-000000000001", "0199aaaa-0000-7000-8000-000000000002"
    shown = f'{{"id": "{one}", "at": "2026-01-31T12:00:00Z", "…": "…", "same": "{one}"}}'
    printed = f'{{"id":"{two}","at":"2027-02-01T08:30:00.123456Z","more":1,"x":"","same":"%s"}}'
    pattern, groups = pattern_of(shown, {})
    assert pattern.fullmatch(printed % two).group(groups[one]) == two
    assert not pattern.fullmatch(printed % one)
    assert not pattern_of(shown, {one: one})[0].fullmatch(printed % two)
    assert not pattern_of('{"count": 1}', {})[0].fullmatch('{"count":12}')


# What is only written down


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", prose(file), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    for name in re.findall(r"`([\w.-]+/(?:[\w.-]+/?)*)`", prose(page)):
        if (ROOT / name.split("/")[0]).is_dir() and not name.startswith("var/"):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page):
    text = page.read_text().replace("\\\n", " ")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"(?:`|^|&& )make ([a-z]+)\b", text, re.MULTILINE):
        assert target in targets, f"{page.name}: make {target}"
    for name, arguments in re.findall(r"manage\.py ([a-z]\w+)([^\n`|;&]*)", text):
        options = options_of(name)
        for option in re.findall(r"(?<=\s)--[a-z][\w-]*", arguments):
            assert option in options, f"{page.name}: manage.py {name} {option}"


def options_of(name):
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    assert isinstance(parser, argparse.ArgumentParser)
    return parser._option_string_actions


# Settings


def settings_read():
    """Names that the code reads from the environment, with their defaults where the code writes them down.

    In the settings every call with such a name reads it, elsewhere ``os.environ.get`` does.
    """
    found = {}
    for file in sorted((ROOT / "crm_project").rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            first, second = [*map(literal, call.args), None, None][:2]
            name = ast.unparse(call.func)
            reads = name == "os.environ.get" or (file.name == "settings.py" and not name.endswith("setdefault"))
            if reads and isinstance(first, str) and re.fullmatch("[A-Z]+(_[A-Z]+)*", first):
                found[first] = found.get(first) or second
    return found


def literal(node):
    return node.value if isinstance(node, ast.Constant) else None


def test_settings_table_is_complete_and_gives_the_defaults():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "operating.md").read_text(), re.MULTILINE)
    read, written = settings_read(), dict(rows)
    assert len(rows) == len(written)
    assert written.keys() == read.keys()
    for name, default in read.items():
        if default is not None and default != "":
            assert f"`{str(default).lower()}`" in written[name].lower(), f"{name} is {default!r} when not set"
