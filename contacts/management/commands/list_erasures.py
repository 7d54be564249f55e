from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm_project.privacy.management import moment
from crm_project.privacy.services import erasures_since


class Command(BaseCommand):
    help = "Print the contacts that were erased, one a line with the time, for replay_erasures on a restored backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, metavar="TIME", help="those erased since, such as 2026-01-31")

    def handle(self, *, since: dt.datetime | None, **options: Any) -> None:
        for erasure in erasures_since(since):
            for key in erasure.contact_ids:
                self.stdout.write(f"{erasure.created_at.isoformat(timespec='seconds')} {key}")
