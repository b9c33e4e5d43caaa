"""What the DAEMON scheduler may start and stop now: one task on each instance that fits, the last to leave it.

ECS developer guide, ecs_services (daemon): the daemon's task is the first on a new instance and the last on one that
drains. In practice it is stopped when the other tasks have left RUNNING, not when they are STOPPED
(aws/amazon-ecs-agent issue 3829).
"""

from __future__ import annotations

from dataclasses import dataclass

from embedded_aws.ecs.arithmetic import Bounds
from embedded_aws.ecs.model import UP_TO_RUNNING, ContainerInstance, Service, Task
from embedded_aws.ecs.query import compile_query


@dataclass(frozen=True)
class DaemonPlan:
    """How many tasks there should be, which to stop, and which instances lack one."""

    desired: int
    stops: list[Task]
    starts: list[ContainerInstance]


def plan(service: Service, instances: list[ContainerInstance]) -> DaemonPlan:
    """Choose the moves of a daemon service."""
    homes = [instance for instance in instances if _is_home(service, instance)]
    occupied = {task.instance.arn for task in service.tasks.values()}
    return DaemonPlan(
        desired=len(homes),
        stops=[*_bereft(service, homes), *_outdated(service, homes)],
        starts=[home for home in homes if home.agent_connected and home.arn not in occupied],
    )


def _is_home(service: Service, instance: ContainerInstance) -> bool:
    rules = [
        *(service.settings.get("placementConstraints") or ()),
        *service.primary.definition.placement_constraints,
    ]
    return instance.status == "ACTIVE" and all(
        compile_query(rule["expression"])(instance) for rule in rules if rule["type"] == "memberOf"
    )


def _bereft(service: Service, homes: list[ContainerInstance]) -> list[Task]:
    """Return the tasks that have outlived the others on their DRAINING instance, or whose instance fits no more."""
    return [
        task
        for task in service.tasks.values()
        if task.is_live and task.instance not in homes and not _has_company(task.instance)
    ]


def _has_company(instance: ContainerInstance) -> bool:
    if instance.status != "DRAINING":
        return False
    return any(task.last_status in UP_TO_RUNNING and not _is_daemon(task) for task in instance.tasks.values())


def _is_daemon(task: Task) -> bool:
    return task.service is not None and task.service.scheduling_strategy == "DAEMON"


def _outdated(service: Service, homes: list[ContainerInstance]) -> list[Task]:
    """Return the tasks of old deployments that the lower bound lets go; their successors follow them."""
    live = [task for task in service.tasks.values() if task.is_live and task.instance in homes]
    bounds = Bounds.of(len(homes), *service.percents)
    old = [task for task in live if task.launch.started_by != service.primary.id]
    spare = sum(task.is_healthy for task in live) - bounds.lower
    unhealthy = [task for task in old if not task.is_healthy]
    healthy = [task for task in old if task.is_healthy]
    return [*unhealthy, *healthy[: max(0, spare)]]
