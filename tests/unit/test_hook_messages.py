"""The messages of a lifecycle hook, in every shape in which they reach a Lambda."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.common.errors import InvalidEvent
from chalicelib.events import (
    DrainRequest,
    Ignored,
    Trigger,
    execution_input,
    execution_name,
    parse_event,
    reconciled,
)
from tests.unit.event_samples import INSTANCE_ID, TOKEN, sample

SHAPES = ["eventbridge", "sns", "sns-text", "sqs", "sns-in-sqs", "bare", "dead-letter"]


def the_request(event: object) -> DrainRequest:
    (outcome,) = parse_event(event)
    assert isinstance(outcome, DrainRequest)
    return outcome


def the_ignored(event: object) -> Ignored:
    (outcome,) = parse_event(event)
    assert isinstance(outcome, Ignored)
    return outcome


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_the_message_says_the_same(shape: str) -> None:
    """Auto Scaling lists the same fields for EventBridge, SNS, SQS and Lambda targets."""
    request = the_request(sample(f"terminate-{shape}"))
    assert request.instance_id == INSTANCE_ID
    assert request.trigger is Trigger.LIFECYCLE_ACTION
    action = request.lifecycle_action
    assert action is not None
    assert (action.auto_scaling_group, action.hook, action.token) == ("workers", "ecs-drain", TOKEN)
    assert (action.origin, action.destination, action.terminates) == ("AutoScalingGroup", "EC2", True)
    assert json.loads(action.notification_metadata or "") == {"deadline": "30m", "cluster": "shop"}


def test_one_action_delivered_in_every_shape_starts_one_execution() -> None:
    """StartExecution answers with the running execution only where name and input are the same bytes."""
    requests = [the_request(sample(f"terminate-{shape}")) for shape in SHAPES]
    assert {execution_name(request) for request in requests} == {f"{INSTANCE_ID}-{TOKEN}"}
    assert len({execution_input(request) for request in requests}) == 1


def test_the_oldest_events_lack_origin_destination_and_metadata() -> None:
    action = the_request(sample("terminate-eventbridge-oldest")).lifecycle_action
    assert action is not None
    assert (action.origin, action.destination, action.notification_metadata) == (None, None, None)
    assert action.terminates


@pytest.mark.parametrize(
    ("name", "says", "warm_pool", "root_volume"),
    [
        ("warm-pool-return", "returns it to the warm pool", True, False),
        ("warm-pool-leave", "terminates it", False, False),
        ("root-volume-replacement", "replaces its root volume", False, True),
    ],
)
def test_the_terminate_event_also_comes_for_instances_that_are_kept(
    name: str, says: str, warm_pool: bool, root_volume: bool
) -> None:
    request = the_request(sample(name))
    assert says in (request.reason or "")
    action = request.lifecycle_action
    assert action is not None
    assert (action.returns_to_warm_pool, action.replaces_root_volume) == (warm_pool, root_volume)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test-notification", "a test notification"),
        ("launch", "is being launched"),
        ("warm-pool-into-service", "comes into service from the warm pool"),
    ],
)
def test_what_asks_for_no_drain_is_ignored_with_its_reason(name: str, reason: str) -> None:
    assert reason in the_ignored(sample(name)).reason


def test_ecss_own_hook_asks_for_a_watch_without_its_action() -> None:
    """The action is ECS's to complete; its token names the execution, so that a second delivery starts nothing new."""
    request = the_request(sample("managed-draining-hook"))
    assert (request.trigger, request.lifecycle_action) == (Trigger.MANAGED_DRAINING, None)
    token = sample("managed-draining-hook")["detail"]["LifecycleActionToken"]
    assert execution_name(request) == f"{request.instance_id}-managed-{token}"
    assert len(execution_name(request)) <= 80


def test_an_instance_back_from_the_warm_pool_is_told_apart_from_a_new_one() -> None:
    """ECS leaves a container instance DRAINING until someone sets it ACTIVE, also through the warm pool."""
    assert the_ignored(sample("warm-pool-into-service")).back_in_service
    assert not the_ignored(sample("launch")).back_in_service
    assert the_ignored(sample("warm-pool-into-service")).instance_id == INSTANCE_ID


def test_a_test_notification_may_say_so_in_either_field() -> None:
    assert "test" in the_ignored({"LifecycleTransition": "autoscaling:TEST_NOTIFICATION"}).reason


def with_detail(**changes: Any) -> Any:
    event = sample("terminate-eventbridge")
    event["detail"].update(changes)
    return event


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (None, "the event is None: expected an object"),
        ([], "the event is []: expected an object"),
        ({}, "the event is empty: expected detail-type, Records or a lifecycle hook's message"),
        ({"hello": 1}, "the event has only hello: expected"),
        (
            {"detail-type": "EC2 Instance-terminate Lifecycle Acton"},
            "did you mean EC2 Instance-terminate Lifecycle Action",
        ),
        ({"detail-type": None}, "lacks detail-type: expected EC2 Instance-terminate"),
        (
            {"detail-type": "EC2 Instance-terminate Lifecycle Action"},
            "lacks detail: expected the lifecycle hook's message",
        ),
        (with_detail(EC2InstanceId=None), "lacks EC2InstanceId: expected an EC2 instance id"),
        (
            with_detail(EC2InstanceId="mi-0a1b2c3d4e5f60718"),
            "EC2InstanceId of the lifecycle hook message is 'mi-0a1b2",
        ),
        (with_detail(EC2InstanceId=["i-0a1b2c3d4e5f60718"]), "expected an EC2 instance id"),
        (
            with_detail(LifecycleActionToken="short"),
            "LifecycleActionToken of the lifecycle hook message is 'short'",
        ),
        (with_detail(LifecycleActionToken="/" * 36), "expected a lifecycle action token of 36 letters"),
        (
            with_detail(LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATION"),
            "expected autoscaling:EC2_INSTANCE_TERM",
        ),
        (with_detail(AutoScalingGroupName=" "), "AutoScalingGroupName of the lifecycle hook message is ' '"),
        (with_detail(LifecycleHookName=7), "LifecycleHookName of the lifecycle hook message is 7: expected"),
        (
            with_detail(Destination=7),
            "Destination of the lifecycle hook message is 7: expected a place such as EC2",
        ),
        (with_detail(NotificationMetadata="x" * 4001), "at most 4,000 characters"),
        ({"Records": [{"Sns": {"Message": "hello"}}]}, "the event is 'hello': expected an object"),
        ({"Records": [{"Sns": {"Message": None}}]}, "the event is None: expected an object"),
        ({"Records": [{"s3": {}}]}, "the event has only s3: expected"),
        ({"Records": ["?"]}, "the event is '?': expected an object"),
        ({"Records": [{"body": "[" * 5000}]}, "expected an object"),
    ],
)
def test_a_malformed_event_is_refused_by_field_value_and_remedy(event: object, sentence: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        parse_event(event)
    assert sentence in str(refusal.value)
    assert "expected" in str(refusal.value)


def test_a_place_that_aws_adds_costs_no_instance_its_drain() -> None:
    action = the_request(with_detail(Destination="CapacityBlock", NotificationMetadata=" ")).lifecycle_action
    assert action is not None
    assert (action.destination, action.terminates, action.notification_metadata) == (
        "CapacityBlock",
        True,
        None,
    )


def test_one_bad_record_costs_none_of_its_neighbours_their_drain() -> None:
    good, bad = json.dumps(sample("terminate-bare")), json.dumps({"LifecycleTransition": "?"})
    with pytest.raises(InvalidEvent) as refusal:
        parse_event({"Records": [{"body": bad}, {"body": good}]})
    (request,) = refusal.value.understood
    assert request.instance_id == INSTANCE_ID


def test_the_deepest_wrapping_of_all_is_opened() -> None:
    """A dead letter in the queue, holding an SQS record that holds an SNS notification of the hook's message."""
    dead_letter = {"requestPayload": sample("terminate-sns-in-sqs")}
    assert the_request({"Records": [{"body": json.dumps(dead_letter)}]}) == the_request(
        sample("terminate-bare")
    )


def test_no_records_ask_for_nothing() -> None:
    assert parse_event({"Records": []}) == ()


def test_wrappings_without_end_are_refused_and_not_followed() -> None:
    event: dict[str, Any] = {"Records": []}
    for _ in range(50):
        event = {"requestPayload": event}
    with pytest.raises(InvalidEvent, match="requestPayload"):
        parse_event(event)


def test_the_reconciler_completes_by_the_instance_for_want_of_a_token() -> None:
    request = reconciled(INSTANCE_ID, "workers", "ecs-drain", destination="WarmPool")
    action = request.lifecycle_action
    assert request.trigger is Trigger.RECONCILER
    assert action is not None
    assert (action.token, action.returns_to_warm_pool) == (None, True)
