"""Which waiting instances the reconciler drains: a table of what the ledger says of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.common.ledger import Drained, Entry
from chalicelib.common.model import AutoScalingGroup
from chalicelib.plan.reconciling import (
    has_an_execution,
    in_service_beside_a_warm_pool,
    patience,
    waiting_instances,
    why_not_to_start,
)
from chalicelib.policy.deadline import heartbeat_interval, heartbeat_timeout_of
from tests.builders import START, after

TOKEN = "c3a1f0de-1111-4222-8333-444455556666"


def an_entry(outcome: str | None = None, *, knew: bool = True, failures: int = 0) -> Entry:
    return Entry(
        last_outcome=outcome,
        last_ended_at=START,
        knew_lifecycle_action=knew,
        failures=failures,
        execution=None,
    )


@pytest.mark.parametrize(
    ("story", "entry", "is_running", "minutes", "starts"),
    [
        ("its event was lost", Entry(), False, 1, True),
        ("a drain is open", Entry(execution="arn", knew_lifecycle_action=True), True, 1, False),
        (
            "an open drain answers no lifecycle action: a person's, or a watch",
            Entry(execution="arn"),
            True,
            1,
            True,
        ),
        ("its execution is dead, the entry is left behind", Entry(execution="arn"), False, 1, True),
        ("its drain failed just now", an_entry("failed", failures=1), False, 0.5, False),
        ("its drain failed a while ago", an_entry("failed", failures=1), False, 2, True),
        ("it failed five times in a row", an_entry("failed", failures=5), False, 10, False),
        ("its gates stayed closed", an_entry("gates-closed"), False, 5, True),
        ("it is drained; another hook holds it", an_entry("drained"), False, 30, False),
        ("a person took it back", an_entry("taken-back"), False, 30, False),
        ("the policy undrained it", an_entry("undrained"), False, 30, False),
        ("a manual drain kept it DRAINING before", an_entry("kept", knew=False), False, 1, True),
        ("a person took a manual drain back before", an_entry("taken-back", knew=False), False, 1, True),
        ("no hook holds an instance for longer than 48 h", an_entry("drained"), False, 49 * 60, True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_waiting_instance(story: str, entry: Entry, is_running: bool, minutes: float, starts: bool) -> None:
    assert (why_not_to_start(entry, is_running, after(minutes=minutes)) is None) is starts, story


def test_failures_in_a_row_are_tried_again_ever_more_rarely() -> None:
    minutes = [patience(failures) / timedelta(minutes=1) for failures in range(1, 8)]
    assert minutes == [1, 2, 4, 8, 16, 16, 16]


def a_group(*, pool: bool = True, **states: str) -> AutoScalingGroup:
    named = {f"i-{name}": state.replace("_", ":") for name, state in states.items()}
    return AutoScalingGroup("web", {}, False, named, has_warm_pool=pool)


def test_each_wait_state_says_where_the_instance_goes() -> None:
    group = a_group(
        a="Terminating_Wait",
        b="InService",
        c="Warmed_Pending_Wait",
        d="Warmed_Terminating_Wait",
        e="ReplacingRootVolume_Wait",
    )
    found = {waiting.instance_id: waiting.destination for waiting in waiting_instances([group])}
    assert found == {"i-a": "EC2", "i-c": "WarmPool", "i-d": "EC2", "i-e": "AutoScalingGroup"}


def test_only_groups_with_a_warm_pool_have_instances_that_came_back() -> None:
    """Every other instance in service costs no read of the ledger."""
    groups = [a_group(a="InService", b="Warmed_Stopped"), a_group(pool=False, c="InService")]
    assert list(in_service_beside_a_warm_pool(groups)) == ["i-a"]


@pytest.mark.parametrize(
    ("destination", "drained", "awaits"),
    [
        ("WarmPool", (Drained("web", ("arn",)),), True),
        ("WarmPool", (), False),
        ("EC2", (Drained("web", ("arn",)),), False),
        (None, (Drained("web", ("arn",)),), False),
    ],
)
def test_what_a_manual_drain_keeps_draining_is_not_brought_back(
    destination: str | None, drained: tuple[Drained, ...], awaits: bool
) -> None:
    assert Entry(destination=destination, drained=drained).awaits_return is awaits


def test_an_execution_that_is_still_planning_is_known_by_its_name() -> None:
    """Its ledger entry comes after its plan, and plans of hundreds of drains are throttled for minutes."""
    running = {f"i-0aa-{TOKEN}", "i-0bbb-reconciler-20260302T100000Z"}
    assert has_an_execution("i-0aa", running)
    assert has_an_execution("i-0bbb", running)
    assert not has_an_execution("i-0b", running)
    assert not has_an_execution("i-0cc", running)


@pytest.mark.parametrize("word", ["manual", "spot", "rebalance", "health", "managed"])
def test_an_execution_that_knows_of_no_lifecycle_action_leaves_the_hook_to_its_timer(word: str) -> None:
    """A drain by hand lasts an hour or more, while the hook's heartbeat timeout may be five minutes."""
    names = {f"i-0aa-{word}-20260302T100000Z", f"i-0aa-{word}-{TOKEN}"}
    assert not has_an_execution("i-0aa", names)


@pytest.mark.parametrize("timeout", [30, 31, 600, 1_200, 1_201, 1_800, 3_600, 7_200])
def test_a_failed_drain_is_tried_again_before_the_hooks_timer_ends_whatever_the_timeout(timeout: int) -> None:
    """Of a long timeout the heartbeats leave ten minutes, not the half."""
    heartbeat_timeout = timedelta(seconds=timeout)
    entry = replace(
        an_entry("failed", failures=5),
        heartbeat_at=START - heartbeat_timeout + timedelta(minutes=7),
        heartbeat_every=heartbeat_interval(heartbeat_timeout),
    )
    assert why_not_to_start(entry, False, after(minutes=1)) is None, (
        "6 minutes are left, the next tick and a minute"
    )
    last = heartbeat_timeout_of(entry.heartbeat_every)
    assert heartbeat_timeout - timedelta(seconds=1) <= last <= heartbeat_timeout
