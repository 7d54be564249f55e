"""Every change to orders that has a rule or a side effect."""

from .orders import create_order, delete_order, objection_to_undo, restore_order, update_order

__all__ = ["create_order", "delete_order", "objection_to_undo", "restore_order", "update_order"]
