"""When a drain ends at the latest, and when the hook must hear from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.model import LifecycleHook
from chalicelib.policy.deadline import (
    CEILING_MARGIN,
    LATEST_START,
    earlier,
    first_heartbeat_at,
    heartbeat_interval,
    hook_ceiling,
    hook_time,
    timetable,
)

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECONDS = st.integers(0, 172_800).map(lambda seconds: timedelta(seconds=seconds))
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html: 30 to 7,200 seconds
TIMEOUTS = st.integers(30, 7_200)


def a_hook(heartbeat_timeout_seconds: int = 900, global_timeout_seconds: int | None = None) -> LifecycleHook:
    ceiling = hook_ceiling(timedelta(seconds=heartbeat_timeout_seconds)).total_seconds()
    return LifecycleHook(
        auto_scaling_group="workers",
        name="ecs-drain",
        heartbeat_timeout_seconds=heartbeat_timeout_seconds,
        global_timeout_seconds=int(ceiling) if global_timeout_seconds is None else global_timeout_seconds,
        default_result="CONTINUE",
    )


@pytest.mark.parametrize(
    ("heartbeat_timeout", "ceiling"),
    [
        (timedelta(seconds=30), timedelta(seconds=3_000)),
        (timedelta(seconds=900), timedelta(hours=25)),
        (timedelta(seconds=1_728), timedelta(hours=48)),
        (timedelta(seconds=7_200), timedelta(hours=48)),
    ],
)
def test_a_hook_holds_an_instance_for_48_hours_or_100_timeouts(
    heartbeat_timeout: timedelta, ceiling: timedelta
) -> None:
    """GlobalTimeout is the smaller of 172,800 seconds and 100 times the heartbeat timeout."""
    assert hook_ceiling(heartbeat_timeout) == ceiling


@pytest.mark.parametrize(("says", "minutes"), [(600, 10), (0, 50), (10**6, 50)])
def test_the_hook_may_say_less_than_the_rule_and_never_more(says: int, minutes: int) -> None:
    assert hook_time(a_hook(30, says)) == timedelta(minutes=minutes)


def test_the_earlier_of_two_instants_where_none_is_no_limit() -> None:
    later = START + timedelta(seconds=1)
    assert (
        earlier(START, later)
        == earlier(later, START)
        == earlier(START, None)
        == earlier(None, START)
        == START
    )
    assert earlier(None, None) is None


@pytest.mark.parametrize(
    ("timeout", "first", "then"),
    [(3600, 2700, 3000), (900, 150, 450), (600, 0, 300), (31, 0, 15), (30, 0, 15)],
)
def test_the_first_heartbeat_allows_for_an_event_five_minutes_late(
    timeout: int, first: int, then: int
) -> None:
    """The hook's timer runs from the action, the drain's from its start; a heartbeat restarts the timer in full."""
    heartbeat_timeout = timedelta(seconds=timeout)
    assert first_heartbeat_at(START, heartbeat_timeout) == START + timedelta(seconds=first)
    assert heartbeat_interval(heartbeat_timeout) == timedelta(seconds=then)


def test_a_drain_that_comes_to_an_old_action_records_a_heartbeat_at_once() -> None:
    held_since = START - timedelta(hours=1)
    assert first_heartbeat_at(START, timedelta(hours=1), held_since) == START
    assert (
        timetable(START, timedelta(hours=1), a_hook(3600), held_since=held_since).first_heartbeat_at == START
    )


def test_a_deadline_that_fits_is_kept_without_a_word() -> None:
    times = timetable(START, timedelta(hours=1), a_hook(900))
    assert (times.deadline_at, times.notices) == (START + timedelta(hours=1), ())
    assert times.ceiling_at == START - LATEST_START + timedelta(hours=25)
    assert times.heartbeat_every == timedelta(seconds=450)


def test_a_deadline_beyond_the_ceiling_is_cut_and_the_plan_says_why() -> None:
    times = timetable(START, timedelta(hours=1), a_hook(30))
    assert times.deadline_at == START + timedelta(minutes=50) - LATEST_START - CEILING_MARGIN
    assert times.notices == (
        "A deadline of 1 h can't fit: lifecycle hook ecs-drain, with its heartbeat timeout of 30 s, holds an instance "
        "for 50 min at most (a longer heartbeat timeout gives more, up to 48 h); waiting ends 43 min after the start.",
    )


def test_stopping_tasks_after_the_deadline_needs_time_of_its_own() -> None:
    stopping = timedelta(minutes=3)
    times = timetable(START, timedelta(hours=1), a_hook(30), stopping=stopping)
    assert times.deadline_at == START + timedelta(minutes=40)
    assert times.ceiling_at == START + timedelta(minutes=45)


def test_a_spot_notice_ends_waiting_while_tasks_can_still_be_stopped() -> None:
    """Two minutes from the notice, of which StopTask and the usual stop timeout of 30 s need some."""
    times = timetable(START, timedelta(hours=1), gone_at=START + timedelta(minutes=2))
    assert times.deadline_at == START + timedelta(seconds=75)
    assert times.notices == (
        "A deadline of 1 h can't fit: AWS takes the instance soon after; waiting ends 1 min 15 s after the start.",
    )
    assert (times.ceiling_at, times.heartbeat_every, times.first_heartbeat_at) == (None, None, None)


def test_an_action_with_no_time_left_ends_waiting_at_once() -> None:
    times = timetable(START, timedelta(hours=1), a_hook(30), held_since=START - timedelta(hours=2))
    assert times.deadline_at < START
    assert times.notices[0].endswith("waiting ends at once.")


@given(deadline=SECONDS, timeout=TIMEOUTS, late=SECONDS, stopping=SECONDS, gone=st.none() | SECONDS)
def test_deadlines_only_tighten_and_never_pass_the_ceiling(
    deadline: timedelta, timeout: int, late: timedelta, stopping: timedelta, gone: timedelta | None
) -> None:
    times = timetable(
        START,
        deadline,
        a_hook(timeout),
        held_since=START - late,
        stopping=stopping,
        gone_at=None if gone is None else START + gone,
    )
    assert times.ceiling_at == START - late + hook_ceiling(timedelta(seconds=timeout))
    assert times.deadline_at <= START + deadline
    assert times.deadline_at + stopping + CEILING_MARGIN <= times.ceiling_at
    assert gone is None or times.deadline_at < START + gone
    assert bool(times.notices) is (times.deadline_at < START + deadline)


@given(TIMEOUTS, st.integers(0, 300))
def test_no_gap_between_heartbeats_reaches_the_heartbeat_timeout(timeout: int, late: int) -> None:
    """For any event at most five minutes late, unless the hook's timer had run out before the drain began."""
    heartbeat_timeout = timedelta(seconds=timeout)
    held_since = START - timedelta(seconds=late)
    first = first_heartbeat_at(START, heartbeat_timeout)
    assert first - held_since < heartbeat_timeout or START - held_since >= heartbeat_timeout
    assert heartbeat_interval(heartbeat_timeout) < heartbeat_timeout
