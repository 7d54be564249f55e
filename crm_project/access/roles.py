"""The roles that the CRM comes with. Apps grant them their permissions in the migration that makes their tables.

They are ordinary groups: what an administrator changes later stays changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

ADMINISTRATOR = "Administrator"
MANAGER = "Manager"
SALES = "Sales"
SUPPORT = "Support"
READ_ONLY = "Read-only"

DEFAULTS = {
    ADMINISTRATOR: ("company", "Does everything, users and settings included."),
    MANAGER: ("company", "Sees and changes everything; may share, import, export and merge."),
    SALES: ("own", "Works with own, team's and shared records; may create, import and export them."),
    SUPPORT: ("company", "Sees all people; changes customers' interactions and feedback."),
    READ_ONLY: ("company", "Sees everything, changes nothing."),
}


def codenames(verbs: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Every verb with every kind of record, as permissions are called."""
    return [f"{verb}_{kind}" for kind in kinds for verb in verbs]


def grant(apps: Any, app_label: str, permissions: Mapping[str, Sequence[str]]) -> None:
    """Give roles their permissions, from within a migration; ``permissions`` maps a role to codenames.

    Django makes permissions only after all migrations have run, so those of this app are made here first.
    """
    from django.contrib.auth.management import create_permissions

    config = apps.get_app_config(app_label)
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permission_model = apps.get_model("auth", "Permission")
    for role, codenames in permissions.items():
        group = apps.get_model("auth", "Group").objects.get(name=role)
        found = permission_model.objects.filter(content_type__app_label=app_label, codename__in=codenames)
        missing = set(codenames) - {permission.codename for permission in found}
        if missing:
            raise LookupError(f"{app_label} has no permissions {sorted(missing)}.")
        group.permissions.add(*found)
