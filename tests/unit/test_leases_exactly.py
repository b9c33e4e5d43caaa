"""Bounds and keys of slots that `make mutants` changed and no other fast test noticed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.gates.leases import (
    LASTS,
    Holder,
    Lease,
    Wanted,
    budget_key,
    expiry,
    is_held,
    needs_renewal,
    taken,
)
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


def a_holder(until: datetime) -> Holder:
    return Holder(instance_id="i-0123456789abcdef0", execution="arn:x", until=until)


@pytest.mark.parametrize(("seconds", "held"), [(1, True), (0, False), (-1, False)])
def test_a_slot_is_over_at_its_instant(seconds: int, held: bool) -> None:
    me = a_holder(after(seconds=seconds))
    assert is_held(Lease("lease#a", {me.instance_id: me}), me, START) is held


@pytest.mark.parametrize(
    ("latest", "until"),
    [
        (START + LASTS + timedelta(seconds=1), START + LASTS),
        (START + LASTS - timedelta(seconds=1), START + LASTS - timedelta(seconds=1)),
        (after(seconds=-1), START),
    ],
)
def test_a_slot_lasts_its_time_but_no_longer_than_the_drain(latest: datetime, until: datetime) -> None:
    assert expiry(START, latest) == until


def test_a_slot_that_nobody_held_is_taken_under_its_key_with_its_tasks() -> None:
    me = a_holder(after(hours=1))
    (lease,) = taken({}, [Wanted(key="lease#a", slots=1, tasks=3)], me, START)
    assert lease.key == "lease#a"
    assert lease.holders[me.instance_id].tasks == 3
