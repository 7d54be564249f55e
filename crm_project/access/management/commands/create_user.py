import sys
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from crm_project.access.models import Role, User
from crm_project.history.context import because_of


class Command(BaseCommand):
    help = "Make a user in a role, or put an existing user into it. Says who the user is, each time it is run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", required=True, help="one of the roles, such as Sales or Manager")
        parser.add_argument("--email", default="")
        parser.add_argument("--team", help="a group the user shall belong to; made when it does not exist")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    @because_of(door="command")
    @transaction.atomic
    def handle(
        self, *, username: str, role: str, email: str, team: str | None, password_stdin: bool, **options: Any
    ) -> None:
        found = Role.objects.filter(group__name__iexact=role).select_related("group").first()
        if found is None:
            names = ", ".join(Role.objects.values_list("group__name", flat=True).order_by("group__name"))
            raise CommandError(f"There is no role {role!r}; there are: {names}.")
        user = User.objects.filter(username=username).first() or User(username=username)
        user.email = email or user.email
        user.is_staff = True
        try:
            if password_stdin:
                password = sys.stdin.readline().rstrip("\n")
                validate_password(password, user)
                user.set_password(password)
            elif user._state.adding:
                user.set_unusable_password()
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        user.groups.add(found.group)
        if team:
            user.groups.add(Group.objects.get_or_create(name=team)[0])
        self.stdout.write(f"{user.username} {user.pk} {found.group.name}")
