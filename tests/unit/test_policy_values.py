"""The values a policy is made of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.common.trigger import OPTIONAL_TRIGGERS, Trigger
from chalicelib.policy import DrainPolicy, PollSchedule, Standalone, StandaloneTasks, manual_source, resolve


@pytest.mark.parametrize(
    ("written", "waits"),
    [
        ("15s", (15, 15, 15)),
        ("5s 60s", (5, 60, 300)),
        ("5s 10m", (5, 600, 600)),
        ("2s,30s,10m", (2, 30, 600)),
        ([5, 6, 7], (5, 6, 7)),
    ],
)
def test_a_poll_schedule_is_one_two_or_three_waits(written: object, waits: tuple[int, int, int]) -> None:
    poll = resolve([manual_source({"poll": written, "deadline": "10m"})]).policy.poll
    assert poll == PollSchedule(*(timedelta(seconds=wait) for wait in waits))


@pytest.mark.parametrize("waits", [(0, 1, 2), (2, 1, 3), (1, 3, 2)])
def test_waits_that_are_zero_or_shrink_are_no_schedule(waits: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must not be zero and must not shrink"):
        PollSchedule(*(timedelta(seconds=wait) for wait in waits))


def test_waits_may_grow_to_the_longest_after_two_hours() -> None:
    poll = DrainPolicy.default().poll
    waits = [poll.longest_wait(timedelta(hours=age)).total_seconds() for age in (0, 1.9, 2, 47)]
    assert waits == [60, 60, 300, 300]


def test_48_hours_of_nothing_cost_few_enough_looks() -> None:
    """An execution's history holds 25,000 events, and a look costs up to 14."""
    assert DrainPolicy.default().poll.looks_within(timedelta(hours=48)) == 672


@pytest.mark.parametrize("after", [None, timedelta(minutes=1)])
def test_a_standalone_policy_takes_a_duration_for_stop_after_and_only_there(after: timedelta | None) -> None:
    with pytest.raises(ValueError, match="stop-after needs a duration"):
        StandaloneTasks(Standalone.STOP if after else Standalone.STOP_AFTER, after)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_warnings_need_consent_and_people_and_hooks_do_not(trigger: Trigger) -> None:
    none, all_ = (resolve([manual_source({"triggers": word})]).policy for word in ("none", "all"))
    assert none.admits(trigger) is (trigger not in OPTIONAL_TRIGGERS)
    assert all_.admits(trigger) is (trigger is not Trigger.MANAGED_DRAINING), "`all` are the warnings"
    assert DrainPolicy.default().admits(trigger) is (trigger not in OPTIONAL_TRIGGERS[1:])
