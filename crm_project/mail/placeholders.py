"""Secrets in mails: parts of links by which whoever has them acts for the receiver, without signing in.

A stored mail has a placeholder for each, since many who may read the mails may not answer or unsubscribe for their
receivers. The secret itself, the same each time, is put in its place at the moment when the mail goes out.
"""

from __future__ import annotations

from collections.abc import Callable

from .models import Mail

Secret = Callable[[Mail], str | None]
_secrets: dict[str, Secret] = {}


def register(placeholder: str, secret: Secret) -> None:
    """Add a placeholder, in ``AppConfig.ready()``; ``secret`` gives what a mail has in its place, if anything.

    The placeholder is written with small letters and hyphens, which every way of writing an address leaves alone.
    """
    _secrets[placeholder] = secret


def fill_in(mail: Mail, text: str) -> str:
    """The text as the receiver gets it."""
    for placeholder, secret in _secrets.items():
        if placeholder in text and (value := secret(mail)):
            text = text.replace(placeholder, value)
    return text
