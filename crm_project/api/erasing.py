"""What becomes of the answers that are kept for retries when a person in them is erased."""

from __future__ import annotations

from crm_project.privacy import steps

from .models import IdempotencyKey

# Not deleted: a retry would bring the person back.
GONE = {"status": 410, "body": '{"message": "What this request made was erased.", "code": "erased"}', "headers": {}}


def register() -> None:
    steps.register(
        steps.Mention(IdempotencyKey, columns=("body",), values=GONE),
        steps.Mention(IdempotencyKey, columns=("key",), part_suffices=True),
    )
