"""The addresses that App Connect opens in the browser: they lead staff to the record in the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from crm_project.access import rules
from crm_project.admin.errors import no_such_record

from . import services
from .exceptions import LogGone, UnknownCaller


def open_record(request: Any, type: str, id: str) -> HttpResponse:
    """The page of a contact, lead or customer; one that the user may not see is not there."""
    try:
        _source, record = services.record_named(id=id, type=type, actor=request.user)
    except UnknownCaller:
        return no_such_record(request)
    return redirect(page_of(record))


def open_log(request: Any, id: str) -> HttpResponse:
    """The page of a call or message; of its lead or customer, for who may see those alone."""
    try:
        log = services.find_log(id=id, actor=request.user)
    except LogGone:
        return no_such_record(request)
    ways = [log] if log.contact.deleted_at is None else []
    record = next(each for each in (*ways, *services.logged_on(log)) if rules.allows(request.user, each, "view"))
    return redirect(page_of(record))


def page_of(record: Any) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
