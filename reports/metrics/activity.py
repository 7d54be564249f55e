"""What is due, who did how much, and who came back in which month."""

from django.utils.translation import gettext_lazy as _

from leads.models import Lead

from .base import Metric, register

# Nobody follows up who was lost.
WANTED = [status for status in Lead.Status.values if status != Lead.Status.LOST]

register(
    [
        Metric(
            "tasks_due",
            _("Tasks overdue"),
            _("How many tasks should have been done?"),
            _("Open tasks that were due before now."),
            records="tasks",
            filter="status=open&due_before={now}",
            less_is_better=True,
        ),
        *(
            Metric(
                f"{records}_due",
                name,
                question,
                formula,
                records=records,
                filter=f"{statuses}next_action_before={{now}}&next_action_open=true",
                less_is_better=True,
            )
            for records, statuses, name, question, formula in (
                (
                    "leads",
                    f"status={','.join(WANTED)}&",
                    _("Leads to follow up"),
                    _("With how many leads is a next action overdue?"),
                    _(
                        "Leads, but for lost ones, with an interaction whose next action was due before now and is "
                        "neither done nor given up."
                    ),
                ),
                (
                    "customers",
                    "",
                    _("Customers to follow up"),
                    _("With how many customers is a next action overdue?"),
                    _(
                        "Customers with an interaction whose next action was due before now and is neither done nor "
                        "given up."
                    ),
                ),
            )
        ),
        *(
            Metric(
                f"{records}_touched",
                name,
                question,
                formula,
                records=records,
                filter="interaction_by={user}&interaction_after={start}&interaction_before={end}",
            )
            for records, name, question, formula in (
                (
                    "leads",
                    _("Leads spoken with"),
                    _("With how many leads did somebody deal?"),
                    _("Leads with an interaction in the period that the user wrote down."),
                ),
                (
                    "customers",
                    _("Customers spoken with"),
                    _("With how many customers did somebody deal?"),
                    _("Customers with an interaction in the period that the user wrote down."),
                ),
            )
        ),
        *(
            Metric(
                f"{records}_made",
                name,
                question,
                formula,
                records=records,
                filter="created_by={user}&created_at_after={start}&created_at_before={end}",
            )
            for records, name, question, formula in (
                (
                    "leads",
                    _("Leads added"),
                    _("How many leads did somebody add?"),
                    _("Leads made in the period by the user."),
                ),
                (
                    "customers",
                    _("Customers added"),
                    _("How many customers did somebody add?"),
                    _("Customers made in the period by the user."),
                ),
                (
                    "orders",
                    _("Orders added"),
                    _("How many orders did somebody add?"),
                    _("Orders made in the period by the user."),
                ),
            )
        ),
        Metric(
            "cohort",
            _("Cohort"),
            _("How many of those who first bought in a month bought again in a later one?"),
            _("Customers whose first order is in the month of the cohort, with an order in the other month."),
            records="customers",
            filter="first_order_after={start}&first_order_before={end}"
            "&last_order_after={later_start}&orders_before={later_end}",
        ),
    ]
)
