"""Logs of calls."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from crm_project.access.models import User

from ...models import Interaction
from .. import sources
from .logs import LONGEST, add_log, find_log, web_address

Direction = Interaction.Direction
KEPT = ("result", "voicemail_link", "ai_note", "transcript")  # In ``details``, by these names.
PENDING = "pending"


@transaction.atomic
def log_call(
    *,
    source: sources.CallerSource,
    record: Any,
    actor: User,
    name: str = "",
    call: dict[str, Any],
    note: str = "",
    body: str = "",
    submitted: dict[str, Any] | None = None,
    **said: str,
) -> Interaction:
    """Write down a call, as App Connect tells it; the same call of the same user a second time changes nothing.

    Raises:
        PermissionDenied, UnknownCaller: as ``add_log``.
    """
    direction = call.get("direction", "").lower()
    direction = direction if direction in Direction else ""
    subject = call.get("subject") or _subject(direction, name or str(record))
    details = {"from_number": _number(call.get("from_")), "to_number": _number(call.get("to"))}
    details |= {key: call.get(key, "") for key in ("id", "session_id", "telephony_session_id")}
    log = Interaction(details={})
    _change(log, {"result": call.get("result", ""), "submitted": submitted, **said})
    return add_log(
        source=source,
        record=record,
        actor=actor,
        key=call.get("telephony_session_id") or call.get("id") or "",
        started_at=call.get("started_at"),
        type=Interaction.Type.CALL,
        direction=direction,
        subject=subject[: LONGEST["subject"]],
        body=body,
        note=note,
        duration_s=_seconds(call.get("duration")),
        outcome=log.outcome,
        recording_url=web_address(call.get("recording", {}).get("link", "")),
        details={key: value for key, value in details.items() if value} | log.details,
    )


@transaction.atomic
def update_call(*, id: str, actor: User, **said: Any) -> Interaction:
    """Change of a call's log what is said, nothing else. Locks the row.

    Raises:
        LogGone, PermissionDenied: as ``find_log``.
    """
    log = find_log(id=id, type=Interaction.Type.CALL, actor=actor, verb="change")
    _change(log, said)
    log.save()
    return log


def set_dispositions(*, id: str, actor: User, dispositions: dict[str, Any]) -> Interaction:
    """Merge what was chosen in the client's fields into the log; ``None`` takes a choice back. A note is the note."""
    note = dispositions.get("note")
    said = {"note": note} if isinstance(note, str) else {}
    return update_call(id=id, actor=actor, submitted=dispositions, **said)


def disposed(log: Interaction) -> dict[str, Any]:
    """What was chosen in the client's fields, as it stands now: the outcome may have been changed in the CRM."""
    chosen = dict(log.details.get("dispositions", {}))
    current = {"outcome": log.outcome, "note": log.note}
    return chosen | {key: value for key, value in current.items() if key in chosen}


def _change(log: Interaction, said: dict[str, Any]) -> None:
    """Write onto the row what is said; a blank text clears, but for the body, which the server composes from ours."""
    if "subject" in said:
        log.subject = said["subject"][: LONGEST["subject"]]
    if "note" in said:
        log.note = said["note"]
    if said.get("body"):
        log.body = said["body"]
    if said.get("started_at"):
        log.started_at = said["started_at"]
    if "duration" in said:
        log.duration_s = _seconds(said["duration"])
    if "recording_link" in said:
        log.recording_url = web_address(said["recording_link"])
    details = log.details | {key: said[key] for key in KEPT if key in said}
    chosen = details.get("dispositions", {}) | (said.get("submitted") or {})
    details["dispositions"] = {key: value for key, value in chosen.items() if value is not None}
    log.details = {key: value for key, value in details.items() if value not in ("", {})}
    if "result" in said or said.get("submitted"):
        log.outcome = _outcome(log.details)


def _outcome(details: dict[str, Any]) -> str:
    """What the user chose, else how the call ended by the telephone system."""
    chosen, result = details.get("dispositions", {}).get("outcome"), details.get("result", "")
    return (chosen if chosen and isinstance(chosen, str) else "" if result == PENDING else result)[: LONGEST["outcome"]]


def _subject(direction: str, name: str) -> str:
    if not direction:
        return f"Call with {name}"
    return f"Inbound Call from {name}" if direction == Direction.INBOUND else f"Outbound Call to {name}"


def _number(party: dict[str, str] | None) -> str:
    return (party or {}).get("phone_number") or (party or {}).get("extension_number") or ""


def _seconds(duration: int | str | None) -> int | None:
    return duration if isinstance(duration, int) else None
