"""``Authorization: Bearer KEY``."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import pghistory
from django.db import DEFAULT_DB_ALIAS, connection
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication

from crm_project.access import grants
from crm_project.access.models import ApiKey, User

from .throttling import count_wrong_key

KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]
USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]


@cache
def key_query() -> str:
    """The key of a digest, what its user's groups allow, and the user, in this order of columns.

    Every request asks it, and Django takes three times as long to write it as PostgreSQL to answer; so it is kept.
    """
    keys = ApiKey.objects.select_related("user").annotate(**grants.grant_columns("user_id"))
    return keys.filter(digest=b"").order_by().query.sql_with_params()[0]


class ApiKeyAuthentication(BaseAuthentication):
    """One query finds the key, its user and everything that the user's groups allow."""

    scheme = "Bearer"

    def authenticate(self, request: Any) -> tuple[User, ApiKey] | None:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        key = self.find(self.secret_of(scheme.lower(), credentials.strip()))
        if key is None:
            count_wrong_key(request)
            raise exceptions.AuthenticationFailed()
        grants.remember(key.user, key)
        pghistory.context(user=str(key.user_id), api_key=key.prefix)
        return key.user, key

    def secret_of(self, scheme: str, credentials: str) -> str:
        """The key that the header carries; a blank text, which is no key, when it is of another scheme."""
        return credentials if scheme == "bearer" else ""

    def find(self, secret: str) -> ApiKey | None:
        try:
            digest = ApiKey.digest_of(secret)
        except UnicodeEncodeError:
            return None
        with connection.cursor() as cursor:
            cursor.execute(key_query(), [digest])
            row = cursor.fetchone()
        if row is None:
            return None
        key = ApiKey.from_db(DEFAULT_DB_ALIAS, KEY_COLUMNS, row[: len(KEY_COLUMNS)])
        key.granted = row[len(KEY_COLUMNS)]
        key.user = User.from_db(DEFAULT_DB_ALIAS, USER_COLUMNS, row[len(KEY_COLUMNS) + 1 :])
        return key if key.is_active and key.user.is_active else None

    def authenticate_header(self, request: Any) -> str:
        return self.scheme


class KeyOrBasicAuthentication(ApiKeyAuthentication):
    """Also ``Authorization: Basic``, with the key as the user's name and no password, as programs of others send it."""

    def secret_of(self, scheme: str, credentials: str) -> str:
        if scheme != "basic":
            return super().secret_of(scheme, credentials)
        try:
            return base64.b64decode(credentials, validate=True).decode().removesuffix(":")
        except ValueError:
            return ""


class SessionAuthentication(DrfSessionAuthentication):
    """The admin's session, for the interactive documentation; with Django's CSRF check."""

    def authenticate(self, request: Any) -> Any:
        found = super().authenticate(request)
        if found:
            pghistory.context(user=str(found[0].pk))
        return found
