"""Every change to leads that has a rule or a side effect."""

from .assignment import choose_owner
from .interactions import delete_interaction, note_contact, record_interaction, update_interaction
from .leads import assign_lead, create_lead, delete_lead, restore_lead, update_lead
from .scoring import explain_score, rescore, rules_changed
from .status import change_status, time_in_statuses

__all__ = [
    "assign_lead",
    "change_status",
    "choose_owner",
    "create_lead",
    "delete_interaction",
    "delete_lead",
    "explain_score",
    "note_contact",
    "record_interaction",
    "rescore",
    "restore_lead",
    "rules_changed",
    "time_in_statuses",
    "update_interaction",
    "update_lead",
]
