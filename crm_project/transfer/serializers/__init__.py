"""What imports and exports are on the wire: how they are asked for, and their jobs."""

from .jobs import (
    EXPORT_WAITING,
    RECEIPT,
    WAITING,
    ExportJobSerializer,
    ImportJobSerializer,
    UndoJobSerializer,
    conflicts_of,
)
from .options import FORMAT_NAMES, ImportOptionsSerializer, find_user, options_from

__all__ = [
    "EXPORT_WAITING",
    "FORMAT_NAMES",
    "RECEIPT",
    "WAITING",
    "ExportJobSerializer",
    "ImportJobSerializer",
    "ImportOptionsSerializer",
    "UndoJobSerializer",
    "conflicts_of",
    "find_user",
    "options_from",
]
