"""Files in the admin: import and export on the lists of records, and the pages of the jobs behind them."""

from .jobs import ExportJobAdmin, ImportJobAdmin, ImportSourceAdmin
from .lists import TransferMixin

__all__ = ["ExportJobAdmin", "ImportJobAdmin", "ImportSourceAdmin", "TransferMixin"]
