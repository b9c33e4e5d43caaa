"""A JSONata state that writes its token into a DynamoDB item and waits: who wakes it, when, and what it gets.

Source: Step Functions developer guide, "Wait for a callback with the task token" (for every SDK integration of
Standard workflows) and "Handling errors"; API reference, SendTaskSuccess.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.embedded_aws.stepfunctions.machines import Lab
from tests.embedded_aws.stepfunctions.waiting import TABLE, answer, begun, make_item, token, wait


def test_the_answer_wakes_the_state_at_that_instant(lab: Lab) -> None:
    run = begun(lab)
    lab.aws.clock.call_later(77, lambda: answer(lab, token()))

    run.to_end()

    assert run.seconds_of("TaskSucceeded") == [77]
    assert run.output == {"result": {"why": "emptied"}, "input": "one", "told": "emptied"}
    assert run.types[:6] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]


def test_the_time_out_comes_at_the_very_second(lab: Lab) -> None:
    """An expression in TimeoutSeconds; a caught time-out has an empty Cause (recorded)."""
    run = begun(lab, seconds=321).to_end()

    assert run.seconds_of("TaskTimedOut") == [321]
    assert run.output == {"Error": "States.Timeout", "Cause": ""}
    scheduled = next(event for event in run.events if event["type"] == "TaskScheduled")
    assert scheduled["taskScheduledEventDetails"]["timeoutInSeconds"] == 321


def test_a_failed_condition_is_an_error_to_catch_and_no_wait(lab: Lab) -> None:
    """Somebody counted an event after the state before this one had looked."""
    run = begun(lab, events=2).to_end()

    assert run.output == "DynamoDb.ConditionalCheckFailedException"
    assert run.seconds_of("ExecutionSucceeded") == [0]
    assert "TaskSubmitted" not in run.types


def test_a_failure_sent_is_the_error_of_the_state(lab: Lab) -> None:
    caught = {"ErrorEquals": ["Our.Own"], "Output": "{% $states.errorOutput %}", "Next": "Late"}
    run = begun(lab, Catch=[caught])

    lab.api.send_task_failure(taskToken=token(), error="Our.Own", cause="because")

    assert run.to_end().output == {"Error": "Our.Own", "Cause": "because"}


@pytest.mark.parametrize("answered_first", [True, False])
def test_an_answer_at_the_instant_of_the_time_out_counts_or_is_refused(
    lab: Lab, answered_first: bool
) -> None:
    """No answer is accepted and then lost: either the state has it, or its sender is told TaskTimedOut."""
    refused = []

    def late_answer() -> None:
        try:
            answer(lab, token())
        except lab.api.exceptions.TaskTimedOut as error:
            refused.append(error)

    if answered_first:
        lab.aws.clock.call_later(60, late_answer)
    run = begun(lab, seconds=60)
    if not answered_first:
        lab.aws.clock.call_later(60, late_answer)

    run.to_end()
    lab.aws.clock.advance(1)

    assert ("TaskSucceeded" in run.types) == (not refused) == answered_first


def test_an_answer_before_the_wait_begins_counts(lab: Lab) -> None:
    """The token is out as soon as the call is made, before its own answer is back."""
    answered = threading.Event()

    def handle(event: Any, _: Any) -> None:
        lab.aws.clock.sleep(5)
        answer(lab, event["token"])
        answered.set()
        lab.aws.clock.sleep(5)

    states = {
        "Only": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": lab.function("answers", handle),
                "Payload": {"token": "{% $states.context.Task.Token %}"},
            },
            "TimeoutSeconds": 600,
            "End": True,
        }
    }

    run = lab.run(states, QueryLanguage="JSONata")

    assert run.output == {"why": "emptied"}
    assert answered.is_set()


def test_a_waiting_execution_can_be_stopped(lab: Lab) -> None:
    run = begun(lab)
    lab.aws.clock.call_later(30, lambda: lab.api.stop_execution(executionArn=run.arn, cause="enough"))

    run.to_end()

    assert (run.status, run.described["cause"]) == ("ABORTED", "enough")
    assert run.seconds_of("ExecutionAborted") == [30]
    assert run.types[-2:] == ["TaskSubmitted", "ExecutionAborted"]


def test_the_time_of_the_execution_ends_the_wait_too(lab: Lab) -> None:
    make_item()
    machine = lab.machine(wait(), QueryLanguage="JSONata", TimeoutSeconds=100)

    run = lab.start(machine, {"key": "one", "events": 3, "seconds": 600}).to_end()

    assert (run.status, run.seconds_of("ExecutionTimedOut")) == ("TIMED_OUT", [100])
    with pytest.raises(lab.api.exceptions.TaskTimedOut):
        answer(lab, token())


def test_nothing_happens_while_an_execution_waits(lab: Lab) -> None:
    """A day of waiting takes no request and no turn of its thread."""
    run = begun(lab, seconds=86_400)
    lab.aws.requests.clear()

    lab.aws.clock.advance(86_399)

    assert lab.aws.requests.calls == []
    assert run.status == "RUNNING"


def test_each_try_waits_with_a_token_of_its_own(lab: Lab) -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    run = begun(lab, seconds=60, Retry=retry)
    first = token()

    lab.aws.clock.advance(62)
    second = token()

    with pytest.raises(lab.api.exceptions.TaskTimedOut):
        answer(lab, first)
    answer(lab, second)
    assert run.to_end().output["told"] == "emptied"


def test_states_runtime_is_caught_by_nobody(lab: Lab) -> None:
    """Recorded: neither by `States.ALL` nor by its own name; a parameter that the API lacks is one."""
    catch = [{"ErrorEquals": [name], "Next": "Late"} for name in ("States.Runtime", "States.ALL")]
    arguments = {"TableName": TABLE, "Nonsense": "{% $states.context.Task.Token %}"}

    run = begun(lab, Arguments=arguments, Catch=catch).to_end()

    assert (run.status, run.described["error"]) == ("FAILED", "States.Runtime")
