"""Signed links to the files of exports: whoever has one may fetch the file until it expires."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.http import FileResponse, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm_project.access import rules

from . import writing
from .models import ExportJob
from .resources import resource_of

_signer = TimestampSigner(salt="export")


def token_of(job: ExportJob) -> str:
    return _signer.sign(job.pk.hex)


def job_of(token: str) -> ExportJob | None:
    """The export whose link has this token; nothing when it was not made here, has expired, or its owner lost the right
    to export.
    """
    try:
        key = UUID(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    job = ExportJob.objects.filter(pk=key).select_related("owner").first()
    if job is None or job.expires_at is None or job.expires_at < timezone.now():
        return None
    return job if rules.may(job.owner, resource_of(job.kind).get_model(), "export") else None


@require_safe
def export_file(request: Any, token: str) -> HttpResponse | FileResponse:
    """The file of an export, for whoever has the link."""
    job = job_of(token)
    if job is None or not job.file.storage.exists(str(job.file.name)):
        body = {"message": _("This link is wrong or has expired."), "code": "not_found", "errors": {}}
        return JsonResponse(body | {"request_id": getattr(request, "request_id", "")}, status=404)
    name, content_type = f"{job.kind}s.{job.format}", writing.CONTENT_TYPES[job.format]
    response = FileResponse(job.file.open("rb"), as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
