"""The figures about orders and their money, each in its own currency."""

from typing import Any

from orders.querysets import OPEN, SOLD

from .base import MEAN, SUM, Metric, register

WHEN = "order_date_after={start}&order_date_before={end}"
MONEY: dict[str, Any] = {"records": "orders", "unit": "money", "column": "total"}

register(
    [
        Metric(
            "orders",
            "Orders",
            "How many orders were placed?",
            "Orders of the period that are not cancelled.",
            records="orders",
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
        ),
        Metric(
            "orders_cancelled",
            "Cancelled orders",
            "How many of the orders were cancelled?",
            "Orders of the period that are cancelled.",
            records="orders",
            filter=f"status=cancelled&{WHEN}",
            moment="order_date",
            less_is_better=True,
        ),
        Metric(
            "revenue",
            "Revenue",
            "How much was sold?",
            "Sum of the totals of the period's orders that are not cancelled, by currency.",
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
            value=SUM,
            **MONEY,
        ),
        Metric(
            "average_order_value",
            "Average order",
            "How much is an order worth?",
            "Mean of the totals of the period's orders that are not cancelled, by currency.",
            filter=f"status={','.join(SOLD)}&{WHEN}",
            moment="order_date",
            value=MEAN,
            **MONEY,
        ),
        Metric(
            "lifetime_revenue",
            "Revenue until the end of the period",
            "How much was ever sold?",
            "Sum of the totals of all orders before the end of the period that are not cancelled, by currency.",
            filter=f"status={','.join(SOLD)}&order_date_before={{end}}",
            value=SUM,
            **MONEY,
        ),
        Metric(
            "pipeline_value",
            "Open orders",
            "How much is ordered and still to be delivered?",
            "Sum of the totals of all orders that are neither delivered nor cancelled, now, by currency.",
            filter=f"status={','.join(OPEN)}",
            value=SUM,
            **MONEY,
        ),
    ]
)
