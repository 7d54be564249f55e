"""Health tells who will buy again, on customers whose future is known, better than their silence alone."""

import pytest

from bench.health import POPULATIONS, SCORES, auc, judge

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("population", POPULATIONS[:2], ids=lambda population: population.name)
def test_health_predicts_better_than_recency_alone(population):
    judged = judge(population, 1_500, seed=7)
    assert 0.1 < sum(each.bought for each in judged) / len(judged) < 0.9
    health = auc(judged, SCORES["health"])
    assert health >= 0.75
    assert health > auc(judged, SCORES["recency alone"])
    assert health > auc(judged, SCORES["frequency alone"])


def test_the_measure_itself():
    judged = judge(POPULATIONS[0], 60)
    assert auc(judged, lambda each: each.bought) == 1
    assert auc(judged, lambda each: not each.bought) == 0
    assert auc(judged, lambda each: 1) == 0.5
