"""Logs of messages: a conversation of one day is one log, to which each later message is added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from crm_project.access.models import User

from ...models import Interaction
from .. import sources
from ..exceptions import NothingToLog
from .logs import LONGEST, add_log, find_log, web_address

KINDS = {"voicemail": "Voicemail", "fax": "Fax"}  # Everything else is a text message.


@transaction.atomic
def log_message(
    *,
    source: sources.CallerSource,
    record: Any,
    actor: User,
    name: str = "",
    message: dict[str, Any] | None = None,
    shared: dict[str, str] | None = None,
    links: Iterable[str] = (),
    with_others: Iterable[str] = (),
) -> Interaction:
    """Write down the first message of a conversation; the same message of the same user a second time changes nothing.

    ``shared`` is the whole conversation of a shared inbox, in place of a message.

    Raises:
        NothingToLog: there is neither.
        PermissionDenied, UnknownCaller: as ``add_log``.
    """
    if not message and not shared:
        raise NothingToLog()
    message, name = message or {}, name or str(record)
    key, direction = message.get("id", ""), message.get("direction", "").lower()
    columns: dict[str, Any] = {
        "subject": _subject(message, name, [other for other in with_others if other != name]),
        "body": _entry(message, links, actor),
        "details": {"message_ids": [key] if key else []},
    }
    if shared:
        columns |= {"subject": shared.get("subject") or columns["subject"], "body": shared.get("body", "")}
    recordings = (web_address(link) for link in links) if message.get("type", "").lower() == "voicemail" else ()
    return add_log(
        source=source,
        record=record,
        actor=actor,
        key=f"message {key} {record.pk}" if key else "",
        started_at=message.get("created_at"),
        type=Interaction.Type.MESSAGE,
        direction=direction if direction in Interaction.Direction else "",
        recording_url=next(filter(None, recordings), ""),
        **columns | {"subject": columns["subject"][: LONGEST["subject"]]},
    )


@transaction.atomic
def add_message(
    *,
    id: str,
    actor: User,
    message: dict[str, Any] | None = None,
    shared: dict[str, str] | None = None,
    links: Iterable[str] = (),
) -> Interaction:
    """Add a later message to a log, unless it is there already; a shared conversation replaces what was there.

    Raises:
        NothingToLog: there is neither.
        LogGone, PermissionDenied: as ``find_log``.
    """
    log = find_log(id=id, type=Interaction.Type.MESSAGE, actor=actor, verb="change")
    if not message and not shared:
        raise NothingToLog()
    if shared:
        log.subject = (shared.get("subject") or log.subject)[: LONGEST["subject"]]
        log.body = shared.get("body", "")
    else:
        message = message or {}
        key, known = message.get("id", ""), log.details.get("message_ids", [])
        if key and key in known:
            return log
        log.body = "\n\n".join(filter(None, (log.body, _entry(message, links, actor))))
        log.details |= {"message_ids": [*known, key] if key else known}
    log.save(update_fields=["subject", "body", "details", "updated_at"])
    return log


def _subject(message: dict[str, Any], name: str, others: list[str]) -> str:
    kind = KINDS.get(message.get("type", "").lower())
    if kind:
        return f"{kind} {'to' if message.get('direction', '').lower() == 'outbound' else 'from'} {name}"
    return f"SMS conversation with {', '.join([name, *others])}"


def _entry(message: dict[str, Any], links: Iterable[str], actor: User) -> str:
    """One message in the log: when and from whom, its text as it is, what came with it."""
    if not message:
        return ""
    at: dt.datetime = message.get("created_at") or timezone.now()
    sender = message.get("from_", {})
    name, number = sender.get("name", ""), sender.get("phone_number") or sender.get("extension_number") or ""
    who = f"{name} ({number})" if name and number else name or number or "unknown"
    attached = [attachment.get("link", "") for attachment in message.get("attachments", [])]
    addresses = dict.fromkeys(filter(None, map(web_address, [*links, *attached])))
    head = f"[{at.astimezone(ZoneInfo(actor.time_zone)):%Y-%m-%d %H:%M:%S}] {who}:"
    return "\n".join(filter(None, (head, message.get("text", ""), *addresses)))
