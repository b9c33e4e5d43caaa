"""What EventBridge does with an event that its target will not take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call, Fault
from tests.embedded_aws.bus import RULE_ARN, open_queue, permit, rule, terminate
from tests.embedded_aws.parts import function, messages, queue


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        register_module("app", SimpleNamespace(handle=lambda event, _context: event))
        yield embedded


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_without_permission_the_event_goes_to_the_dead_letter_queue_at_once(aws: EmbeddedAws) -> None:
    """EventBridge: a missing permission is not retried; the queue's message says which rule and target."""
    url, dead = open_queue("dead")
    arn = function("start")
    rule(arn, DeadLetterConfig={"Arn": dead})
    permit("start", source="arn:aws:events:eu-west-1:123456789012:rule/another")
    event = terminate()
    aws.clock.advance(1)
    (message,) = messages(url)
    assert json.loads(message["Body"]) == event
    stated = attributes(message)
    assert "lambda:InvokeFunction" in stated.pop("ERROR_MESSAGE")
    assert stated == {
        "RULE_ARN": RULE_ARN,
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }
    assert lambda_state().invocations == []


def test_a_deleted_target_is_not_retried_either(aws: EmbeddedAws) -> None:
    url, dead = open_queue("dead")
    rule(function("start"), DeadLetterConfig={"Arn": dead})
    client("lambda").delete_function(FunctionName="start")
    terminate()
    aws.clock.advance(1)
    assert attributes(messages(url)[0])["ERROR_CODE"] == "NO_RESOURCE"


def invocation_by_events(call: Call) -> bool:
    return call.action == "lambda:Invoke" and call.principal == "events.amazonaws.com"


@pytest.mark.parametrize(
    ("policy", "condition", "retries"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
        ({}, "MaximumRetryAttempts", "185"),
    ],
)
def test_a_target_that_stays_down_is_tried_as_its_policy_says(
    aws: EmbeddedAws, policy: dict[str, int], condition: str, retries: str
) -> None:
    url, dead = open_queue("dead")
    rule(function("start"), DeadLetterConfig={"Arn": dead}, RetryPolicy=policy)
    permit("start")
    aws.requests.fail_when(invocation_by_events, Fault("ServiceException", "down", 500))
    terminate()
    aws.clock.advance(25 * 3600)
    stated = attributes(messages(url)[0])
    assert (stated["ERROR_CODE"], stated["EXHAUSTED_RETRY_CONDITION"]) == ("ERROR_FROM_TARGET", condition)
    assert stated["RETRY_ATTEMPTS"] == retries


def test_a_target_that_comes_back_gets_its_event(aws: EmbeddedAws) -> None:
    rule(function("start"))
    permit("start")
    aws.requests.fail_when(invocation_by_events, Fault("TooManyRequestsException", "busy", 429), times=3)
    terminate()
    aws.clock.advance(60)
    assert len(lambda_state().invocations) == 1


def test_an_event_that_nobody_may_take_is_dropped_and_counted(aws: EmbeddedAws) -> None:
    """A dead-letter queue whose policy does not name EventBridge gets nothing, and nobody is told."""
    url, dead = queue("closed")
    rule(function("start"), DeadLetterConfig={"Arn": dead})
    terminate()
    aws.clock.advance(1)
    assert messages(url) == []
    assert len(events_state().dropped) == 1
