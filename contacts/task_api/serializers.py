from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import CrmSerializer, MomentField, OwnedSerializer, VisibleRelatedField

from .. import services
from ..models import Contact, Task

TASK_EXAMPLE = {
    "title": "Send the proposal",
    "description": "With the prices that we discussed",
    "contact_id": KEY,
    "due_at": "2026-02-02T09:00:00Z",
}


TASK_REST: dict[str, Any] = {
    "kind": "other",
    "status": "open",
    "is_overdue": False,
    "closed_at": None,
    "closed_by": None,
    "escalated_at": None,
    "escalated_to": None,
    "source_id": None,
    "assigned_to": KEY,
    "team": None,
    "created_by": KEY,
}
CHANGE = {"title": "Send the new proposal", "due_at": "2026-02-03T09:00:00Z"}
CHANGE_EXAMPLES = [
    OpenApiExample("Request", CHANGE, request_only=True),
    OpenApiExample("Answer", {"id": KEY} | TASK_EXAMPLE | CHANGE | TASK_REST | TIMES, response_only=True),
]


@record_example(TASK_EXAMPLE, **TASK_REST)
class TaskSerializer(OwnedSerializer):
    """Something to be done by its owner. Its status moves by `done`, `cancel` and `reopen` only."""

    contact_id = VisibleRelatedField(
        source="contact",
        queryset=Contact.objects.live(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
    )
    due_at = MomentField()
    is_overdue = serializers.BooleanField(read_only=True)
    source_id = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="The record that the task follows from, such as an interaction."
    )

    class Meta:
        model = Task
        fields = [
            "id",
            "title",
            "description",
            "contact_id",
            "due_at",
            "kind",
            "status",
            "is_overdue",
            "closed_at",
            "closed_by",
            "escalated_at",
            "escalated_to",
            "source_id",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = [
            *OwnedSerializer.READ_ONLY,
            "status",
            "closed_at",
            "closed_by",
            "escalated_at",
            "escalated_to",
        ]

    def create(self, validated_data: dict[str, Any]) -> Task:
        return services.create_task(actor=self.context["request"].user, **validated_data)

    def update(self, instance: Task, validated_data: dict[str, Any]) -> Task:
        return services.update_task(task=instance, actor=self.context["request"].user, **validated_data)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The contact is told only to who may see it."""
        seen = str(instance.seen_contact_id) if instance.seen_contact_id else None
        return super().to_representation(instance) | {"contact_id": seen}


@example({"until": "2099-02-09T09:00:00Z"})
class SnoozeSerializer(CrmSerializer):
    until = MomentField(help_text="The new due date, in the time to come.")
