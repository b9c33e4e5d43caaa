"""The API of Step Functions about executions: names, endings, histories, announcements."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.aws import EPOCH
from embedded_aws.eventbridge.state import events_state
from tests.embedded_aws.stepfunctions.machines import Lab, Run, chain

Machine = dict[str, Any]
WAIT: Machine = {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}
PASS: Machine = {"Pass": {"Type": "Pass", "End": True}}


def test_the_same_name_and_input_find_the_execution_that_runs(lab: Lab) -> None:
    machine = lab.machine(WAIT)
    first = lab.start(machine, {"x": 1}, name="i-0123-token")
    lab.aws.clock.advance(60)

    assert lab.start(machine, {"x": 1}, name="i-0123-token").arn == first.arn
    assert len(lab.api.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_the_same_name_with_another_input_is_refused(lab: Lab) -> None:
    machine = lab.machine(WAIT)
    lab.start(machine, {"x": 1}, name="i-0123-token")

    with pytest.raises(lab.api.exceptions.ExecutionAlreadyExists):
        lab.start(machine, {"x": 2}, name="i-0123-token")


def test_the_name_of_a_closed_execution_is_refused_even_with_its_input(lab: Lab) -> None:
    machine = lab.machine(PASS)
    lab.start(machine, {"x": 1}, name="i-0123-token").to_end()

    with pytest.raises(lab.api.exceptions.ExecutionAlreadyExists):
        lab.start(machine, {"x": 1}, name="i-0123-token")


def test_executions_without_a_name_get_one_each(lab: Lab) -> None:
    machine = lab.machine(PASS)

    assert lab.start(machine).arn != lab.start(machine).arn


@pytest.mark.parametrize(
    ("story", "name", "error"),
    [
        ("a colon", "i:0123", "InvalidName"),
        ("white space", "i 0123", "InvalidName"),
        ("81 characters", "a" * 81, "ValidationException"),
    ],
)
def test_a_name_that_aws_forbids_is_refused(lab: Lab, story: str, name: str, error: str) -> None:
    with pytest.raises(lab.api.exceptions.ClientError) as raised:
        lab.start(lab.machine(PASS), name=name)

    assert raised.value.response["Error"]["Code"] == error, story


def test_an_input_must_be_json(lab: Lab) -> None:
    with pytest.raises(lab.api.exceptions.InvalidExecutionInput):
        lab.api.start_execution(stateMachineArn=lab.machine(PASS), input="{")


def test_an_update_of_the_machine_does_not_change_what_runs(lab: Lab) -> None:
    machine = lab.machine(WAIT)
    run = lab.start(machine)
    lab.api.update_state_machine(
        stateMachineArn=machine, definition='{"StartAt": "F", "States": {"F": {"Type": "Fail"}}}'
    )

    assert run.to_end().status == "SUCCEEDED"
    assert lab.start(machine).to_end().status == "FAILED"


def stopped(lab: Lab) -> Run:
    run = lab.start(lab.machine(WAIT))
    lab.aws.clock.advance(60)
    answer = lab.api.stop_execution(executionArn=run.arn, error="Cancelled", cause="by a person")
    assert answer["stopDate"] == lab.aws.clock.now()
    return run


def test_a_stopped_execution_says_why_and_when(lab: Lab) -> None:
    described = stopped(lab).described

    assert (described["status"], described["error"], described["cause"]) == (
        "ABORTED",
        "Cancelled",
        "by a person",
    )
    assert (described["stopDate"] - EPOCH).total_seconds() == 60


def test_stopping_wakes_a_wait_and_nothing_follows(lab: Lab) -> None:
    run = stopped(lab)
    lab.aws.clock.advance(7200)

    assert run.types == ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]
    assert run.events[-1]["executionAbortedEventDetails"] == {"error": "Cancelled", "cause": "by a person"}


def test_stopping_twice_changes_nothing(lab: Lab) -> None:
    run = stopped(lab)
    lab.aws.clock.advance(60)

    again = lab.api.stop_execution(executionArn=run.arn, error="Other")

    assert (again["stopDate"] - EPOCH).total_seconds() == 60
    assert run.described["error"] == "Cancelled"


def test_an_execution_may_be_stopped_before_its_first_state(lab: Lab) -> None:
    run = lab.start(lab.machine(WAIT))

    lab.api.stop_execution(executionArn=run.arn)
    lab.aws.clock.advance(60)

    assert run.types == ["ExecutionStarted", "ExecutionAborted"]


def test_a_pause_before_a_retry_is_woken_too(lab: Lab) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ecs:listTasks",
        "Parameters": {"Cluster": "missing"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600}],
        "End": True,
    }
    run = lab.start(lab.machine({"Look": task}))
    lab.aws.clock.advance(60)

    lab.api.stop_execution(executionArn=run.arn)
    lab.aws.clock.advance(7200)

    assert len(lab.aws.requests.matching("ecs", "ListTasks")) == 1


def test_executions_are_listed_latest_first_with_their_dates(lab: Lab) -> None:
    machine = lab.machine(WAIT, TimeoutSeconds=60)
    first = lab.start(machine).to_end()
    second = lab.start(machine)

    listed = lab.api.list_executions(stateMachineArn=machine)["executions"]

    assert [(line["executionArn"], line["status"]) for line in listed] == [
        (second.arn, "RUNNING"),
        (first.arn, "TIMED_OUT"),
    ]
    assert "stopDate" in listed[1]
    assert "stopDate" not in listed[0]
    assert (
        lab.api.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"] == listed[:1]
    )


def test_a_history_comes_in_pages(lab: Lab) -> None:
    """100 events a page by default, in either order, with a token for the rest."""
    run = lab.run(chain(60))

    first = lab.api.get_execution_history(executionArn=run.arn)
    rest = lab.api.get_execution_history(executionArn=run.arn, nextToken=first["nextToken"])
    last = lab.api.get_execution_history(executionArn=run.arn, maxResults=1, reverseOrder=True)

    assert [event["id"] for event in first["events"] + rest["events"]] == list(range(1, 123))
    assert len(first["events"]) == 100
    assert "nextToken" not in rest
    assert [event["type"] for event in last["events"]] == ["ExecutionSucceeded"]


def test_a_page_that_was_never_given_out_is_refused(lab: Lab) -> None:
    run = lab.run(PASS)

    with pytest.raises(lab.api.exceptions.InvalidToken):
        lab.api.get_execution_history(executionArn=run.arn, nextToken="made up")


def test_a_history_without_data_has_no_input_and_no_output(lab: Lab) -> None:
    run = lab.run(PASS, {"secret": 1})

    events = lab.api.get_execution_history(executionArn=run.arn, includeExecutionData=False)["events"]

    assert "secret" not in str(events)
    assert events[1]["stateEnteredEventDetails"]["name"] == "Pass"


def test_a_page_has_a_thousand_events_at_most(lab: Lab) -> None:
    run = lab.run(PASS)

    with pytest.raises(lab.api.exceptions.ClientError, match="less than or equal to 1000"):
        lab.api.get_execution_history(executionArn=run.arn, maxResults=1001)


def test_an_execution_announces_its_start_and_its_end(lab: Lab) -> None:
    """`Step Functions Execution Status Change`, with dates in milliseconds."""
    run = lab.run(
        {"Wait": {"Type": "Wait", "Seconds": 60, "Next": "Fail"}, "Fail": {"Type": "Fail", "Error": "Broken"}}
    )

    began, ended = (event for event in events_state().emitted if event["source"] == "aws.states")

    assert (began["detail"]["status"], ended["detail"]["status"]) == ("RUNNING", "FAILED")
    assert ended["detail-type"] == "Step Functions Execution Status Change"
    assert ended["resources"] == [run.arn]
    assert ended["detail"]["error"] == "Broken"
    assert ended["detail"]["stopDate"] - ended["detail"]["startDate"] == 60_000
    assert began["detail"]["stopDate"] is None
