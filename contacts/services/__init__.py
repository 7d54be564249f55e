"""Every change to contacts that has a rule or a side effect."""

from .contacts import create_contact, delete_contact, restore_contact, update_contact
from .erasing import contacts_of, counts_of_person, erase_contact, personal_data, replay_erasure
from .matching import Identity, match_contact, match_contacts
from .merging import hold_contact, lock_contacts, merge_contacts, survivor_of, told_together, undo_merge
from .naming import find_or_make
from .points import add_point, change_point, remove_point
from .tasks import (
    close_task,
    create_task,
    delete_task,
    follow_up_key,
    move_task,
    move_tasks,
    open_task,
    reopen_task,
    restore_task,
    snooze_task,
    update_task,
)

__all__ = [
    "Identity",
    "add_point",
    "change_point",
    "close_task",
    "contacts_of",
    "counts_of_person",
    "create_contact",
    "create_task",
    "delete_contact",
    "delete_task",
    "erase_contact",
    "find_or_make",
    "follow_up_key",
    "hold_contact",
    "lock_contacts",
    "match_contact",
    "match_contacts",
    "merge_contacts",
    "move_task",
    "move_tasks",
    "open_task",
    "personal_data",
    "remove_point",
    "reopen_task",
    "replay_erasure",
    "restore_contact",
    "restore_task",
    "snooze_task",
    "survivor_of",
    "told_together",
    "undo_merge",
    "update_contact",
    "update_task",
]
