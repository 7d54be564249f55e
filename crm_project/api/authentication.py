"""``Authorization: Bearer KEY``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pghistory
from django.conf import settings
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication

from crm_project.access import grants
from crm_project.access.models import ApiKey, User

from .throttling import count_wrong_key


class ApiKeyAuthentication(BaseAuthentication):
    """One query finds the key, its user and everything that the user's groups allow."""

    scheme = "Bearer"

    def authenticate(self, request: Any) -> tuple[User, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        key = self.find(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            count_wrong_key(request)
            raise exceptions.AuthenticationFailed()
        grants.remember(key.user, key)
        self.note_use(key)
        pghistory.context(user=str(key.user_id), api_key=key.prefix)
        return key.user, key

    def find(self, secret: str) -> ApiKey | None:
        try:
            digest = ApiKey.digest_of(secret)
        except UnicodeEncodeError:
            return None
        keys = ApiKey.objects.select_related("user").annotate(**grants.grant_columns("user_id"))
        key = keys.filter(digest=digest).first()
        return key if key and key.is_active and key.user.is_active else None

    def note_use(self, key: ApiKey) -> None:
        """Once a minute is exact enough to find forgotten keys, and keeps reading from writing."""
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > timedelta(seconds=settings.CRM_KEY_USE_RESOLUTION):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)

    def authenticate_header(self, request: Any) -> str:
        return self.scheme


class SessionAuthentication(DrfSessionAuthentication):
    """The admin's session, for the interactive documentation; with Django's CSRF check."""

    def authenticate(self, request: Any) -> Any:
        found = super().authenticate(request)
        if found:
            pghistory.context(user=str(found[0].pk))
        return found
