"""The base of every admin page. No Django app: the apps register their pages, these classes say how they behave."""

from .base import CrmModelAdmin, CrmTabularInline, NoLogMixin, OwnedModelAdmin, RestrictedMixin
from .forms import OwnedForm, VersionedForm
from .lists import (
    BoundedPaginator,
    CrmChangeList,
    Labelled,
    OwnerFilter,
    TeamFilter,
    TrashFilter,
    VisibleAutocompleteFilter,
    user_choices,
)
from .records import Link, RecordAdmin, link_to, offer

__all__ = [
    "BoundedPaginator",
    "CrmChangeList",
    "CrmModelAdmin",
    "CrmTabularInline",
    "Labelled",
    "Link",
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
    "link_to",
    "offer",
    "user_choices",
]
