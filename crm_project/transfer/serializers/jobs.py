"""Import, undo and export jobs on the wire."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.apps import apps
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from crm_project.access import rules
from crm_project.api.schema import KEY

from .. import links
from ..models import ExportJob, ImportJob, UndoJob
from ..previewing import visible_preview
from ..resources import SHOWN_ROWS
from ..rows import Kind

SHOWN_ERRORS = 100


class ImportErrorSerializer(serializers.Serializer):
    """What is wrong with one cell or row."""

    line = serializers.IntegerField(help_text="Of the file; in JSON the number of the item.")
    column = serializers.CharField(allow_null=True, help_text="As the file calls it.")
    value = serializers.CharField(allow_null=True, help_text="As given, cut.")
    message = serializers.CharField()


class ImportPreviewSerializer(serializers.Serializer):
    """What would become of one row."""

    line = serializers.IntegerField()
    outcome = serializers.ChoiceField([Kind.CREATED, Kind.UPDATED, Kind.UNCHANGED, Kind.SKIPPED])
    id = serializers.UUIDField(allow_null=True, help_text="Of the record that the row finds.")
    label = serializers.CharField(allow_null=True, help_text="Its name; null when you may not see it any more.")
    changes = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField(), min_length=2, max_length=2),
        help_text="By field what it is and what it would be.",
    )


class JobSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField(help_text="Where to ask how far it is.")
    seconds = serializers.FloatField(allow_null=True, read_only=True, help_text="How long it has been running, or ran.")
    rows_per_second = serializers.FloatField(allow_null=True, read_only=True)
    seconds_left = serializers.IntegerField(allow_null=True, read_only=True, help_text="By the speed so far.")
    total = serializers.IntegerField(allow_null=True, read_only=True, help_text="Rows to be done, once counted.")
    percent = serializers.IntegerField(allow_null=True, read_only=True, help_text="How much is done.")
    owner = serializers.UUIDField(source="owner_id", allow_null=True, read_only=True)

    view_name: str
    FIELDS = ["id", "url", "kind", "state", "message", "format", "owner", "door", "rows", "total"]
    TIMES = ["started_at", "finished_at", "seconds", "percent", "rows_per_second", "seconds_left", "created_at"]

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: Any) -> str:
        return reverse(f"{self.view_name}-detail", [job.pk], request=self.context.get("request"))


RECEIPT = {
    "id": KEY,
    "url": f"https://crm.example.com/dev/crm/imports/{KEY}",
    "kind": "contact",
    "state": "done",
    "message": "",
    "format": "csv",
    "owner": KEY,
    "door": "api",
    "rows": 3,
    "total": 3,
    "created": 2,
    "updated": 0,
    "unchanged": 0,
    "skipped": 0,
    "failed": 1,
    "ids": [KEY, "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e10"],
    "errors": [
        {
            "line": 4,
            "column": "Email",
            "value": "broken-email@",
            "message": "“broken-email@” is not a valid e-mail address.",
        }
    ],
    "error_file": f"https://crm.example.com/dev/crm/imports/{KEY}/errors",
    "preview": [],
    "mapping": {"First Name": "first_name", "Last Name": "last_name", "Email": "email"},
    "ignored_columns": {"Fax": "Nobody is called by fax or pager."},
    "options": {"match": [], "on_match": "update", "dry_run": False, "atomic": False},
    "file_name": "people.csv",
    "size": 181,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "encoding": "utf-8",
    "delimiter": ",",
    "started_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:00.4Z",
    "seconds": 0.4,
    "percent": 100,
    "rows_per_second": 7.5,
    "seconds_left": None,
    "created_at": "2026-01-31T12:00:00Z",
}


NOTHING_YET = dict.fromkeys(("started_at", "finished_at", "seconds", "rows_per_second", "total", "percent"))
WAITING = RECEIPT | NOTHING_YET | {"state": "queued", "rows": 0, "created": 0, "failed": 0, "ids": [], "errors": []}
WAITING["error_file"] = None


@extend_schema_serializer(
    examples=[OpenApiExample("A receipt", RECEIPT, response_only=True, status_codes=["200", "202"])]
)
class ImportJobSerializer(JobSerializer):
    """An import: `rows` is the sum of `created`, `updated`, `unchanged`, `skipped` and `failed`."""

    view_name = "import"
    errors = serializers.SerializerMethodField(help_text=f"The first {SHOWN_ERRORS}; `error_file` has all.")
    error_file = serializers.SerializerMethodField(
        help_text="The rows that failed as CSV, with the reason: to be mended and sent again."
    )
    ids = serializers.ListField(
        child=serializers.UUIDField(),
        read_only=True,
        help_text="Of the records made, changed or found; small files only.",
    )
    preview = serializers.SerializerMethodField(
        help_text=f"Of a dry run: what would become of the first {SHOWN_ROWS} rows that can be imported."
    )
    mapping = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="Field by column.")
    ignored_columns = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="Columns that are not imported, and why."
    )
    options = serializers.DictField(read_only=True)

    class Meta:
        model = ImportJob
        fields = [
            *JobSerializer.FIELDS,
            *["created", "updated", "unchanged", "skipped", "failed", "ids", "errors", "error_file"],
            "preview",
            *["mapping", "ignored_columns", "options", "file_name", "size", "sha256", "encoding", "delimiter"],
            *JobSerializer.TIMES,
        ]
        read_only_fields = fields

    @extend_schema_field(ImportErrorSerializer(many=True))
    def get_errors(self, job: ImportJob) -> list[dict[str, Any]]:
        if not job.failed:
            return []
        problems = (
            {"line": failure.line, **problem}
            for failure in job.failures.order_by("line", "pk")[:SHOWN_ERRORS]
            for problem in failure.problems
        )
        return list(problems)[:SHOWN_ERRORS]

    @extend_schema_field(ImportPreviewSerializer(many=True))
    def get_preview(self, job: ImportJob) -> list[dict[str, Any]]:
        return visible_preview(job, self.context["request"].user)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_error_file(self, job: ImportJob) -> str | None:
        return reverse("import-errors", [job.pk], request=self.context.get("request")) if job.failed else None


EXPORT = {
    "id": KEY,
    "url": f"https://crm.example.com/dev/crm/exports/{KEY}",
    "kind": "contact",
    "state": "done",
    "message": "",
    "format": "csv",
    "owner": KEY,
    "door": "api",
    "rows": 500,
    "total": 500,
    "columns": ["id", "name", "email"],
    "filters": {"category": "VIP"},
    "file": "https://crm.example.com/dev/crm/exports/file/AZgdLnobfD2OT1prfI2eDw:1vmU4e:3q2-7w",
    "file_expires_at": "2026-02-01T12:00:01Z",
    "started_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:01Z",
    "seconds": 1.0,
    "percent": 100,
    "rows_per_second": 500.0,
    "seconds_left": None,
    "created_at": "2026-01-31T12:00:00Z",
}
EXPORT_WAITING = EXPORT | NOTHING_YET | {"state": "queued", "rows": 0, "file": None, "file_expires_at": None}


@extend_schema_serializer(examples=[OpenApiExample("An export", EXPORT, response_only=True)])
class ExportJobSerializer(JobSerializer):
    """Who took which records out."""

    view_name = "export"
    filters = serializers.DictField(read_only=True)
    file = serializers.SerializerMethodField(
        help_text="A link to the file that a worker wrote, for its owner: it needs no key, and expires."
    )
    file_expires_at = serializers.DateTimeField(source="expires_at", read_only=True, allow_null=True)

    class Meta:
        model = ExportJob
        fields = [*JobSerializer.FIELDS, "columns", "filters", "file", "file_expires_at", *JobSerializer.TIMES]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_file(self, job: ExportJob) -> str | None:
        request = self.context.get("request")
        if job.expires_at is None or request is None or request.user.pk != job.owner_id:
            return None
        return reverse("export-file", [links.token_of(job)], request=request)


class ConflictSerializer(serializers.Serializer):
    """A record or a field that stays, because somebody changed or used it since the import."""

    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField(allow_null=True, help_text="Null when you may not see the record any more.")
    field = serializers.CharField(help_text="Empty when the whole record stays.")
    before = serializers.JSONField(allow_null=True, help_text="What it was before the import.")
    imported = serializers.JSONField(allow_null=True, help_text="What the import made of it.")
    now = serializers.JSONField(allow_null=True, help_text="What it is, and stays.")
    reason = serializers.CharField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The receipt of an undoing",
            {
                "id": KEY,
                "import_id": KEY,
                "url": f"https://crm.example.com/dev/crm/imports/{KEY}/undo",
                "state": "done",
                "message": "",
                "owner": KEY,
                "rows": 12,
                "total": 12,
                "removed": 2,
                "reverted": 1,
                "kept": 0,
                "counts": {"contact": {"removed": 2, "reverted": 1, "kept": 0}},
                "conflict_count": 1,
                "conflicts": [
                    {
                        "kind": "contact",
                        "id": KEY,
                        "label": "James Butt",
                        "field": "job_title",
                        "before": "",
                        "imported": "Buyer",
                        "now": "Head of purchasing",
                        "reason": "It was changed since.",
                    }
                ],
                "started_at": "2026-01-31T12:00:00Z",
                "finished_at": "2026-01-31T12:00:00.4Z",
                "seconds": 0.4,
                "percent": 100,
                "rows_per_second": 30.0,
                "seconds_left": None,
                "created_at": "2026-01-31T12:00:00Z",
            },
            response_only=True,
            status_codes=["200", "202"],
        )
    ]
)
class UndoJobSerializer(JobSerializer):
    """How an import was taken back. `rows` and `total` count rows of all tables, the other numbers records."""

    import_id = serializers.UUIDField(source="import_job_id", read_only=True)
    removed = serializers.SerializerMethodField(
        help_text="Records of the import's kind that it had made and that went."
    )
    reverted = serializers.SerializerMethodField(help_text="Records of which fields are again what they were.")
    kept = serializers.SerializerMethodField(help_text="Records that it had made and that stay.")
    counts = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), read_only=True, help_text="The same by kind."
    )
    conflict_count = serializers.IntegerField(source="conflicts.count", read_only=True)
    conflicts = serializers.SerializerMethodField(help_text=f"What stays, the first {SHOWN_ERRORS}.")

    class Meta:
        model = UndoJob
        fields = [
            *["id", "import_id", "url", "state", "message", "owner", "rows", "total"],
            *["removed", "reverted", "kept"],
            *["counts", "conflict_count", "conflicts", *JobSerializer.TIMES],
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: UndoJob) -> str:
        return reverse("import-undo", [job.import_job_id], request=self.context.get("request"))

    def count(self, job: UndoJob, what: str) -> int:
        return job.counts.get(job.kind, {}).get(what, 0)

    def get_removed(self, job: UndoJob) -> int:
        return self.count(job, "removed")

    def get_reverted(self, job: UndoJob) -> int:
        return self.count(job, "reverted")

    def get_kept(self, job: UndoJob) -> int:
        return self.count(job, "kept")

    @extend_schema_field(ConflictSerializer(many=True))
    def get_conflicts(self, job: UndoJob) -> list[dict[str, Any]]:
        return conflicts_of(job, self.context["request"].user)


def conflicts_of(job: UndoJob, user: Any) -> list[dict[str, Any]]:
    """The first conflicts; names and values only of records that the user still may see. A query for each table."""
    rows = list(job.conflicts.all()[:SHOWN_ERRORS])
    by_model: dict[str, set[Any]] = defaultdict(set)
    for row in rows:
        by_model[row.model].add(apps.get_model(row.model)._meta.pk.to_python(row.record))
    seen = {(name, str(key)) for name, keys in by_model.items() for key in rules.seen(user, apps.get_model(name), keys)}
    values = ("label", "before", "imported", "now")
    return [
        {
            "kind": row.model.partition(".")[2],
            "id": row.record,
            "field": row.field,
            **{name: getattr(row, name) if (row.model, row.record) in seen else None for name in values},
            "reason": row.reason,
        }
        for row in rows
    ]
