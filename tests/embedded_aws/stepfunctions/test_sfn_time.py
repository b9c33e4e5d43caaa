"""Waits, retries and time-outs of state machines in virtual time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from embedded_aws.aws import EPOCH
from embedded_aws.stepfunctions import find_execution
from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]
WAIT: Machine = {"Type": "Wait", "Seconds": 300, "Next": "Note the time"}
TELL_TIMES: Machine = {
    "Type": "Pass",
    "Parameters": {"entered.$": "$$.State.EnteredTime", "started.$": "$$.Execution.StartTime"},
    "End": True,
}


def loop(turns_until: str, seconds: int = 300) -> Machine:
    """A machine that waits and looks at the clock until an instant."""
    return {
        "Wait": {"Type": "Wait", "Seconds": seconds, "Next": "Note the time"},
        "Note the time": {
            "Type": "Pass",
            "Parameters": {"now.$": "$$.State.EnteredTime"},
            "Next": "Is it over?",
        },
        "Is it over?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.now", "TimestampGreaterThanEquals": turns_until, "Next": "Over"},
            ],
            "Default": "Wait",
        },
        "Over": {"Type": "Succeed"},
    }


def timeline(run: Run) -> list[tuple[str, Any]]:
    return [(event["type"], event["timestamp"]) for event in run.events]


def test_the_context_tells_times_as_aws_prints_them(lab: Lab) -> None:
    """`$$.State.EnteredTime` and `$$.Execution.StartTime` are ISO 8601 strings with milliseconds and Z."""
    run = lab.run({"Wait": WAIT | {"Next": "Tell"}, "Tell": TELL_TIMES})

    assert run.output == {"entered": "2026-03-02T10:05:00.000Z", "started": "2026-03-02T10:00:00.000Z"}


def test_48_hours_of_a_five_minute_loop_take_seconds_and_are_exact(lab: Lab) -> None:
    machine, began = lab.machine(loop("2026-03-04T10:00:00Z")), time.monotonic()

    run = lab.start(machine).to_end()

    assert time.monotonic() - began < 5
    assert run.status == "SUCCEEDED"
    assert run.described["stopDate"] == EPOCH + timedelta(hours=48)
    assert run.seconds_of("WaitStateExited") == [300.0 * turn for turn in range(1, 577)]


def test_twenty_executions_side_by_side_run_the_same_each_time(lab: Lab) -> None:
    """Each run of the world gives each execution the same history, and the same order among them."""

    def once(name: str) -> list[Any]:
        start = lab.aws.clock.now()
        until = (start + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
        machine = lab.machine(loop(until, seconds=7), name=name)
        runs = [lab.start(machine, name=f"drain-{number}") for number in range(20)]
        return [[(kind, at - start) for kind, at in timeline(run.to_end())] for run in runs]

    first, second = once("first"), once("second")

    assert first == second
    assert len({str(history) for history in first}) == 1


def test_a_wait_lasts_until_its_timestamp(lab: Lab) -> None:
    states = {"Wait": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}

    run = lab.run(states, {"until": "2026-03-02T12:30:00.500Z"})

    assert run.described["stopDate"] == EPOCH + timedelta(hours=2, minutes=30, milliseconds=500)


def test_a_timestamp_that_is_none_fails_the_execution(lab: Lab) -> None:
    run = lab.run({"Wait": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}, {"until": "soon"})

    assert (run.status, run.described["error"]) == ("FAILED", "States.Runtime")


def flaky(retry: Machine) -> Machine:
    """A machine whose one Task is refused by DynamoDB each time it tries."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Parameters": {"TableName": "missing", "Key": {"pk": {"S": "1"}}},
        "Retry": [{"ErrorEquals": ["States.TaskFailed"]} | retry],
        "End": True,
    }
    return {"Read": task}


def test_retries_pause_as_long_as_the_definition_says(lab: Lab) -> None:
    """IntervalSeconds 10, BackoffRate 2, at most 30 s: tries at 0, 10, 30, 60 and 90 s."""
    retry = {"IntervalSeconds": 10, "BackoffRate": 2.0, "MaxDelaySeconds": 30, "MaxAttempts": 4}

    run = lab.run(flaky(retry))

    assert run.seconds_of("TaskFailed") == [0, 10, 30, 60, 90]
    assert run.status == "FAILED"


def pauses(run: Run) -> list[float]:
    tries = run.seconds_of("TaskFailed")
    return [round(later - earlier, 1) for earlier, later in pairwise(tries)]


JITTER: Machine = {"IntervalSeconds": 60, "BackoffRate": 1.0, "MaxAttempts": 5, "JitterStrategy": "FULL"}


def test_full_jitter_shortens_pauses_each_in_its_own_way(lab: Lab) -> None:
    """FULL takes anything from nothing to the whole interval, so that many executions don't retry together."""
    machine = lab.machine(flaky(JITTER))

    one, other = pauses(lab.start(machine).to_end()), pauses(lab.start(machine).to_end())

    assert all(0 <= pause <= 60 for pause in one)
    assert len(set(one + other)) == 10


@pytest.mark.parametrize("name", ["i-0123-some-token", "i-4567-another-token"])
def test_jitter_is_the_same_in_each_run_whatever_ids_aws_makes_up(lab: Lab, name: str) -> None:
    run = lab.start(lab.machine(flaky(JITTER)), name=name).to_end()

    assert pauses(run) == [38.0, 17.4, 28.2, 53.9, 17.1]


def test_the_time_out_of_an_execution_ends_it_whatever_it_does(lab: Lab) -> None:
    """TimeoutSeconds at the top can't be caught, and the closed execution has a stopDate."""
    run = lab.run({"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}, TimeoutSeconds=60)

    assert run.status == "TIMED_OUT"
    assert run.described["stopDate"] == EPOCH + timedelta(seconds=60)
    assert run.types == ["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"]


def test_an_execution_that_ends_in_time_is_not_timed_out(lab: Lab) -> None:
    run = lab.run({"Wait": {"Type": "Wait", "Seconds": 50, "End": True}}, TimeoutSeconds=60)

    lab.aws.clock.advance(60)

    assert run.types[-1] == "ExecutionSucceeded"


def slow(seconds: float, lab: Lab) -> Callable[..., str]:
    def handle(*_: Any) -> str:
        lab.aws.clock.sleep(seconds)
        return "done"

    return handle


def invoke(function: str, **more: Any) -> Machine:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function},
        "ResultPath": "$.result",
        "End": True,
    } | more


def test_a_task_that_takes_longer_than_its_time_fails_at_that_instant(lab: Lab) -> None:
    function = lab.function("slow", slow(60, lab))
    caught = {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "Too late"}
    states = {
        "Call": invoke(function, TimeoutSeconds=10, Catch=[caught]),
        "Too late": {"Type": "Wait", "Seconds": 100, "End": True},
    }

    run = lab.run(states)

    assert run.seconds_of("TaskTimedOut") == [10]
    assert run.output["error"]["Error"] == "States.Timeout"
    assert "TaskSucceeded" not in run.types  # the function's answer comes at 60 s, to nobody


def test_a_function_that_ends_after_the_execution_leaves_no_trace(lab: Lab) -> None:
    function = lab.function("slow", slow(60, lab))
    run = lab.run({"Call": invoke(function, TimeoutSeconds=10)})
    before = run.types

    lab.aws.clock.advance(600)

    assert before == run.types
    assert run.types[-2:] == ["TaskTimedOut", "ExecutionFailed"]


def test_a_task_in_time_takes_the_time_it_takes(lab: Lab) -> None:
    run = lab.run({"Call": invoke(lab.function("slow", slow(9, lab)), TimeoutSeconds=10)})

    assert run.seconds_of("TaskSucceeded") == [9]
    assert run.output["result"]["Payload"] == "done"


def test_a_paced_clock_runs_executions_while_others_ask(lab: Lab) -> None:
    """As in the server: one thread drives, another calls the API, and virtual time passes at its speed."""
    clock, stop = lab.aws.clock, threading.Event()
    clock.speed = 6000
    driver = threading.Thread(target=clock.run_paced, args=(stop,))
    driver.start()
    run = lab.start(lab.machine({"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}))
    closed = find_execution(run.arn).closed.wait(timeout=10)
    stop.set()
    driver.join()

    assert closed
    assert (run.described["stopDate"] - run.described["startDate"]).total_seconds() == 600
