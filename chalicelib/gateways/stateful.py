"""Reads the stateful services of an instance from ECS: their tags, and how their groups and standbys fare.

Without `gates` in the policy nothing here is called. With it, an instance whose services carry no tag of ours
costs three calls (ListTasks, DescribeTasks, DescribeServices); groups and standbys cost more, and only while a gate is
closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.common.errors import Gone
from chalicelib.common.model import ContainerInstance
from chalicelib.explain.arithmetic import is_healthy
from chalicelib.explain.circumstances import Circumstances, DescribedInstance, Needs, Service, TargetGroup
from chalicelib.gates.declared import Declared, declare, within_reach
from chalicelib.gates.seen import Group, Leaving, StatefulService
from chalicelib.gateways import described, ecs, ecs_answers
from chalicelib.gateways.aws import all_pages, client, in_batches
from chalicelib.gateways.circumstances import needs_of, target_groups_of, tasks_of_service
from chalicelib.policy import Reach

Containers = Mapping[str, tuple[str, ...]]
Answer = dict[str, Any]
UNHEALTHY_TARGETS = frozenset({"initial", "unhealthy", "unavailable"})


@dataclass(frozen=True, slots=True)
class Here:
    """What is on the instance."""

    services: tuple[StatefulService, ...]
    """Those with tags of ours."""
    unstopped: int
    """All tasks that ECS hasn't told to stop."""


def read_here(containers: Containers, *, with_definitions: bool = False, reach: Reach | None = None) -> Here:
    """Return the stateful services with tasks on these container instances (ARNs by cluster).

    A cluster, container instance, task or service that is gone has none; a deleted service asks for nothing.
    `with_definitions`: read the tags of task definitions too; `reach`: what tags may name. Raises Throttled,
    AwsUnavailable, AccessDenied or AwsRefused.
    """
    services: list[StatefulService] = []
    unstopped = 0
    for cluster, arns in containers.items():
        tasks = _tasks(cluster, arns)
        unstopped += len(tasks)
        services += _stateful(cluster, tasks, with_definitions=with_definitions, reach=reach)
    return Here(tuple(services), unstopped)


def stateful_by_instance(cluster: str, *, with_definitions: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the names of the stateful services with tasks on each container instance of a cluster, by its ARN.

    One listing for the whole cluster: a fleet is many instances. Raises what `read_here` does.
    """
    tasks = _described(cluster, ecs.all_tasks(cluster))
    homes = {task["taskArn"].rsplit("/", 1)[-1]: task.get("containerInstanceArn", "") for task in tasks}
    found: dict[str, set[str]] = {}
    for service in _stateful(cluster, tasks, with_definitions=with_definitions):
        for task_id in service.tasks:
            found.setdefault(homes[task_id], set()).add(service.declared.service)
    return {arn: tuple(sorted(names)) for arn, names in found.items()}


def _tasks(cluster: str, container_instances: Iterable[str]) -> list[Answer]:
    return _described(cluster, [arn for each in container_instances for arn in _listed(cluster, each)])


def _listed(cluster: str, container_instance: str) -> list[str]:
    """List the tasks that ECS wants RUNNING on a container instance; none on one that is gone."""
    asked = {"containerInstance": container_instance, "desiredStatus": "RUNNING"}
    try:
        return all_pages(client("ecs").list_tasks, "taskArns", cluster=cluster, **asked)
    except Gone:
        return []


def _described(cluster: str, arns: Sequence[str]) -> list[Answer]:
    """Describe tasks with their tags; those STOPPED by now are left out."""
    found: list[Answer] = []
    for batch in in_batches(arns, ecs.DESCRIBED_AT_ONCE):
        found += ecs_answers.read_tasks(cluster, batch, include=["TAGS"])[0]
    return [task for task in found if task["lastStatus"] != "STOPPED"]


def _stateful(
    cluster: str, tasks: list[Answer], *, with_definitions: bool, reach: Reach | None = None
) -> Iterable[StatefulService]:
    for answer in _services(cluster, _names(tasks)):
        if answer.get("schedulingStrategy") == "DAEMON":
            continue  # one on each instance: nothing of it moves, and it leaves last
        own = [task for task in tasks if task.get("group") == f"service:{answer['serviceName']}"]
        inherited = [tag for task in own for tag in task.get("tags", [])]
        if with_definitions:
            inherited += _tags_of_definition(answer["taskDefinition"])
        declared = within_reach(_declared(cluster, answer, inherited), reach)
        if declared.is_stateful:
            yield StatefulService(declared, tuple(task["taskArn"].rsplit("/", 1)[-1] for task in own))


def _names(tasks: Iterable[Answer]) -> list[str]:
    groups = {task.get("group", "") for task in tasks}
    return sorted(group.removeprefix("service:") for group in groups if group.startswith("service:"))


def _services(cluster: str, names: Sequence[str]) -> list[Answer]:
    found: list[Answer] = []
    for batch in in_batches(names, ecs.SERVICES_AT_ONCE):
        found += ecs_answers.read_services(cluster, batch, include=["TAGS"])
    return found


def _tags_of_definition(arn: str) -> list[Answer]:
    answer = ecs_answers.read_task_definition(arn, include=["TAGS"])
    return answer.get("tags", []) if answer else []


def _declared(cluster: str, answer: Answer, inherited: Sequence[Answer] = ()) -> Declared:
    """Read a service's tags; where a task or its definition has the same tag, the service's own counts."""
    tags = {tag["key"]: tag.get("value", "") for tag in [*inherited, *answer.get("tags", [])]}
    return declare(answer["serviceName"], cluster, tags, answer.get("serviceArn", ""))


def members(clusters: Iterable[str], groups: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the services of each of these quorum groups as `cluster|name`, wherever their tasks run.

    Lists and describes all services of the clusters, ten a call, so the answer is to be remembered for a while.
    """
    found: dict[str, list[str]] = {group: [] for group in groups}
    for cluster in clusters:
        for answer in _services(cluster, _services_in(cluster)):
            group = _declared(cluster, answer).quorum_group
            if group in found:
                found[group].append(f"{cluster}|{answer['serviceName']}")
    return {group: tuple(names) for group, names in found.items()}


def _services_in(cluster: str) -> list[str]:
    """List the ARNs of a cluster's services; none of one that is gone."""
    try:
        return all_pages(client("ecs").list_services, "serviceArns", cluster=cluster, maxResults=100)
    except Gone:
        return []


@dataclass(frozen=True, slots=True)
class Standing:
    """A service anywhere in its cluster: what is healthy, and where."""

    name: str
    max_unavailable: int
    desired: int
    healthy_on: tuple[str, ...]
    """The EC2 instance of each healthy task; an instance once a task."""
    leaving: tuple[Leaving, ...]


def read_standing(cluster: str, names: Sequence[str], at: datetime) -> dict[str, Standing]:
    """Return how services of one cluster fare, by name. Raises what `read_here` does."""
    answers = {answer["serviceName"]: answer for answer in _services(cluster, sorted(set(names)))}
    services = {
        name: described.service(answer, tasks_of_service(cluster, name, "RUNNING"))
        for name, answer in answers.items()
    }
    arns = sorted({task.container_instance_arn for one in services.values() for task in one.tasks} - {""})
    instances = {each.arn: each for each in ecs.describe_container_instances(cluster, arns)}
    needs, targets = needs_of((), services.values()), target_groups_of(services.values())
    return {
        name: _standing(
            _declared(cluster, answers[name]).max_unavailable, service, instances, _around(needs, targets), at
        )
        for name, service in services.items()
    }


def _around(needs: Mapping[str, Needs], targets: Mapping[str, TargetGroup]) -> Circumstances:
    nowhere = DescribedInstance(arn="", ec2_instance_id="")
    return Circumstances(cluster="", instance=nowhere, tasks=(), needs=needs, target_groups=targets)


def _standing(
    max_unavailable: int,
    service: Service,
    instances: Mapping[str, ContainerInstance],
    world: Circumstances,
    at: datetime,
) -> Standing:
    places = [(task, instances.get(task.container_instance_arn)) for task in service.tasks]
    healthy = [
        place.ec2_instance_id
        for task, place in places
        if place and why_leaving(place) is None and is_healthy(world, service, task, at)
    ]
    for group in world.target_groups_of(service):
        for target in group.others:
            place = target.id.partition(":")[0]
            if target.state in UNHEALTHY_TARGETS and place in healthy:
                healthy.remove(place)
    leaving = [place for _, place in places if place and why_leaving(place)]
    return Standing(
        service.name,
        max_unavailable,
        service.desired,
        tuple(healthy),
        tuple(
            Leaving(place.ec2_instance_id, leaving.count(place), why_leaving(place) or "")
            for place in dict.fromkeys(leaving)
        ),
    )


def why_leaving(instance: ContainerInstance) -> str | None:
    """Return why tasks on a container instance don't count on, or None where they do."""
    if instance.status != "ACTIVE":
        return instance.status
    return None if instance.agent_connected else "its agent is disconnected"


def group_of(
    name: str, here: Iterable[StatefulService], standings: Iterable[Standing], instance_id: str
) -> Group:
    """Return a quorum group from its services on the instance and everywhere."""
    own = [service for service in here if service.declared.quorum_group == name]
    everywhere = list(standings)
    leaving: dict[str, Leaving] = {}
    for each in (
        one for standing in everywhere for one in standing.leaving if one.instance_id != instance_id
    ):
        before = leaving.get(each.instance_id)
        tasks = each.tasks + (before.tasks if before else 0)
        leaving[each.instance_id] = Leaving(each.instance_id, tasks, each.why)
    return Group(
        name=name,
        max_unavailable=min(
            [s.declared.max_unavailable for s in own] + [s.max_unavailable for s in everywhere]
        ),
        desired=sum(standing.desired for standing in everywhere),
        here=sum(len(service.tasks) for service in own),
        healthy_elsewhere=sum(place != instance_id for s in everywhere for place in s.healthy_on),
        leaving=tuple(leaving.values()),
    )
