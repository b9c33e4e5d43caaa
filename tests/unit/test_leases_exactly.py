"""Bounds and keys of slots that `make mutants` changed and no other fast test noticed."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.gates.leases import budget_key, needs_renewal
from tests.builders import CLUSTER, START, after


@pytest.mark.parametrize(
    ("until", "needed"),
    [
        (None, True),
        (START, True),
        (after(minutes=39, seconds=59), True),
        (after(minutes=40), False),
        (after(minutes=41), False),
    ],
)
def test_slots_are_prolonged_when_less_than_forty_minutes_are_left(
    until: datetime | None, needed: bool
) -> None:
    assert needs_renewal(until, START) is needed


@pytest.mark.parametrize(
    ("cluster", "zone", "key"),
    [
        (CLUSTER, None, "lease#budget#web"),
        (CLUSTER, "eu-west-1a", "lease#budget#web#eu-west-1a"),
        ("web", None, "lease#budget#web"),
    ],
)
def test_a_budgets_key_names_the_cluster_however_it_is_given(
    cluster: str, zone: str | None, key: str
) -> None:
    assert budget_key(cluster, zone) == key
