"""The events that ECS puts on the default event bus (ECS developer guide, ecs_cwe_events)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from embedded_aws.aws import now, stamp
from embedded_aws.ecs import views
from embedded_aws.ecs.model import ContainerInstance, Deployment, Service, Task
from embedded_aws.ecs.placement import Refusal
from embedded_aws.ecs.runtime import behaviour
from embedded_aws.eventbridge import emit

SOURCE = "aws.ecs"
PLAIN = (str, int, bool)
"""Most of what a detail holds; a look at the type spares a call for each."""


def task_changed(task: Task) -> None:
    """Count the task's version up and say so; a later event of the same version is a duplicate."""
    task.version += 1
    _emit("ECS Task State Change", {**views.task(task), "updatedAt": now()}, task.arn)


def instance_changed(instance: ContainerInstance) -> None:
    """Count the container instance's version up and say so; nothing of a task's place that is none."""
    if not instance.arn:
        return
    instance.version += 1
    _emit(
        "ECS Container Instance State Change",
        {**views.container_instance(instance), "updatedAt": now()},
        instance.arn,
    )


def instance_state_set(instance: ContainerInstance) -> None:
    """Count the version of an instance that was set ACTIVE or DRAINING up; an event only if the switch says so."""
    if behaviour().tells_of_set_states:
        instance_changed(instance)
    else:
        instance.version += 1


def service_acted(service: Service, name: str, kind: str = "INFO", refusal: Refusal | None = None) -> None:
    """Tell of a service: `kind` is INFO, WARN or ERROR; a `refusal` says what a placement failed on."""
    detail: dict[str, Any] = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": service.cluster.arn,
        "createdAt": now(),
    }
    if refusal is not None:
        detail["reason"] = refusal.reason
        detail["containerInstanceArns"] = [refusal.instance.arn] if refusal.instance else []
    _emit("ECS Service Action", detail, service.arn)


def deployment_changed(service: Service, deployment: Deployment, name: str) -> None:
    """Tell of a deployment that began, was completed or failed."""
    detail = {
        "eventType": "ERROR" if deployment.rollout_state == "FAILED" else "INFO",
        "eventName": name,
        "clusterArn": service.cluster.arn,
        "deploymentId": deployment.id,
        "updatedAt": now(),
        "reason": deployment.reason,
    }
    _emit("ECS Deployment State Change", detail, service.arn)


def _emit(detail_type: str, detail: dict[str, Any], resource: str) -> None:
    emit(SOURCE, detail_type, _as_json(detail), [resource])


def _as_json(value: Any) -> Any:
    """Turn instants into ISO 8601 with milliseconds, and leave out what isn't known."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, dict):
        return {
            key: item if type(item) in PLAIN else _as_json(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [item if type(item) in PLAIN else _as_json(item) for item in value]
    return value
