"""Named questions about feedback."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from crm_project.access.querysets import OwnedQuerySet


class FeedbackQuerySet(OwnedQuerySet):
    def open(self) -> Self:
        """Asked for and not answered yet, by links that still work. The database's clock decides."""
        return self.live().filter(status="open", expires_at__gt=Now(), customer__deleted_at=None)

    def overdue(self) -> Self:
        """Still called open although their time is over."""
        return self.filter(status="open", expires_at__lte=Now())

    def answered(self) -> Self:
        return self.live().filter(status="answered")

    def about(self, themes: Collection[UUID | str]) -> Self:
        """With a comment on one of these themes, or on a theme that was merged into one of them."""
        links: Any = apps.get_model("feedback", "FeedbackTheme")
        is_about = Q(theme__in=themes) | Q(theme__merged_into__in=themes)
        return self.filter(Exists(links.objects.filter(is_about, feedback=OuterRef("pk"))))
