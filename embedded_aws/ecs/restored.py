"""Puts container instances, services and tasks where they were: a cluster as DescribeTasks and its like told it.

Nothing is placed, started or told of here; what was under way goes on from the status that it had reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from embedded_aws.aws import now
from embedded_aws.ecs import lifecycle, target_groups
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.model import (
    BEFORE_RUNNING,
    ContainerInstance,
    Deployment,
    Launch,
    Service,
    Task,
    nowhere,
    requirements,
)
from embedded_aws.ecs.script import read_script


@dataclass(frozen=True, kw_only=True)
class FoundTask:
    """A task as it was found; instants are aware."""

    arn: str
    last_status: str
    desired_status: str
    created_at: datetime
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    is_healthy: bool = True
    stays_unhealthy: bool = False
    """Whether it fails its checks, and goes on failing them."""
    protected_until: datetime | None = None
    ports: Mapping[tuple[int, str], int] = field(default_factory=dict)
    """Host ports by container port and protocol."""


def put_instance(backend: EcsBackend, instance: ContainerInstance) -> ContainerInstance:
    """Register a container instance without anybody being told."""
    backend.container_instances.setdefault(instance.cluster_name, {})[instance.id] = instance
    return instance


def put_service(backend: EcsBackend, service: Service, deployments: list[Deployment]) -> Service:
    """Keep a service with its deployments, the primary first; its tasks come with `put_task`."""
    service.deployments = deployments
    backend.services[f"{service.cluster_name}:{service.name}"] = service
    return service


def put_task(backend: EcsBackend, launch: Launch, place: ContainerInstance | None, found: FoundTask) -> Task:
    """Keep a task on its container instance (None: on none, as on Fargate), and let it go on."""
    needs, containers = requirements(launch.definition), launch.definition.container_definitions
    task = Task(
        found.arn,
        place or nowhere(launch.cluster),
        launch,
        needs,
        read_script(containers),
        found.created_at,
        backend.scheduler.task_changed,
        last_status=found.last_status,
        desired_status=found.desired_status,
        protected_until=found.protected_until,
        started_at=found.started_at,
        stopping_at=found.stopping_at,
    )
    for binding in task.bindings:
        known = found.ports.get((binding["containerPort"], binding["protocol"]))
        binding["hostPort"] = known or binding["hostPort"]
    task.instance.hold(task, needs)
    if launch.service is not None:
        launch.service.tasks[task.arn] = task
    backend.remember(task)
    _go_on(task, found)
    return task


def _go_on(task: Task, found: FoundTask) -> None:
    if not task.is_live:
        asked_at = found.stopping_at or now()
        lifecycle.go_on_stopping(task, _delay(task), (now() - asked_at).total_seconds())
        return
    if task.last_status in BEFORE_RUNNING:
        if task.last_status == "ACTIVATING":
            _stand_behind_target_groups(task)
        lifecycle.go_on_starting(task, (now() - task.created_at).total_seconds())
        return
    task.connectivity, task.connectivity_at = "CONNECTED", found.started_at
    task.pull_started_at = task.pull_stopped_at = found.created_at
    task.is_healthy = found.is_healthy
    if task.script.has_health_check:
        task.health_status = "HEALTHY" if task.is_healthy else "UNKNOWN"
    _stand_behind_target_groups(task)
    if not found.stays_unhealthy:
        lifecycle.go_on_running(task)
    if task.is_protected:
        _end_protection_in_time(task)


def _stand_behind_target_groups(task: Task) -> None:
    said = list(task.service.events) if task.service else []
    target_groups.register(task)
    if task.service is not None:
        task.service.events = said  # it was registered long ago
    if task.is_healthy:
        target_groups.report_health(task)


def _end_protection_in_time(task: Task) -> None:
    if task.protected_until is not None:
        lifecycle.wake_at(task, task.protected_until)


def _delay(task: Task) -> float:
    wanted = target_groups.groups_of(task)
    return max((target_groups.delay_seconds(group) for group in wanted), default=0.0)


def instance_of(cluster: Any, arn_id: str, ec2_instance: Any, **told: Any) -> ContainerInstance:
    """Make the container instance that an EC2 instance was; `told`: more fields of ContainerInstance."""
    arn = cluster.arn.replace(":cluster/", ":container-instance/") + f"/{arn_id}"
    return ContainerInstance(
        arn=arn,
        cluster_name=cluster.name,
        cluster_arn=cluster.arn,
        ec2_instance_id=ec2_instance.id,
        tags=[],
        **told,
    )
