"""``history`` beside a record: what happened to it and around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.api.schema import KEY, example

from .timeline import Entry, decode_position, encode_position, timeline


class EntrySerializer(serializers.Serializer):
    """An interaction, or an event that the change history recorded."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=["interaction", "event"])
    type = serializers.CharField(help_text="Such as call, or contact.changed.")
    summary = serializers.CharField()
    actor = serializers.UUIDField(allow_null=True, help_text="The user's id.")
    door = serializers.CharField(
        allow_null=True,
        help_text="Where it came from: api, admin, import, command, app_connect, eadesk, survey, unsubscribe, "
        "nurturing or worker.",
    )
    changes = serializers.DictField(help_text="By field: the value before and the value after.")
    data = serializers.DictField()


@example(
    None,
    next=None,
    results=[
        {
            "id": "contact-00000000000000000042",
            "at": "2026-01-31T12:00:00Z",
            "kind": "event",
            "type": "contact.changed",
            "summary": "Contact changed",
            "actor": KEY,
            "door": "api",
            "changes": {"name": ["Jim Butt", "James Butt"]},
            "data": {"api_key": "crm_Zk2kVw3x"},
        }
    ],
)
class HistorySerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    results = EntrySerializer(many=True)


def as_json(entry: Entry) -> dict[str, Any]:
    """The documented fields; ``record`` only tells the admin's pages which changes belong together."""
    at = entry.at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    said = asdict(entry) | {"at": at}
    del said["record"]
    return said


class HistoryActions:
    """Mixed into the view set of a record of which the timeline's sources tell."""

    def known_parameters(self) -> list[str]:
        return [*super().known_parameters(), *(("page_size", "cursor") if self.action == "history" else ())]

    def told_of(self, record: Any) -> Sequence[UUID]:
        """The ids of the records whose story this is."""
        return [record.pk]

    @extend_schema(
        responses=HistorySerializer,
        parameters=[
            OpenApiParameter("page_size", int, description="Entries on a page, 1 to 500; 50 when left out."),
            OpenApiParameter("cursor", str, description="Taken from “next”."),
        ],
    )
    @action(detail=True)
    def history(self, request: Any, pk: Any = None) -> Response:
        """Get the history of a {one}.

        Interactions and events of every part of the CRM that the caller may see, newest first. An event says who
        changed what, from which value to which, through which door.
        """
        record = self.get_object()
        size = self.paginator.get_page_size(request)
        before = decode_position(request.query_params.get("cursor", ""))
        kind = record._meta.model_name
        entries = timeline(self.told_of(record), before, size + 1, kind=kind, user=request.user)
        page = entries[:size]
        following = None
        if len(entries) > size:
            parameters = request.query_params.copy()
            parameters["cursor"] = encode_position(page[-1].position)
            following = f"{request.build_absolute_uri(request.path)}?{parameters.urlencode()}"
        return Response({"next": following, "results": [as_json(entry) for entry in page]})
