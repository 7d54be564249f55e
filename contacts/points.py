"""E-mail addresses, numbers and accounts: what they must look like and how they are compared."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from . import phones
from .models import ContactPoint

Type = ContactPoint.Type


def normalize_email(value: str) -> str:
    """Lower case, NFC, an internationalised domain in its readable form: what equal addresses have in common."""
    local, _at, domain = unicodedata.normalize("NFC", value.strip()).lower().rpartition("@")
    if "xn--" in domain:
        try:
            domain = domain.encode("ascii").decode("idna")
        except UnicodeError:
            return f"{local}@{domain}"
    return f"{local}@{domain}"


def normalize(type: str, value: str, region: str | None = None) -> tuple[str, str]:
    """``(normalized, extension)`` of a value that ``check`` accepts."""
    if type == Type.MAIL:
        return normalize_email(value), ""
    if type == Type.PHONE:
        phone = phones.parse(value, region)
        return phone.normalized, phone.extension
    return unicodedata.normalize("NFC", value.strip()).casefold(), ""


def check(type: str, value: str) -> None:
    """Refuse what cannot be reached: a broken address, a number without digits.

    Raises:
        ValidationError: with a sentence.
    """
    if type == Type.MAIL:
        try:
            validate_email(value.strip())
        except ValidationError as error:
            raise ValidationError(_("“%s” is not a valid e-mail address.") % value[:100]) from error
    elif type == Type.PHONE:
        digits = phones.digits_of(value)
        if not 3 <= len(digits) <= 32 or len(value) > phones.LONGEST:
            raise ValidationError(_("“%s” is not a telephone number.") % value[:100])
    elif not value.strip():
        raise ValidationError(_("This may not be blank."))
