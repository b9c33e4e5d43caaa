"""The bill of a drain: every unit has a price with a source, and the sums are those of the price lists."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from stories.prices import LAMBDA_GIGABYTES, PRICES, Usage, cost, cost_by_item


def test_each_thing_that_is_used_has_a_price_and_a_source() -> None:
    assert list(PRICES) == [each.name for each in fields(Usage)]
    assert all(price.dollars > 0 and price.source.startswith("https://") for price in PRICES.values())


def test_a_thousand_transitions_cost_two_and_a_half_cents() -> None:
    """Step Functions pricing: $0.025 per 1,000 state transitions."""
    assert cost(Usage(transitions=1000)) == pytest.approx(0.025)


def test_a_function_of_256_mb_that_runs_for_200_ms_costs_less_than_a_ten_thousandth_of_a_cent() -> None:
    usage = Usage(lambda_requests=1, lambda_gb_seconds=0.25 * 0.2)
    assert cost(usage) == pytest.approx(2.0e-7 + 6.6667e-7)


def test_usage_adds_up_and_is_shared_out() -> None:
    usage = Usage(transitions=10, notices=2) + Usage(transitions=20)
    assert usage / 2 == Usage(transitions=15, notices=1)
    assert cost_by_item(usage)["lambda_requests"] == 0


def test_the_memory_is_that_of_the_deployed_functions() -> None:
    configured = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text())
    assert configured["lambda_memory_size"] / 1024 == LAMBDA_GIGABYTES
