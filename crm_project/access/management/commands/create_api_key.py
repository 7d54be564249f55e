from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm_project.access import services
from crm_project.access.models import ApiKey, User
from crm_project.history.context import because_of

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Make an API key for a user and print it, once: it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="what the key is for")
        parser.add_argument("--scopes", default="read,write", help="comma list of: read, write")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="days until the key stops (default: never)")

    @because_of(door="command")
    def handle(self, *, username: str, name: str, scopes: str, expires: int | None, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        wanted = {scope.strip() for scope in scopes.split(",")}
        if unknown := wanted - set(ApiKey.Scope.values):
            raise CommandError(f"Unknown scope {sorted(unknown)[0]!r}; there are: {', '.join(ApiKey.Scope.values)}.")
        if expires is not None and not 1 <= expires <= MOST_DAYS:
            raise CommandError(f"--expires takes a number of days, at least 1 and at most {MOST_DAYS}.")
        expires_at = timezone.now() + timedelta(days=expires) if expires else None
        _, secret = services.create_api_key(user=user, name=name[:100], scopes=wanted, expires_at=expires_at)
        self.stdout.write(secret)
