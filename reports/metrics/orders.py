"""The figures about orders and their money, each in its own currency."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.querysets import OPEN, SOLD

from .base import MEAN, SUM, Metric, register

WHEN = "order_date_after={start}&order_date_before={end}"
MONEY: dict[str, Any] = {"records": "orders", "unit": "money", "column": "total"}

register(
    [
        Metric(
            "orders",
            _("Orders"),
            _("How many orders were placed?"),
            _("Orders of the period that are not cancelled."),
            records="orders",
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
        ),
        Metric(
            "orders_cancelled",
            _("Cancelled orders"),
            _("How many of the orders were cancelled?"),
            _("Orders of the period that are cancelled."),
            records="orders",
            filter=f"status=cancelled&{WHEN}",
            moment="order_date",
            less_is_better=True,
        ),
        Metric(
            "revenue",
            _("Revenue"),
            _("How much was sold?"),
            _("Sum of the totals of the period's orders that are not cancelled, by currency."),
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
            value=SUM,
            **MONEY,
        ),
        Metric(
            "average_order_value",
            _("Average order"),
            _("How much is an order worth?"),
            _("Mean of the totals of the period's orders that are not cancelled, by currency."),
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
            value=MEAN,
            **MONEY,
        ),
        Metric(
            "lifetime_revenue",
            _("Revenue until the end of the period"),
            _("How much was ever sold?"),
            _("Sum of the totals of all orders before the end of the period that are not cancelled, by currency."),
            filter=f"status={','.join(SOLD)}&order_date_before={{end}}",
            value=SUM,
            **MONEY,
        ),
        Metric(
            "pipeline_value",
            _("Open orders"),
            _("How much is ordered and still to be delivered?"),
            _("Sum of the totals of all orders that are neither delivered nor cancelled, now, by currency."),
            filter=f"status={','.join(OPEN)}",
            value=SUM,
            **MONEY,
        ),
    ]
)
