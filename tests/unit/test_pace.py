"""How long the machine waits between looks, and what 48 hours of it cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.common.timers import Timers
from chalicelib.look.memory import Memory
from chalicelib.look.pace import next_wait
from tests.builders import START, a_memory, a_policy, a_task, after, timers

FAR = timers(deadline_at=after(hours=48))
EVENTS_A_LOOK = 5 + 2 + 2
"""Of the execution's history: a Task state, a Choice and a Wait (Step Functions guide, "Service quotas")."""


def looks_until(end: datetime, timers: Timers = FAR, status: str = "RUNNING") -> list[datetime]:
    """Return the instants of all looks in which nothing changes."""
    memory, at, looks = a_memory(), START, [START]
    while at < end:
        wait = next_wait(memory, (a_task(status),), a_policy(), timers, at)
        at, memory = at + wait, replace(memory, wait=wait)
        looks.append(at)
    return looks


def longest_gap(looks: list[datetime], until: datetime) -> timedelta:
    return max(b - a for a, b in pairwise(looks) if b <= until)


def test_waits_grow_while_nothing_changes() -> None:
    looks = looks_until(after(hours=4))
    assert longest_gap(looks, after(minutes=10)) <= timedelta(seconds=30)
    assert longest_gap(looks, after(hours=2)) <= timedelta(seconds=60)
    assert longest_gap(looks, after(hours=4)) == timedelta(seconds=300)


@pytest.mark.parametrize("status", ["RUNNING", "DEACTIVATING", "STOPPING"])
def test_48_hours_stay_far_below_the_history_cap(status: str) -> None:
    """25,000 events end an execution, and a lifecycle action may last 48 hours, even on a task that never stops."""
    assert len(looks_until(after(hours=48), status=status)) * EVENTS_A_LOOK < 7_000


def test_a_change_begins_anew() -> None:
    memory = a_memory(wait=timedelta(seconds=300), changed_at=after(hours=5))
    assert next_wait(memory, (a_task(),), a_policy(), FAR, after(hours=5)) == timedelta(seconds=15)


@pytest.mark.parametrize("status", ["RUNNING", "DEACTIVATING", "STOPPING"])
@pytest.mark.parametrize("seconds", [15, 60])
@pytest.mark.parametrize("age", [0, 5, 61, 600, 3 * 3600])
def test_one_duration_means_exactly_that_wait(status: str, seconds: int, age: int) -> None:
    """Whatever is seen, and however often it had to be tried."""
    policy, at = a_policy(poll=f"{seconds}s"), after(seconds=age)
    for memory in (a_memory(), a_memory(changed_at=at), a_memory(wait=timedelta(seconds=seconds))):
        far = timers(deadline_at=after(hours=48), retries=3)
        assert next_wait(memory, (a_task(status),), policy, far, at) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "expected"), [(4, 4), (20, 15)])
def test_not_even_one_duration_goes_past_the_deadline(seconds: int, expected: int) -> None:
    near = timers(deadline_at=after(seconds=100 + seconds))
    wait = next_wait(a_memory(), (a_task(),), a_policy(poll="15s"), near, after(seconds=100))
    assert wait == timedelta(seconds=expected)


def test_where_only_the_full_listing_is_lacking_the_next_look_is_soon() -> None:
    memory = a_memory(looks=5, wait=timedelta(seconds=30), changed_at=after(minutes=2))
    assert next_wait(memory, (), a_policy(), FAR, after(minutes=2)) == timedelta(seconds=5)


@pytest.mark.parametrize(("retries", "seconds"), [(0, 10), (1, 20), (2, 30), (9, 60)])
def test_a_look_that_was_throttled_is_followed_by_a_longer_wait(retries: int, seconds: int) -> None:
    """The account's 20 reads a second are for all drains; no wait gets longer than the schedule's longest."""
    memory = a_memory(wait=timedelta(seconds=15), changed_at=after(minutes=1))
    crowded = timers(deadline_at=after(hours=1), retries=retries)
    wait = next_wait(memory, (a_task("STOPPING"),), a_policy(), crowded, after(minutes=2))
    assert wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("status", ["STOPPING", "DEPROVISIONING"])
def test_the_end_is_not_missed(status: str) -> None:
    """A task that is stopping is STOPPED within seconds, and an instance that waits costs money."""
    memory = a_memory(wait=timedelta(seconds=60), changed_at=after(minutes=1))
    assert next_wait(memory, (a_task(status),), a_policy(), FAR, after(minutes=2)) <= timedelta(seconds=10)


@pytest.mark.parametrize(
    ("story", "timers", "at", "seconds"),
    [
        ("the last wait ends on the deadline", timers(), after(minutes=59, seconds=57), 3),
        ("a heartbeat is never late", timers(heartbeat_due_at=after(seconds=7)), START, 7),
        ("two minutes of a Spot notice are looked at often", timers(deadline_at=after(seconds=75)), START, 5),
        ("an instant that passed doesn't hurry", timers(heartbeat_due_at=START), after(seconds=9), 15),
    ],
)
def test_waits_end_where_something_is_due(story: str, timers: Timers, at: datetime, seconds: int) -> None:
    memory: Memory = a_memory(changed_at=at)
    assert next_wait(memory, (a_task(),), a_policy(), timers, at) == timedelta(seconds=seconds), story
