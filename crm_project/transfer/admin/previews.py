"""What a file in the admin looks like before it is imported: its columns, what each row would do, and changing both."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from django import forms
from django.core import signing
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget
from uuid_utils.compat import uuid7

from ..options import Options
from ..reading import Row, Table, open_table
from ..resources import PREVIEWED_ROWS, SHOWN_ROWS, CrmResource
from ..rows import as_text
from ..tasks import PREVIEW_SECONDS, PREVIEWS
from .words import shown

SAMPLED_ROWS = 20
SAMPLE_CHARACTERS = 60


@dataclass(frozen=True)
class Kept:
    """A file that waits to be looked at again or imported, under a token that only who sent it can use for a day."""

    path: str
    name: str
    options: dict[str, Any]

    @classmethod
    def store(cls, file: Any, options: Options) -> Kept:
        file.seek(0)
        path = default_storage.save(f"{PREVIEWS}/{uuid7()}", File(file))
        return cls(path, file.name, options.as_json())

    @classmethod
    def of_token(cls, token: str, user: Any) -> Kept:
        """Raises ``BadSignature`` when it is somebody else's, wrong or too old."""
        return cls(**_signer(user).unsign_object(token, max_age=PREVIEW_SECONDS))

    def token(self, user: Any) -> str:
        return _signer(user).sign_object(asdict(self))


def _signer(user: Any) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"import-preview-{user.pk}")


class ColumnsForm(forms.Form):
    """Which field each column of a file is; what is chosen can be kept under a name."""

    source = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        label=gettext_lazy("Keep these columns under a name"),
        help_text=gettext_lazy("Such as the program that the file is from; the next file may name it."),
    )

    def __init__(self, resource: CrmResource, table: Table, data: Any = None) -> None:
        super().__init__(data)
        self.headers = table.headers
        columns = resource.columns_of(table)
        samples = _samples(table)
        choices = [("", _("Leave out")), *((name, resource.label_of(name)) for name in resource.targets())]
        for at, header in enumerate(table.headers):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                required=False,
                label=header,
                choices=choices,
                initial=columns.mapping.get(header, ""),
                help_text=columns.ignored.get(header, ""),
                widget=UnfoldAdminSelectWidget,
            )
        self.rows = [(self[f"column_{at}"], samples.get(header, "")) for at, header in enumerate(table.headers)]

    def fill(self, data: Any) -> None:
        """Show again what somebody chose."""
        self.is_bound, self.data = True, data

    def mapping(self) -> dict[str, str]:
        return {header: self.cleaned_data[f"column_{at}"] for at, header in enumerate(self.headers)}


def delimiter(table: Table) -> str:
    return str(_("tabs")) if table.delimiter == "\t" else f"“{table.delimiter}”"


def _samples(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in islice(table, SAMPLED_ROWS):
        if isinstance(row, Row):
            for header, value in row.values.items():
                if text := as_text(value).strip():
                    found.setdefault(header, text[:SAMPLE_CHARACTERS])
    return found


def context_of(resource_class: type[CrmResource], kept: Kept, user: Any, given: Any = None) -> dict[str, Any]:
    """All that the page shows of a kept file; with ``given`` for the columns that somebody chose.

    Raises:
        UnreadableFile: the file is no table, has no rows, or none of its columns is known.
        ValidationError: two columns are the same field.
    """
    options = Options.from_json(kept.options)
    with default_storage.open(kept.path) as file:
        opened: Any = file
        table = open_table(opened, filename=kept.name)
        if given is not None:
            form = ColumnsForm(resource_class(user=user, options=options), table, given)
            if form.is_valid():
                options = replace(options, mapping=form.mapping(), source=form.cleaned_data["source"] or None)
        resource = resource_class(user=user, options=options)
        form = ColumnsForm(resource, table)
        form.initial["source"] = options.source or ""
        result = resource.import_data(table, dry_run=True, user=user)
        kind = [table.format.upper(), table.encoding, table.delimiter and _("parted by %s") % delimiter(table)]
    return {
        "confirm_token": Kept(kept.path, kept.name, options.as_json()).token(user),
        "result": result,
        "previews": [shown(resource, each) for each in result.previews],
        "failures": result.failures,
        "columns_form": form,
        "file_name": kept.name,
        "file_kind": ", ".join(filter(None, kind)),
        "is_cut": result.total_rows >= PREVIEWED_ROWS,
        "shown_rows": SHOWN_ROWS,
    }
