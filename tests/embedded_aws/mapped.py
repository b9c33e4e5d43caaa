"""A queue that a function is run with, and what the function was given."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from tests.embedded_aws.parts import function, queue

POLLING = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def worker(name: str = "wake", allowed: list[str] | None = None, **more: Any) -> str:
    """Create a function whose role may poll queues; returns its name."""
    function(name, Timeout=10, **more)
    statement = {"Effect": "Allow", "Action": allowed or POLLING, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").put_role_policy(RoleName=f"{name}-role", PolicyName="polls", PolicyDocument=policy)
    return name


def source(**attributes: Any) -> tuple[str, str]:
    """Create the queue `events`; returns its URL and ARN."""
    url, arn = queue("events")
    if attributes:
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return url, arn


def map_queue(arn: str, name: str = "wake", **settings: Any) -> str:
    """Map a queue to a function; returns the mapping's UUID."""
    made = client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=name, **settings)
    return str(made["UUID"])


def send(url: str, *bodies: str) -> None:
    for body in bodies:
        client("sqs").send_message(QueueUrl=url, MessageBody=body)


def batches() -> list[list[str]]:
    """The bodies of each batch so far."""
    return [[record["body"] for record in each.event["Records"]] for each in lambda_state().invocations]


def left(url: str) -> dict[str, int]:
    """How many messages the queue has: visible, and in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return {name: int(found[key]) for name, key in zip(("visible", "in flight"), names, strict=True)}
