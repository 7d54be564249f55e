"""The link by which a customer answers: one for each request, the same in every reminder.

The token is an HMAC-SHA256 of the request's key under the ``SECRET_KEY``: 256 bits that nobody can guess and that can
be made again when a mail goes out, so that the database holds only their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from django.urls import reverse
from django.utils.crypto import salted_hmac

from crm_project.mail.links import public_url

SALT = "feedback.survey"
HIDDEN_TOKEN = "hidden-survey-token"


def token_for(key: UUID) -> str:
    """The token of a request, in base64url: 43 characters."""
    digest = salted_hmac(SALT, key.bytes, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def is_genuine(token: str, key: UUID) -> bool:
    """Whether we have signed this token for this request: a hash that somebody wrote into the table is not enough."""
    return hmac.compare_digest(token.encode(), token_for(key).encode())


def survey_url(token: str) -> str:
    return public_url(reverse("survey", args=[token]))
