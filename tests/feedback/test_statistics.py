"""Measures against published values and against exact enumeration."""

import math
from itertools import product

import pytest

from feedback import statistics


@pytest.mark.parametrize(
    ("successes", "n", "interval"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_as_published(successes, n, interval):
    assert statistics.wilson(successes, n) == pytest.approx(interval, abs=5e-5)


def coverage(p, d, n, interval):
    """How probable it is that the interval contains ``p - d``, by all outcomes of a sample of ``n``."""
    total = 0.0
    for more, less in product(range(n + 1), repeat=2):
        if more + less > n:
            continue
        low, high = interval(more, less, n)
        if low <= p - d <= high:
            rest = n - more - less
            ways = math.factorial(n) // (math.factorial(more) * math.factorial(less) * math.factorial(rest))
            total += ways * p**more * d**less * (1 - p - d) ** rest
    return total


@pytest.mark.parametrize(("p", "d"), [(0.5, 0.2), (0.7, 0.1), (0.3, 0.3), (0.9, 0.05), (0.1, 0.6)])
def test_the_interval_of_a_difference_covers_it(p, d):
    assert coverage(p, d, 25, statistics.difference_of_shares) > 0.925


def test_measures_of_ratings():
    found = statistics.ratings({1: 1, 3: 1, 4: 3, 5: 5})
    assert found["mean_rating"]["value"] == 4.1
    assert found["csat"] == {"value": 80.0, "n": 10, "interval": [49.02, 94.33]}
    assert (found["nps_like"]["value"], found["nps_like"]["n"]) == (30.0, 10)
    assert [(bar["count"], bar["percent"]) for bar in found["distribution"]] == [
        (1, 10.0),
        (0, 0.0),
        (1, 10.0),
        (3, 30.0),
        (5, 50.0),
    ]


def test_the_interval_of_the_mean():
    low, high = statistics.mean_interval({2: 10, 4: 10})
    half = 1.959964 * math.sqrt(20 / 19) / math.sqrt(20)
    assert (low, high) == pytest.approx((3 - half, 3 + half), abs=1e-6)
    assert statistics.mean_interval({5: 1}) is None


def test_nothing_measured_has_no_value():
    found = statistics.ratings({})
    assert found["mean_rating"] == found["csat"] == found["nps_like"] == {"value": None, "n": 0, "interval": None}


def test_a_few_who_all_agree_prove_little():
    low, high = statistics.difference_of_shares(3, 0, 3)
    assert low < 0.6
    assert high == 1.0
