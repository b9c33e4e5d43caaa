"""What can't be read is refused with a sentence; nothing is started, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app import app
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from stories.deployment import Deployment, deploy
from stories.timeline import executions
from tests.unit.event_samples import sample

PATIENCE = 600
"""Seconds: Lambda tries an event again after one minute and after two more."""


@dataclass
class Deployed:
    aws: EmbeddedAws
    deployment: Deployment

    def deliver(self, event: Any) -> None:
        """Invoke start_drain as EventBridge does, and let Lambda's retries pass."""
        arn = self.deployment.functions["start_drain"]
        client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps(event))
        self.aws.clock.advance(PATIENCE)

    def ask(self, request: Any) -> dict[str, Any]:
        """Invoke start_manual_drain as `chalice invoke` does; returns Lambda's answer to an error."""
        arn = self.deployment.functions["start_manual_drain"]
        answer = client("lambda").invoke(FunctionName=arn, Payload=json.dumps(request))
        assert answer.get("FunctionError") == "Unhandled"
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        return payload

    @property
    def dead_letters(self) -> list[dict[str, Any]]:
        queue = self.deployment.outputs["DeadLetterQueueUrl"]
        answer = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    @property
    def started(self) -> int:
        return len(executions(self.deployment.state_machine))


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    with embedded_aws() as aws:
        yield Deployed(aws, deploy(app))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("EC2InstanceId", "i-xyz", "EC2InstanceId"),
        ("EC2InstanceId", None, "EC2InstanceId"),
        ("LifecycleActionToken", "too-short", "LifecycleActionToken"),
        ("LifecycleTransition", "autoscaling:EC2_INSTANCE_TERMINTING", "LifecycleTransition"),
        ("AutoScalingGroupName", "", "AutoScalingGroupName"),
    ],
)
def test_a_malformed_event_reaches_the_dead_letter_queue(
    deployed: Deployed, field: str, value: str | None, sentence: str
) -> None:
    event = sample("terminate-eventbridge")
    event["detail"][field] = value
    deployed.deliver(event)
    (letter,) = deployed.dead_letters
    assert letter["requestPayload"] == event
    assert letter["responsePayload"]["errorType"] == "InvalidEvent"
    assert sentence in letter["responsePayload"]["errorMessage"]
    assert deployed.started == 0


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "instance_id"),
        ({"instance_id": "i-1"}, "instance_id of the request is 'i-1': expected an EC2 instance id"),
        (
            {"instance_id": "i-0123456789abcdef0", "deadline": "soon"},
            "deadline of the request: 'soon' is not a duration such as 90s",
        ),
        ({"instance_id": "i-0123456789abcdef0", "dedline": "1h"}, "did you mean deadline"),
        (
            {"instance_id": "i-0123456789abcdef0", "on_deadline": "explode"},
            "on_deadline of the request: 'explode' is unknown: expected continue",
        ),
        (["i-0123456789abcdef0"], "expected"),
    ],
)
def test_a_wrong_request_is_refused_to_the_person_who_made_it(
    deployed: Deployed, request_: Any, words: str
) -> None:
    refusal = deployed.ask(request_)
    assert refusal["errorType"] == "InvalidRequest"
    assert words in refusal["errorMessage"]
    assert deployed.started == 0
