"""What becomes of mail to a person, or about them, when they are erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path

from django.conf import settings
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from crm_project.privacy import services, steps
from crm_project.privacy.people import Person, folded, trace

from .models import Mail, Purpose, Suppression
from .services import hidden

State = Mail.State
OVER = "Somebody in this mail was erased."
BEFORE_THE_END = [State.QUEUED, State.SENDING, State.UNCERTAIN, State.FAILED, State.SUPPRESSED]
LETTER = {"subject": "", "text": "", "html": ""}
# What waits, or could be sent again, never will be. Who is just sending it finds that nobody asks how it went.
CANCELLED = Case(When(state__in=BEFORE_THE_END, then=Value(State.CANCELLED)), default="state")


@dataclass(frozen=True)
class Letters(steps.Step):
    """Mails that were written to the person, at whatever address of theirs."""

    def find(self, person: Person) -> None:
        person.learn(Mail.objects.filter(contact_id__in=person.ids).values_list("to", flat=True))

    def rows(self, person: Person) -> QuerySet:
        to_them = Mail.objects.alias(address=Lower("to")).exclude(purpose=Purpose.DIGEST)
        found = to_them.filter(address__in=person.emails).values("pk")
        return Mail.objects.filter(Q(contact_id__in=person.ids) | Q(pk__in=found))


@dataclass(frozen=True)
class Refusals(steps.Step):
    """Addresses without mail stay so, as keyed hashes: who comes back by an old list still gets none."""

    def rows(self, person: Person) -> QuerySet:
        return Suppression.objects.filter(address__in=person.emails)

    def events(self, person: Person) -> QuerySet:
        return steps.history_of(Suppression).objects.filter(address__in=person.emails)

    def forget(self, person: Person) -> int:
        hashes = {address: hidden(address) for address in person.emails}
        if not hashes:
            return 0
        known = set(Suppression.objects.filter(address__in=hashes.values()).values_list("address", "purpose"))
        rows = list(self.rows(person).select_for_update())
        twice = [row.pk for row in rows if (hashes[row.address], row.purpose) in known]
        Suppression.objects.filter(pk__in=twice).delete()
        hashed = Case(*(When(address=address, then=Value(kept)) for address, kept in hashes.items()))
        self.rows(person).update(address=hashed)
        self.events(person).update(address=hashed)
        return len(rows)

    def tell(self, person: Person) -> Iterator[tuple[steps.Model, steps.Rows]]:
        yield from super().tell(person)
        yield steps.history_of(Suppression), steps.readable(self.events(person), "pgh_context__metadata")


def sweep(traces: Collection[str], before: dt.datetime) -> bool:
    """Delete what stands in for a mail server: files of messages, of which one went to the person."""
    folder = Path(settings.EMAIL_FILE_PATH)
    if "filebased" not in settings.EMAIL_BACKEND or not folder.is_dir():
        return True
    for path in folder.iterdir():
        if path.stat().st_mtime <= before.timestamp() and _is_to(path, traces):
            path.unlink(missing_ok=True)
    return True


def _is_to(path: Path, traces: Collection[str]) -> bool:
    lines = (line for line in path.read_text(errors="replace").splitlines() if line.startswith("To: "))
    return any(trace(folded(address)) in traces for _name, address in getaddresses([line[4:] for line in lines]))


def register() -> None:
    kept = ("template", "time_zone", "message_id", "once")
    over = {"error": OVER, "state": CANCELLED}
    steps.register(
        Letters(Mail, keeps=kept, values=over),
        steps.Mention(Mail, columns=("subject", "text", "html"), among=Q(purpose=Purpose.DIGEST), values=LETTER | over),
        Refusals(Suppression),
    )
    services.register_sweep(sweep)
