from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.access.sharing import SharingActions
from crm_project.api.viewsets import OwnedViewSet
from crm_project.history.views import HistoryActions

from .. import services
from ..models import Contact, Task
from .filters import TaskFilterSet
from .serializers import CHANGE_EXAMPLES, SnoozeSerializer, TaskSerializer


class TaskViewSet(HistoryActions, SharingActions, OwnedViewSet):
    tag = "tasks"
    queryset = Task.objects.all()
    serializer_class = TaskSerializer
    filterset_class = TaskFilterSet
    orderings = {"created_at": ("id",), "due_at": ("due_at", "id")}
    default_ordering = "due_at"
    action_verbs = {"done": "change", "cancel": "change", "reopen": "change", "snooze": "change"}
    examples = dict.fromkeys(("update", "partial_update"), CHANGE_EXAMPLES)

    def prepare(self, records: list[Task]) -> None:
        """The contact of a task is told only to who may see it."""
        seen = rules.seen(self.request.user, Contact, {record.contact_id for record in records} - {None})
        for record in records:
            record.seen_contact_id = record.contact_id if record.contact_id in seen else None

    def perform_destroy(self, record: Task) -> None:
        services.delete_task(task=record, actor=self.request.user)

    def perform_restore(self, record: Task) -> None:
        services.restore_task(task=record)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def done(self, request: Any, pk: Any = None) -> Response:
        """Mark a task as done.

        A second time changes nothing; a cancelled task has to be reopened first (409).
        """
        return self.answer(services.close_task(task=self.get_object(), actor=request.user))

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Any, pk: Any = None) -> Response:
        """Cancel a task.

        A second time changes nothing; a task that is done has to be reopened first (409).
        """
        task = services.close_task(task=self.get_object(), actor=request.user, status=Task.Status.CANCELLED)
        return self.answer(task)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Any, pk: Any = None) -> Response:
        """Take up a task again that was done or cancelled."""
        return self.answer(services.reopen_task(task=self.get_object()))

    @extend_schema(request=SnoozeSerializer, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Any, pk: Any = None) -> Response:
        """Put a task off until a moment to come, which becomes its due date."""
        task = self.get_object()
        serializer = SnoozeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.answer(services.snooze_task(task=task, **serializer.validated_data))
