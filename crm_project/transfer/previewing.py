"""Of a dry run, what would become of the first rows, for who reads it later."""

from __future__ import annotations

from typing import Any

from crm_project.access import rules

from .models import ImportJob
from .resources import resource_of
from .rows import Kind


def visible_preview(job: ImportJob, user: Any) -> list[dict[str, Any]]:
    """Names and values only of records that would be new, which have no id yet, and that the user still may see.

    One query, none when all would be new.
    """
    new = {each["id"] for each in job.preview if each["outcome"] == Kind.CREATED}
    stored = {each["id"] for each in job.preview} - new
    hidden = stored - set(map(str, rules.seen(user, resource_of(job.kind).get_model(), stored)))
    left_out: dict[str, Any] = {"label": None, "changes": {}}
    shown = [each | left_out if each["id"] in hidden else each for each in job.preview]
    return [each | {"id": None} if each["id"] in new else each for each in shown]
