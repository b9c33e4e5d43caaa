"""A fleet of as many instances as may be: its plan fits into a state, or is refused with a sentence."""

from __future__ import annotations

import json

import pytest

from benchmarks.sizes import LARGEST_STATE, a_fleet
from chalicelib.common.errors import InvalidRequest
from chalicelib.fleet.plan import refuse_too_large
from chalicelib.fleet.request import MOST_INSTANCES, parse_fleet


@pytest.mark.parametrize("cluster", ["web", "c" * 100], ids=["a short name", "a long name"])
def test_as_many_as_may_be_fit(cluster: str) -> None:
    planned = a_fleet(MOST_INSTANCES, cluster)
    refuse_too_large(planned)
    assert len(json.dumps(planned.to_state())) < LARGEST_STATE


def test_a_cluster_with_the_longest_name_leaves_room_for_fewer() -> None:
    """The answer of a function that is larger fails the state in words that name no remedy."""
    said = "the plan of 300 instances takes .* bytes, .* 250,000: expected at most 207 instances at a time"
    with pytest.raises(InvalidRequest, match=said):
        refuse_too_large(a_fleet(MOST_INSTANCES, "c" * 255))
    refuse_too_large(a_fleet(207, "c" * 255))


def test_one_more_is_refused_before_anything_is_touched() -> None:
    ids = [f"i-{number:017x}" for number in range(MOST_INSTANCES + 1)]
    with pytest.raises(InvalidRequest, match="expected a list of 1 to 300 instances"):
        parse_fleet({"instances": ids})
