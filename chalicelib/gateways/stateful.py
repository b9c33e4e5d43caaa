"""Reads the stateful services of an instance from ECS: their tags, and how their groups and standbys fare.

Without `gates` in the policy nothing here is called. With it, an instance whose services carry no tag of ours
costs three calls (ListTasks, DescribeTasks, DescribeServices); groups and standbys cost more, and only while a gate is
closed. What cannot be read is raised: of a gate that nobody can see nothing may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.common.model import Task
from chalicelib.common.services import TaskDefinition
from chalicelib.explain.reading import definitions_to_ask_for, services_to_ask_for
from chalicelib.gates.declared import declared_by
from chalicelib.gates.seen import StatefulService
from chalicelib.gates.standing import Standing, standing_of, stateful_among
from chalicelib.gateways import ecs
from chalicelib.gateways.circumstances import with_tasks
from chalicelib.gateways.target_groups import target_groups_of
from chalicelib.policy import Gates, Reach

Containers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Here:
    """What is on the instance."""

    services: tuple[StatefulService, ...]
    """Those with tags of ours."""
    unstopped: int
    """All tasks that ECS hasn't told to stop."""


def read_here(containers: Containers, mode: Gates, reach: Reach | None = None) -> Here:
    """Return the stateful services with tasks on these container instances (ARNs by cluster).

    A cluster, container instance, task or service that is gone has none; a deleted service asks for nothing.
    `mode`: whether anything is read, and of task definitions too; `reach`: what tags may name. Raises Throttled,
    AwsUnavailable, AccessDenied or AwsRefused.
    """
    services: list[StatefulService] = []
    unstopped = 0
    for cluster, instances in containers.items() if mode is not Gates.OFF else ():
        listed = (
            ecs.tasks_where(cluster, containerInstance=one, desiredStatus="RUNNING") for one in instances
        )
        tasks = _unstopped(cluster, [arn for arns in listed for arn in arns])
        unstopped += len(tasks)
        services += _stateful(cluster, tasks, mode, reach)
    return Here(tuple(services), unstopped)


def stateful_by_instance(cluster: str, mode: Gates = Gates.SERVICES) -> dict[str, tuple[str, ...]]:
    """Return the names of the stateful services with tasks on each container instance of a cluster, by its ARN.

    One listing for the whole cluster: a fleet is many instances. Raises what `read_here` does.
    """
    tasks = _unstopped(cluster, ecs.tasks_where(cluster))
    homes = {task.id: task.container_instance_arn for task in tasks}
    found: dict[str, set[str]] = {}
    for service in _stateful(cluster, tasks, mode):
        for task_id in service.tasks:
            found.setdefault(homes[task_id], set()).add(service.declared.service)
    return {arn: tuple(sorted(names)) for arn, names in found.items()}


def _unstopped(cluster: str, arns: Sequence[str]) -> list[Task]:
    """Describe tasks with their tags; those STOPPED by now are left out."""
    return [task for task in ecs.describe_tasks(cluster, arns, with_tags=True).tasks if not task.is_stopped]


def _stateful(
    cluster: str, tasks: Sequence[Task], mode: Gates, reach: Reach | None = None
) -> Iterable[StatefulService]:
    services = ecs.describe_services(cluster, services_to_ask_for(tasks), with_tags=True)
    asked = [each for each in services if mode is Gates.TASK_DEFINITIONS and not each.is_daemon]
    definitions = ecs.task_definitions(definitions_to_ask_for((), asked), with_tags=True)
    return stateful_among(services, tasks, definitions, reach)


def members(clusters: Iterable[str], groups: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the services of each of these quorum groups as `cluster|name`, wherever their tasks run.

    Lists and describes all services of the clusters, ten a call, so the answer is to be remembered for a while.
    """
    found: dict[str, list[str]] = {group: [] for group in groups}
    for cluster in clusters:
        for service in ecs.describe_services(cluster, ecs.list_services(cluster), with_tags=True):
            group = declared_by(service).quorum_group
            if group in found:
                found[group].append(f"{cluster}|{service.name}")
    return {group: tuple(names) for group, names in found.items()}


def read_standing(cluster: str, names: Iterable[str], at: datetime) -> dict[str, Standing]:
    """Return how services of one cluster fare, by name. Raises what `read_here` does."""
    described = ecs.describe_services(cluster, set(names), with_tags=True)
    services = [with_tasks(one, ["RUNNING"]) for one in described]
    arns = {task.container_instance_arn for one in services for task in one.tasks} - {""}
    instances = {each.arn: each for each in ecs.describe_container_instances(cluster, sorted(arns))}
    definitions = ecs.task_definitions(definitions_to_ask_for((), services))
    targets = target_groups_of(services)
    return {
        one.name: standing_of(
            one,
            instances,
            definitions.get(one.task_definition_arn, TaskDefinition()),
            [targets[arn] for arn in one.target_group_arns if arn in targets],
            at,
        )
        for one in services
    }
