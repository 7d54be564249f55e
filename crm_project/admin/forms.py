"""Forms that do not overwrite what somebody else saved in the meantime."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

from crm_project.access.models import User

from .lists import name_of
from .story import Told


def no_changes(record: Any, since: dt.datetime) -> list[Told]:
    return []


class VersionedForm(forms.ModelForm):
    """Carries the version of the record that it shows; saving is refused when another version is stored by then.

    ``ModelAdmin.get_object`` has locked the row, so that nothing comes between this check and the saving.
    """

    version = forms.CharField(widget=forms.HiddenInput, required=False)
    version_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)
    changes_since: Callable[[Any, dt.datetime], Iterable[Told]] = staticmethod(no_changes)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance._state.adding:
            del self.fields["version"], self.fields["version_at"]
        else:
            self.initial["version"] = self.instance.version
            self.initial["version_at"] = self.instance.updated_at.isoformat()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "version" in self.fields and data["version"] != str(self.instance.version):
            raise ValidationError(self.conflict(data.get("version_at")), code="conflict")
        return data

    def changes(self) -> dict[str, Any]:
        """What the form changes, by column, as services take it."""
        names = [name for name in self.changed_data if name in self.cleaned_data and not name.startswith("version")]
        return {name: self.cleaned_data[name] for name in names}

    def conflict(self, since: dt.datetime | None) -> str:
        changes = list(self.changes_since(self.instance, since)) if since else []
        return format_html(
            '{} <a href="" class="underline">{}</a>{}',
            _("Somebody else changed this record while you were editing it; nothing was saved."),
            _("Reload the page to see its current state."),
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((change.sentence,) for change in changes)))
            if changes
            else "",
        )


class OwnedForm(VersionedForm):
    """Of an owned record: active users and teams to choose from, and those that it has already."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "assigned_to" in self.fields:
            users = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.assigned_to_id))
            self.fields["assigned_to"].queryset = users.order_by("first_name", "last_name", "username")
            self.fields["assigned_to"].label_from_instance = name_of
        if "team" in self.fields:
            groups = Group.objects.filter(Q(role=None) | Q(pk=self.instance.team_id))
            self.fields["team"].queryset = groups.order_by("name")


class ParametersField(forms.CharField):
    """Parameters of a list, one ``name=value`` on a line, or all of them as a JSON object."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "category=VIP\ncustom_fields.city=Paris"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(
            f"{name}={text if isinstance(text, str) else json.dumps(text)}" for name, text in value.items()
        )

    def to_python(self, value: Any) -> dict[str, Any]:
        text = (super().to_python(value) or "").strip()
        if text.startswith("{"):
            try:
                found = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ValidationError(_("This is not valid JSON.")) from error
            return found
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if wrong := [line for line in lines if "=" not in line]:
            raise ValidationError(_("“%s” is not of the form name=value.") % wrong[0][:100])
        return {name.strip(): text.strip() for name, _equals, text in (line.partition("=") for line in lines)}


def flat(detail: Any, name: str = "") -> list[str]:
    """DRF's nested messages as sentences, each with the parameter that it is about."""
    if isinstance(detail, dict):
        return [text for key, value in detail.items() for text in flat(value, name if key == "filter" else str(key))]
    if isinstance(detail, list):
        return [text for value in detail for text in flat(value, name)]
    return [f"{name}: {detail}" if name else str(detail)]
