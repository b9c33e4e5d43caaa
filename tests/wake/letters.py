"""Records of the queue as Lambda hands them over, around events as ECS writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.wake.instances import SAMPLE as INSTANCE_EVENT
from chalicelib.wake.services import SAMPLE_PLACEMENT
from chalicelib.wake.tasks import SAMPLE as TASK_EVENT
from tests.builders import INSTANCE_ARN, task_arn

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:ecs-drainer-dev-ecs-events"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-wake"
OTHER_INSTANCE = INSTANCE_ARN[:-2] + "0f"


def changed(event: Mapping[str, Any], **detail: Any) -> dict[str, Any]:
    """Return an event with other values in its detail; None takes a field out."""
    fields = {**event["detail"], **detail}
    return {**event, "detail": {name: value for name, value in fields.items() if value is not None}}


def stopped(number: int = 1, instance: str = INSTANCE_ARN, **detail: Any) -> dict[str, Any]:
    """Return the event of a task that is STOPPED."""
    return changed(TASK_EVENT, taskArn=task_arn(number), containerInstanceArn=instance, **detail)


def running(number: int = 1, service: str = "api") -> dict[str, Any]:
    """Return the event of a service's task that is RUNNING."""
    group = f"service:{service}"
    return changed(TASK_EVENT, taskArn=task_arn(number), lastStatus="RUNNING", group=group, stoppedAt=None)


def instance_event(version: int = 20, instance: str = INSTANCE_ARN, **detail: Any) -> dict[str, Any]:
    """Return a container instance's event: its agent is disconnected unless `detail` says otherwise."""
    return changed(INSTANCE_EVENT, version=version, containerInstanceArn=instance, **detail)


def placement_failed(reason: str = "RESOURCE:CPU") -> dict[str, Any]:
    """Return the event of service `api` finding no place for a task."""
    return changed(SAMPLE_PLACEMENT, reason=reason)


def record(number: int, event: object, deliveries: int = 1) -> dict[str, Any]:
    """Return one record; text stays as it is."""
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"h{number}",
        "body": event if isinstance(event, str) else json.dumps(event),
        "attributes": {"ApproximateReceiveCount": str(deliveries)},
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
    }


def batch(*events: object, deliveries: int = 1) -> dict[str, Any]:
    """Return what Lambda is invoked with: records m1, m2, ..."""
    return {"Records": [record(number, event, deliveries) for number, event in enumerate(events, 1)]}
