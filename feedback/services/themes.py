"""What staff decide about themes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Theme


@transaction.atomic
def change_theme(*, theme: Theme, **changes: Any) -> Theme:
    """Give the theme a ``label``, hide it (``is_hidden``), or make it a part of another (``merged_into``).

    What is a part already leads to the whole, and takes its own parts along, so that no chain or ring comes about.
    Locks both.

    Raises:
        ValidationError: the theme would become a part of itself.
    """
    keys = [theme.pk, *([changes["merged_into"].pk] if changes.get("merged_into") else [])]
    locked = {row.pk: row for row in Theme.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    theme = locked[theme.pk]
    if "label" in changes and changes["label"] != theme.label:
        theme.label, theme.label_is_manual = changes["label"], True
    if "is_hidden" in changes:
        theme.is_hidden = changes["is_hidden"]
    if "merged_into" in changes:
        whole = changes["merged_into"] and locked[changes["merged_into"].pk]
        whole = whole and (whole.merged_into or whole)
        if whole == theme:
            raise ValidationError({"merged_into": _("A theme cannot become a part of itself.")})
        theme.merged_into = whole
        if whole:
            Theme.objects.filter(merged_into=theme).update(merged_into=whole)
    theme.save(update_fields=["label", "label_is_manual", "is_hidden", "merged_into", "updated_at"])
    return theme
