"""Contacts, what belongs to them, and their duplicates on the wire."""

from .contacts import (
    CUSTOM_FIELD_CHANGE_EXAMPLES,
    CUSTOM_VALUES_EXAMPLE,
    CategorySerializer,
    ContactSerializer,
    CustomFieldSerializer,
    CustomValuesSerializer,
    InteractionSerializer,
    OrganizationSerializer,
    OrganizationsOfContactSerializer,
    SegmentSerializer,
    segments_field,
)
from .duplicates import (
    ContactMergeSerializer,
    DuplicatesSerializer,
    MergeSerializer,
    PersonSerializer,
    SurvivorSerializer,
)

__all__ = [
    "CUSTOM_FIELD_CHANGE_EXAMPLES",
    "CUSTOM_VALUES_EXAMPLE",
    "CategorySerializer",
    "ContactMergeSerializer",
    "ContactSerializer",
    "CustomFieldSerializer",
    "CustomValuesSerializer",
    "DuplicatesSerializer",
    "InteractionSerializer",
    "MergeSerializer",
    "OrganizationSerializer",
    "OrganizationsOfContactSerializer",
    "PersonSerializer",
    "SegmentSerializer",
    "SurvivorSerializer",
    "segments_field",
]
