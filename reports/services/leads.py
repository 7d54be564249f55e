"""How leads come in, how far they get, and how they end."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import Lead as Following

from crm_project.database.cube import Rows, cube
from leads.models import LeadStatusChange
from leads.querysets import STAGES, furthest

from ..counting import count, percent
from ..metrics import METRICS, Figure, Scope
from ..questions import Question
from ..records import LISTS
from .reporting import Report, Row, key_figures, rows_by, rows_of_parts

DIMENSIONS = ("status", "source", "assigned_to", "campaign", "lost_reason")
CAME, ENDED = ("leads_new", "leads_new_converted"), ("leads_converted", "leads_won", "leads_lost")
RATES = ("lead_conversion_rate", "lead_cohort_rate", "lead_win_rate")
KEY_FIGURES = (*CAME, *ENDED, "leads_open", *RATES, "days_to_convert", "days_to_convert_median")
# A status tells only where leads are, and a reason only why they were lost.
BY = {"status": ("leads_new",), "lost_reason": ("leads_lost",)}
BY_OTHERS = (*CAME, *ENDED, "leads_open", *RATES)


def lead_report(*, user: Any, question: Question) -> Report:
    """The report on leads. Costs about a dozen queries, whatever it is asked."""
    scope, parts = question.scope, list(question.period.parts(question.grain))
    wanted = {f"leads.{name}": BY.get(name, BY_OTHERS) for name in question.dimensions}
    lost = wanted.pop("leads.lost_reason", ())  # No index has them, and only the lost have any.
    series = (*CAME, *ENDED, *RATES)
    found = count(KEY_FIGURES, user=user, scope=scope, groups=wanted, series=series, parts=parts)
    if lost:
        by_reason = count(lost, user=user, scope=scope, groups={"leads.lost_reason": lost})
        found.cells |= {place: cell for place, cell in by_reason.cells.items() if place[0]}
    groups = {name: rows_by(found, f"leads.{name}", BY.get(name, BY_OTHERS), user) for name in question.dimensions}
    return Report(
        question,
        key_figures(found, KEY_FIGURES, user=user, question=question, of_now=("leads_open",)),
        groups,
        rows_of_parts(found, series, parts),
        {"funnel": funnel(user=user, scope=scope)},
    )


def funnel(*, user: Any, scope: Scope, with_days: bool = True) -> list[dict[str, Any]]:
    """How many of the period's new leads reached each stage and, ``with_days``, how long they stayed. Two queries.

    The days are of stays that have ended, mean and median; won and converted leads stay for ever.
    """
    records = LISTS["leads"]
    leads = records.visible(user).filter(records.condition(METRICS["leads_new"].parameters(scope)))
    cells = cube(Rows.of(leads.values(stage=furthest())), dimensions=["stage"], measures={"leads": "count(*)"})
    by_stage = {cell.key: cell.measured["leads"] for cell in cells if cell.dimension}
    stays = time_in_stages(leads) if with_days else {}
    found = []
    for number, (name, *_others) in enumerate(STAGES):
        metric, reached = METRICS[f"funnel_{name}"], sum(n for stage, n in by_stage.items() if stage >= number)
        figure = Figure(metric, reached, reached, metric.parameters(scope))
        count, mean, median = stays.get(name, (0, None, None))
        everyone = sum(by_stage.values())
        found.append(
            {
                "stage": name,
                "figure": figure,
                "percent": percent(reached, everyone) if everyone else None,
                "stays": count,
                "mean_days": mean,
                "median_days": median,
            }
        )
    return found


def time_in_stages(leads: Any) -> dict[str, tuple[int, float, float]]:
    """By status: how many stays of these leads have ended, and their mean and median days. One query."""
    steps = LeadStatusChange.objects.filter(lead__in=leads.order_by().values("pk"))
    following = Window(Following("created_at"), partition_by=F("lead"), order_by=F("pk").asc())
    stays = steps.order_by().values(status=F("new"), entered=F("created_at"), left=following)
    days = 'extract(epoch FROM "left" - entered)::float8 / 86400.0'
    inner, parameters = stays.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT status, count(*), avg({days}), percentile_cont(0.5) WITHIN GROUP (ORDER BY {days})"
            f' FROM ({inner}) AS stays WHERE "left" IS NOT NULL GROUP BY status',
            parameters,
        )
        return {status: (n, round(mean, 2), round(median, 2)) for status, n, mean, median in cursor}


__all__ = ["Row", "funnel", "lead_report"]
