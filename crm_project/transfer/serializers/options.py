"""The options of an import on the wire, and in whatever other words they come."""

from __future__ import annotations

import json
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from crm_project.access import rules
from crm_project.access.models import User
from crm_project.api.parsers import refuse_unstorable
from crm_project.api.serializers import ChoiceField, CrmSerializer
from crm_project.suggest import nearest

from ..models import FORMATS, ImportSource
from ..options import OnMatch, Options
from ..resources import CrmResource

FORMAT_NAMES = [name for name, _label in FORMATS]


class ImportOptionsSerializer(CrmSerializer):
    """How a file is to be imported. Everything may be left out."""

    match = serializers.CharField(
        required=False,
        max_length=200,
        help_text="By what a row finds the record that it is about: a comma list of keys, asked in that order. Contacts"
        " have `id`, `external_id`, `email` and `phone`; leads and customers `id`, `email` and `phone`; products `id`"
        " and `sku`. Without it every row makes a new record.",
    )
    on_match = ChoiceField(
        required=False,
        choices=[choice.value for choice in OnMatch],
        help_text="What a row does to the record that it finds: `update` it (the default), `fill` what is empty,"
        " `skip` the row, or `error`.",
    )
    dry_run = serializers.BooleanField(required=False, help_text="Only say what would happen; nothing is written.")
    atomic = serializers.BooleanField(required=False, help_text="All rows or none.")
    mapping = serializers.CharField(
        required=False,
        max_length=50_000,
        help_text='JSON such as {"column": "field"}, for columns that are not guessed right; null leaves one out.',
    )
    source = serializers.CharField(
        required=False,
        max_length=100,
        help_text="A name for where such files come from. With `mapping`, that is kept under it; without, the one that"
        " was kept is used.",
    )
    region = serializers.CharField(
        required=False, max_length=2, help_text="The country of national telephone numbers, such as RU."
    )
    owner = serializers.CharField(
        required=False, max_length=320, help_text="Username or id of who will own new records; the caller by default."
    )
    format = ChoiceField(required=False, choices=FORMAT_NAMES, help_text="Found from the content when left out.")
    encoding = serializers.CharField(
        required=False, max_length=40, help_text="Such as utf-8 or cp1251; found from the content when left out."
    )
    delimiter = serializers.CharField(
        required=False,
        max_length=3,
        trim_whitespace=False,
        help_text="Between the cells of a CSV file, `tab` for a tab; found when left out.",
    )

    def validate_match(self, text: str) -> tuple[str, ...]:
        known = self.context["resource"].match_keys
        keys = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        for key in keys:
            if key not in known:
                guess = nearest(key, known)
                hint = _(" Did you mean “%s”?") % guess if guess else ""
                raise serializers.ValidationError(
                    _("“%(value)s” is not one of: %(known)s.%(hint)s")
                    % {"value": key[:50], "known": ", ".join(known), "hint": hint}
                )
        return keys

    def validate_on_match(self, value: str) -> OnMatch:
        return OnMatch(value)

    def validate_mapping(self, text: str) -> dict[str, str]:
        try:
            mapping = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError(_("This must be a JSON object of columns and fields.")) from error
        return clean_mapping(mapping)

    def validate_region(self, text: str) -> str:
        if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise serializers.ValidationError(_("This must be a country's code of two letters, such as US or RU."))
        return text.upper()

    def validate_owner(self, text: str) -> str:
        user, resource = self.context["user"], self.context["resource"]
        owner = find_user(text)
        if owner is None:
            raise serializers.ValidationError(_("There is no active user “%s”.") % (text[:100]))
        if owner != user and not rules.reaches_all(user, resource.get_model(), "change"):
            raise serializers.ValidationError(_("You may not import for other people."))
        return str(owner.pk)

    def validate_delimiter(self, text: str) -> str:
        return "\t" if text in {"tab", "\\t"} else text

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "source" in attrs and "mapping" not in attrs:
            found = ImportSource.objects.filter(kind=self.context["resource"].kind(), name=attrs["source"]).first()
            if found is None:
                raise serializers.ValidationError(
                    {"source": [_("No mapping was kept for this source; send one with it.")]}
                )
            attrs["mapping"] = found.mapping
        return attrs

    def to_options(self) -> Options:
        return Options(**self.validated_data)


def clean_mapping(mapping: Any) -> dict[str, str]:
    """A mapping as somebody gives it. Raises DRF's ``ValidationError`` when it is none."""
    if not isinstance(mapping, dict) or not all(isinstance(field, (str, type(None))) for field in mapping.values()):
        raise serializers.ValidationError(_("This must be a JSON object of columns and fields."))
    try:
        refuse_unstorable(mapping)
    except exceptions.ValidationError as error:
        raise serializers.ValidationError(_("Null characters and half characters are not allowed.")) from error
    return {column: field or "" for column, field in mapping.items()}


def find_user(text: str) -> User | None:
    """The active user with this name, id or e-mail address."""
    users = User.objects.filter(is_active=True)
    found = users.filter(username=text).first() or users.filter(email__iexact=text).exclude(email="").first()
    if found is None:
        try:
            found = users.filter(pk=text).first()
        except (DjangoValidationError, ValueError):
            return None
    return found


def options_from(resource: type[CrmResource], user: User, given: dict[str, Any]) -> Options:
    """The options that somebody gives as text. Raises DRF's ``ValidationError`` with messages by option."""
    serializer = ImportOptionsSerializer(data=given, context={"resource": resource, "user": user})
    serializer.is_valid(raise_exception=True)
    return serializer.to_options()
