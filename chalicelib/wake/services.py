"""Reads what ECS says of services: placements that fail, and deployments.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.wording import shown
from chalicelib.events.fields import Fields
from chalicelib.wake.seen import Ignored, ServiceTrouble

PLACEMENT_FAILED = "SERVICE_TASK_PLACEMENT_FAILURE"
DEPLOYMENT_FAILED = "SERVICE_DEPLOYMENT_FAILED"

SAMPLE_PLACEMENT: Mapping[str, Any] = {
    "version": "0",
    "id": "ddca6449-b258-46c0-8653-e0e3a6d0468b",
    "detail-type": "ECS Service Action",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-03-02T10:04:10Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/web/api"],
    "detail": {
        "eventType": "ERROR",
        "eventName": "SERVICE_TASK_PLACEMENT_FAILURE",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/web",
        "containerInstanceArns": [
            "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/9f8e7d6c5b4a39281706f5e4d3c2b1a0"
        ],
        "createdAt": "2026-03-02T10:04:09.402Z",
        "reason": "RESOURCE:CPU",
    },
}

SAMPLE_DEPLOYMENT: Mapping[str, Any] = {
    "version": "0",
    "id": "c5f4a1c7-5a0e-4a0c-9a7e-4ea1c0a7d9b2",
    "detail-type": "ECS Deployment State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-03-02T10:05:31Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/web/api"],
    "detail": {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/web",
        "deploymentId": "ecs-svc/1234567890123456789",
        "updatedAt": "2026-03-02T10:05:30.911Z",
        "reason": "ECS deployment circuit breaker: task failed to start.",
    },
}

_SERVICE = re.compile(r"(arn:[^:]+:ecs:[^:]*:[^:]*):service/(?:([^/]+)/)?([^/]+)")


def parse_service(event: Mapping[str, Any]) -> ServiceTrouble | Ignored:
    """Return that a service could not place a task; anything else of a service is nothing new; raises InvalidEvent."""
    return _trouble(event, PLACEMENT_FAILED)


def parse_deployment(event: Mapping[str, Any]) -> ServiceTrouble | Ignored:
    """Return that a service's deployment failed; raises InvalidEvent."""
    return _trouble(event, DEPLOYMENT_FAILED)


def _trouble(event: Mapping[str, Any], name: str) -> ServiceTrouble | Ignored:
    detail = event["detail"]
    if detail.get("eventName") != name:
        return Ignored(f"{shown(detail.get('eventName'))} is no trouble")
    arn = _service_arn(event)
    found = _SERVICE.fullmatch(arn)
    if found is None:
        expected = "the ARN of a service first"
        raise Fields({"resources": arn}, "the event", InvalidEvent).refusal("resources", expected)
    # Of an old ARN, without the cluster in it, the detail says the cluster; one of the two always does.
    cluster = detail.get("clusterArn") or (f"{found[1]}:cluster/{found[2]}" if found[2] else "")
    if not cluster:
        return Ignored(f"no cluster is known of service {found[3]}")
    return ServiceTrouble(str(cluster), found[3], name, str(detail.get("reason") or ""))


def _service_arn(event: Mapping[str, Any]) -> str:
    resources = event.get("resources")
    return str(resources[0]) if isinstance(resources, list) and resources else ""
