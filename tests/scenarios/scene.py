"""The sample world with the app deployed into it, for tests that deliver and receive by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app import app
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from stories.deployment import Deployment, deploy
from stories.timeline import executions, outcome
from stories.world import Service, World

LIFECYCLE_EVENT = "EC2 Instance-terminate Lifecycle Action"


@dataclass
class Scene:
    aws: EmbeddedAws
    deployment: Deployment
    world: World
    doomed: str

    def invoke(self, function: str, payload: Any, kind: str = "RequestResponse") -> Any:
        """Invoke a function with a payload; returns what it answered, or None for an event."""
        arn = self.deployment.functions[function]
        answer = client("lambda").invoke(FunctionName=arn, InvocationType=kind, Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read()) if kind == "RequestResponse" else None

    def event(self, kind: str = LIFECYCLE_EVENT) -> dict[str, Any]:
        """Return the first event of its kind that AWS has emitted."""
        found: dict[str, Any] = next(e for e in events_state().emitted if e["detail-type"] == kind)
        return found

    def silence(self, function: str) -> None:
        """Let EventBridge lose what it should deliver to a function."""
        client("events").disable_rule(Name=f"ecs-drainer-dev-{function}-event")

    @property
    def outcomes(self) -> list[str]:
        """How the executions ended, oldest first."""
        return [outcome(execution) for execution in executions(self.deployment.state_machine)]


@contextmanager
def a_scene(
    *,
    service: Service | None = None,
    tags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[Scene]:
    """Deploy the app and build the sample world around it; nothing has happened yet."""
    with embedded_aws() as aws:
        deployment = deploy(app, environment, parameters)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build((service or Service(desired=9),), tags=tags)
        aws.requests.clear()
        yield Scene(aws, deployment, world, world.instances()[0])


def a_queue(name: str) -> tuple[str, str]:
    """Make an SQS queue that takes messages from SNS; returns its URL and ARN."""
    sqs = client("sqs")
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": "*"}]}
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


def messages(url: str) -> list[dict[str, Any]]:
    """Receive what is in a queue, and leave it there, invisible."""
    answer = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    received: list[dict[str, Any]] = answer.get("Messages", [])
    return received
