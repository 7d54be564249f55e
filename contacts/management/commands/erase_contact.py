from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts import services
from contacts.models import Contact
from crm_project.history.context import because_of


class Command(BaseCommand):
    help = "Erase the person behind a contact, for good. Only counts what that would touch until --commit is given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=UUID, help="the contact's id")
        parser.add_argument("--commit", action="store_true", help="do it")

    @because_of(door="command")
    def handle(self, *, id: UUID, commit: bool, **options: Any) -> None:
        try:
            if commit:
                counts = services.erase_contact(contact_id=id, actor=None, door="command").counts
            else:
                counts = services.counts_of_person(contact_id=id)
        except Contact.DoesNotExist as error:
            raise CommandError(f"There is no contact {id}.") from error
        for label, count in counts.items():
            self.stdout.write(f"{count:>6} {label}")
        self.stdout.write("Erased." if commit else "Nothing was erased; add --commit to do it.")
