"""The stories together take every way through the drain's machine."""

from __future__ import annotations

import pytest

from tests.walk import test_drain_begins, test_drain_ends, test_drain_goes_on
from tests.walk.a_drain import DRAIN, Story
from tests.walk.coverage import Coverage

STORIES: dict[str, Story] = {
    **test_drain_begins.STORIES,
    **test_drain_goes_on.STORIES,
    **test_drain_ends.STORIES,
}


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    """What the stories take."""
    taken = Coverage(DRAIN)
    for story in STORIES.values():
        story.walked(taken)
    return taken


def test_every_state_is_reached(coverage: Coverage) -> None:
    assert coverage.missing_states() == []


def test_every_edge_is_taken(coverage: Coverage) -> None:
    assert coverage.missing_edges() == []
