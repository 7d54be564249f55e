"""Readers for the arguments of commands."""

import datetime as dt
from argparse import ArgumentTypeError

from django.utils import timezone


def moment(text: str) -> dt.datetime:
    """A date or a time, in the server's time zone unless it says otherwise."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"a date or time such as 2026-01-31T12:00, not {text!r}") from error
    return found if found.tzinfo else timezone.make_aware(found)
