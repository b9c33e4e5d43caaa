"""Bringing an instance back from the warm pool: only what a drain of ours set DRAINING, and only while it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.common.errors import AwsRefused
from chalicelib.steps.return_to_service import bring_back, return_to_service
from tests.builders import INSTANCE_ARN
from tests.gateways.stubs import Stubs
from tests.unit.event_samples import sample

INSTANCE, TABLE = "i-0123456789abcdef0", "ecs-drainer-dev-ledger"
KEY = {"pk": {"S": f"instance#{INSTANCE}"}}
DRAINED = json.dumps([{"cluster": "web", "container_instances": [INSTANCE_ARN]}])
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-return_to_service"


def expect_entry(stubs: Stubs, **fields: str) -> None:
    item = {name: {"S": value} for name, value in fields.items()}
    stubs.expect("dynamodb", "get_item", {"Item": item}, TableName=TABLE, Key=KEY, ConsistentRead=True)


def expect_instance(stubs: Stubs, status: str) -> None:
    described = {"containerInstanceArn": INSTANCE_ARN, "ec2InstanceId": INSTANCE, "status": status}
    asked: dict[str, Any] = {"cluster": "web", "containerInstances": [INSTANCE_ARN]}
    stubs.expect("ecs", "describe_container_instances", {"containerInstances": [described]}, **asked)


def expect_forgotten(stubs: Stubs) -> None:
    names = {
        "#drained": "drained",
        "#destination": "destination",
        "#action": "lifecycle_action",
        "#execution": "execution",
    }
    stubs.expect(
        "dynamodb",
        "update_item",
        {},
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="REMOVE #drained, #destination, #action",
        ConditionExpression="attribute_not_exists(#execution)",
        ExpressionAttributeNames=names,
    )


def test_what_we_drained_is_active_again(stubs: Stubs) -> None:
    expect_entry(stubs, drained=DRAINED)
    expect_instance(stubs, "DRAINING")
    stubs.expect(
        "ecs",
        "update_container_instances_state",
        {},
        cluster="web",
        containerInstances=[INSTANCE_ARN],
        status="ACTIVE",
    )
    expect_forgotten(stubs)
    assert bring_back(TABLE, INSTANCE) == {
        "instance_id": INSTANCE,
        "set_active": [INSTANCE_ARN],
        "left_alone": None,
    }


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE"])
def test_one_that_is_no_longer_draining_is_left_alone(stubs: Stubs, status: str) -> None:
    expect_entry(stubs, drained=DRAINED)
    expect_instance(stubs, status)
    expect_forgotten(stubs)
    assert bring_back(TABLE, INSTANCE)["set_active"] == []


def test_what_a_person_set_draining_is_left_alone(stubs: Stubs) -> None:
    expect_entry(stubs, drained="[]")
    assert bring_back(TABLE, INSTANCE)["left_alone"] == "no drain of ours has set it DRAINING"


def test_an_instance_whose_drain_is_open_is_left_alone(stubs: Stubs) -> None:
    execution = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:x"
    expect_entry(stubs, drained=DRAINED, execution=execution)
    times = {
        "executionArn": execution,
        "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:x",
        "startDate": 0,
    }
    stubs.expect(
        "stepfunctions", "describe_execution", {**times, "status": "RUNNING"}, executionArn=execution
    )
    assert bring_back(TABLE, INSTANCE)["left_alone"] == "a drain is open"


def expect_refused(stubs: Stubs, reason: str) -> None:
    expect_entry(stubs, drained=DRAINED)
    expect_instance(stubs, "DRAINING")
    refused = {"failures": [{"arn": INSTANCE_ARN, "reason": reason}]}
    asked = {"cluster": "web", "containerInstances": [INSTANCE_ARN], "status": "ACTIVE"}
    stubs.expect("ecs", "update_container_instances_state", refused, **asked)


def test_what_ecs_refuses_is_tried_again(stubs: Stubs) -> None:
    """The call answers 200 even where it refused a container instance; Lambda asks again after an error."""
    expect_refused(stubs, "BUSY")
    with pytest.raises(AwsRefused, match="BUSY"):
        bring_back(TABLE, INSTANCE)


@pytest.mark.parametrize("reason", ["MISSING", "INACTIVE"])
def test_one_that_went_meanwhile_is_none_to_try_again(stubs: Stubs, reason: str) -> None:
    expect_refused(stubs, reason)
    expect_forgotten(stubs)
    assert bring_back(TABLE, INSTANCE)["set_active"] == []


@pytest.mark.parametrize("name", ["launch", "warm-pool-leave", "warm-pool-return", "terminate-eventbridge"])
def test_other_events_bring_nothing_back(stubs: Stubs, name: str) -> None:
    assert return_to_service(sample(name), FUNCTION) == []
    assert stubs
