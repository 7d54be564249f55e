"""Import and export jobs on the wire, and the options of an import."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import phonenumbers
from django.apps import apps
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import exceptions, serializers
from rest_framework.reverse import reverse

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.parsers import refuse_unstorable
from crm_project.api.schema import KEY
from crm_project.api.serializers import CrmSerializer
from crm_project.suggest import nearest

from . import links
from .models import FORMATS, ExportJob, ImportJob, ImportSource, UndoJob
from .options import OnMatch, Options
from .previewing import visible_preview
from .resources import SHOWN_ROWS, CrmResource
from .rows import Kind

SHOWN_ERRORS = 100
FORMAT_NAMES = [name for name, _label in FORMATS]


class ChoiceField(serializers.ChoiceField):
    """Names the nearest choice when a value is none."""

    def fail(self, key: str, **values: Any) -> None:
        if key == "invalid_choice":
            guess = nearest(str(values["input"]), [str(choice) for choice in self.choices])
            hint = f" Did you mean “{guess}”?" if guess else ""
            listed = ", ".join(str(choice) for choice in self.choices)
            raise serializers.ValidationError(f"One of: {listed}.{hint}")
        super().fail(key, **values)


class ImportOptionsSerializer(CrmSerializer):
    """How a file is to be imported. Everything may be left out."""

    match = serializers.CharField(
        required=False,
        max_length=200,
        help_text="By what a row finds the record that it is about: a comma list of keys, asked in that order. Contacts"
        " have `id`, `external_id`, `email` and `phone`; leads and customers `id`, `email` and `phone`; products `id`"
        " and `sku`. Without it every row makes a new record.",
    )
    on_match = ChoiceField(
        required=False,
        choices=[choice.value for choice in OnMatch],
        help_text="What a row does to the record that it finds: `update` it (the default), `fill` what is empty,"
        " `skip` the row, or `error`.",
    )
    dry_run = serializers.BooleanField(required=False, help_text="Only say what would happen; nothing is written.")
    atomic = serializers.BooleanField(required=False, help_text="All rows or none.")
    mapping = serializers.CharField(
        required=False,
        max_length=50_000,
        help_text='JSON such as {"column": "field"}, for columns that are not guessed right; null leaves one out.',
    )
    source = serializers.CharField(
        required=False,
        max_length=100,
        help_text="A name for where such files come from. With `mapping`, that is kept under it; without, the one that"
        " was kept is used.",
    )
    region = serializers.CharField(
        required=False, max_length=2, help_text="The country of national telephone numbers, such as RU."
    )
    owner = serializers.CharField(
        required=False, max_length=320, help_text="Username or id of who will own new records; the caller by default."
    )
    format = ChoiceField(required=False, choices=FORMAT_NAMES, help_text="Found from the content when left out.")
    encoding = serializers.CharField(
        required=False, max_length=40, help_text="Such as utf-8 or cp1251; found from the content when left out."
    )
    delimiter = serializers.CharField(
        required=False,
        max_length=3,
        trim_whitespace=False,
        help_text="Between the cells of a CSV file, `tab` for a tab; found when left out.",
    )

    def validate_match(self, text: str) -> tuple[str, ...]:
        known = self.context["resource"].match_keys
        keys = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        for key in keys:
            if key not in known:
                guess = nearest(key, known)
                hint = _(" Did you mean “%s”?") % guess if guess else ""
                raise serializers.ValidationError(
                    _("“%(value)s” is not one of: %(known)s.%(hint)s")
                    % {"value": key[:50], "known": ", ".join(known), "hint": hint}
                )
        return keys

    def validate_on_match(self, value: str) -> OnMatch:
        return OnMatch(value)

    def validate_mapping(self, text: str) -> dict[str, str]:
        try:
            mapping = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError(_("This must be a JSON object of columns and fields.")) from error
        return clean_mapping(mapping)

    def validate_region(self, text: str) -> str:
        if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise serializers.ValidationError(_("This must be a country's code of two letters, such as US or RU."))
        return text.upper()

    def validate_owner(self, text: str) -> str:
        user, resource = self.context["user"], self.context["resource"]
        owner = find_user(text)
        if owner is None:
            raise serializers.ValidationError(_("There is no active user “%s”.") % (text[:100]))
        if owner != user and not rules.reaches_all(user, resource.get_model(), "change"):
            raise serializers.ValidationError(_("You may not import for other people."))
        return str(owner.pk)

    def validate_delimiter(self, text: str) -> str:
        return "\t" if text in {"tab", "\\t"} else text

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "source" in attrs and "mapping" not in attrs:
            found = ImportSource.objects.filter(kind=self.context["resource"].kind(), name=attrs["source"]).first()
            if found is None:
                raise serializers.ValidationError(
                    {"source": [_("No mapping was kept for this source; send one with it.")]}
                )
            attrs["mapping"] = found.mapping
        return attrs

    def to_options(self) -> Options:
        return Options(**self.validated_data)


def clean_mapping(mapping: Any) -> dict[str, str]:
    """A mapping as somebody gives it. Raises DRF's ``ValidationError`` when it is none."""
    if not isinstance(mapping, dict) or not all(isinstance(field, (str, type(None))) for field in mapping.values()):
        raise serializers.ValidationError(_("This must be a JSON object of columns and fields."))
    try:
        refuse_unstorable(mapping)
    except exceptions.ValidationError as error:
        raise serializers.ValidationError(_("Null characters and half characters are not allowed.")) from error
    return {column: field or "" for column, field in mapping.items()}


def find_user(text: str) -> User | None:
    """The active user with this name, id or e-mail address."""
    users = User.objects.filter(is_active=True)
    found = users.filter(username=text).first() or users.filter(email__iexact=text).exclude(email="").first()
    if found is None:
        try:
            found = users.filter(pk=text).first()
        except (DjangoValidationError, ValueError):
            return None
    return found


def options_from(resource: type[CrmResource], user: User, given: dict[str, Any]) -> Options:
    """The options that somebody gives as text. Raises DRF's ``ValidationError`` with messages by option."""
    serializer = ImportOptionsSerializer(data=given, context={"resource": resource, "user": user})
    serializer.is_valid(raise_exception=True)
    return serializer.to_options()


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
