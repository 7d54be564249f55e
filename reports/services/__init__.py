"""Each report, by the function that makes it."""

from .customers import customer_report
from .dashboard import dashboard_report
from .leads import lead_report

__all__ = ["customer_report", "dashboard_report", "lead_report"]
