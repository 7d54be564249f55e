from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.utils.encoders import JSONEncoder

from contacts import services
from contacts.models import Contact


class Command(BaseCommand):
    help = "Print everything that is stored about the person behind a contact, as JSON by table."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=UUID, help="the contact's id")

    def handle(self, *, id: UUID, **options: Any) -> None:
        try:
            data = services.personal_data(contact_id=id)
        except Contact.DoesNotExist as error:
            raise CommandError(f"There is no contact {id}.") from error
        self.stdout.write(json.dumps(data, cls=JSONEncoder, ensure_ascii=False, indent=2))
