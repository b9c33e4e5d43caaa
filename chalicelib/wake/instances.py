"""Reads "ECS Container Instance State Change".

One comes when a task is placed or has stopped (what is left on the instance changed), when the agent connects or
disconnects, and when the instance is deregistered; nothing in it says which it was. Whether one comes when it is set
DRAINING or ACTIVE is an open question (docs/open-questions.md, event-of-set-state).
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import ContainerInstance
from chalicelib.events.fields import Fields

_INSTANCE = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0a1b2c3d4e5f60718293a4b5c6d7e8f9"

SAMPLE: Mapping[str, Any] = {
    "version": "0",
    "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
    "detail-type": "ECS Container Instance State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-03-02T10:03:00Z",
    "region": "eu-west-1",
    "resources": [_INSTANCE],
    "detail": {
        "agentConnected": False,
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/web",
        "containerInstanceArn": _INSTANCE,
        "ec2InstanceId": "i-0123456789abcdef0",
        "status": "DRAINING",
        "runningTasksCount": 2,
        "pendingTasksCount": 0,
        "remainingResources": [{"name": "CPU", "type": "INTEGER", "integerValue": 1024}],
        "updatedAt": "2026-03-02T10:02:59.820Z",
        "version": 14801,
    },
}


def parse_instance(event: Mapping[str, Any]) -> ContainerInstance:
    """Return how a container instance stands by its event; raises InvalidEvent.

    `version` orders the events of one instance, which may arrive in any order.
    """
    detail = Fields(event["detail"], "the container instance in detail", InvalidEvent)
    return ContainerInstance(
        arn=detail.text("containerInstanceArn", "the ARN of a container instance"),
        cluster=detail.text("clusterArn", "the ARN of a cluster"),
        status=detail.text("status", "a status such as DRAINING"),
        agent_connected=_connected(detail),
        running_tasks=_count(detail, "runningTasksCount", 0),
        pending_tasks=_count(detail, "pendingTasksCount", 0),
        version=_count(detail, "version", None),
    )


def _connected(detail: Fields) -> bool:
    value = detail.values.get("agentConnected")
    if not isinstance(value, bool):
        raise detail.refusal("agentConnected", "true or false")
    return value


def _count(detail: Fields, name: str, otherwise: int | None) -> int:
    value = detail.values.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise detail.refusal(name, "a whole number")
    return value
