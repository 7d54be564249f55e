"""Refusals for people: under ``/admin/`` a page in the place of the API's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm_project.api import errors

SENTENCES = {
    400: _("This address or form is not as it should be; go back and try again."),
    403: _("You may not do this."),
    404: _("There is no such page."),
}


def page_or_json(status: int, as_json: Callable[..., JsonResponse]) -> Callable[..., HttpResponse]:
    def handler(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return as_json(request, exception)
        return render(request, "admin/refused.html", {"sentence": SENTENCES[status]}, status=status)

    return handler


def no_such_record(request: HttpRequest, **context: Any) -> HttpResponse:
    """For a record that is not there, or not to be seen: an honest 404 within the pages of the admin."""
    context = {**admin.site.each_context(request), "title": gettext("Not found"), **context}
    return TemplateResponse(request, "admin/not_found.html", context, status=404)


bad_request = page_or_json(400, errors.bad_request)
permission_denied = page_or_json(403, errors.permission_denied)
not_found = page_or_json(404, errors.not_found)
