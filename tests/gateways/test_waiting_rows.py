"""The rows of drains that wait: the exact requests, and our values out of the items."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.errors import Throttled
from chalicelib.common.model import ContainerInstance
from chalicelib.gateways import queues, stepfunctions, waiting
from chalicelib.wake import ServiceTrouble, Waiting
from tests.builders import CLUSTER, INSTANCE_ARN, task_arn
from tests.gateways.stubs import Stubs

TABLE, EXECUTION = "ecs-drainer-dev-ledger", "arn:execution"
KEY = {"pk": {"S": f"waiting#{INSTANCE_ARN}"}}
ITEM: dict[str, Any] = {
    **KEY,
    "execution": {"S": EXECUTION},
    "waiting_cluster": {"S": CLUSTER},
    "events": {"N": "4"},
    "token": {"S": "AQAB"},
    "tasks": {"SS": [task_arn(1)]},
    "services": {"SS": ["web"]},
    "status": {"S": "DRAINING"},
    "agent": {"S": "connected"},
    "version": {"N": "12"},
    "troubles": {"SS": ["{}"]},
    "expires_at": {"N": "1772535600"},
}
ROW = Waiting(
    instance=INSTANCE_ARN,
    execution=EXECUTION,
    cluster=CLUSTER,
    events=4,
    token="AQAB",
    tasks=frozenset({task_arn(1)}),
    services=frozenset({"web"}),
    status="DRAINING",
    agent="connected",
    version=12,
    troubles=frozenset({"{}"}),
    expires_at=1772535600,
)


def expect_update(
    stubs: Stubs, expression: str, condition: str, names: dict[str, str], values: dict[str, Any]
) -> None:
    stubs.expect(
        "dynamodb",
        "update_item",
        {"Attributes": ITEM},
        TableName=TABLE,
        Key=KEY,
        UpdateExpression=expression,
        ConditionExpression=condition,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
    )


def test_a_row_is_read_consistently(stubs: Stubs) -> None:
    """A look that read an old count of events would wait for an event that has come."""
    stubs.expect("dynamodb", "get_item", {"Item": ITEM}, TableName=TABLE, Key=KEY, ConsistentRead=True)
    assert waiting.read_waiting(TABLE, INSTANCE_ARN) == ROW


def test_a_row_that_was_just_made_waits_for_nothing(stubs: Stubs) -> None:
    made = {name: ITEM[name] for name in ("pk", "execution", "waiting_cluster")}
    stubs.answer("dynamodb", "get_item", {"Item": made})
    row = waiting.read_waiting(TABLE, INSTANCE_ARN)
    assert row == Waiting(instance=INSTANCE_ARN, execution=EXECUTION, cluster=CLUSTER)
    assert not row.is_empty_handed


def test_several_stopped_tasks_are_one_write(stubs: Stubs) -> None:
    names = {"#events": "events", "#tasks": "tasks"}
    values = {":count": {"N": "2"}, ":tasks": {"SS": [task_arn(1), task_arn(2)]}}
    expect_update(stubs, "ADD #events :count DELETE #tasks :tasks", "attribute_exists(pk)", names, values)
    assert waiting.apply_stop(TABLE, INSTANCE_ARN, {task_arn(2), task_arn(1)}) == ROW


def test_an_event_that_concerns_nobody_is_one_failed_condition(stubs: Stubs) -> None:
    stubs.refuse("dynamodb", "update_item", "ConditionalCheckFailedException")
    assert waiting.apply_stop(TABLE, INSTANCE_ARN, {task_arn(1)}) is None


def test_of_an_instances_events_older_ones_do_not_count(stubs: Stubs) -> None:
    """The same once more does: its first telling may have failed."""
    names = {"#version": "version", "#events": "events"}
    values = {":version": {"N": "12"}, ":one": {"N": "1"}}
    condition = "attribute_exists(pk) AND (attribute_not_exists(#version) OR #version <= :version)"
    expect_update(stubs, "SET #version = :version ADD #events :one", condition, names, values)
    change = ContainerInstance(INSTANCE_ARN, version=12)
    assert waiting.apply_change(TABLE, change) == ROW


def test_a_trouble_is_kept_once(stubs: Stubs) -> None:
    trouble = ServiceTrouble(CLUSTER, "web", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:CPU")
    text = '{"event":"SERVICE_TASK_PLACEMENT_FAILURE","reason":"RESOURCE:CPU","service":"web"}'
    names = {"#events": "events", "#troubles": "troubles"}
    values = {":one": {"N": "1"}, ":trouble": {"SS": [text]}}
    expect_update(stubs, "ADD #events :one, #troubles :trouble", "attribute_exists(pk)", names, values)
    assert waiting.apply_trouble(TABLE, INSTANCE_ARN, trouble) == ROW


def test_a_token_is_removed_only_if_it_is_still_that_one(stubs: Stubs) -> None:
    """The execution may have looked and stored another before we come back."""
    asked = {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": "REMOVE #token",
        "ConditionExpression": "#token = :token",
        "ExpressionAttributeNames": {"#token": "token"},
        "ExpressionAttributeValues": {":token": {"S": "AQAB"}},
    }
    stubs.expect("dynamodb", "update_item", {}, **asked)
    assert waiting.remove_token(TABLE, INSTANCE_ARN, "AQAB")


def test_a_row_is_deleted_for_its_own_execution_alone(stubs: Stubs) -> None:
    asked = {
        "TableName": TABLE,
        "Key": KEY,
        "ConditionExpression": "#execution = :execution",
        "ExpressionAttributeNames": {"#execution": "execution"},
        "ExpressionAttributeValues": {":execution": {"S": EXECUTION}},
    }
    stubs.expect("dynamodb", "delete_item", {}, **asked)
    assert waiting.delete_stale(TABLE, INSTANCE_ARN, EXECUTION)


def test_the_rows_of_a_cluster_come_from_the_index_and_then_whole(stubs: Stubs) -> None:
    asked = {
        "TableName": TABLE,
        "IndexName": "waiting-by-cluster",
        "KeyConditionExpression": "#cluster = :cluster",
        "ExpressionAttributeNames": {"#cluster": "waiting_cluster"},
        "ExpressionAttributeValues": {":cluster": {"S": CLUSTER}},
    }
    stubs.expect("dynamodb", "query", {"Items": [{**KEY, "waiting_cluster": {"S": CLUSTER}}]}, **asked)
    whole = {TABLE: {"Keys": [KEY], "ConsistentRead": True}}
    stubs.expect("dynamodb", "batch_get_item", {"Responses": {TABLE: [ITEM]}}, RequestItems=whole)
    assert waiting.waiting_in(TABLE, CLUSTER) == [ROW]


def test_all_rows_are_the_index(stubs: Stubs) -> None:
    """The table itself has ninety days of drains."""
    stubs.expect("dynamodb", "scan", {"Items": [KEY]}, TableName=TABLE, IndexName="waiting-by-cluster")
    left = {"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": [KEY]}}}
    stubs.answer("dynamodb", "batch_get_item", left)
    stubs.answer("dynamodb", "batch_get_item", {"Responses": {TABLE: [ITEM]}})
    assert waiting.all_waiting(TABLE) == [ROW]


def test_an_answer_that_read_no_row_is_a_throttle(stubs: Stubs) -> None:
    stubs.answer("dynamodb", "scan", {"Items": [KEY]})
    whole = {TABLE: {"Keys": [KEY], "ConsistentRead": True}}
    stubs.answer("dynamodb", "batch_get_item", {"Responses": {}, "UnprocessedKeys": whole})
    with pytest.raises(Throttled, match="waiting rows"):
        waiting.all_waiting(TABLE)


def test_an_execution_is_told_by_its_token(stubs: Stubs) -> None:
    stubs.expect("stepfunctions", "send_task_success", {}, taskToken="AQAB", output="{}")
    assert stepfunctions.send_success("AQAB", "{}")


def test_messages_are_put_off_ten_a_call(stubs: Stubs) -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/events"
    asked = {"QueueName": "events", "QueueOwnerAWSAccountId": "123456789012"}
    stubs.expect("sqs", "get_queue_url", {"QueueUrl": url}, **asked)
    first = [
        {"Id": str(number), "ReceiptHandle": f"h{number}", "VisibilityTimeout": 5} for number in range(10)
    ]
    last = [{"Id": "0", "ReceiptHandle": "hx", "VisibilityTimeout": 45}]
    for entries in (first, last):
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        stubs.expect("sqs", "change_message_visibility_batch", answer, QueueUrl=url, Entries=entries)
    waits = {**{f"h{number}": 5 for number in range(10)}, "hx": 45}
    queues.postpone("arn:aws:sqs:eu-west-1:123456789012:events", waits)


@pytest.mark.usefixtures("stubs")
def test_nothing_to_put_off_costs_no_call() -> None:
    queues.postpone("arn:aws:sqs:eu-west-1:123456789012:events", {})
