"""What is stored about people, and what is to be done about them."""

from .people import (
    LIVE,
    Category,
    Contact,
    ContactCategory,
    ContactGroupShare,
    ContactMerge,
    ContactPoint,
    ContactSegment,
    ContactUserShare,
    CustomField,
    Interaction,
    Membership,
    NamedModel,
    Organization,
    Origin,
    Segment,
)
from .tasks import Task, TaskGroupShare, TaskUserShare

__all__ = [
    "LIVE",
    "Category",
    "Contact",
    "ContactCategory",
    "ContactGroupShare",
    "ContactMerge",
    "ContactPoint",
    "ContactSegment",
    "ContactUserShare",
    "CustomField",
    "Interaction",
    "Membership",
    "NamedModel",
    "Organization",
    "Origin",
    "Segment",
    "Task",
    "TaskGroupShare",
    "TaskUserShare",
]
