"""One batch of the queue at a time: what it asks of AWS, whom it tells, and which records come again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.steps.wake import delay, wake
from tests.builders import CLUSTER, INSTANCE_ARN, START, task_arn
from tests.gateways.stubs import Stubs
from tests.wake.letters import (
    FUNCTION,
    OTHER_INSTANCE,
    batch,
    instance_event,
    placement_failed,
    running,
    stopped,
)

TABLE = "ecs-drainer-dev-ledger"
NOBODY = "ConditionalCheckFailedException"
LEFT: dict[str, Any] = {"tasks": {"SS": [task_arn(9)]}}
SERVICE = {"service": "api", "event": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:CPU"}
TROUBLE = '{"event":"SERVICE_TASK_PLACEMENT_FAILURE","reason":"RESOURCE:CPU","service":"api"}'


def an_item(instance: str = INSTANCE_ARN, held: str | None = "AQAB", **more: Any) -> dict[str, Any]:
    """Return the row of an execution that waits for nothing more."""
    item = {
        "pk": {"S": f"waiting#{instance}"},
        "execution": {"S": "arn:x"},
        "waiting_cluster": {"S": CLUSTER},
        "events": {"N": "5"},
        "status": {"S": "DRAINING"},
        "agent": {"S": "connected"},
        "services": {"SS": ["api"]},
        **more,
    }
    return {**item, "token": {"S": held}} if held else item


def expect_row(stubs: Stubs, item: dict[str, Any]) -> None:
    stubs.answer("dynamodb", "update_item", {"Attributes": item})


def expect_description(stubs: Stubs, *arns: str, status: str = "DRAINING", agent: bool = True) -> None:
    described = [
        {"containerInstanceArn": arn, "status": status, "agentConnected": agent, "version": 30}
        for arn in arns
    ]
    stubs.expect(
        "ecs",
        "describe_container_instances",
        {"containerInstances": described},
        cluster=CLUSTER,
        containerInstances=list(arns),
    )


def expect_telling(
    stubs: Stubs, reason: str, status: str | None = "DRAINING", *, held: str = "AQAB", **more: Any
) -> None:
    instance = {
        "arn": INSTANCE_ARN,
        "cluster": CLUSTER,
        "status": status,
        "agent_connected": True,
        "running": 0,
        "pending": 0,
    } | more.pop("seen", {})
    told = {
        "why": reason,
        "events": 5,
        "looks": 0,
        "read_at": "2026-03-02T10:00:00Z",
        "stopped_at": "2026-03-02T10:02:10Z",
        "instance": instance if status else None,
        "services": [],
        **more,
    }
    stubs.expect("stepfunctions", "send_task_success", {}, taskToken=held, output=json.dumps(told))


def heard(event: dict[str, Any]) -> list[str]:
    """Return the ids of the records that are to come again."""
    answer = wake(event, FUNCTION, START)
    assert set(answer) == {"batchItemFailures"}
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def expect_putting_off(stubs: Stubs, **seconds: int) -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/ecs-drainer-dev-ecs-events"
    stubs.answer("sqs", "get_queue_url", {"QueueUrl": url})
    entries = [
        {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": wait}
        for number, (handle, wait) in enumerate(seconds.items())
    ]
    answer: dict[str, Any] = {"Successful": [], "Failed": []}
    stubs.expect("sqs", "change_message_visibility_batch", answer, QueueUrl=url, Entries=entries)


def test_a_task_of_no_drain_costs_one_failed_condition(stubs: Stubs) -> None:
    """Most events of an account: the container instance's own event that comes with it costs nothing more."""
    stubs.refuse("dynamodb", "update_item", NOBODY)
    assert heard(batch(stopped(1), instance_event(), stopped(2))) == []


def test_an_instances_event_of_no_drain_costs_one_failed_condition(stubs: Stubs) -> None:
    stubs.refuse("dynamodb", "update_item", NOBODY)
    assert heard(batch(instance_event(20), instance_event(21))) == []


def test_while_tasks_are_left_nobody_is_told(stubs: Stubs) -> None:
    expect_row(stubs, an_item(**LEFT))
    assert heard(batch(stopped(1))) == []


def test_the_last_task_stopped_tells_the_execution_what_the_instance_is_like(stubs: Stubs) -> None:
    expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    expect_telling(stubs, "emptied")
    assert heard(batch(stopped(1))) == []


def test_emptied_instances_of_a_cluster_are_described_in_one_call(stubs: Stubs) -> None:
    """Five hundred drains at once share ECS's twenty reads a second."""
    expect_row(stubs, an_item())
    expect_row(stubs, an_item(OTHER_INSTANCE, held="other"))
    expect_description(stubs, INSTANCE_ARN, OTHER_INSTANCE)
    expect_telling(stubs, "emptied")
    expect_telling(stubs, "emptied", held="other", seen={"arn": OTHER_INSTANCE})
    assert heard(batch(stopped(1), stopped(2, OTHER_INSTANCE))) == []


def test_one_that_ecs_no_longer_knows_is_told_as_missing(stubs: Stubs) -> None:
    expect_row(stubs, an_item())
    failures = [{"arn": INSTANCE_ARN, "reason": "MISSING"}]
    answer = {"containerInstances": [], "failures": failures}
    stubs.answer("ecs", "describe_container_instances", answer)
    expect_telling(stubs, "emptied", "MISSING", seen={"agent_connected": False})
    assert heard(batch(stopped(1))) == []


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_nobody_waits_with_is_forgotten(stubs: Stubs, code: str) -> None:
    """Timed out, taken over, stopped, or told already by an answer that was lost."""
    expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    stubs.refuse("stepfunctions", "send_task_success", code)
    stubs.answer("dynamodb", "update_item", {})
    assert heard(batch(stopped(1))) == []


def test_an_execution_that_has_stored_another_token_meanwhile_keeps_it(stubs: Stubs) -> None:
    expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    stubs.refuse("stepfunctions", "send_task_success", "TaskTimedOut")
    stubs.refuse("dynamodb", "update_item", NOBODY)
    assert heard(batch(stopped(1))) == []


def test_a_telling_whose_answer_was_lost_is_made_again(stubs: Stubs) -> None:
    """The doubled event finds no task left and the token still there: it tells again, and hears that all is told."""
    expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    stubs.refuse("stepfunctions", "send_task_success", "InternalServerError", 500)
    expect_putting_off(stubs, h1=2)
    assert heard(batch(stopped(1))) == ["m1"]
    expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    stubs.refuse("stepfunctions", "send_task_success", "TaskTimedOut")
    stubs.answer("dynamodb", "update_item", {})
    assert heard(batch(stopped(1), deliveries=2)) == []


def test_what_is_throttled_comes_again_and_the_rest_is_done(stubs: Stubs) -> None:
    stubs.refuse("dynamodb", "update_item", "ThrottlingException")
    stubs.refuse("dynamodb", "update_item", NOBODY)
    expect_putting_off(stubs, h1=5, h3=5)
    events = [stopped(1), stopped(2, OTHER_INSTANCE), stopped(3)]
    assert heard(batch(*events, deliveries=2)) == ["m1", "m3"]


def test_once_the_ledger_is_away_the_rest_is_not_tried(stubs: Stubs) -> None:
    """Each try may take twenty seconds, and the function has thirty for a hundred records."""
    stubs.refuse("dynamodb", "update_item", "InternalServerError", 500)
    expect_putting_off(stubs, h1=2, h2=2)
    assert heard(batch(stopped(1), stopped(2, OTHER_INSTANCE))) == ["m1", "m2"]


def test_emptied_and_not_described_comes_again(stubs: Stubs) -> None:
    """Told without what the instance is like, the execution would have to ask ECS by itself."""
    expect_row(stubs, an_item())
    stubs.refuse("ecs", "describe_container_instances", "ThrottlingException")
    stubs.refuse("sqs", "get_queue_url", "AccessDenied")
    assert heard(batch(stopped(1))) == ["m1"], "and then when the queue's own time-out is over"


def test_what_is_no_event_comes_again_until_the_queue_gives_it_up(stubs: Stubs) -> None:
    """It then lies in the dead-letter queue, where somebody can read it."""
    stubs.refuse("dynamodb", "update_item", NOBODY)
    expect_putting_off(stubs, h1=2)
    assert heard(batch("nonsense", stopped(1))) == ["m1"]


def test_a_lost_agent_is_told(stubs: Stubs) -> None:
    expect_row(stubs, an_item(**LEFT))
    expect_description(stubs, INSTANCE_ARN, agent=False)
    expect_telling(stubs, "instance", stopped_at=None, seen={"agent_connected": False})
    assert heard(batch(instance_event())) == []


def test_an_instances_event_that_is_over_is_described_and_not_told(stubs: Stubs) -> None:
    """ACTIVE, from just before the drain: an execution that believed it would give the drain up."""
    expect_row(stubs, an_item(**LEFT))
    expect_description(stubs, INSTANCE_ARN)
    assert heard(batch(instance_event(status="ACTIVE", agentConnected=True))) == []


def test_set_active_again_in_the_moment_in_which_it_is_empty(stubs: Stubs) -> None:
    """ECS describes it as it was; the event, of a later version, says what it is."""
    for _ in range(2):
        expect_row(stubs, an_item())
    expect_description(stubs, INSTANCE_ARN)
    expect_telling(stubs, "emptied", "ACTIVE")
    event = instance_event(31, status="ACTIVE", agentConnected=True, runningTasksCount=0)
    assert heard(batch(stopped(1), event)) == []


def test_an_instance_as_its_execution_saw_it_costs_nothing_more_than_its_task(stubs: Stubs) -> None:
    """ECS tells of the container instance whenever a task on it has stopped."""
    expect_row(stubs, an_item(**LEFT))
    assert heard(batch(stopped(1), instance_event(status="DRAINING", agentConnected=True))) == []


def test_a_lost_agent_is_heard_beside_a_stopped_task(stubs: Stubs) -> None:
    for _ in range(2):
        expect_row(stubs, an_item(**LEFT))
    expect_description(stubs, INSTANCE_ARN, agent=False)
    expect_telling(stubs, "instance", seen={"agent_connected": False})
    assert heard(batch(stopped(1), instance_event())) == []


def test_a_task_that_runs_costs_one_query_where_nobody_waits_at_gates(stubs: Stubs) -> None:
    """A deployment starts many, and the rows of drains behind their gates are not read for them."""
    expect_query(stubs, f"{CLUSTER} at gates")
    assert heard(batch(running(1), running(2))) == []


def test_a_task_that_runs_is_told_to_who_waits_for_its_service_at_gates(stubs: Stubs) -> None:
    waits = an_item(waiting_cluster={"S": f"{CLUSTER} at gates"}, tasks={"SS": ["-"]})
    expect_query(stubs, f"{CLUSTER} at gates", waits)
    expect_row(stubs, waits)
    expect_telling(stubs, "gates", None, stopped_at=None)
    assert heard(batch(running(1))) == []


def expect_query(stubs: Stubs, cluster: str, *items: dict[str, Any]) -> None:
    stubs.expect(
        "dynamodb",
        "query",
        {"Items": [{"pk": item["pk"]} for item in items]},
        TableName=TABLE,
        IndexName="waiting-by-cluster",
        KeyConditionExpression="#cluster = :cluster",
        ExpressionAttributeNames={"#cluster": "waiting_cluster"},
        ExpressionAttributeValues={":cluster": {"S": cluster}},
    )
    if items:
        stubs.answer("dynamodb", "batch_get_item", {"Responses": {TABLE: list(items)}})


def expect_rows_of_the_cluster(stubs: Stubs, *items: dict[str, Any]) -> None:
    expect_query(stubs, CLUSTER, *items)
    expect_query(stubs, f"{CLUSTER} at gates")


def test_a_service_in_trouble_is_told_to_the_drains_that_have_tasks_of_it(stubs: Stubs) -> None:
    other = an_item(OTHER_INSTANCE, services={"SS": ["web"]})
    expect_rows_of_the_cluster(stubs, an_item(**LEFT), other)
    expect_row(stubs, an_item(**LEFT))
    expect_telling(stubs, "service", None, stopped_at=None, services=[SERVICE])
    assert heard(batch(placement_failed(), placement_failed())) == []


def test_a_trouble_that_the_row_keeps_already_is_not_told_again(stubs: Stubs) -> None:
    """ECS repeats it at each attempt to place a task, for as long as the drain lasts."""
    expect_rows_of_the_cluster(stubs, an_item(**LEFT, troubles={"SS": [TROUBLE]}))
    assert heard(batch(placement_failed())) == []


def test_a_trouble_that_was_kept_and_not_told_is_told_when_it_comes_again(stubs: Stubs) -> None:
    kept = an_item(**LEFT, troubles={"SS": [TROUBLE]})
    expect_rows_of_the_cluster(stubs, kept)
    expect_row(stubs, kept)
    expect_telling(stubs, "service", None, stopped_at=None, services=[SERVICE])
    assert heard(batch(placement_failed(), deliveries=2)) == []


def test_a_trouble_of_an_instance_that_is_just_looked_at_waits_in_its_row(stubs: Stubs) -> None:
    expect_rows_of_the_cluster(stubs, an_item(held=None))
    expect_row(stubs, an_item(held=None))
    assert heard(batch(placement_failed())) == []


def test_a_drain_that_ended_meanwhile_hears_nothing(stubs: Stubs) -> None:
    expect_rows_of_the_cluster(stubs, an_item(**LEFT))
    stubs.refuse("dynamodb", "update_item", NOBODY)
    assert heard(batch(placement_failed())) == []


def test_a_cluster_whose_rows_cannot_be_read_comes_again(stubs: Stubs) -> None:
    stubs.refuse("dynamodb", "query", "ThrottlingException")
    expect_putting_off(stubs, h1=2)
    assert heard(batch(placement_failed())) == ["m1"]


def test_waits_grow_and_then_stay() -> None:
    assert [delay(deliveries) for deliveries in range(1, 7)] == [2, 5, 15, 45, 135, 135]
