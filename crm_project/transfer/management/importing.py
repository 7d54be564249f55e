"""The command that imports a file, for any kind of record."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.db.models import Q
from rest_framework import exceptions

from crm_project.access.models import User
from crm_project.access.roles import ADMINISTRATOR
from crm_project.transfer import exports, services
from crm_project.transfer.models import ImportJob
from crm_project.transfer.options import OnMatch, Options
from crm_project.transfer.reading import FORMATS, UnreadableFile
from crm_project.transfer.resources import CrmResource
from crm_project.transfer.rows import as_text
from crm_project.transfer.serializers import find_user, options_from

from .progress import Progress

COULD_NOT_RUN = 2
SHOWN_FAILURES = 10
SHOWN_ROWS = 10


class ImportCommand(BaseCommand):
    """``import_… FILE``: exit code 0 when all rows are in, 1 when some failed, 2 when it could not run."""

    resource: type[CrmResource]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV, TSV, JSON, NDJSON or XLSX")
        parser.add_argument("--format", choices=FORMATS, help="found from the content when left out")
        parser.add_argument("--owner", metavar="USERNAME", help="who imports and owns (default: first administrator)")
        keys = ", ".join(self.resource.match_keys)
        parser.add_argument("--match", default="", metavar="KEYS", help=f"find records by: comma list of {keys}")
        parser.add_argument("--on-match", choices=[each.value for each in OnMatch], help="(default: update)")
        parser.add_argument("--mapping", metavar="FILE", help='JSON file such as {"column": "field"}')
        parser.add_argument("--source", metavar="NAME", help="keep the mapping under this name, or use the one kept")
        parser.add_argument("--region", metavar="CODE", help="country of national telephone numbers, such as RU")
        parser.add_argument("--encoding", help="found from the content when left out")
        parser.add_argument("--delimiter", metavar="CHARACTER", help="found from the content when left out")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--all-or-nothing", action="store_true", help="import nothing when a row fails")
        parser.add_argument("--errors", metavar="FILE", help="where to write the rows that failed, as CSV to be mended")

    def handle(self, *, file: str, owner: str | None, errors: str | None, **given: Any) -> None:
        try:
            user = find_owner(owner)
            job = self._job(Path(file), user, self._options(user, given))
            services.run_import(job, on_progress=Progress(self.stdout))
        except OperationalError as error:
            raise could_not_run(f"The database refused: {error}") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted; the same command goes on from there.", returncode=130) from None
        self._report(job, errors)

    def _options(self, user: User, given: dict[str, Any]) -> Options:
        names = ("match", "on_match", "source", "region", "encoding", "delimiter", "format")
        texts = {name: given[name] for name in names if given[name]}
        texts |= {"dry_run": given["dry_run"], "atomic": given["all_or_nothing"]}
        if given["mapping"]:
            texts["mapping"] = read_text(Path(given["mapping"]))
        try:
            return options_from(self.resource, user, texts)
        except exceptions.ValidationError as error:
            raise could_not_run(sentences(error.detail)) from error

    def _job(self, path: Path, user: User, options: Options) -> ImportJob:
        try:
            with path.open("rb") as opened:
                file = File(opened, path.name)
                interrupted = ImportJob.objects.filter(
                    owner=user,
                    kind=self.resource.kind(),
                    door="command",
                    state=ImportJob.State.RUNNING,
                    sha256=services.sha256_of(file),
                    options=json.loads(json.dumps(options.as_json())),
                ).first()
                if interrupted:
                    self.stdout.write(f"Going on with an import that was interrupted after {interrupted.rows:,} rows.")
                    return interrupted
                return services.keep_import(
                    actor=user, resource=self.resource, file=file, file_name=path.name, options=options, door="command"
                )
        except OSError as error:
            raise could_not_run(f"{path} cannot be read: {error.strerror or error}.") from error
        except UnreadableFile as error:
            raise could_not_run(error.message) from error
        except ValidationError as error:
            raise could_not_run(" ".join(error.messages)) from error

    def _report(self, job: ImportJob, errors: str | None) -> None:
        if job.state == ImportJob.State.RUNNING:
            raise could_not_run("Another process is importing this very file.")
        counts = ", ".join(f"{getattr(job, count):,} {count}" for count in services.COUNTS)
        self.stdout.write(f"{job.rows:,} rows{' would be' if job.options['dry_run'] else ''}: {counts}.")
        for each in job.preview[:SHOWN_ROWS]:
            changes = "; ".join(f"{name}: {described(*change)}" for name, change in each["changes"].items())
            self.stdout.write(f"Line {each['line']}: {each['outcome']} “{each['label']}”{changes and '; '}{changes}")
        for column, reason in job.ignored_columns.items():
            self.stdout.write(f"Column “{column}” left out: {reason}")
        for failure in job.failures.order_by("line", "pk")[:SHOWN_FAILURES]:
            for problem in failure.problems:
                column = f", column “{problem['column']}”" if problem["column"] else ""
                self.stderr.write(f"Line {failure.line}{column}: {problem['message']}")
        if job.failed > SHOWN_FAILURES:
            self.stderr.write(f"… and {job.failed - SHOWN_FAILURES:,} more rows that failed.")
        if errors and job.failed:
            write_file(Path(errors), exports.error_file(job))
            self.stderr.write(f"The rows that failed are in {errors}, to be mended and imported.")
        if job.state != ImportJob.State.DONE:
            self.stderr.write(job.message or f"The import was {job.state}.")
            sys.exit(1 if job.failed else COULD_NOT_RUN)
        if job.failed:
            sys.exit(1)


def find_owner(username: str | None) -> User:
    """The user whom the command acts as: who is named, else the first administrator."""
    if username:
        if user := find_user(username):
            return user
        raise could_not_run(f"There is no active user {username!r}.")
    leads = Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR)
    first = User.objects.filter(leads, is_active=True).order_by("date_joined", "pk").first()
    if first is None:
        raise could_not_run("There is no administrator yet; make one with create_user, or name somebody by --owner.")
    return first


def described(before: Any, after: Any) -> str:
    """What would become of a field."""
    return f"{as_text(before)} → {as_text(after)}" if before else as_text(after)


def could_not_run(message: str) -> CommandError:
    return CommandError(message, returncode=COULD_NOT_RUN)


def sentences(detail: Any) -> str:
    """The messages of a ``ValidationError`` by option, as text."""
    if isinstance(detail, dict):
        return " ".join(f"{name}: {' '.join(map(str, messages))}" for name, messages in detail.items())
    return " ".join(map(str, detail))


def read_text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise could_not_run(f"{path} cannot be read: {error}.") from error


def write_file(path: Path, pieces: Any) -> None:
    """The whole file or none: it gets its name when it is complete."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file, closing(pieces):
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise could_not_run(f"{path} cannot be written: {error.strerror or error}.") from error
