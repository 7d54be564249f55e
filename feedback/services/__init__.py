"""Asking for feedback, recording answers, reminding, and what staff decide about feedback and themes."""

from .answers import record_answer, valid_request
from .feedback import delete_feedback, restore_feedback, update_feedback
from .reminders import process_reminders
from .requests import request_feedback
from .rounds import customers_of, run_round, start_round
from .themes import change_theme

__all__ = [
    "change_theme",
    "customers_of",
    "delete_feedback",
    "process_reminders",
    "record_answer",
    "request_feedback",
    "restore_feedback",
    "run_round",
    "start_round",
    "update_feedback",
    "valid_request",
]
