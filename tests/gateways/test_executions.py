"""Starting executions once, and reading who drains an instance."""

from __future__ import annotations

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.common.ledger import Entry
from chalicelib.gateways import ledger, stepfunctions
from tests.builders import START
from tests.gateways.stubs import Stubs

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:i-1-token"


def test_a_new_name_starts_an_execution(stubs: Stubs) -> None:
    answer = {"executionArn": EXECUTION, "startDate": START}
    stubs.expect(
        "stepfunctions", "start_execution", answer, stateMachineArn=MACHINE, name="i-1-token", input="{}"
    )
    assert stepfunctions.start(MACHINE, "i-1-token", "{}") == stepfunctions.Started(EXECUTION, is_new=True)


def test_the_same_name_again_is_success(stubs: Stubs) -> None:
    """EventBridge delivers at least once; a closed execution's name is taken for 90 days."""
    stubs.refuse("stepfunctions", "start_execution", "ExecutionAlreadyExists")
    assert stepfunctions.start(MACHINE, "i-1-token", "{}") == stepfunctions.Started(EXECUTION, is_new=False)


def test_a_throttle_is_an_error_so_that_lambda_tries_again(stubs: Stubs) -> None:
    stubs.refuse("stepfunctions", "start_execution", "ThrottlingException")
    with pytest.raises(Throttled):
        stepfunctions.start(MACHINE, "i-1-token", "{}")


def test_the_machine_follows_from_the_functions_own_arn() -> None:
    function = "arn:aws-cn:lambda:cn-north-1:123456789012:function:ecs-drainer-prod-start_drain:live"
    expected = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:ecs-drainer-prod"
    assert stepfunctions.state_machine_of(function) == expected


@pytest.mark.parametrize(("status", "running"), [("RUNNING", True), ("FAILED", False), ("ABORTED", False)])
def test_only_a_running_execution_drains(stubs: Stubs, status: str, running: bool) -> None:
    answer = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": status, "startDate": START}
    stubs.expect("stepfunctions", "describe_execution", answer, executionArn=EXECUTION)
    assert stepfunctions.is_running(EXECUTION) is running


def test_the_running_executions_come_in_pages_of_a_thousand(stubs: Stubs) -> None:
    def page(name: str, **more: str) -> dict[str, object]:
        listed = {
            "executionArn": f"{EXECUTION[:-9]}{name}",
            "stateMachineArn": MACHINE,
            "name": name,
            "status": "RUNNING",
            "startDate": START,
        }
        return {"executions": [listed], **more}

    asked = {"stateMachineArn": MACHINE, "statusFilter": "RUNNING", "maxResults": 1000}
    stubs.expect("stepfunctions", "list_executions", page("i-1-token", nextToken="more"), **asked)
    stubs.expect("stepfunctions", "list_executions", page("i-2-token"), **asked, nextToken="more")
    assert stepfunctions.running_names(MACHINE) == {"i-1-token", "i-2-token"}


def test_an_execution_nobody_knows_is_not_running(stubs: Stubs) -> None:
    stubs.refuse("stepfunctions", "describe_execution", "ExecutionDoesNotExist")
    assert not stepfunctions.is_running(EXECUTION)


def test_an_instance_the_ledger_never_saw_has_an_empty_entry(stubs: Stubs) -> None:
    stubs.expect(
        "dynamodb", "get_item", {}, TableName="ledger", Key={"pk": {"S": "instance#i-1"}}, ConsistentRead=True
    )
    assert ledger.read_entry("ledger", "i-1") == Entry()


def test_an_entry_says_who_drains_and_how_the_last_drain_ended(stubs: Stubs) -> None:
    item = {
        "pk": {"S": "instance#i-1"},
        "execution": {"S": EXECUTION},
        "last_outcome": {"S": "failed"},
        "last_ended_at": {"S": "2026-03-02T10:00:00.000Z"},
        "failures": {"N": "2"},
    }
    stubs.expect(
        "dynamodb",
        "get_item",
        {"Item": item},
        TableName="ledger",
        Key={"pk": {"S": "instance#i-1"}},
        ConsistentRead=True,
    )
    assert ledger.read_entry("ledger", "i-1") == Entry(EXECUTION, "failed", START, 2)
