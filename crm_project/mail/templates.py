"""The texts of mails: files that come with the CRM, what staff wrote in their place, and how both become a mail.

Values are text and stay text: they are put into a template, never read as one. A template is read by an engine that
knows no more than ``tags``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine, TemplateSyntaxError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from .models import Template

PARTS = ("subject", "text", "html")
SUFFIXES = {"subject": "subject", "text": "txt", "html": "html"}
LONGEST_SUBJECT = 500
# What the preview of a template fills in that only staff know.
EXAMPLE = {
    "name": "Grace Hopper",
    "first_name": "Grace",
    "company": "Eckert–Mauchly",
    "owner": "Mia Rossi",
    "owner_email": "mia@example.com",
}


@dataclass(frozen=True)
class MailTemplate:
    """A template of ``templates/mail/KEY.subject``, ``.txt`` and, if its HTML is more than its text, ``.html``.

    ``KEY.ru.txt`` and so on are the same in another language; what is missing there is taken from the English files.
    ``example`` is a context for the preview, and so tells staff which variables there are.
    """

    key: str
    purpose: str
    name: Any
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


class UnknownTemplate(LookupError):
    """Nobody has registered or written a template with this key."""


class RestrictedEngine(Engine):
    default_builtins = ["crm_project.mail.tags"]


_engine = RestrictedEngine(loaders=[], string_if_invalid="")
_registered: dict[str, MailTemplate] = {}


def register(template: MailTemplate) -> None:
    """Add a template, in ``AppConfig.ready()``."""
    _registered[template.key] = template


def registered() -> dict[str, MailTemplate]:
    return dict(_registered)


def choices(purpose: str) -> list[tuple[str, str]]:
    """Keys and names of all templates for a purpose, those of staff too. One query."""
    names = {key: template.name for key, template in _registered.items() if template.purpose == purpose}
    names |= dict(Template.objects.filter(purpose=purpose).order_by("-language").values_list("key", "name"))
    return sorted(names.items(), key=lambda pair: pair[1])


def sources(key: str, language: str) -> dict[str, str]:
    """Subject, text and HTML as they were written, by staff or else in the files. One query.

    In this language if there is any such text, else in English, else in whatever language there is.

    Raises:
        UnknownTemplate: there is none in any language.
    """
    stored = {row.language: row for row in Template.objects.filter(key=key)}
    for each in dict.fromkeys([language, "en", *stored]):
        if each in stored:
            return {part: getattr(stored[each], part) for part in PARTS}
        if (found := file_sources(key, each)) and (each == language or each == "en"):
            return found
    raise UnknownTemplate(key)


def file_sources(key: str, language: str) -> dict[str, str]:
    """As ``sources``, from the files alone; empty when there are none in this language."""
    if key not in _registered:
        return {}
    infix = "" if language == "en" else f".{language}"
    folder = Path(settings.BASE_DIR) / "templates" / "mail"
    paths = {part: folder / f"{key}{infix}.{suffix}" for part, suffix in SUFFIXES.items()}
    if not paths["text"].is_file():
        return {}
    return {part: path.read_text().strip() if path.is_file() else "" for part, path in paths.items()}


def render(key: str, language: str, context: Mapping[str, Any], *, unsubscribe_url: str = "") -> Rendered:
    """Subject, text and HTML, ready to be sent. One query.

    Raises:
        UnknownTemplate: there is no such template.
    """
    return render_sources(sources(key, language), language, context, unsubscribe_url=unsubscribe_url)


def render_sources(
    sources: Mapping[str, str], language: str, context: Mapping[str, Any], *, unsubscribe_url: str = ""
) -> Rendered:
    values = {**plain(context), "language": language, "unsubscribe_url": unsubscribe_url}
    subject = subject_of(sources, language, context)
    with translation.override(language):
        text = _fill(sources["text"], values, autoescape=False).strip()
        body = mark_safe(_fill(sources["html"], values, autoescape=True)) if sources["html"] else as_html(text)  # noqa: S308
        frame = {
            "subject": subject,
            "text": text,
            "body": body,
            "language": language,
            "unsubscribe_url": unsubscribe_url,
        }
        return Rendered(
            subject,
            render_to_string("mail/frame.txt", frame).strip() + "\n",
            render_to_string("mail/frame.html", frame),
        )


def subject_of(sources: Mapping[str, str], language: str, context: Mapping[str, Any]) -> str:
    """The subject alone, on one line."""
    with translation.override(language):
        filled = _fill(sources["subject"], {**plain(context), "language": language}, autoescape=False)
    return " ".join(filled.split())[:LONGEST_SUBJECT]


def _fill(source: str, values: dict[str, Any], *, autoescape: bool) -> str:
    return _engine.from_string(source).render(Context(values, autoescape=autoescape))


def as_html(text: str) -> SafeString:
    """Text as paragraphs, with its addresses as links; everything else in it stays text."""
    return mark_safe(linebreaks(urlize(text, autoescape=True), autoescape=False))  # noqa: S308


def plain(value: Any) -> Any:
    """The value without anything that a template could call: text, numbers, times, and lists and dicts of them."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | Decimal | dt.date | dt.time):
        return value
    return str(value) + ""  # Text that says of itself that it is safe HTML does not stay so.


def check(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with the parts of a template, by part. Each is also filled in, with nothing."""
    errors = {}
    for part, source in sources.items():
        try:
            _fill(source, {}, autoescape=True)
        except (TemplateSyntaxError, ValueError, TypeError) as error:
            errors[part] = [str(error)]
    return errors
