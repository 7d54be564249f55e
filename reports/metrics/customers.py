"""The figures about customers. Who bought what is asked of orders that are not cancelled and that the user may see."""

from django.utils.translation import gettext_lazy as _

from .base import RATIO, Metric, register

register(
    [
        Metric(
            "customers_new",
            _("New customers"),
            _("How many customers were added?"),
            _("Customers made in the period."),
            records="customers",
            filter="created_at_after={start}&created_at_before={end}",
            moment="created_at",
        ),
        Metric(
            "customers_buying",
            _("Customers who bought"),
            _("How many customers ordered?"),
            _("Customers with an order in the period."),
            records="customers",
            filter="last_order_after={start}&orders_before={end}",
        ),
        Metric(
            "customers_first_bought",
            _("First-time buyers"),
            _("How many customers ordered for the first time?"),
            _("Customers whose first order is in the period."),
            records="customers",
            filter="first_order_after={start}&first_order_before={end}",
            moment="first_order",
        ),
        Metric(
            "customers_active",
            _("Active customers"),
            _("How many customers are still buying?"),
            _(
                "Customers whose last order before the end of the period is no longer ago than the days of silence "
                "after which a customer counts as gone."
            ),
            records="customers",
            filter="last_order_after={silent_end}&orders_before={end}",
        ),
        Metric(
            "customers_churned",
            _("Churned customers"),
            _("How many customers stopped buying?"),
            _(
                "Customers whose silence after their last order before the end of the period became, within the "
                "period, longer than the days after which a customer counts as gone."
            ),
            records="customers",
            filter="last_order_after={silent_start}&last_order_before={silent_end}&orders_before={end}",
            less_is_better=True,
        ),
        Metric(
            "customers_bought",
            _("Customers who ever bought"),
            _("How many customers have ordered at all?"),
            _("Customers with an order before the end of the period."),
            records="customers",
            filter="orders_before={end}",
        ),
        Metric(
            "customers_bought_in_currency",
            _("Customers who ever bought in this currency"),
            _("How many customers have ordered in this currency?"),
            _("Customers with an order in the currency before the end of the period."),
            records="customers",
            filter="orders_before={end}",
            unit="spenders",
        ),
        Metric(
            "customers_repeat",
            _("Customers who came back"),
            _("How many customers have ordered again?"),
            _("Customers with two orders or more before the end of the period."),
            records="customers",
            filter="order_count_min=2&orders_before={end}",
        ),
        Metric(
            "repeat_rate",
            _("Repeat rate"),
            _("Which share of those who ever bought came back?"),
            _("Customers with two orders or more ÷ customers with an order, before the end of the period × 100."),
            unit="percent",
            value=RATIO,
            part="customers_repeat",
            whole="customers_bought",
        ),
        Metric(
            "lifetime_value",
            _("Lifetime value"),
            _("How much has a customer spent on average?"),
            _("Revenue until the end of the period ÷ customers who ever bought in this currency."),
            unit="money",
            value=RATIO,
            part="lifetime_revenue",
            whole="customers_bought_in_currency",
        ),
    ]
)
