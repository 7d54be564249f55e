"""Every change to contacts that has a rule or a side effect."""

from .contacts import create_contact, delete_contact, restore_contact, update_contact
from .naming import find_or_make

__all__ = ["create_contact", "delete_contact", "find_or_make", "restore_contact", "update_contact"]
