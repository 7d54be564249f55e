"""Mails as their receivers get them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from crm_project.mail.models import Mail
from crm_project.mail.sending import message_of


def as_sent(mail: Mail) -> EmailMessage:
    """The mail with its secrets, whether or not it went out."""
    message = message_from_bytes(message_of(mail).message().as_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The ``plain`` or the ``html`` part."""
    body: Any = message.get_body([kind])
    return body.get_content().replace("\r\n", "\n")


class Links(HTMLParser):
    """Everything in a page that leads, loads or sends somewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.found |= {value for name, value in attributes if name in ("href", "src", "action") and value}


def links_of(message: EmailMessage) -> set[str]:
    """All addresses in the HTML, in the text and in the header for mail programs."""
    in_text = re.findall(r"https?://[^\s<>]+", part(message, "plain"))
    in_header = re.findall(r"<(https?://[^>]+)>", message["List-Unsubscribe"])
    return {each for each in Links(part(message, "html")).found if each.startswith("http")} | {*in_text, *in_header}
