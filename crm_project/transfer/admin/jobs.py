"""The pages of imports and exports: how far they are, what they did, their files, and the way back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from crm_project.access import rules
from crm_project.admin import CrmModelAdmin, Labelled

from .. import exports, links, services, writing
from ..models import ExportJob, ImportJob, ImportSource, Job, UndoJob
from ..previewing import visible_preview
from ..resources import resource_of
from ..serializers import conflicts_of
from ..undo import NotUndoable, start_undo
from .words import counted, options_of, shown, words

SHOWN_FAILURES = 200
REFRESH_SECONDS = "3"
BINARY = "application/octet-stream"


class JobAdmin(CrmModelAdmin):
    """Jobs are looked at; what they have done is told, never changed."""

    menu = "settings"
    list_display_links = ("shown_name",)
    list_filter = ("state", "kind", "format")
    list_select_related = ("owner",)
    search_fields = ()

    @display(description=gettext_lazy("Records"), ordering="kind")
    def shown_kind(self, job: Job) -> str:
        return str(capfirst(resource_of(job.kind).get_model()._meta.verbose_name_plural))

    @display(description=gettext_lazy("Duration"))
    def duration(self, job: Job) -> str:
        return "" if job.seconds is None else f"{job.seconds:,.1f} s"

    @display(description=gettext_lazy("Progress"))
    def progress(self, job: Job) -> str:
        if job.total is None:
            return f"{job.rows:,}"
        left = f", {job.seconds_left} s" if job.seconds_left is not None else ""
        return f"{job.percent} % ({job.rows:,} / {job.total:,}{left})"

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @display(
        description=gettext_lazy("State"),
        label={"queued": "info", "running": "info", "done": "success", "failed": "danger", "cancelled": "warning"},
    )
    def shown_state(self, job: Any) -> Labelled:
        return Labelled(job.state, job.get_state_display())


@admin.register(ImportJob)
class ImportJobAdmin(JobAdmin):
    icon = "upload_file"
    list_display = ("shown_name", "shown_kind", "owner", "shown_state", "progress", "counts", "created_at")
    fields = (
        *(
            "file_name",
            "shown_kind",
            "owner",
            "door",
            "shown_options",
            "format",
            "encoding",
            "shown_size",
            "shown_hash",
        ),
        *("created_at", "started_at", "finished_at", "duration"),
    )
    readonly_fields = fields
    change_form_outer_before_template = "transfer/job_state.html"
    change_form_outer_after_template = "transfer/job_details.html"

    @display(description=gettext_lazy("File"))
    def shown_name(self, job: ImportJob) -> str:
        return job.file_name or str(job.pk)

    @display(description=gettext_lazy("Options"))
    def shown_options(self, job: ImportJob) -> str:
        return options_of(job)

    @display(description="SHA-256")
    def shown_hash(self, job: ImportJob) -> str:
        return format_html('<span class="wrap-anywhere">{}</span>', job.sha256)

    @display(description=gettext_lazy("Size"))
    def shown_size(self, job: ImportJob) -> str:
        return filesizeformat(job.size)

    @display(description=gettext_lazy("Rows"))
    def counts(self, job: ImportJob) -> str:
        return counted(job)

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """The job's receipt and, when it was taken back, that of the undoing; the page comes anew while one runs."""
        job = context["original"]
        undo = UndoJob.objects.filter(import_job=job).first()
        context["failures"] = job.failures.order_by("line", "pk")[:SHOWN_FAILURES] if job.failed else []
        context["receipts"] = [*([undo_receipt(undo)] if undo else []), self.receipt(request, job, undo)]
        context["conflicts"] = conflicts_of(undo, request.user) if undo else []
        context["columns"] = self.columns(job)
        resource = resource_of(job.kind)(user=request.user)
        context["previews"] = [shown(resource, each) for each in visible_preview(job, request.user)]
        response = super().render_change_form(request, context, *args, **options)
        if not job.has_ended or (undo and not undo.has_ended):
            response["Refresh"] = REFRESH_SECONDS
        return response

    def columns(self, job: ImportJob) -> list[tuple[str, str, str]]:
        """Each column of the file with the field that it is, or why it was left out."""
        resource = resource_of(job.kind)()
        return [
            (
                header,
                resource.label_of(job.mapping[header]) if header in job.mapping else "",
                job.ignored_columns.get(header, ""),
            )
            for header in job.headers
        ]

    def receipt(self, request: Any, job: ImportJob, undo: UndoJob | None) -> dict[str, Any]:
        buttons = []
        may_change = rules.allows(request.user, job, "change")
        if not job.has_ended and may_change:
            buttons.append(button(_("Stop this import"), self.url(request, "cancel", job.pk), post=True))
        if job.is_unfinished and job.file and undo is None and may_change:
            buttons.append(button(_("Go on with this import"), self.url(request, "resume", job.pk), post=True))
        if job.failed:
            buttons.append(button(_("Failed rows, to be mended and sent again"), self.url(request, "errors", job.pk)))
        if job.file:
            buttons.append(button(_("The file as it was sent"), self.url(request, "file", job.pk)))
        if job.has_ended and undo is None and may_change and not job.options.get("dry_run"):
            buttons.append(button(_("Undo this import"), self.url(request, "undo", job.pk), post=True))
        counts = [(capfirst(_(count)), f"{getattr(job, count):,}") for count in services.COUNTS]
        return told(job, _("Import"), [(_("Rows"), f"{job.rows:,}"), *counts], buttons)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/errors/", view(self.errors_view), name=f"{name}_errors"),
            path("<path:object_id>/cancel/", view(self.cancel_view), name=f"{name}_cancel"),
            path("<path:object_id>/resume/", view(self.resume_view), name=f"{name}_resume"),
            path("<path:object_id>/undo/", view(self.undo_view), name=f"{name}_undo"),
            path("<path:object_id>/file/", view(self.file_view), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def errors_view(self, request: Any, object_id: str) -> Any:
        job = self.visible_object(request, object_id)
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        response = StreamingHttpResponse(exports.error_file(job), content_type=writing.CONTENT_TYPES["csv"])
        response["Content-Disposition"] = f'attachment; filename="failed-rows-{job.pk}.csv"'
        return response

    @method_decorator(require_POST)
    def cancel_view(self, request: Any, object_id: str) -> HttpResponse:
        job = self.visible_object(request, object_id, "change")
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        try:
            services.cancel_import(job=job)
            messages.success(request, _("The import will stop after the rows that it is at."))
        except services.JobHasEnded as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(self.url(request, "change", object_id))

    @method_decorator(require_POST)
    def resume_view(self, request: Any, object_id: str) -> HttpResponse:
        job = self.visible_object(request, object_id, "change")
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        try:
            services.resume_import(job=job)
            messages.success(request, _("The import goes on after the last row that it dealt with."))
        except services.JobNotResumable as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(self.url(request, "change", object_id))

    @method_decorator(require_POST)
    def undo_view(self, request: Any, object_id: str) -> HttpResponse:
        job = self.visible_object(request, object_id, "change")
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        try:
            undo = start_undo(job=job, actor=request.user, inline_rows=settings.CRM_IMPORT_INLINE_ROWS)
            text = _("The import was undone.") if undo.has_ended else _("The import is being undone.")
            messages.success(request, text)
        except NotUndoable as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(self.url(request, "change", object_id))

    def file_view(self, request: Any, object_id: str) -> Any:
        """The file as it was sent, under the name that it had; never shown, only saved."""
        job = self.visible_object(request, object_id)
        if job is None or not job.file:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        name = job.file_name or f"import-{job.pk}.{job.format}"
        return FileResponse(job.file.open("rb"), as_attachment=True, filename=name, content_type=BINARY)


def button(label: str, url: str, post: bool = False) -> dict[str, Any]:
    return {"label": label, "url": url, "post": post}


def told(job: Any, what: str, numbers: list[tuple[Any, Any]], buttons: list[dict[str, Any]]) -> dict[str, Any]:
    """How far a job is and what it did, for ``transfer/receipt.html``."""
    return {
        "title": f"{what} · {job.get_state_display()}",
        "percent": job.percent or 0,
        "seconds_left": job.seconds_left,
        "speed": job.rows_per_second and round(job.rows_per_second),
        "numbers": numbers,
        "message": job.message,
        "buttons": buttons,
    }


def undo_receipt(undo: UndoJob) -> dict[str, Any]:
    labels = {"removed": _("Removed"), "reverted": _("Went back"), "kept": _("Stay")}
    found = undo.counts.get(undo.kind, {})
    numbers = [(label, f"{found.get(what, 0):,}") for what, label in labels.items()]
    return told(undo, _("Undone"), [*numbers, (_("Conflicts"), f"{undo.conflicts.count():,}")], [])


@admin.register(ExportJob)
class ExportJobAdmin(JobAdmin):
    icon = "download"
    change_form_outer_before_template = "transfer/job_state.html"
    list_display = ("shown_name", "shown_kind", "owner", "shown_state", "progress", "created_at")
    fields = (
        *("shown_kind", "owner", "door", "format", "shown_columns", "shown_filters"),
        *("created_at", "started_at", "finished_at", "duration"),
    )
    readonly_fields = fields

    @display(description=gettext_lazy("Export"))
    def shown_name(self, job: ExportJob) -> str:
        return f"{self.shown_kind(job)} · {job.get_format_display()}"

    @display(description=gettext_lazy("Columns"))
    def shown_columns(self, job: ExportJob) -> str:
        return words(job.columns)

    @display(description=gettext_lazy("Filters"))
    def shown_filters(self, job: ExportJob) -> str:
        return "; ".join(f"{name}: {words(value)}" for name, value in job.filters.items())

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """The receipt, and for its owner the link to a file that a worker wrote."""
        job = context["original"]
        buttons = []
        if job.expires_at and job.expires_at > timezone.now() and job.owner_id == request.user.pk:
            buttons.append(button(_("Fetch the file"), reverse("export-file", args=[links.token_of(job)])))
        context["receipts"] = [told(job, _("Export"), [(_("Rows"), f"{job.rows:,}")], buttons)]
        response = super().render_change_form(request, context, *args, **options)
        if not job.has_ended:
            response["Refresh"] = REFRESH_SECONDS
        return response


@admin.register(ImportSource)
class ImportSourceAdmin(CrmModelAdmin):
    """What columns were said to mean; a source is made by an import that names it."""

    menu, icon = "settings", "table_view"
    list_display = ("name", "kind", "updated_at")
    fields = ("name", "kind", "mapping")
    readonly_fields = ("kind",)
    ordering = ("name",)
    search_fields = ()

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False
