"""``user.has_perm`` by the same rule as everything else, so that the admin asks nothing different from the API."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db import models

from . import rules


class RecordBackend(BaseBackend):
    """Answers for a record by ownership and sharing; for a whole kind of record by the roles of either reach."""

    def has_perm(self, user_obj: Any, perm: str, obj: models.Model | None = None) -> bool:
        if obj is None or not rules.is_known(user_obj):
            return False  # Django's own backend answers for whole kinds.
        app_label, _, codename = perm.partition(".")
        verb, _, model_name = codename.partition("_")
        return (app_label, model_name) == (obj._meta.app_label, obj._meta.model_name) and rules.allows(
            user_obj, obj, verb
        )
