"""Import and export of any kind of record, and the jobs that they leave behind."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.access.models import ApiKey, User
from crm_project.api.filters import refuse_unknown_parameters
from crm_project.api.viewsets import CrmViewSet
from crm_project.suggest import nearest

from . import exports, services, writing
from .filters import ExportJobFilterSet, ImportJobFilterSet
from .models import ExportJob, ImportJob, UndoJob
from .parsers import MEDIA_TYPES, PARSERS
from .reading import UnreadableFile
from .resources import CrmResource
from .serializers import (
    EXPORT_WAITING,
    FORMAT_NAMES,
    RECEIPT,
    WAITING,
    ExportJobSerializer,
    ImportJobSerializer,
    ImportOptionsSerializer,
    UndoJobSerializer,
    options_from,
)
from .undo import start_undo

OPTIONS = tuple(ImportOptionsSerializer().fields)
CSV_EXAMPLE = "name,email,phone\r\nJames Butt,jbutt@example.com,504-621-8927\r\n"
JSON_EXAMPLE = [{"name": "James Butt", "email": "jbutt@example.com", "phone": "504-621-8927", "categories": ["VIP"]}]
FAILED_EXAMPLE = (
    "name,email,Import line,Import problem\r\n"
    "Brian,broken-email@,4,email: “broken-email@” is not a valid e-mail address.\r\n"
)
EXAMPLES = [
    OpenApiExample("A CSV file", CSV_EXAMPLE, media_type="text/csv", request_only=True),
    OpenApiExample(
        "A list of objects",
        JSON_EXAMPLE,
        media_type="application/json",
        request_only=True,
    ),
    OpenApiExample("A receipt", RECEIPT, response_only=True, status_codes=["200"]),
    OpenApiExample("An import that waits", WAITING, response_only=True, status_codes=["202"]),
]
EXPORT_PARAMETERS = [
    OpenApiParameter("format", str, enum=FORMAT_NAMES, default="csv", description="The kind of file."),
    OpenApiParameter(
        "columns",
        str,
        description="A comma list of columns, `all` for every one. Without it, the columns that an import understands.",
    ),
    OpenApiParameter("background", bool, description="Let a worker write the file."),
]
FILES = [content_type.partition(";")[0] for name, content_type in writing.CONTENT_TYPES.items() if name != "json"]
EXPORTED = {
    (200, *FILES): OpenApiTypes.BINARY,
    (200, writing.CONTENT_TYPES["json"]): OpenApiTypes.ANY,
    202: ExportJobSerializer,
}
UPLOAD = {
    "multipart/form-data": inline_serializer(
        "ImportUpload", {"file": serializers.FileField(), **ImportOptionsSerializer().get_fields()}
    ),
    **dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
}


class TransferActions:
    """``import`` and ``export`` beside a list: a view set names its ``resource_class``."""

    resource_class: type[CrmResource]
    throttle_scopes = {"import_file": "import", "export_file": "export"}

    @property
    def max_body_bytes(self) -> int:
        return settings.CRM_IMPORT_MAX_BYTES if self.action == "import_file" else CrmViewSet.max_body_bytes

    def known_parameters(self) -> list[str]:
        extra = {"import_file": OPTIONS, "export_file": exports.OPTIONS}.get(self.action, ())
        return [*super().known_parameters(), *extra]

    @extend_schema(
        request=UPLOAD,
        examples=EXAMPLES,
        parameters=[ImportOptionsSerializer],
        responses={200: ImportJobSerializer, 202: ImportJobSerializer},
    )
    @action(detail=False, methods=["post"], url_path="import", parser_classes=PARSERS)
    def import_file(self, request: Any) -> Response:
        """Import records from a file.

        CSV, TSV, JSON, NDJSON or XLSX: as `file` of a multipart form, or as the body itself. Columns are guessed by
        their headers, in English and Russian. Options are query parameters or form fields. A small file is imported
        at once (200, with the ids); a large one by a worker (202): ask `url` how far it is. Each row that fails is
        named with line, column and reason; the others are imported, unless `atomic`.
        """
        model = self.get_model()
        if not rules.may(request.user, model, "add"):
            raise exceptions.PermissionDenied(f"The right “{rules.permission_name(model, 'add')}” is missing.")
        file, given = self.read_upload(request)
        is_body = file is request.data
        options = options_from(self.resource_class, request.user, given)
        try:
            job = services.start_import(
                actor=request.user,
                resource=self.resource_class,
                file=file,
                file_name="" if is_body else file.name or "",
                content_type=(file.content_type or "") if is_body else "",
                options=options,
            )
        except UnreadableFile as error:
            raise exceptions.ValidationError({"file": [error.message]}) from error
        data = ImportJobSerializer(job, context=self.get_serializer_context()).data
        if job.has_ended:
            return Response(data)
        return Response(data, status=202, headers={"Location": data["url"]})

    def read_upload(self, request: Any) -> tuple[Any, dict[str, Any]]:
        """The file, and the options that came with it."""
        given = {name: request.query_params[name] for name in request.query_params}
        if isinstance(request.data, UploadedFile):
            return request.data, given
        file = request.data.get("file") if hasattr(request.data, "get") else None
        if not isinstance(file, UploadedFile):
            raise exceptions.ValidationError({"file": ["Send a file, as “file” of a form or as the body itself."]})
        fields = {name: request.data[name] for name in request.data if name != "file"}
        refuse_unknown_parameters(fields, [*OPTIONS, "file"])
        return file, fields | given

    @extend_schema(
        parameters=EXPORT_PARAMETERS,
        responses=EXPORTED,
        filters=True,
        examples=[
            OpenApiExample("A CSV file", CSV_EXAMPLE, media_type="text/csv", response_only=True),
            OpenApiExample("A list of objects", JSON_EXAMPLE, media_type="application/json", response_only=True),
            OpenApiExample("An export that waits", EXPORT_WAITING, response_only=True, status_codes=["202"]),
        ],
    )
    @action(detail=False, url_path="export")
    def export_file(self, request: Any) -> StreamingHttpResponse | Response:
        """Export records as a file.

        The records that the list shows with the same filters, oldest first, as CSV, TSV, JSON, NDJSON or XLSX. In CSV,
        TSV and XLSX a text that a spreadsheet would run as a formula begins with an apostrophe, which an import takes
        off again. Imported into an empty database, the file gives the same file again. With `background=1`, and above a
        size that the operator sets, a worker writes the file (202): ask `url`, which has a link to it when it is done.
        """
        model, user = self.get_model(), request.user
        if not rules.may(user, model, "export"):
            name = rules.permission_name(model, "export")
            raise exceptions.PermissionDenied(
                f"You may not export {model._meta.verbose_name_plural}: “{name}” is missing."
            )
        format = request.query_params.get("format", "csv")
        if format not in FORMAT_NAMES:
            guess = nearest(format, FORMAT_NAMES)
            hint = f" Did you mean “{guess}”?" if guess else ""
            raise exceptions.ValidationError({"format": [f"One of: {', '.join(FORMAT_NAMES)}.{hint}"]})
        resource = self.resource_class(user=user)
        columns = exports.chosen_columns(resource, request.query_params.get("columns", ""))
        queryset = rules.visible(self.filter_queryset(self.get_queryset()), user).order_by("pk")
        if format == "xlsx" and rules.count_up_to(queryset, user, writing.XLSX_ROWS) >= writing.XLSX_ROWS:
            raise exceptions.ValidationError({"format": ["A workbook has no room for so many rows; take csv."]})
        is_wished = is_true(request.query_params.get("background", ""))
        count = rules.count_up_to(queryset, user, settings.CRM_EXPORT_INLINE_ROWS + 1)
        is_large = count > settings.CRM_EXPORT_INLINE_ROWS
        job = exports.start_export(
            actor=user,
            resource=resource,
            format=format,
            columns=columns,
            filters=dict(request.query_params.items()),
            total=None if is_large else count,
        )
        if is_wished or is_large:
            exports.defer_export(job)
            data = ExportJobSerializer(job, context=self.get_serializer_context()).data
            return Response(data, status=202, headers={"Location": data["url"]})
        pieces = exports.stream(job, resource, queryset, lambda: still_allowed(request, model))
        response = StreamingHttpResponse(pieces, content_type=writing.CONTENT_TYPES[format])
        response["Content-Disposition"] = f'attachment; filename="{model._meta.model_name}s.{format}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


def is_true(text: str) -> bool:
    """Whether a switch among the parameters is on.

    Raises:
        ValidationError: it is neither on nor off.
    """
    try:
        return bool(text) and serializers.BooleanField().run_validation(text)
    except exceptions.ValidationError as error:
        raise exceptions.ValidationError({"background": error.detail}) from error


def still_allowed(request: Any, model: Any) -> bool:
    """Whether the user and key of a request may export even now."""
    user = User.objects.filter(pk=request.user.pk).first()
    if not rules.may(user, model, "export"):
        return False
    if not isinstance(request.auth, ApiKey):
        return True
    key = ApiKey.objects.filter(pk=request.auth.pk).first()
    return bool(key and key.is_active)


class JobViewSet(RetrieveModelMixin, ListModelMixin, CrmViewSet):
    """Own jobs; those of everybody for who holds the right to see them in the whole company."""


class ImportViewSet(JobViewSet):
    tag = "imports"
    queryset = ImportJob.objects.all()
    serializer_class = ImportJobSerializer
    filterset_class = ImportJobFilterSet
    action_verbs = {
        **dict.fromkeys(["cancel", "resume", "undo_import"], "change"),
        **dict.fromkeys(["errors", "undo_receipt"], "view"),
    }

    @extend_schema(request=None, responses=ImportJobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Any, pk: Any = None) -> Response:
        """Stop an import.

        It ends after the rows that it is at; what is in stays in.
        """
        return Response(self.get_serializer(services.cancel_import(job=self.get_object())).data)

    @extend_schema(
        request=None,
        responses={202: ImportJobSerializer},
        examples=[OpenApiExample("An import that waits", WAITING, response_only=True, status_codes=["202"])],
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: Any, pk: Any = None) -> Response:
        """Go on with an import.

        One that was cancelled, or was given up, is taken up again after the last row that it dealt with; its receipt
        in the end is that of an import that never stopped.
        """
        data = self.get_serializer(services.resume_import(job=self.get_object())).data
        return Response(data, status=202, headers={"Location": data["url"]})

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
        examples=[OpenApiExample("Failed rows", FAILED_EXAMPLE, media_type="text/csv", response_only=True)],
    )
    @action(detail=True)
    def errors(self, request: Any, pk: Any = None) -> StreamingHttpResponse:
        """Download the rows of an import that failed.

        As CSV, as they were given, with line and reason beside them. Mended, the file can be imported as it is.
        """
        job = self.get_object()
        response = StreamingHttpResponse(exports.error_file(job), content_type=writing.CONTENT_TYPES["csv"])
        response["Content-Disposition"] = f'attachment; filename="failed-rows-{job.pk}.csv"'
        return response

    @extend_schema(responses=UndoJobSerializer)
    @action(detail=True, url_path="undo", url_name="undo")
    def undo_receipt(self, request: Any, pk: Any = None) -> Response:
        """Get the receipt of the undoing of an import."""
        found = UndoJob.objects.filter(import_job=self.get_object()).first()
        if found is None:
            raise exceptions.NotFound("This import was not undone.")
        return Response(UndoJobSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(request=None, responses={200: UndoJobSerializer, 202: UndoJobSerializer})
    @undo_receipt.mapping.post
    def undo_import(self, request: Any, pk: Any = None) -> Response:
        """Undo an import.

        Records that it made go, unless somebody has changed or used them since; fields that it changed become what
        they were, unless somebody has changed them since. What stays is listed in `conflicts`. A small import is
        undone at once (200), a large one by a worker (202): ask the same address how far it is. A second call answers
        the same receipt.
        """
        found = start_undo(job=self.get_object(), actor=request.user, inline_rows=settings.CRM_IMPORT_INLINE_ROWS)
        data = UndoJobSerializer(found, context=self.get_serializer_context()).data
        return Response(data, status=200 if found.has_ended else 202)


class ExportViewSet(JobViewSet):
    tag = "exports"
    queryset = ExportJob.objects.all()
    serializer_class = ExportJobSerializer
    filterset_class = ExportJobFilterSet
