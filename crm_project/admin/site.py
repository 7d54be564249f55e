"""The frame around the pages: what the sidebar offers to whom, and a start page that says where to go on.

A page asks for its place with ``menu``, the name of a group, and ``icon``; with ``shortcuts``, each a title, an icon
and parameters of its list, for more entries; with ``panel(request)`` it puts a card on the start page. So an app brings
its own entries, and none is named here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

MENU = {
    "work": _("To do"),
    "people": _("People"),
    "sales": _("Sales"),
    "order": _("Groups"),
    "settings": _("Settings"),
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Whoever types the bare address means the pages for people."""
    return redirect("admin:index")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: the start page, and the pages of each group that the user may open."""
    index = {"title": _("Start"), "icon": "home", "link": reverse("admin:index")}
    groups: dict[str, list[dict[str, Any]]] = {key: [] for key in MENU}
    for model, page in admin.site._registry.items():
        group = getattr(page, "menu", None)
        if group and page.has_module_permission(request):
            groups[group] += entries(request, model, page)
    titled = [{"title": MENU[key], "items": items} for key, items in groups.items() if items]
    return [{"items": [index]}, *titled]


def entries(request: HttpRequest, model: Any, page: Any) -> list[dict[str, Any]]:
    """The page's shortcuts and its list. The one that shows what the request asks for is marked."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    found = [
        {
            "title": title,
            "icon": icon,
            "link": f"{url}?{urlencode(query)}",
            "active": request.path == url and query.items() <= request.GET.dict().items(),
        }
        for title, icon, query in getattr(page, "shortcuts", ())
    ]
    whole = {"title": capfirst(str(model._meta.verbose_name_plural)), "icon": page.icon, "link": url}
    if any(each["active"] for each in found):
        whole["active"] = False
    return [*found, whole]


# Cards of the start page that belong to no kind of record, above the others. ``None`` instead of a card shows nothing.
Card = Callable[[HttpRequest], dict[str, Any] | None]
_cards: list[Card] = []


def register_card(card: Card) -> None:
    """Put a card on the start page; an app does it in ``AppConfig.ready()``."""
    _cards.append(card)


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds the cards that the apps and their pages bring along."""
    pages = [page for page in admin.site._registry.values() if hasattr(page, "panel")]
    cards = [card(request) for card in _cards]
    cards += [page.panel(request) for page in pages if page.has_module_permission(request)]
    return context | {"title": _("Start"), "panels": [card for card in cards if card]}
