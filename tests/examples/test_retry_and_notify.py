"""Linear and exponential Retry, and word to people."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from examples.laboratory import Laboratory, Run

EXAMPLE = "retry_and_notify"
QUIET = {"failures": 0, "takes_seconds": 30, "reasonable_seconds": 60}


def waits(run: Run, state: str) -> list[float]:
    """Seconds between the attempts of a state, from the history."""
    attempts: list[datetime] = []
    inside = False
    for event in run.history:
        if event["type"].endswith("StateEntered"):
            inside = event["stateEnteredEventDetails"]["name"] == state
        if inside and event["type"] == "TaskScheduled":
            attempts.append(event["timestamp"])
    return [(later - earlier).total_seconds() for earlier, later in pairwise(attempts)]


def test_the_linear_policy_waits_the_same_each_time(lab: Laboratory) -> None:
    assert waits(lab.run({**QUIET, "failures": 3}), "Ask for the rate") == [5, 5, 5]


def test_the_exponential_policy_waits_up_to_twice_as_long_each_time(lab: Laboratory) -> None:
    """JitterStrategy FULL draws each wait at random between 0 and what the policy says."""
    drawn = waits(lab.run({**QUIET, "failures": 3}), "Book the transfer")
    assert len(drawn) == 3
    assert all(0 <= wait <= longest for wait, longest in zip(drawn, [2, 4, 8], strict=True))


def test_a_service_that_stays_busy_is_given_up_and_people_are_told(lab: Laboratory) -> None:
    run = lab.run({**QUIET, "failures": 9})
    assert run.path == ["Is the input readable?", "Ask for the rate", "Tell that it failed", "Failed"]
    assert run.error == "ServiceBusy"
    assert len(waits(run, "Ask for the rate")) == 3
    [message] = lab.resources.effects()["Notification"]
    assert message.startswith("ServiceBusy: ")
    assert "attempt 4: the bank is busy" in message


def test_a_run_in_time_tells_nobody(lab: Laboratory) -> None:
    run = lab.run(QUIET)
    assert run.output["look"]["done"] is True
    assert "Tell that it is late" not in run.path
    assert lab.resources.effects() == {}


def test_a_run_that_takes_longer_than_reasonable_says_so_once_and_goes_on(lab: Laboratory) -> None:
    run = lab.run({"failures": 0, "takes_seconds": 300, "reasonable_seconds": 60})
    assert run.path[-1] == "Transferred"
    assert run.path.count("Tell that it is late") == 1
    assert lab.resources.effects() == {"Notification": ["60 s under way, 60 s would be reasonable"]}


def test_a_topic_that_refuses_the_word_does_not_stop_the_run(lab: Laboratory) -> None:
    lab.aws.requests.fail_next("sns", "Publish", "InternalError", "Try again", status=500, times=9)
    run = lab.run({"failures": 0, "takes_seconds": 120, "reasonable_seconds": 60})
    assert run.path[-1] == "Transferred"


@pytest.mark.parametrize("given", [{}, {**QUIET, "failures": "two"}, {"takes_seconds": 1}])
def test_an_unreadable_input_is_refused(lab: Laboratory, given: dict[str, Any]) -> None:
    run = lab.run(given)
    assert run.path == ["Is the input readable?", "Not readable"]
    assert "expected three numbers" in run.cause
