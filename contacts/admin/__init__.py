"""The admin's pages about people, what groups them and what was said to them."""

from .contacts import ContactAdmin
from .groups import CategoryAdmin, CustomFieldAdmin, InteractionAdmin, OrganizationAdmin, SegmentAdmin
from .tasks import TaskAdmin

__all__ = [
    "CategoryAdmin",
    "ContactAdmin",
    "CustomFieldAdmin",
    "InteractionAdmin",
    "OrganizationAdmin",
    "SegmentAdmin",
    "TaskAdmin",
]
