"""The base of every admin page. No Django app: the apps register their pages, these classes say how they behave."""

from .base import CrmModelAdmin, CrmTabularInline, NoLogMixin, OwnedModelAdmin, RestrictedMixin
from .forms import OwnedForm, VersionedForm
from .lists import (
    BoundedPaginator,
    CrmChangeList,
    OwnerFilter,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
    user_choices,
)
from .records import RecordAdmin

__all__ = [
    "BoundedPaginator",
    "CrmChangeList",
    "CrmModelAdmin",
    "CrmTabularInline",
    "NoLogMixin",
    "OwnedForm",
    "OwnedModelAdmin",
    "OwnerFilter",
    "RecordAdmin",
    "RestrictedMixin",
    "TeamFilter",
    "TrashFilter",
    "VersionedForm",
    "VisibleAutocompleteFilter",
    "user_choices",
]
