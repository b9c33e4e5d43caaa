"""Odd looks: an instance that is ACTIVE, heartbeats that are due at every look, tasks that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.look.decide import decide
from chalicelib.look.observation import remember
from chalicelib.look.pace import next_wait
from tests.builders import (
    START,
    a_container_instance,
    a_memory,
    a_policy,
    a_task,
    after,
    an_observation,
    timers,
)


@pytest.mark.parametrize(
    ("story", "status", "observes", "drained", "taken_back"),
    [
        ("empty and DRAINING", "DRAINING", False, True, False),
        ("empty, but a person set it ACTIVE", "ACTIVE", False, False, True),
        ("empty, and ECS has yet to set DRAINING", "ACTIVE", True, False, False),
        ("empty, and ECS drains it", "DRAINING", True, True, False),
        ("deregistered", "INACTIVE", False, True, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_active_instance_is_never_drained(
    story: str, status: str, observes: bool, drained: bool, taken_back: bool
) -> None:
    seen = an_observation(at=after(minutes=6), is_full=True, instances=(a_container_instance(status),))
    facts = decide(remember(a_memory(), seen), seen, a_policy(), timers(), observes=observes)
    assert (facts.drained, facts.taken_back) == (drained, taken_back), story


def test_the_look_after_a_heartbeat_comes_before_the_next_is_due() -> None:
    """A hook with a heartbeat timeout of 30 s forgets a drain that waits 30 s after each heartbeat."""
    every = timedelta(seconds=15)
    due = timers(deadline_at=after(hours=2), heartbeat_due_at=after(minutes=20), heartbeat_every=every)
    waited = a_memory(wait=timedelta(seconds=60))
    assert next_wait(waited, (a_task(),), a_policy(), due, after(minutes=20)) <= every


def test_without_a_lifecycle_action_no_heartbeat_shortens_a_wait() -> None:
    assert timers().next_heartbeat_after(START) is None


def test_the_last_stop_is_remembered_by_ecs_own_clock() -> None:
    first = an_observation(a_task("STOPPED", stopped_at=after(seconds=40)), at=after(seconds=45))
    memory = remember(a_memory(), first)
    later = remember(
        memory, an_observation(a_task("STOPPED", 2, stopped_at=after(seconds=30)), at=after(seconds=50))
    )
    assert memory.last_stopped_at == later.last_stopped_at == after(seconds=40)
    assert type(later).from_state(later.to_state()).last_stopped_at == after(seconds=40)
