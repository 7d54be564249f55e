"""The admin as a browser without JavaScript sees it: pages, and forms that are sent back as they were filled in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse


def client_of(user: Any) -> Client:
    """A browser in which the user, made a member of staff, has signed in."""
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


def url(page: str, *args: Any) -> str:
    """``url("contacts_contact_change", contact.pk)``"""
    return reverse(f"admin:{page}", args=args)


class Forms(HTMLParser):
    """The fields of each form of a page, by the form's id, with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, Any]] = {}
        self.form: dict[str, Any] | None = None
        self.select: str | None = None
        self.textarea: str | None = None

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        if tag == "form":
            self.form = self.forms.setdefault(given.get("id") or "", {})
        name = given.get("name")
        if self.form is None:
            return
        if tag == "option" and self.select and "selected" in given:
            self.form.setdefault(self.select, []).append(given.get("value", ""))
        elif tag == "select":
            self.select = name
        elif tag == "textarea" and name:
            self.textarea, self.form[name] = name, ""
        elif tag == "input" and name and given.get("type") not in ("submit", "button", "file"):
            if given.get("type") not in ("checkbox", "radio"):
                value = given.get("value") or ""
                known = self.form.get(name)
                self.form[name] = value if known is None else [*([known] if isinstance(known, str) else known), value]
            elif "checked" in given:
                self.form.setdefault(name, []).append(given.get("value", "on"))

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.textarea:
            self.form[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.form is not None and self.textarea:
            self.form[self.textarea] = self.form[self.textarea].removeprefix("\n")
            self.textarea = None


def form_of(response: Any, form_id: str = "") -> dict[str, Any]:
    parser = Forms()
    parser.feed(response.content.decode())
    return parser.forms[form_id]


def text_of(response: Any) -> str:
    return response.content.decode()


def value_of(page: str, label: str) -> str:
    """What a form shows beside the label of something that cannot be changed, without its markup."""
    _before, _label, after = page.partition(f">{label}</label>")
    found = re.search(r'<div class="[^"]*readonly[^"]*"[^>]*>(.*?)</div>', after, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""
