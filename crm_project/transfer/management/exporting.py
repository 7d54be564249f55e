"""The command that exports records, of any kind."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db import OperationalError
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.transfer import exports
from crm_project.transfer.models import ExportJob
from crm_project.transfer.reading import FORMATS
from crm_project.transfer.resources import CrmResource

from .importing import could_not_run, find_owner, sentences, write_file
from .progress import Progress

STANDARD_OUTPUT = "-"


class ExportCommand(BaseCommand):
    """``export_… FILE [filter=value …]``: exit code 0 when the file is written, 2 when it could not be."""

    resource: type[CrmResource]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help=f"where to; {STANDARD_OUTPUT} is the standard output")
        parser.add_argument("filters", metavar="FILTER=VALUE", nargs="*", help="of the API's list, as category=VIP")
        parser.add_argument("--format", choices=FORMATS, help="(default: by the file's name, else csv)")
        parser.add_argument("--columns", default="", help="comma list; all for every one")
        parser.add_argument("--owner", metavar="USERNAME", help="who exports (default: first administrator)")

    def handle(
        self, *, file: str, filters: list[str], format: str | None, columns: str, owner: str | None, **options: Any
    ) -> None:
        user = find_owner(owner)
        resource = self.resource(user=user)
        given = dict(pair.partition("=")[::2] for pair in filters)
        suffix = Path(file).suffix.lstrip(".").lower()
        try:
            names = exports.chosen_columns(resource, columns)
            queryset = self._queryset(user, given)
        except exceptions.ValidationError as error:
            raise could_not_run(sentences(error.detail)) from error
        except ValidationError as error:
            raise could_not_run(" ".join(error.messages)) from error
        job = exports.start_export(
            actor=user,
            resource=resource,
            format=format or (suffix if suffix in FORMATS else "csv"),
            columns=names,
            filters=given,
            door="command",
            total=queryset.count(),
        )
        progress = Progress(self.stderr if file == STANDARD_OUTPUT else self.stdout)
        try:
            self._write(file, exports.stream(job, resource, queryset, lambda: True, on_progress=progress), job)
        except OperationalError as error:
            raise could_not_run(f"The database refused: {error}") from error

    def _queryset(self, user: Any, given: dict[str, str]) -> Any:
        model = self.resource.get_model()
        if not rules.may(user, model, "export"):
            raise could_not_run(f"{user} may not export {model._meta.verbose_name_plural}.")
        return exports.records_of(self.resource.kind(), user, given)

    def _write(self, file: str, pieces: Iterator[bytes], job: ExportJob) -> None:
        if file == STANDARD_OUTPUT:
            sys.stdout.buffer.writelines(pieces)
        else:
            write_file(Path(file), pieces)
            self.stdout.write(f"{job.rows:,} rows.")
