"""Reads "ECS Task State Change": https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import STOPPED
from chalicelib.common.wording import shown
from chalicelib.events.fields import Fields
from chalicelib.wake.seen import Ignored, TaskRunning, TaskStopped

RUNNING = "RUNNING"
_INSTANCE = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0a1b2c3d4e5f60718293a4b5c6d7e8f9"

SAMPLE: Mapping[str, Any] = {
    "version": "0",
    "id": "5d1c2e0a-5f0b-4c43-9f0e-0d9b0c7c2f11",
    "detail-type": "ECS Task State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-03-02T10:02:11Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:ecs:eu-west-1:123456789012:task/web/00000000000000000000000000000001"],
    "detail": {
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/web",
        "containerInstanceArn": _INSTANCE,
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/web/00000000000000000000000000000001",
        "desiredStatus": "STOPPED",
        "lastStatus": "STOPPED",
        "group": "service:web",
        "launchType": "EC2",
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
        "stoppingAt": "2026-03-02T10:01:40.512Z",
        "stoppedAt": "2026-03-02T10:02:10.117Z",
        "updatedAt": "2026-03-02T10:02:10.117Z",
        "version": 6,
    },
}


def parse_task(event: Mapping[str, Any]) -> TaskStopped | TaskRunning | Ignored:
    """Return that a task on a container instance is STOPPED, or that one of a service is RUNNING; raises InvalidEvent.

    Its version says nothing more: of a task's events STOPPED is the last, and STOPPED it stays.
    """
    detail = Fields(event["detail"], "the task in detail", InvalidEvent)
    prefix, _, service = str(detail.values.get("group")).partition(":")
    if detail.values.get("lastStatus") == RUNNING and prefix == "service":
        return TaskRunning(detail.text("clusterArn", "the ARN of a cluster"), service)
    if detail.values.get("lastStatus") != STOPPED:
        return Ignored(f"the task is {shown(detail.values.get('lastStatus'))}, not STOPPED")
    if not detail.values.get("containerInstanceArn"):
        return Ignored("the task is on no container instance")
    return TaskStopped(
        cluster=detail.text("clusterArn", "the ARN of a cluster"),
        instance=detail.text("containerInstanceArn", "the ARN of a container instance"),
        task=detail.text("taskArn", "the ARN of a task"),
        stopped_at=detail.at_or_none("stoppedAt"),
    )
