"""Every figure that a report may show, defined once."""

from . import activity, customers, feedback, leads, orders
from .base import COUNT, MEAN, MEDIAN, METRICS, RATIO, SUM, Figure, Metric, Scope, as_text, counted

__all__ = [
    "COUNT",
    "MEAN",
    "MEDIAN",
    "METRICS",
    "RATIO",
    "SUM",
    "Figure",
    "Metric",
    "Scope",
    "activity",
    "as_text",
    "counted",
    "customers",
    "feedback",
    "leads",
    "orders",
]
