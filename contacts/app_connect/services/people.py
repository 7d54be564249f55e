"""Making somebody of a number that called."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm_project.access.models import User

from ... import custom_fields as custom
from ... import points
from ...models import ContactPoint
from ...services.contacts import LONGEST_NAME
from .. import sources
from ..numbers import as_sent


@transaction.atomic
def create_caller(
    *, source: sources.CallerSource, actor: User, phone: str, name: str, submitted: dict[str, Any]
) -> Any:
    """A new record of the source's kind, made of the little that is known of somebody who calls.

    Without a name the number is the name. What is no number is not stored as one. Of what was ``submitted`` the values
    of custom fields are taken, by their keys.

    Raises:
        ValidationError: there is neither name nor number, or a custom field is wrong or missing.
    """
    phone = as_sent(phone)
    name = (name.strip() or phone)[:LONGEST_NAME].strip()
    if not name:
        raise ValidationError({"name": [_("A name or a number is needed.")]})
    known = {field.key for field in custom.definitions(source.entity)} if submitted else set()
    values = {key: value for key, value in submitted.items() if key in known}
    return source.create(actor=actor, name=name, phone=phone if is_number(phone) else "", custom_fields=values)


def is_number(phone: str) -> bool:
    try:
        points.check(ContactPoint.Type.PHONE, phone)
    except ValidationError:
        return False
    return True
