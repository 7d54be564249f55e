"""Every change to customers that has a rule or a side effect."""

from .conversion import convert_lead, preview_conversion, register_undo_check, undo_conversion
from .customers import create_customer, delete_customer, restore_customer, update_customer
from .followups import process_followups, start_followups
from .interactions import delete_interaction, update_interaction

__all__ = [
    "convert_lead",
    "create_customer",
    "delete_customer",
    "delete_interaction",
    "preview_conversion",
    "process_followups",
    "register_undo_check",
    "restore_customer",
    "start_followups",
    "undo_conversion",
    "update_customer",
    "update_interaction",
]
