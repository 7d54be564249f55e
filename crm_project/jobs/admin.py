"""The queue, for those who see to it that it runs."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_value
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery
from django.forms import ModelForm
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django import admin as plain  # Registers a page of its own, which ours replaces.
from procrastinate.contrib.django.models import ProcrastinateEvent
from unfold.decorators import display

from crm_project.admin import CrmModelAdmin, Labelled
from crm_project.admin.lists import ChoiceFilter
from crm_project.api.exceptions import CrmError

from . import services
from .models import Job, JobError

LABELS = {
    "todo": "info",
    "doing": "info",
    "succeeded": "success",
    "failed": "danger",
    "cancelled": "warning",
    "aborted": "warning",
}
LONGEST_LINE = 120

admin.site.unregister(plain.models.ProcrastinateJob)


class StatusFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "status"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(Job.Status.choices)

    def narrow(self, request: Any, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.filter(status=Job.Status(value))


@admin.register(Job)
class JobAdmin(CrmModelAdmin):
    """Queued, running, ended and failed jobs; those that failed can be tried again."""

    menu, icon = "settings", "manufacturing"
    form = ModelForm  # A job has no version: nobody edits it.
    change_form_before_template = None
    actions = ("retry",)
    list_display = ("shown_name", "shown_status", "queue_name", "attempts", "began_at", "ended_at", "last_error")
    list_filter = (StatusFilter,)
    search_fields = ("task_name",)
    fields = (
        *("task_name", "shown_status", "queue_name", "shown_args", "attempts", "began_at", "scheduled_at", "ended_at"),
        *("lock", "queueing_lock", "shown_worker", "errors"),
    )
    readonly_fields = fields

    def everything(self, request: Any) -> QuerySet:
        return Job.objects.all()

    def get_queryset(self, request: Any) -> QuerySet:
        return self.with_columns(super().get_queryset(request))

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        events = ProcrastinateEvent.objects.filter(job=OuterRef("pk")).order_by().values("job")
        ends = events.filter(type__in=["failed", "succeeded", "cancelled", "aborted"])
        last = JobError.objects.filter(job_id=OuterRef("pk")).order_by("-pk").values("error")[:1]
        return queryset.annotate(
            began=Subquery(events.annotate(at_first=Min("at")).values("at_first")),
            ended=Subquery(ends.annotate(at_last=Max("at")).values("at_last")),
            error=Subquery(last),
        )

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        return queryset.filter(task_name__icontains=term)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_retry_permission(self, request: Any) -> bool:
        return self.may(request, "change")

    @display(description=gettext_lazy("Job"), ordering="task_name")
    def shown_name(self, job: Job) -> str:
        return job.name

    @display(description=gettext_lazy("State"), label=LABELS)
    def shown_status(self, job: Job) -> Labelled:
        return Labelled(job.status, Job.Status(job.status).label)

    @display(description=gettext_lazy("Queued"))
    def began_at(self, job: Any) -> str:
        return display_for_value(job.began, "–")

    @display(description=gettext_lazy("Ended"))
    def ended_at(self, job: Any) -> str:
        return display_for_value(job.ended if job.status not in ("todo", "doing") else None, "–")

    @display(description=gettext_lazy("Last error"))
    def last_error(self, job: Any) -> str:
        return Truncator((job.error or "").strip().rpartition("\n")[2]).chars(LONGEST_LINE)

    @display(description=gettext_lazy("What it is about"))
    def shown_args(self, job: Job) -> str:
        return ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in job.args.items()) or "–"

    @display(description=gettext_lazy("Worker"))
    def shown_worker(self, job: Job) -> str:
        return str(job.worker_id or "–")

    @display(description=gettext_lazy("Errors, newest first"))
    def errors(self, job: Job) -> str:
        rows = JobError.objects.filter(job_id=job.pk).order_by("-pk")[:20]
        text = "\n\n".join(f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}\n{row.error}" for row in rows)
        return format_html('<pre class="text-xs whitespace-pre-wrap wrap-anywhere">{}</pre>', text or "–")

    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def retry(self, request: Any, queryset: QuerySet) -> None:
        done = 0
        for job in queryset:
            try:
                services.retry_job(job=job)
                done += 1
            except CrmError as error:
                messages.error(request, str(error.detail))
        if done:
            messages.success(request, _("Back in the queue: %d.") % done)
