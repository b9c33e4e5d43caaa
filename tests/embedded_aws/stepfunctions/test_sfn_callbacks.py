"""Task tokens: a state that waits until somebody answers, or doesn't."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from tests.embedded_aws.parts import messages
from tests.embedded_aws.stepfunctions.machines import Lab, Run

Machine = dict[str, Any]


def ask(queue: str, **more: Any) -> Machine:
    """A state that sends its token to a queue and waits."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    } | more


def started(lab: Lab, **more: Any) -> tuple[Run, str]:
    """Start a machine that asks, and read the token it sent."""
    queue = lab.queue("tokens")
    run = lab.start(lab.machine({"Ask": ask(queue, **more), "Caught": {"Type": "Pass", "End": True}}))
    lab.aws.clock.advance(1)
    return run, json.loads(messages(queue)[0]["Body"])["token"]


def test_the_answer_is_the_result(lab: Lab) -> None:
    run, token = started(lab)
    lab.aws.clock.call_later(
        3600, lambda: lab.api.send_task_success(taskToken=token, output='{"signed": true}')
    )

    run.to_end()

    assert run.output == {"signed": True}
    assert run.seconds_of("TaskSucceeded") == [3601]


def test_a_refusal_is_an_error_with_its_cause(lab: Lab) -> None:
    run, token = started(lab)

    lab.api.send_task_failure(taskToken=token, error="NotNow", cause="a partition is under-replicated")
    run.to_end()

    assert (run.described["error"], run.described["cause"]) == ("NotNow", "a partition is under-replicated")


@pytest.mark.parametrize("name", ["States.Timeout", "States.HeartbeatTimeout", "States.ALL"])
def test_a_heartbeat_missed_is_a_time_out_that_a_catch_may_call_by_either_name(name: str, lab: Lab) -> None:
    """Recorded 2024-04-18: the error is States.Timeout; the guide's other name is for Catch and Retry."""
    run, _ = started(lab, HeartbeatSeconds=60, Catch=[{"ErrorEquals": [name], "Next": "Caught"}])

    run.to_end()

    assert run.seconds_of("TaskTimedOut") == [60]
    assert run.output == {"Error": "States.Timeout", "Cause": ""}


def test_each_heartbeat_gives_another_interval(lab: Lab) -> None:
    run, token = started(lab, HeartbeatSeconds=60)
    for second in (50, 100, 150):
        lab.aws.clock.call_later(second, lambda: lab.api.send_task_heartbeat(taskToken=token))

    run.to_end()

    assert run.seconds_of("TaskTimedOut") == [151 + 60]


def test_heartbeats_do_not_keep_the_time_out_away(lab: Lab) -> None:
    run, token = started(lab, HeartbeatSeconds=60, TimeoutSeconds=100)
    for second in range(50, 500, 50):
        lab.aws.clock.call_later(second, lambda: beat(lab, token))

    run.to_end()

    assert run.seconds_of("TaskTimedOut") == [100]
    assert run.described["error"] == "States.Timeout"


def beat(lab: Lab, token: str) -> None:
    """Send a heartbeat, as a worker that doesn't know whether it is still asked for."""
    with contextlib.suppress(lab.api.exceptions.TaskTimedOut):
        lab.api.send_task_heartbeat(taskToken=token)


def test_heartbeat_seconds_alone_leave_the_time_out_at_its_default(lab: Lab) -> None:
    """TimeoutSeconds is 99,999,999 by default, so a task that beats may take days."""
    run, token = started(lab, HeartbeatSeconds=3600)
    for hour in range(1, 48):
        lab.aws.clock.call_later(hour * 3000, lambda: beat(lab, token))
    lab.aws.clock.call_later(47 * 3000 + 1, lambda: lab.api.send_task_success(taskToken=token, output="1"))

    assert run.to_end().output == 1


def test_an_answer_from_within_the_function_is_not_lost(lab: Lab) -> None:
    """The token is good before the invocation that hands it over has returned."""

    def handle(event: Any, _: Any) -> None:
        lab.api.send_task_success(taskToken=event["token"], output='"at once"')

    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": lab.function("sign_off", handle),
            "Payload": {"token.$": "$$.Task.Token"},
        },
        "HeartbeatSeconds": 600,
        "End": True,
    }

    run = lab.run({"Invoke": invoke})

    assert run.output == "at once"
    assert run.described["stopDate"] == run.described["startDate"]


def test_each_try_has_a_token_of_its_own(lab: Lab) -> None:
    queue = lab.queue("tokens")
    retry = {"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 10, "MaxAttempts": 1}
    run = lab.start(lab.machine({"Ask": ask(queue, HeartbeatSeconds=30, Retry=[retry])}))
    lab.aws.clock.advance(45)

    first, second = (json.loads(message["Body"])["token"] for message in messages(queue))
    with pytest.raises(lab.api.exceptions.TaskTimedOut):
        lab.api.send_task_heartbeat(taskToken=first)
    lab.api.send_task_success(taskToken=second, output="2")

    assert run.to_end().output == 2


def test_a_token_is_stale_once_its_task_is_over(lab: Lab) -> None:
    run, token = started(lab)
    lab.api.send_task_success(taskToken=token, output="1")
    run.to_end()

    with pytest.raises(lab.api.exceptions.TaskTimedOut):
        lab.api.send_task_success(taskToken=token, output="1")


def test_a_token_nobody_gave_is_invalid(lab: Lab) -> None:
    with pytest.raises(lab.api.exceptions.InvalidToken):
        lab.api.send_task_success(taskToken="made up", output="1")


def test_an_answer_must_be_json(lab: Lab) -> None:
    _, token = started(lab)

    with pytest.raises(lab.api.exceptions.InvalidOutput):
        lab.api.send_task_success(taskToken=token, output="yes")
