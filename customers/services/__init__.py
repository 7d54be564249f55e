"""Every change to customers that has a rule or a side effect."""

from ..standing.buyers import refresh_segments
from ..standing.health import health_of, refresh_all
from .conversion import convert_lead, preview_conversion, register_undo_check, undo_conversion
from .customers import create_customer, delete_customer, restore_customer, update_customer
from .followups import process_followups, start_followups
from .interactions import delete_interaction, update_interaction
from .segments import Revenue, Segment, Segments, register_revenue, revenue_list, segments_of

__all__ = [
    "Revenue",
    "Segment",
    "Segments",
    "convert_lead",
    "create_customer",
    "delete_customer",
    "delete_interaction",
    "health_of",
    "preview_conversion",
    "process_followups",
    "refresh_all",
    "refresh_segments",
    "register_revenue",
    "register_undo_check",
    "restore_customer",
    "revenue_list",
    "segments_of",
    "start_followups",
    "undo_conversion",
    "update_customer",
    "update_interaction",
]
