"""Addresses of our own pages, as they stand in mails."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from .models import Mail

HIDDEN_TOKEN = "hidden-unsubscribe-token"

_signer = Signer(salt="unsubscribe")


def public_url(path: str) -> str:
    """The whole address of a path such as ``/admin/``, for those outside."""
    return settings.CRM_PUBLIC_URL + path


def unsubscribe_url(token: str = HIDDEN_TOKEN) -> str:
    """A page that says no to mail of a mail's purpose to its address. The link names neither, and works for good."""
    return public_url(reverse("unsubscribe", args=[token]))


def token_of(mail: Mail) -> str:
    return _signer.sign(mail.pk.hex)


def mail_of(token: str) -> Mail | None:
    """The mail whose link has this token; ``None`` when it was not made here, or mail or receiver are gone."""
    try:
        key = UUID(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    return Mail.objects.filter(pk=key).exclude(to="").first()
