"""``create_user`` and ``create_api_key``, as operators and scripts use them."""

import io
import sys
from datetime import timedelta

import pghistory
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm_project.access.models import ApiKey, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def run(*arguments, stdin="", **options):
    """What a command prints to stdout."""
    out, before = io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        call_command(*arguments, stdout=out, **options)
    finally:
        sys.stdin = before
    return out.getvalue()


def test_create_user_says_who_it_is_each_time():
    first = run("create_user", "ann", "--role", "Sales")
    user = User.objects.get()
    assert first == f"ann {user.pk} Sales\n"
    assert run("create_user", "ann", "--role", "Sales") == first
    assert User.objects.count() == 1
    assert (user.is_staff, user.has_usable_password()) == (True, False)


def test_the_history_knows_that_it_was_a_command():
    run("create_user", "ann", "--role", "Sales")
    run("create_api_key", "ann")
    doors = [context.metadata for context in pghistory.models.Context.objects.all()]
    assert doors == [{"door": "command"}] * 2


def test_create_user_takes_roles_in_any_case_and_adds_to_those_there_are():
    run("create_user", "ann", "--role", "sales", "--team", "North")
    run("create_user", "ann", "--role", "MANAGER", "--team", "North", "--email", "ann@example.com")
    user = User.objects.get()
    assert set(user.groups.values_list("name", flat=True)) == {"Sales", "Manager", "North"}
    assert user.email == "ann@example.com"


def test_create_user_reads_the_password_from_stdin():
    run("create_user", "ann", "--role", "Sales", "--password-stdin", stdin="correct horse battery\n")
    assert User.objects.get().check_password("correct horse battery")
    run("create_user", "ann", "--role", "Sales")
    assert User.objects.get().check_password("correct horse battery")


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (
            ["ann", "--role", "Boss"],
            "",
            "There is no role 'Boss'; there are: Administrator, Manager, Read-only, Sales, ",
        ),
        (["ann", "--role", "Sales", "--email", "nobody"], "", "valid email"),
        (["ann", "--role", "Sales", "--email", "TAKEN@example.com"], "", "Another user has this e-mail address."),
        (["a b", "--role", "Sales"], "", "valid username"),
        (["ann", "--role", "Sales", "--password-stdin"], "short\n", "too short"),
        (["ann", "--role", "Sales", "--password-stdin"], "", "too short"),
        (["ann"], "", "--role"),
        ([], "", "username"),
    ],
)
def test_create_user_refuses_in_a_sentence(arguments, stdin, message):
    UserFactory(username="other", email="taken@example.com")
    with pytest.raises(CommandError, match=message):
        run("create_user", *arguments, stdin=stdin)
    assert list(User.objects.values_list("username", flat=True)) == ["other"]


def test_create_api_key_prints_the_key_alone():
    user = UserFactory()
    secret = run("create_api_key", user.username).removesuffix("\n")
    key = ApiKey.objects.get()
    assert bytes(key.digest) == ApiKey.digest_of(secret)
    assert secret.startswith(key.prefix)
    assert (key.user, key.scopes, key.expires_at) == (user, ["read", "write"], None)


def test_create_api_key_makes_another_each_time():
    user = UserFactory()
    assert run("create_api_key", user.username) != run("create_api_key", user.username)
    assert ApiKey.objects.count() == 2


def test_create_api_key_takes_a_name_scopes_and_an_end():
    run("create_api_key", UserFactory().username, "--name", "Phone", "--scopes", "read", "--expires", "30")
    key = ApiKey.objects.get()
    assert (key.name, key.scopes) == ("Phone", ["read"])
    assert timedelta(days=29, hours=23) < key.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "There is no user 'nobody'."),
        (["ann", "--scopes", "read,admin"], "Unknown scope 'admin'; there are: read, write."),
        (["ann", "--scopes", ""], "Unknown scope ''"),
        (["ann", "--expires", "0"], "at least 1"),
        (["ann", "--expires", "soon"], "invalid int"),
        (["ann", "--expires", "99999999999"], "days"),
    ],
)
def test_create_api_key_refuses_in_a_sentence(arguments, message):
    UserFactory(username="ann")
    with pytest.raises(CommandError, match=message):
        run("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
