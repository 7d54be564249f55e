"""Every change to customers that has a rule or a side effect."""

from .conversion import convert_lead, preview_conversion, register_undo_check, undo_conversion
from .customers import create_customer, delete_customer, restore_customer, update_customer

__all__ = [
    "convert_lead",
    "create_customer",
    "delete_customer",
    "preview_conversion",
    "register_undo_check",
    "restore_customer",
    "undo_conversion",
    "update_customer",
]
