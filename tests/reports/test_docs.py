"""The definitions that people read are those by which figures are counted."""

from pathlib import Path

from reports.metrics import METRICS

PAGE = Path(__file__).resolve().parents[2] / "docs/reports.md"


def line(metric):
    asked = f"`{metric.records}?{metric.filter}`" if metric.records else f"`{metric.part}` ÷ `{metric.whole}`"
    return f"| `{metric.key}` | {metric.name} | {metric.question} | {metric.formula} | {asked} |"


def test_every_metric_is_defined_in_the_documents():
    lines = [each for each in PAGE.read_text().splitlines() if each.startswith("| `") and each.count("|") == 6]
    assert lines == [line(metric) for metric in sorted(METRICS.values(), key=lambda metric: metric.key)]
