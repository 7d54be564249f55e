from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from crm_project import demo


class Command(BaseCommand):
    help = (
        "Fill the CRM with believable people. The same seed makes the same people; a second run adds what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for part in demo.parts():
            parser.add_argument(
                f"--{part.name}", type=int, default=part.default, metavar="N", help=f"{part.default} when left out"
            )
        parser.add_argument("--seed", type=int, default=1, help="another seed makes other people")
        parser.add_argument("--if-empty", action="store_true", help="add nothing when the CRM has any records")

    def handle(self, *, seed: int, if_empty: bool, **options: Any) -> None:
        # Demo orders among somebody's own contacts would be as bad as demo contacts among them.
        filled = [part.name for part in demo.parts() if if_empty and part.model._default_manager.exists()]
        if filled:
            self.stdout.write(f"There are {' and '.join(filled)} already; no demo data was added.")
            return
        made = 0
        for part in demo.parts():
            added = part.make(seed, options[part.name])
            made += added
            self.stdout.write(f"{part.name}: {added} added" if added else f"{part.name}: all there, none added")
        if made:
            # Without statistics and a visibility map the planner would choose as for empty tables.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")
            for part in demo.parts():
                if part.finish:
                    part.finish()
