"""Who was erased when and by whom, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from crm_project.admin import CrmModelAdmin

from .models import Erasure


@admin.register(Erasure)
class ErasureAdmin(CrmModelAdmin):
    menu, icon = "settings", "person_off"
    list_display = ("created_at", "erased_by", "door", "shown_rows", "finished_at")
    list_select_related = ("erased_by",)
    fields = ("created_at", "erased_by", "door", "contact_ids", "counts", "finished_at")
    readonly_fields = fields

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("Rows"))
    def shown_rows(self, erasure: Erasure) -> int:
        return sum(erasure.counts.values())
