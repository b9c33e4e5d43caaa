"""A rule on the default bus, and what it takes to reach its target."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.clients import client
from embedded_aws.eventbridge import emit
from tests.embedded_aws.parts import queue

TERMINATING = "EC2 Instance-terminate Lifecycle Action"
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/drain"
PATTERN = {"source": ["aws.autoscaling"], "detail-type": [TERMINATING]}


def rule(target: str, pattern: dict[str, Any] | None = None, **more: Any) -> None:
    events = client("events")
    events.put_rule(Name="drain", EventPattern=json.dumps(pattern or PATTERN))
    events.put_targets(Rule="drain", Targets=[{"Id": "1", "Arn": target, **more}])


def permit(name: str, source: str = RULE_ARN) -> None:
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=source,
    )


def open_queue(name: str) -> tuple[str, str]:
    """Make a queue that lets the rule in, as the EventBridge user guide says a dead-letter queue must."""
    url, arn = queue(name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE_ARN}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def terminate(instance: str = "i-1") -> dict[str, Any]:
    return emit("aws.autoscaling", TERMINATING, {"EC2InstanceId": instance}, ["arn:asg"])
