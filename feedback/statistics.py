"""Measures of feedback with the uncertainty that a sample leaves. All intervals are of 95 percent.

Everything is computed from how often each rating was given, so that one grouped query serves any of the measures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Z = 1.959963984540054  # The 97.5th percentile of the standard normal distribution.
RATINGS = (1, 2, 3, 4, 5)


def wilson(successes: int, n: int) -> tuple[float, float] | None:
    """The score interval of a proportion (Wilson, JASA 22, 1927); ``None`` for none of nothing."""
    if n == 0:
        return None
    share = successes / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def difference_of_shares(more: int, less: int, n: int) -> tuple[float, float] | None:
    """The interval of the difference of two shares of one sample, such as promoters and detractors.

    Wald's interval after half an observation was added to each of the four cells of which the two are the discordant
    ones, two in all (Agresti and Min, Statistics in Medicine 24, 2005). Unlike Wald's own it has a width when all
    agree.
    """
    if n == 0:
        return None
    plus, minus, total = (more + 0.5) / (n + 2), (less + 0.5) / (n + 2), n + 2
    difference = plus - minus
    half = Z * math.sqrt((plus + minus - difference**2) / total)
    return max(difference - half, -1.0), min(difference + half, 1.0)


def mean_interval(counts: Mapping[int, int]) -> tuple[float, float] | None:
    """The interval of the mean rating by the normal approximation; ``None`` for fewer than two ratings."""
    n = sum(counts.values())
    if n < 2:
        return None
    mean = sum(rating * count for rating, count in counts.items()) / n
    variance = sum(count * (rating - mean) ** 2 for rating, count in counts.items()) / (n - 1)
    half = Z * math.sqrt(variance / n)
    return max(mean - half, RATINGS[0]), min(mean + half, RATINGS[-1])


def share(successes: int, n: int) -> dict[str, Any]:
    """A share in percent, of how many, with its interval."""
    return measure(100 * successes / n if n else None, n, scaled(wilson(successes, n), 100))


def ratings(counts: Mapping[int, int]) -> dict[str, Any]:
    """The measures of ratings: mean, distribution, CSAT and NPS-like; ``counts`` says how often each was given.

    CSAT is the share of 4 and 5 in percent. The NPS-like measure is the share of 5, the promoters, less the share of 1
    to 3, the detractors: from -100 to 100. It is not the Net Promoter Score itself, which asks for 0 to 10.
    """
    n = sum(counts.values())
    mean = sum(rating * count for rating, count in counts.items()) / n if n else None
    promoters, detractors = counts.get(5, 0), sum(counts.get(rating, 0) for rating in (1, 2, 3))
    nps = 100 * (promoters - detractors) / n if n else None
    return {
        "mean_rating": measure(mean, n, mean_interval(counts)),
        "csat": share(counts.get(4, 0) + counts.get(5, 0), n),
        "nps_like": measure(nps, n, scaled(difference_of_shares(promoters, detractors, n), 100)),
        "distribution": [
            {
                "rating": rating,
                "count": counts.get(rating, 0),
                "percent": round(100 * counts.get(rating, 0) / n, 1) if n else None,
            }
            for rating in RATINGS
        ],
    }


def measure(value: float | None, n: int, interval: tuple[float, float] | None) -> dict[str, Any]:
    """A value, rounded to hundredths, of how many, with its interval; empty where there is nothing to measure."""
    return {
        "value": None if value is None else round(value, 2),
        "n": n,
        "interval": None if interval is None else [round(end, 2) for end in interval],
    }


def scaled(interval: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if interval is None else (interval[0] * factor, interval[1] * factor)
