"""Custom fields as fields of a form: each definition with the widget of its type, stored the way the API stores it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from .models import CustomField

PREFIX = "custom_fields."
Type = CustomField.Type
WIDGETS = {
    Type.TEXT: widgets.UnfoldAdminTextInputWidget,
    Type.LONG_TEXT: widgets.UnfoldAdminTextareaWidget,
    Type.INTEGER: widgets.UnfoldAdminIntegerFieldWidget,
    Type.DECIMAL: widgets.UnfoldAdminTextInputWidget,
    Type.DATE: widgets.UnfoldAdminSingleDateWidget,
    Type.DATETIME: widgets.UnfoldAdminSplitDateTimeWidget,
    Type.CHOICE: widgets.UnfoldAdminSelectWidget,
    Type.MULTI_CHOICE: widgets.UnfoldAdminCheckboxSelectMultipleWidget,
    Type.URL: widgets.UnfoldAdminURLInputWidget,
    Type.EMAIL: widgets.UnfoldAdminEmailInputWidget,
    Type.PHONE: widgets.UnfoldAdminTextInputWidget,
}
YES_NO = [("", "–"), ("true", _("Yes")), ("false", _("No"))]


def name_of(definition: CustomField) -> str:
    return PREFIX + definition.key


def form_field(definition: CustomField, value: Any) -> forms.Field:
    """The field for one definition, showing a stored value or, when ``value`` is ``None``, nothing."""
    options: dict[str, Any] = {
        "label": definition.label,
        "required": definition.required,
        "help_text": definition.help_text,
        "initial": shown(definition, value),
    }
    if definition.type == Type.BOOLEAN:
        return forms.ChoiceField(choices=YES_NO, widget=widgets.UnfoldAdminSelectWidget, **options)
    options["widget"] = WIDGETS[Type(definition.type)]
    match definition.type:
        case Type.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *_choices(definition, [value])], **options)
        case Type.MULTI_CHOICE:
            return forms.MultipleChoiceField(choices=_choices(definition, value or []), **options)
        case Type.DATE:
            return forms.DateField(**options)
        case Type.DATETIME:
            return forms.SplitDateTimeField(**options)
    return forms.CharField(**options)


def _choices(definition: CustomField, stored: Iterable[Any]) -> list[tuple[str, Any]]:
    """The definition's choices, and stored values that no longer are among them."""
    gone = [value for value in stored if value and value not in definition.choices]
    return [(choice, choice) for choice in definition.choices] + [
        (value, _("%s (no longer a choice)") % value) for value in gone
    ]


def shown(definition: CustomField, value: Any) -> Any:
    """A stored value as the field takes it."""
    if value is None:
        return None
    match definition.type:
        case Type.BOOLEAN:
            return "true" if value else "false"
        case Type.DATE:
            return parse_date(value)
        case Type.DATETIME:
            return parse_datetime(value)
    return value


def given(value: Any) -> Any:
    """What a field's ``clean`` gave, as ``custom_fields.clean`` takes it."""
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value


def readable(definition: CustomField, value: Any) -> Any:
    """A stored value for a page that only shows it."""
    found = shown(definition, value)
    if definition.type == Type.BOOLEAN and found is not None:
        return dict(YES_NO)[found]
    return ", ".join(found) if isinstance(found, list) else found
