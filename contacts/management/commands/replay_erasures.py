from __future__ import annotations

import argparse
import datetime as dt
from typing import Any, TextIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts import services
from crm_project.history.context import because_of
from crm_project.privacy.management import moment
from crm_project.privacy.services import erasures_since


class Command(BaseCommand):
    help = "Erase again, after a restore, whom a list of list_erasures names, or who was erased here since a time."

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("file", nargs="?", type=argparse.FileType(), help="the list; - is standard input")
        source.add_argument("--since", type=moment, metavar="TIME", help="take this database's own list since then")

    @because_of(door="command")
    def handle(self, *, file: TextIO | None, since: dt.datetime | None, **options: Any) -> None:
        if file:
            with file:
                keys = read(file)
        else:
            keys = [key for erasure in erasures_since(since) for key in erasure.contact_ids]
        erased = sum(services.replay_erasure(contact_id=key) for key in dict.fromkeys(keys))
        self.stdout.write(f"{len(keys)} contacts on the list, {erased} of them here and erased.")


def read(file: TextIO) -> list[UUID]:
    """The last word of each line that has any.

    Raises:
        CommandError: it is no id; nothing has been erased by then.
    """
    keys = []
    for number, line in enumerate(file, 1):
        for word in line.split()[-1:]:
            try:
                keys.append(UUID(word))
            except ValueError as error:
                raise CommandError(f"Line {number} does not end in the id of a contact: {word[:60]!r}.") from error
    return keys
