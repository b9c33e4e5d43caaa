"""What events cost that concern no drain, and that the documents say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from statemachine import template
from stories.event_costs import bill, text

ROOT = Path(__file__).parents[2]


def test_operations_shows_what_is_computed() -> None:
    assert text(1_000_000) in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_a_million_stops_cost_a_few_dollars_and_none_almost_nothing() -> None:
    day = bill(1_000_000)
    assert 3 < day.total < 4
    assert bill(0).total < 0.01, "Lambda polls an empty queue too"
    assert day.total == pytest.approx(day.queue + day.function + day.ledger)


def test_it_counts_with_the_batches_that_are_deployed() -> None:
    resources = template.load(ROOT / "statemachine" / "template.yaml")["Resources"]
    mapping = resources["EcsEventsToWake"]["Properties"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 1)
