"""Figures of feedback: always of the feedback that somebody may see, which callers pass as a queryset."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Coalesce, RowNumber, TruncMonth
from django.utils.text import Truncator

from . import statistics
from .models import Feedback, FeedbackTheme, Theme, ThemeRun
from .querysets import FeedbackQuerySet

QUOTES = 3
QUOTE_LENGTH = 300
TREND_DAYS = 30
LATEST = 5
TOP_THEMES = 5
LAST, THEMES_OF = dt.timedelta(days=30), dt.timedelta(days=90)
Status = Feedback.Status


@dataclass(frozen=True)
class Period:
    """From a moment, included, to another, excluded; either may be open."""

    begin: dt.datetime | None = None
    end: dt.datetime | None = None

    def of(self, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
        if self.begin:
            rows = rows.filter(**{f"{column}__gte": self.begin})
        return rows.filter(**{f"{column}__lt": self.end}) if self.end else rows

    def before(self) -> Period:
        """The period of the same length that ends where this one begins."""
        assert self.begin
        assert self.end
        return Period(self.begin - (self.end - self.begin), self.begin)


def analytics(rows: FeedbackQuerySet, period: Period) -> dict[str, Any]:
    """Requests made and answers received in the period, in sum, by category and by month (UTC). Two queries.

    The response rate is that of the requests made in the period, whenever they were answered; ratings are those of the
    answers received in it.
    """
    asked = requests_by_month(rows, period)
    answers = ratings_by_month(rows, period)
    categories: dict[str, Counter[int]] = defaultdict(Counter)
    months: dict[dt.date, Counter[int]] = defaultdict(Counter)
    for (month, category), counts in answers.items():
        categories[category] += counts
        months[month] += counts
    return {
        "from": period.begin,
        "to": period.end,
        **summary(sum(asked.values(), Counter()), sum(months.values(), Counter())),
        "by_category": [
            {"category": category, **statistics.ratings(counts)}
            for category, counts in sorted(categories.items(), key=lambda item: (-item[1].total(), item[0]))
        ],
        "by_month": [
            {"month": f"{month:%Y-%m}", **summary(asked.get(month, Counter()), months.get(month, Counter()))}
            for month in sorted({*asked, *months})
        ],
    }


def summary(requests: Counter[str], counts: Counter[int]) -> dict[str, Any]:
    """Requests by what became of them, the response rate, and the measures of ratings."""
    n = requests.total()
    return {
        "requests": {"sent": n, **{status: requests[status] for status in Status.values}},
        "response_rate": statistics.share(requests[Status.ANSWERED], n),
        **statistics.ratings(counts),
    }


def requests_by_month(rows: FeedbackQuerySet, period: Period) -> dict[dt.date, Counter[str]]:
    """How many requests were made in each month, by what became of them. One query."""
    found = period.of(rows, "requested_at").order_by().annotate(month=TruncMonth("requested_at", tzinfo=dt.UTC))
    asked: dict[dt.date, Counter[str]] = defaultdict(Counter)
    for month, status, count in found.values_list("month", "status").annotate(count=Count("pk")):
        asked[month.date()][status] = count
    return asked


def ratings_by_month(rows: FeedbackQuerySet, period: Period) -> dict[tuple[dt.date, str], Counter[int]]:
    """How often each rating was given, by month and category. One query."""
    answered = period.of(rows.filter(status=Status.ANSWERED), "responded_at").order_by()
    answered = answered.annotate(month=TruncMonth("responded_at", tzinfo=dt.UTC))
    given: dict[tuple[dt.date, str], Counter[int]] = defaultdict(Counter)
    for month, category, rating, count in answered.values_list("month", "category", "rating").annotate(
        count=Count("pk")
    ):
        given[month.date(), category][rating] = count
    return given


def figures(rows: FeedbackQuerySet, period: Period) -> dict[str, Any]:
    """The summary of a period. Two queries."""
    asked = sum(requests_by_month(rows, period).values(), Counter())
    return summary(asked, sum(ratings_by_month(rows, period).values(), Counter()))


def changes(now: dict[str, Any], before: dict[str, Any]) -> dict[str, float | None]:
    """By how much each measure has risen; ``None`` where one of the two has no value."""
    names = ("response_rate", "mean_rating", "csat", "nps_like")
    values = {name: (now[name]["value"], before[name]["value"]) for name in names}
    return {name: None if None in pair else round(pair[0] - pair[1], 2) for name, pair in values.items()}


def themes(
    rows: FeedbackQuerySet, now: dt.datetime, *, with_hidden: bool = False, limit: int | None = None
) -> list[dict[str, Any]]:
    """What the comments are about, the most frequent themes first; of merged themes only the whole. Four queries.

    A comment with several themes counts for each. ``percent`` is the share of all comments; the trend compares the last
    30 days with the 30 days before them.
    """
    commented = rows.filter(status=Status.ANSWERED).exclude(comment="").order_by()
    total = commented.count()
    links = FeedbackTheme.objects.filter(feedback__in=commented)
    links = links.annotate(whole=Coalesce("theme__merged_into", "theme__pk")).order_by()
    counted = count_themes(links, now)
    found = Theme.objects.filter(pk__in=counted, merged_into=None)
    shown = sorted(
        found if with_hidden else found.filter(is_hidden=False),
        key=lambda theme: (-counted[theme.pk].total(), theme.label, theme.pk),
    )[:limit]
    quoted = quotes(links.filter(whole__in=[theme.pk for theme in shown]))
    return [described(theme, counted[theme.pk], total, quoted[theme.pk]) for theme in shown]


def themes_with_state(rows: FeedbackQuerySet, now: dt.datetime, *, with_hidden: bool) -> dict[str, Any]:
    """The themes, and how far they take account of the comments. Seven queries."""
    commented = rows.filter(status=Status.ANSWERED).exclude(comment="").order_by()
    refreshed_at = ThemeRun.objects.values_list("finished_at", flat=True).first()
    pending = commented.filter(responded_at__gt=refreshed_at) if refreshed_at else commented
    return {
        "comments": commented.count(),
        "pending": pending.count(),
        "refreshed_at": refreshed_at,
        "results": themes(rows, now, with_hidden=with_hidden),
    }


def dashboard(rows: FeedbackQuerySet, now: dt.datetime) -> dict[str, Any]:
    """What somebody who looks once a day wants to know. Twelve queries."""
    last, year = Period(now - LAST, now), Period(twelve_months_before(now), now)
    current = figures(rows, last)
    answered = rows.filter(status=Status.ANSWERED)
    return {
        "last_30_days": current,
        "change": changes(current, figures(rows, last.before())),
        "open_requests": rows.open().count(),
        "latest": [told(each) for each in answered.order_by("-responded_at", "-pk")[:LATEST]],
        "themes": themes(answered.filter(responded_at__gte=now - THEMES_OF), now, limit=TOP_THEMES),
        "by_month": analytics(rows, year)["by_month"],
    }


def twelve_months_before(now: dt.datetime) -> dt.datetime:
    """The beginning, in UTC, of the month after this one, a year ago: with the running month there are twelve."""
    first = now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=first.year - 1, month=first.month + 1) if first.month < 12 else first.replace(month=1)


def told(feedback: Feedback) -> dict[str, Any]:
    return quote(feedback) | {
        "customer_id": feedback.customer_id,
        "category": feedback.category,
        "sentiment": feedback.sentiment,
    }


class Counts(Counter[int]):
    """How often comments on a theme came with each rating, and how many of them are of the last days."""

    recent = 0
    earlier = 0


def count_themes(links: QuerySet[Any], now: dt.datetime) -> dict[UUID, Counts]:
    """Comments by theme and rating, so that one which reaches a theme by two of its parts counts once. One query."""
    recent, earlier = now - dt.timedelta(days=TREND_DAYS), now - dt.timedelta(days=2 * TREND_DAYS)
    answered = "feedback__responded_at"
    is_earlier = Q(**{f"{answered}__gte": earlier, f"{answered}__lt": recent})
    grouped = links.values("whole", "feedback__rating").annotate(
        count=Count("feedback", distinct=True),
        recent=Count("feedback", distinct=True, filter=Q(**{f"{answered}__gte": recent})),
        earlier=Count("feedback", distinct=True, filter=is_earlier),
    )
    counted: dict[UUID, Counts] = defaultdict(Counts)
    for row in grouped:
        counts = counted[row["whole"]]
        counts[row["feedback__rating"]] = row["count"]
        counts.recent += row["recent"]
        counts.earlier += row["earlier"]
    return counted


def quotes(links: QuerySet[Any]) -> dict[UUID, list[dict[str, Any]]]:
    """The comments in which each theme weighs most, the newest of equal ones first. One query."""
    rank = Window(
        RowNumber(), partition_by=[F("whole")], order_by=[F("weight").desc(), F("feedback__responded_at").desc()]
    )
    rows = links.annotate(rank=rank).filter(rank__lte=2 * QUOTES).order_by("rank")
    found: dict[UUID, dict[UUID, dict[str, Any]]] = defaultdict(dict)
    for row in rows.select_related("feedback"):
        told = found[row.whole]
        if len(told) < QUOTES and row.feedback_id not in told:
            told[row.feedback_id] = quote(row.feedback)
    return defaultdict(list, {key: list(each.values()) for key, each in found.items()})


def quote(feedback: Any) -> dict[str, Any]:
    return {
        "feedback_id": feedback.pk,
        "comment": Truncator(feedback.comment).chars(QUOTE_LENGTH),
        "rating": feedback.rating,
        "responded_at": feedback.responded_at,
    }


def described(theme: Theme, counts: Counts, total: int, quoted: list[dict[str, Any]]) -> dict[str, Any]:
    n = counts.total()
    direction = (counts.recent > counts.earlier) - (counts.recent < counts.earlier)
    return {
        "id": theme.pk,
        "label": theme.label,
        "language": theme.language,
        "terms": theme.heaviest_terms,
        "is_hidden": theme.is_hidden,
        "count": n,
        "percent": round(100 * n / total, 1),
        "mean_rating": round(sum(rating * count for rating, count in counts.items()) / n, 2),
        "trend": {
            "direction": ("steady", "up", "down")[direction],
            "last_30_days": counts.recent,
            "previous_30_days": counts.earlier,
        },
        "quotes": quoted,
    }
