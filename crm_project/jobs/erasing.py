"""What becomes of the errors of jobs when a person in them is erased."""

from __future__ import annotations

from crm_project.privacy import steps

from .models import JobError


def register() -> None:
    steps.register(steps.Mention(JobError, columns=("error",), values={"error": "Somebody in this error was erased."}))
