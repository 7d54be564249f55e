"""The dashboard on the start page of the admin, the records behind a figure, and charts as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework import exceptions

from crm_project.access import rules
from crm_project.admin import Link
from crm_project.admin.lists import name_of, user_choices
from crm_project.api.exceptions import sentences
from crm_project.api.filters import NONE
from crm_project.api.keeping import PATIENCE, BeingCounted, kept
from crm_project.transfer.formulas import neutralise
from customers.models import Customer
from customers.services import segments_of
from feedback.models import FeedbackRound
from leads.models import Lead
from orders.models import Order

from . import questions, services
from .charts import Chart, Tile, charts_of, tile, written
from .metrics import METRICS
from .records import LISTS, TABLES, Records, users

PRESETS = (7, 30, 90, 365)
ASKED = ("from", "to", "assigned_to", "compare", "group_by")
PAGE = 50
LEAST_PATIENCE = 0.5  # Seconds, for the segments of a page whose report has taken long.
OF_USERS = {"assigned_to", "created_by", "interaction_by"}
SHOWN = {
    "leads": ("name", "company", "status", "source", "assigned_to", "created_at"),
    "customers": ("name", "company", "type", "status", "assigned_to", "created_at"),
    "orders": ("number", "customer", "status", "total", "currency", "assigned_to", "order_date"),
    "feedback": ("customer", "rating", "comment", "category", "assigned_to", "responded_at"),
    "tasks": ("title", "kind", "status", "assigned_to", "due_at"),
}


@dataclass
class Person:
    """Somebody, and what they did."""

    label: str
    points: list[Tile]


def may_see_some(user: Any) -> bool:
    return any(rules.may(user, model, "view") for model in (Lead, Customer, Order))


def read(request: HttpRequest) -> tuple[questions.Question, list[str]]:
    """What the page is asked; what is wrong with it is told, and the page shows what it shows unasked."""
    dimensions = services.dashboard.DIMENSIONS
    try:
        given = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
        return questions.read(given, user=request.user, dimensions=dimensions), []
    except exceptions.ValidationError as error:
        return questions.read({}, user=request.user, dimensions=dimensions), sentences(error)


def dashboard(request: HttpRequest) -> dict[str, Any] | None:
    """The card of the start page; none for who may not see leads, customers or orders."""
    if not may_see_some(request.user):
        return None
    question, errors = read(request)
    try:
        report, is_kept, charts = counted(request, question)
    except BeingCounted as waiting:
        return {"template": "reports/waiting.html", "wait": waiting.wait}
    figures = [*report.figures, *report.more["follow_ups"]]
    today = timezone.now().astimezone(question.period.zone).date()
    return {
        "template": "reports/dashboard.html",
        "question": question,
        "errors": errors,
        "is_kept": is_kept,
        "as_of": report.as_of,
        "tiles": [tile(figure) for figure in figures],
        "charts": [chart for chart in charts if not chart.is_empty],
        "activity": [Person(row.label, [tile(figure) for figure in row.figures]) for row in report.more["activity"]],
        "people": [("me", _("Me")), ("none", _("Nobody")), *user_choices()],
        "owner": ",".join(question.scope.owners),
        "presets": [(days, _link(question, today, days), question.period.days == days) for days in PRESETS],
        "query": request.GET.urlencode(),
    }


def _link(question: questions.Question, today: dt.date, days: int) -> str:
    """The same question of the last so many days."""
    asked = f"from={today - dt.timedelta(days - 1)}&to={today}&compare={question.compare}"
    return f"?{asked}&assigned_to={','.join(question.scope.owners)}"


def counted(request: HttpRequest, question: questions.Question) -> tuple[Any, bool, list[Chart]]:
    """The dashboard's report, whether it was kept, and its charts; without segments, when these take too long.

    Raises:
        BeingCounted: the report takes too long.
    """
    began = time.monotonic()
    report, is_kept = kept(services.dashboard_report, tables=TABLES, user=request.user, question=question)
    segments = None
    if rules.may(request.user, Customer, "view"):
        left = max(LEAST_PATIENCE, PATIENCE - (time.monotonic() - began))
        with suppress(BeingCounted):
            segments, _ = kept(segments_of, tables=TABLES, user=request.user, patience=left)
    return report, is_kept, charts_of(report, segments)


@require_safe
def chart_file(request: HttpRequest, key: str) -> HttpResponse:
    """One chart as CSV, with the address of the records behind each number."""
    question, errors = read(request)
    if errors or not may_see_some(request.user):
        raise Http404
    try:
        charts = counted(request, question)[-1]
    except BeingCounted as waiting:
        return HttpResponse(str(waiting), status=waiting.status_code, headers={"Retry-After": str(waiting.wait)})
    chart = next((chart for chart in charts if chart.key == key), None)
    if chart is None:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chart.key}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([chart.title, *chart.series])
    for label, points in chart.rows:
        writer.writerow([neutralise(label), *(point.value for point in points)])
    return response


@require_safe
def records(request: HttpRequest, name: str) -> HttpResponse:
    """Exactly the records behind a figure: those that the API's list shows with the same parameters."""
    found = LISTS.get(name)
    errors: list[str] = []
    if found is None:
        raise Http404
    parameters = {key: str(value) for key, value in request.GET.items() if key not in ("page", "figure")}
    try:
        rows = found.filtered(request.user, parameters)
    except exceptions.ValidationError as error:
        rows, errors = found.model._default_manager.none(), sentences(error)
    metric = METRICS.get(request.GET.get("figure", ""))
    kind = found.model._meta
    related = [column for column in ("assigned_to", "customer") if column in SHOWN[name]]
    paginator = Paginator(rows.select_related(*related).order_by("-pk"), PAGE)
    try:
        page = paginator.page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404 from error
    customers = {row.customer_id for row in page} if "customer" in SHOWN[name] else set()
    hidden = customers - rules.seen(request.user, Customer, customers)
    context = {
        **admin.site.each_context(request),
        "title": metric.name if metric else kind.verbose_name_plural,
        "metric": metric,
        "errors": errors,
        "parameters": named(parameters),
        "links": links(request, found, parameters) if not errors else [],
        "headings": [kind.get_field(column).verbose_name for column in SHOWN[name]],
        "rows": [(_page_of(row), [cell(row, column, hidden) for column in SHOWN[name]]) for row in page],
        "page": page,
        "count": written(paginator.count, ""),
        "query": _without_page(request),
    }
    return TemplateResponse(request, "reports/records.html", context)


def named(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """The parameters in their order, with the names of the users that they mention. One query."""
    ids = {key for name in OF_USERS & parameters.keys() for key in parameters[name].split(",") if key != NONE}
    try:
        names = {str(key): name for key, name in users(None, {UUID(key) for key in ids}).items()}
    except ValueError:  # What is wrong with them is told beside.
        names = {}
    return [
        (name, ", ".join(names.get(key, key) for key in text.split(",")) if name in OF_USERS else text)
        for name, text in sorted(parameters.items())
    ]


def links(request: HttpRequest, found: Records, parameters: dict[str, str]) -> list[Link]:
    """What can be done with all of the records: to take them out, and to ask customers for feedback."""
    offered = []
    if found.export and rules.may(request.user, found.model, "export"):
        url = f"{reverse(found.export)}?{urlencode(parameters | {'format': 'csv'})}"
        offered.append(Link(_("Export as CSV"), url))
    if found.model is Customer and parameters and rules.may(request.user, FeedbackRound, "add"):
        lines = "\n".join(f"{name}={text}" for name, text in parameters.items())
        url = f"{reverse('admin:feedback_feedbackround_add')}?{urlencode({'filter': lines})}"
        offered.append(Link(_("Ask for feedback"), url))
    return offered


def cell(row: Any, column: str, hidden: set[Any]) -> Any:
    """What a column shows; of a customer whom the user may not see, nothing."""
    if column == "customer" and row.customer_id in hidden:
        return "–"
    if column == "assigned_to" and row.assigned_to:
        return name_of(row.assigned_to)
    shown = getattr(row, f"get_{column}_display", None)
    return shown() if shown else getattr(row, column)


def _page_of(row: Any) -> str:
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""


def _without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
