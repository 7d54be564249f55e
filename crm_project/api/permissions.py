"""One permission class for every view of the API: scopes of the key, then the rule of ``access``."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission

from crm_project.access import rules
from crm_project.access.models import ApiKey

VERB_FOR_ACTION = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
    "restore": "delete",
    "import_file": "import",
    "export_file": "export",
    "history": "view",
    "sharing": "view",
    "set_sharing": "share",
    "metadata": "view",
}


def verb_of(view: Any) -> str:
    """What the view's running action means for the record; an action that says nothing is a programming error."""
    verb = view.action_verbs.get(view.action) or VERB_FOR_ACTION.get(view.action)
    if verb is None:
        raise LookupError(f"{type(view).__name__}.{view.action} has no verb; add it to action_verbs.")
    return verb


class RightPermission(BasePermission):
    """A signed-in user whose key has the scope and whose roles or shares allow the verb on the record."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not rules.is_known(request.user):
            return False
        scope = ApiKey.Scope.READ if view.only_reads() else ApiKey.Scope.WRITE
        if isinstance(request.auth, ApiKey) and scope not in request.auth.scopes:
            self.refuse(f"This API key lacks the scope “{scope}”.")
        if view.action is None:
            return True  # The method is not allowed, which the view says next.
        verb, model = verb_of(view), view.get_model()
        if verb in {"add", "import"} and not rules.may(request.user, model, verb):
            self.refuse_verb(verb, model)
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        verb = verb_of(view)
        if not rules.allows(request.user, obj, verb):
            self.refuse_record(request.user, verb, type(obj))
        return True

    def refuse_record(self, user: Any, verb: str, model: Any) -> None:
        """Say whether the right is missing, or that it does not reach this record or the one that it is a part of."""
        parent = getattr(model, "access_parent", None)
        if not rules.may(user, model, verb) or not (parent or hasattr(model, "user_shares")):
            self.refuse_verb(verb, model)
        whose = f"the {model._meta.get_field(parent).related_model._meta.verbose_name}" if parent else "it"
        reason = f"{whose} is neither yours nor your team's, nor shared with you for that"
        self.refuse(f"You may not {verb} this {model._meta.verbose_name}: {reason}.")

    def refuse_verb(self, verb: str, model: Any) -> None:
        kind = model._meta.verbose_name
        self.refuse(f"You may not {verb} this {kind}: the right “{rules.permission_name(model, verb)}” is missing.")

    def refuse(self, sentence: str) -> None:
        raise exceptions.PermissionDenied(sentence)
