"""What was asked of a file and what became of it, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_project.access.models import User

from .. import services
from ..models import ImportJob
from ..options import OnMatch, Options
from ..resources import CrmResource
from ..rows import as_text

OPTIONS = {
    "match": gettext_lazy("Match by"),
    "on_match": gettext_lazy("What a match does"),
    "source": gettext_lazy("Source"),
    "region": gettext_lazy("Country of numbers"),
    "owner": gettext_lazy("Owner of new records"),
    "dry_run": gettext_lazy("Only looked at, nothing imported"),
    "atomic": gettext_lazy("All rows or none"),
    "format": gettext_lazy("Format"),
    "encoding": gettext_lazy("Encoding"),
    "delimiter": gettext_lazy("Delimiter"),
}
ON_MATCH = {
    OnMatch.UPDATE: gettext_lazy("Update the record"),
    OnMatch.FILL: gettext_lazy("Fill what is empty"),
    OnMatch.SKIP: gettext_lazy("Skip the row"),
    OnMatch.ERROR: gettext_lazy("Refuse the row"),
}
OUTCOMES = {
    "created": gettext_lazy("New record"),
    "updated": gettext_lazy("Changed record"),
    "unchanged": gettext_lazy("No change"),
    "skipped": gettext_lazy("Left out"),
}


def words(value: Any) -> str:
    return ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def counted(job: ImportJob) -> str:
    """How many rows did what: ``480 created, 20 failed``."""
    found = [(_(name), getattr(job, name)) for name in services.COUNTS]
    return ", ".join(_("%(count)s %(kind)s") % {"count": f"{n:,}", "kind": name} for name, n in found if n) or "0"


def options_of(job: ImportJob) -> str:
    """Those that are not as when nothing is said; columns are told apart."""
    usual = Options().as_json() | {"on_match": None if job.options.get("match") else OnMatch.UPDATE}
    return "; ".join(
        str(label) if job.options[name] is True else f"{label}: {_option(name, job.options[name])}"
        for name, label in OPTIONS.items()
        if job.options.get(name, usual[name]) != usual[name]
    )


def _option(name: str, value: Any) -> str:
    if name == "owner":
        return str(User.objects.filter(pk=value).first() or "–")
    return str(ON_MATCH[OnMatch(value)]) if name == "on_match" else words(value)


def shown(resource: CrmResource, preview: dict[str, Any]) -> dict[str, Any]:
    """A row of a preview: the fields by their labels, lists with commas."""
    changes = [
        (resource.label_of(name), words(before), words(after)) for name, (before, after) in preview["changes"].items()
    ]
    return preview | {"changes": changes, "what": OUTCOMES[preview["outcome"]]}
