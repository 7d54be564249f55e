"""Sequences, the leads on them, and what a run did, on the wire."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import exceptions, serializers

from contacts.models import Segment
from crm_project.api.errors import as_errors
from crm_project.api.schema import KEY, example, record_example
from crm_project.api.serializers import ChoiceField, CrmModelSerializer, CrmSerializer, VisibleRelatedField
from crm_project.mail import templates
from crm_project.mail.models import Purpose

from ..models import Lead
from . import services
from .models import NurtureAction, NurtureEnrollment, NurtureSequence, NurtureStep

MOST_STEPS = 100
MOST_LEADS = 1_000
STEPS_EXAMPLE: list[dict[str, Any]] = [
    {"kind": "mail", "template": "welcome"},
    {"kind": "wait", "days": 3},
    {"kind": "task", "title": "Call and ask what is missing", "days": 1},
]
UNUSED: dict[str, Any] = {"days": 0, "hours": 0, "template": "", "title": "", "points": None, "status": ""}


class NurtureStepSerializer(CrmSerializer):
    """`wait` takes `days` and `hours`, `mail` a `template`, `task` a `title` and when it is due, `score` the `points`
    to add, `status` the new `status`."""

    id = serializers.UUIDField(required=False, help_text="Of a step that the sequence has already.")
    kind = ChoiceField(choices=NurtureStep.Kind.choices)
    days = serializers.IntegerField(min_value=0, max_value=366, required=False)
    hours = serializers.IntegerField(min_value=0, max_value=23, required=False)
    template = serializers.CharField(
        max_length=64, required=False, allow_blank=True, help_text="The key of a mail template for nurturing."
    )
    title = serializers.CharField(max_length=255, required=False, allow_blank=True)
    points = serializers.IntegerField(min_value=-100, max_value=100, required=False, allow_null=True)
    status = ChoiceField(choices=NurtureStep.STATUSES, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            NurtureStep(**attrs).clean()
        except ValidationError as error:
            raise exceptions.ValidationError(as_errors(error)) from error
        return attrs

    def validate_template(self, key: str) -> str:
        known = [name for name, _label in templates.choices(Purpose.NURTURING)]
        if key and key not in known:
            raise serializers.ValidationError(f"There is no such mail template; there are: {', '.join(known)}.")
        return key


SEQUENCE_EXAMPLE = {
    "name": "Welcome",
    "description": "For everybody who asked on the website",
    "is_active": True,
    "filter": {"source": "website"},
    "steps": STEPS_EXAMPLE,
}


@record_example(
    SEQUENCE_EXAMPLE,
    segment_id=None,
    steps=[{"id": KEY, **UNUSED, **step} for step in STEPS_EXAMPLE],
)
class NurtureSequenceSerializer(CrmModelSerializer):
    segment_id = VisibleRelatedField(
        source="segment",
        queryset=Segment.objects.all(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
        help_text="Leads whose contact belongs to it join by themselves.",
    )
    filter = serializers.DictField(
        required=False, help_text="Parameters of the list of leads; leads that fit, and are in the segment, join."
    )
    steps = NurtureStepSerializer(many=True, required=False, max_length=MOST_STEPS)  # type: ignore[call-arg]

    class Meta:
        model = NurtureSequence
        fields = [
            "id",
            "name",
            "description",
            "is_active",
            "segment_id",
            "filter",
            "steps",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_at", "updated_at"]

    def validate_filter(self, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            services.check_rule(parameters)
        except exceptions.ValidationError as error:
            raise exceptions.ValidationError(error.detail["filter"]) from error  # type: ignore[call-overload]
        return parameters

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        steps = {"steps": attrs.pop("steps")} if "steps" in attrs else {}
        return super().validate(attrs) | steps

    def create(self, validated_data: dict[str, Any]) -> NurtureSequence:
        return services.save_sequence(sequence=NurtureSequence(), **validated_data)

    def update(self, instance: NurtureSequence, validated_data: dict[str, Any]) -> NurtureSequence:
        return services.save_sequence(sequence=instance, **validated_data)


class NurtureActionSerializer(CrmModelSerializer):
    at = serializers.DateTimeField(source="created_at", read_only=True)
    step_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = NurtureAction
        fields = ["at", "step_id", "kind", "mail_id", "task_id", "note"]
        read_only_fields = fields


@record_example(
    {},
    sequence_id=KEY,
    lead_id=KEY,
    state="stopped",
    stop_reason="replied",
    origin="api",
    due_at="2026-02-03T12:00:00Z",
    ended_at="2026-02-02T09:30:00Z",
    enrolled_by=KEY,
    actions=[
        {"at": "2026-01-31T12:00:00Z", "step_id": KEY, "kind": "mail", "mail_id": KEY, "task_id": None, "note": ""}
    ],
)
class NurtureEnrollmentSerializer(CrmModelSerializer):
    """Where a lead stands on a sequence, and what was done for it."""

    sequence_id = serializers.UUIDField(read_only=True)
    lead_id = serializers.UUIDField(read_only=True)
    actions = NurtureActionSerializer(many=True, read_only=True)

    class Meta:
        model = NurtureEnrollment
        fields = [
            "id",
            "sequence_id",
            "lead_id",
            "state",
            "stop_reason",
            "origin",
            "due_at",
            "ended_at",
            "enrolled_by",
            "actions",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


@example({"sequence_id": KEY, "lead_ids": [KEY]})
class StartSerializer(CrmSerializer):
    """What to process; without a body everything that is due."""

    sequence_id = VisibleRelatedField(
        queryset=NurtureSequence.objects.all(), pk_field=serializers.UUIDField(), required=False, allow_null=True
    )
    lead_ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        max_length=MOST_LEADS,
        help_text="Only these leads; with a sequence, they are put on it first.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what would be done, in `calendar`.")
    days = serializers.IntegerField(
        min_value=1, max_value=366, default=90, help_text="How far the calendar of a dry run goes."
    )

    def validate_lead_ids(self, keys: list[Any] | None) -> list[Lead] | None:
        if keys is None:
            return None
        field = VisibleRelatedField(queryset=Lead.objects.live())
        field.bind("lead_ids", self)
        found = {lead.pk: lead for lead in field.get_queryset().filter(pk__in=keys)}
        if missing := [str(key) for key in keys if key not in found]:
            raise serializers.ValidationError(f"There is no such lead: {', '.join(missing[:10])}.")
        return list(found.values())


class RefusedSerializer(CrmSerializer):
    lead_id = serializers.UUIDField()
    reason = serializers.CharField()


class CalendarEntrySerializer(CrmSerializer):
    at = serializers.DateTimeField(help_text="Mails after quiet hours and within the cap per day.")
    lead_id = serializers.UUIDField(source="lead.pk")
    lead_name = serializers.CharField(source="lead.name")
    sequence_id = serializers.UUIDField(source="sequence.pk")
    sequence = serializers.CharField(source="sequence.name")
    position = serializers.IntegerField()
    kind = ChoiceField(choices=NurtureStep.Kind.choices)
    what = serializers.CharField(help_text="The mail's subject, the task's title, the points or the status.")


REPORT = {
    "dry_run": False,
    "enrolled": 1,
    "processed": 1,
    "mails": 1,
    "tasks": 0,
    "score_changes": 0,
    "status_changes": 0,
    "skipped": 0,
    "finished": 0,
    "stopped": {"replied": 2},
    "refused": [],
    "is_complete": True,
    "calendar": [],
    "calendar_is_cut": False,
}


@extend_schema_serializer(component_name="NurtureReport")
@example(None, **REPORT)
class ReportSerializer(CrmSerializer):
    """What a run did, or in a dry run what the next days would bring."""

    dry_run = serializers.BooleanField()
    enrolled = serializers.IntegerField(help_text="Leads that were put on a sequence.")
    processed = serializers.IntegerField(help_text="Leads of which steps were due.")
    mails = serializers.IntegerField(help_text="Mails that were queued.")
    tasks = serializers.IntegerField()
    score_changes = serializers.IntegerField()
    status_changes = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Steps that could not be done; the enrollment's actions say why.")
    finished = serializers.IntegerField(help_text="Leads that came to the end of their sequence.")
    stopped = serializers.DictField(child=serializers.IntegerField(), help_text="Leads that were stopped, by reason.")
    refused = RefusedSerializer(many=True, help_text="Leads that were named and did not join, and why.")
    is_complete = serializers.BooleanField(help_text="False: there was more than one call does; workers do the rest.")
    calendar = CalendarEntrySerializer(many=True)
    calendar_is_cut = serializers.BooleanField(help_text="There would be more than is told.")
