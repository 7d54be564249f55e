"""What this installation of the CRM is called by the dialect's clients."""

from functools import cache

from django.conf import settings

from crm_project.api.models import Installation


def account_id() -> str:
    """``CRM_ACCOUNT_ID``, or the id that the installation got when its tables were made. One query in a process."""
    return settings.CRM_ACCOUNT_ID or _stored()


@cache
def _stored() -> str:
    return str(Installation.objects.get().account_id)
