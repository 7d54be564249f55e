"""What is due, who did how much, and who came back in which month."""

from leads.models import Lead

from .base import Metric, register

# Nobody follows up who was lost.
WANTED = [status for status in Lead.Status.values if status != Lead.Status.LOST]

register(
    [
        Metric(
            "tasks_due",
            "Tasks overdue",
            "How many tasks should have been done?",
            "Open tasks that were due before now.",
            records="tasks",
            filter="status=open&due_before={now}",
            less_is_better=True,
        ),
        *(
            Metric(
                f"{name}_due",
                f"{name.capitalize()} to follow up",
                f"With how many {name} is a next action overdue?",
                f"{name.capitalize()}{others} with an interaction whose next action was due before now and is neither "
                "done nor given up.",
                records=name,
                filter=f"{statuses}next_action_before={{now}}&next_action_open=true",
                less_is_better=True,
            )
            for name, others, statuses in (
                ("leads", ", but for lost ones,", f"status={','.join(WANTED)}&"),
                ("customers", "", ""),
            )
        ),
        *(
            Metric(
                f"{name}_touched",
                f"{name.capitalize()} spoken with",
                f"With how many {name} did somebody deal?",
                f"{name.capitalize()} with an interaction in the period that the user wrote down.",
                records=name,
                filter="interaction_by={user}&interaction_after={start}&interaction_before={end}",
            )
            for name in ("leads", "customers")
        ),
        *(
            Metric(
                f"{name}_made",
                f"{name.capitalize()} added",
                f"How many {name} did somebody add?",
                f"{name.capitalize()} made in the period by the user.",
                records=name,
                filter="created_by={user}&created_at_after={start}&created_at_before={end}",
            )
            for name in ("leads", "customers", "orders")
        ),
        Metric(
            "cohort",
            "Cohort",
            "How many of those who first bought in a month bought again in a later one?",
            "Customers whose first order is in the month of the cohort, with an order in the other month.",
            records="customers",
            filter="first_order_after={start}&first_order_before={end}"
            "&last_order_after={later_start}&orders_before={later_end}",
        ),
    ]
)
