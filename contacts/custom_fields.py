"""Values of the fields that staff define: validated by their definitions wherever they come from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from crm_project.suggest import nearest

from . import phones
from .models import CustomField

LONGEST_TEXT = 1_000
LONGEST_LONG_TEXT = 50_000
MOST_DIGITS = 30
FORGOTTEN_AT_ONCE = 2_000
_entities: dict[str, type[models.Model]] = {}


def register(model: type[models.Model]) -> None:
    """Let staff define fields for this kind of record; called from the app's ``AppConfig.ready()``."""
    _entities[str(model._meta.model_name)] = model


def entities() -> dict[str, str]:
    """The kinds of records that have custom fields, with their names for people."""
    return {name: str(model._meta.verbose_name) for name, model in _entities.items()}


def check_entity(name: str) -> None:
    """Raises ``ValidationError`` for a kind of record that has no custom fields."""
    if name not in _entities:
        guess = nearest(name, list(_entities))
        hint = _(" Did you mean “%s”?") % guess if guess else ""
        raise ValidationError(_("This must be one of: %s.") % ", ".join(_entities) + hint)


def definitions(entity: str = "contact") -> list[CustomField]:
    """The fields of a kind of record, in their order. One query."""
    return list(CustomField.objects.filter(entity=entity))


def clean_value(field: CustomField, value: Any) -> Any:
    """The value as it is stored: JSON, decimals as text, dates as ISO 8601. ``None`` and blank text mean no value.

    Raises:
        ValidationError: the value is not of the field's type.
    """
    if value is None or value == "" or value == []:
        return None
    return CLEANERS[CustomField.Type(field.type)](field, value)


def _text(field: CustomField, value: Any) -> str:
    limit = LONGEST_LONG_TEXT if field.type == CustomField.Type.LONG_TEXT else LONGEST_TEXT
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValidationError(_("This must be text."))
    if len(text := str(value)) > limit:
        raise ValidationError(_("This has more than %(limit)d characters."), params={"limit": limit})
    return text


def _integer(field: CustomField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str, float, Decimal)):
        raise ValidationError(_("This must be a whole number."))
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValidationError(_("This must be a whole number.")) from error
    # Its size is asked first: to write out a number such as 1e1000000 takes minutes.
    is_small = number.is_finite() and number.adjusted() < 16
    if not is_small or abs(number) >= 2**53 or number != (whole := int(number)):
        raise ValidationError(_("This must be a whole number below 2^53."))
    return whole


def _decimal(field: CustomField, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str, float, Decimal)):
        raise ValidationError(_("This must be a number."))
    try:
        number = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValidationError(_("This must be a number.")) from error
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise ValidationError(_("This must be a number of at most %(digits)d digits."), params={"digits": MOST_DIGITS})
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text  # Equal numbers are equal texts.
    return "0" if text == "-0" else text


def _boolean(field: CustomField, value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "да": True, "false": False, "no": False, "0": False, "нет": False}
    if (found := known.get(str(value).strip().lower())) is None:
        raise ValidationError(_("This must be true or false."))
    return found


def _date(field: CustomField, value: Any) -> str:
    try:
        day = parse_date(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_("This must be a date such as 2026-01-31."))
    return day.isoformat()


def _datetime(field: CustomField, value: Any) -> str:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
        moment = moment and (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise ValidationError(_("This must be a time such as 2026-01-31T12:00:00Z."))
    return moment.isoformat().replace("+00:00", "Z")


def _choice(field: CustomField, value: Any) -> str:
    if value not in field.choices:
        guess = nearest(str(value), field.choices)
        hint = _(" Did you mean “%s”?") % guess if guess else ""
        raise ValidationError(_("This must be one of: %s.") % ", ".join(field.choices) + hint)
    return value


def _choices(field: CustomField, value: Any) -> list[str] | None:
    parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise ValidationError(_("This must be a list of choices."))
    return list(dict.fromkeys(_choice(field, part) for part in parts if part != "")) or None


def _url(field: CustomField, value: Any) -> str:
    URLValidator(schemes=["http", "https"])(text := _text(field, value))
    return text


def _email(field: CustomField, value: Any) -> str:
    validate_email(text := _text(field, value).strip())
    return text


def _phone(field: CustomField, value: Any) -> str:
    text = _text(field, value).strip()
    if len(phones.digits_of(text)) < phones.FEWEST_DIGITS:
        raise ValidationError(_("This must be a telephone number."))
    return text


CLEANERS = {
    CustomField.Type.TEXT: _text,
    CustomField.Type.LONG_TEXT: _text,
    CustomField.Type.INTEGER: _integer,
    CustomField.Type.DECIMAL: _decimal,
    CustomField.Type.BOOLEAN: _boolean,
    CustomField.Type.DATE: _date,
    CustomField.Type.DATETIME: _datetime,
    CustomField.Type.CHOICE: _choice,
    CustomField.Type.MULTI_CHOICE: _choices,
    CustomField.Type.URL: _url,
    CustomField.Type.EMAIL: _email,
    CustomField.Type.PHONE: _phone,
}


def check_choices(kind: str, choices: list[str]) -> None:
    """Raises ``ValidationError`` for ``choices`` from which a field of the kind could not choose."""
    if kind in {CustomField.Type.CHOICE, CustomField.Type.MULTI_CHOICE} and not choices:
        raise ValidationError({"choices": [_("A field of choices needs some.")]})
    if kind == CustomField.Type.MULTI_CHOICE and any(";" in choice for choice in choices):
        raise ValidationError({"choices": [_("Choices cannot have a “;”, which parts them in files.")]})


def check_definition(field: CustomField) -> None:
    """Refuse a definition by which no record could be made; its default becomes what is stored.

    Raises:
        ValidationError: with the messages by name of the attribute.
    """
    try:
        check_entity(field.entity)
    except ValidationError as error:
        raise ValidationError({"entity": error.messages}) from error
    check_choices(field.type, field.choices)
    try:
        field.default = clean_value(field, field.default)
    except ValidationError as error:
        raise ValidationError({"default": error.messages}) from error
    if field.unique and field.default is not None:
        raise ValidationError({"default": [_("Values are unique, so no two records can have a default.")]})


def check_new_key(entity: str, key: str) -> None:
    """Refuse a key under which records have values of a field that was deleted. Reads all of them when there are none.

    Raises:
        ValidationError: with the message for ``key``.
    """
    rows = _entities[entity]._default_manager.filter(custom_fields__has_key=key)
    if not CustomField.objects.filter(entity=entity, key=key).exists() and rows.exists():
        message = _("The values of a deleted field of this name are still being removed; try again in a minute.")
        raise ValidationError({"key": [message]})


def check_becomes_unique(entity: str, key: str) -> None:
    """Refuse to make values unique of which some are equal. Reads all records that have one.

    Raises:
        ValidationError: with the message for ``unique``.
    """
    rows = _entities[entity]._default_manager.filter(deleted_at=None, custom_fields__has_key=key).order_by()
    if rows.values(f"custom_fields__{key}").annotate(number=models.Count("pk")).filter(number__gt=1).exists():
        raise ValidationError({"unique": [_("Some records have equal values; change these first.")]})


def forget(entity: str, key: str) -> None:
    """Take the values of a deleted field from all records, some thousand in a transaction; it may be run again."""
    rows = _entities[entity]._default_manager.filter(custom_fields__has_key=key).order_by("pk")
    without = models.Func(
        models.F("custom_fields"),
        models.Value(key, output_field=models.TextField()),
        template="%(expressions)s",
        arg_joiner=" - ",
        output_field=models.JSONField(),
    )
    last = UUID(int=0)
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        with transaction.atomic():
            rows.filter(pk__in=ids).order_by().update(custom_fields=without, updated_at=timezone.now())
        last = ids[-1]


def clean(fields: list[CustomField], given: Any, stored: dict[str, Any] | None = None) -> dict[str, Any]:
    """The record's new ``custom_fields``: what is stored, changed by what is given. ``null`` removes a value.

    A new record (``stored`` is ``None``) gets defaults. No query; ``check_unique`` asks for duplicates.

    Raises:
        ValidationError: with the messages by key.
    """
    if not isinstance(given, dict):
        raise ValidationError(_("This must be an object of keys and values."))
    known = {field.key: field for field in fields}
    values = dict(stored or {})
    if stored is None:
        values |= {field.key: field.default for field in fields if field.default is not None}
    errors: dict[str, list[str]] = {}
    for key, value in given.items():
        if key not in known and key in values and value in (None, values[key]):
            values[key] = value  # Of a field that was deleted: it may be sent back as it is, and removed.
            continue
        if key not in known:
            guess = nearest(str(key), known)
            hint = _(" Did you mean “%s”?") % guess if guess else ""
            errors[str(key)[:100]] = [_("There is no such custom field.") + hint]
            continue
        try:
            values[key] = clean_value(known[key], value)
        except ValidationError as error:
            errors[key] = error.messages
    values = {key: value for key, value in values.items() if value is not None}
    for field in fields:
        if field.required and field.key not in values and field.key not in errors:
            errors[field.key] = [_("This field is required.")]
    if errors:
        raise ValidationError(errors)
    return values


def check_unique(fields: list[CustomField], model: type[models.Model], record_id: Any, values: dict[str, Any]) -> None:
    """Refuse a value that another record has in a field whose values are unique. Needs a transaction.

    A lock for the value makes a second writer wait for the first, and a shared one for the field makes an import of it
    wait; one query for the locks and one for the value.

    Raises:
        ValidationError: with the messages by key.
    """
    for field in fields:
        if not field.unique or field.key not in values:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0)),"
                " pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"{field.entity}.{field.key}", f"{field.entity}.{field.key}={values[field.key]}"],
            )
        same = model._default_manager.filter(deleted_at=None, custom_fields__contains={field.key: values[field.key]})
        if same.exclude(pk=record_id).exists():
            raise ValidationError({field.key: [_("Another record has this value, which must be unique.")]})


def clean_for(entity: str, model: type[models.Model], record: Any, given: Any) -> dict[str, Any]:
    """``clean`` and ``check_unique`` for one record, new or stored, with the messages named ``custom_fields.key``.

    Raises:
        ValidationError: with the messages by field.
    """
    fields = definitions(entity)
    try:
        values = clean(fields, given, record.custom_fields if record else None)
        before = record.custom_fields if record else {}
        changed = [field for field in fields if values.get(field.key) != before.get(field.key)]
        check_unique(changed, model, record.pk if record else None, values)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise ValidationError(
                {f"custom_fields.{key}": texts for key, texts in error.message_dict.items()}
            ) from error
        raise ValidationError({"custom_fields": error.messages}) from error
    return values


def owners(
    model: type[models.Model], given: Iterable[tuple[str, Any]], *, entity: str = "contact", lock: bool
) -> dict[tuple[str, str], set[UUID]]:
    """Which records have the values, by key and the value as JSON: ``check_unique`` for many records at once.

    With ``lock`` nobody else writes these fields until the transaction ends. One query for
    each lock and one for the values.
    """
    values = list(given)
    with connection.cursor() as cursor:
        for key in sorted({key for key, _ in values}) if lock else ():
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{entity}.{key}"])
        cursor.execute(
            "SELECT asked.key, asked.value, record.id FROM unnest(%s::text[], %s::text[]) AS asked (key, value)"
            f" JOIN {connection.ops.quote_name(model._meta.db_table)} AS record"
            " ON record.custom_fields @> jsonb_build_object(asked.key, asked.value::jsonb) AND deleted_at IS NULL",
            [[key for key, _ in values], [json.dumps(value) for _, value in values]],
        )
        found: dict[tuple[str, str], set[UUID]] = {}
        for key, value, record in cursor.fetchall():
            found.setdefault((key, value), set()).add(record)
    return found
