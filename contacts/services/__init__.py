"""Every change to contacts that has a rule or a side effect."""

from .contacts import create_contact, delete_contact, restore_contact, update_contact
from .matching import Identity, match_contact, match_contacts
from .merging import hold_contact, lock_contacts, merge_contacts, survivor_of, undo_merge
from .naming import find_or_make

__all__ = [
    "Identity",
    "create_contact",
    "delete_contact",
    "find_or_make",
    "hold_contact",
    "lock_contacts",
    "match_contact",
    "match_contacts",
    "merge_contacts",
    "restore_contact",
    "survivor_of",
    "undo_merge",
    "update_contact",
]
