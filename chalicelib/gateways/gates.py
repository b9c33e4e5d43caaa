"""Reads what gates are decided from: ECS for stateful services and instances, SQS for queues, the ledger for slots.

Without `gates` in the policy nothing is asked of ECS's services. With it, an instance whose services carry no tag of
ours costs three calls (ListTasks, DescribeTasks, DescribeServices); groups and standbys cost more, and only while a
gate is closed. What cannot be read is raised: a gate that nobody can see is not open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.common.model import Task
from chalicelib.common.services import TaskDefinition
from chalicelib.explain import reading
from chalicelib.gates import GateMemory, Holder, Rules, Seen, StatefulService
from chalicelib.gates.deciding import wanted_slots
from chalicelib.gates.declared import declared_by
from chalicelib.gates.leases import Full, without
from chalicelib.gates.standing import (
    Standing,
    group_names,
    groups_of,
    services_to_ask_for,
    standing_of,
    stateful_among,
    with_health,
)
from chalicelib.gateways import ecs, leases, queues, stepfunctions
from chalicelib.gateways.circumstances import with_tasks
from chalicelib.gateways.target_groups import target_groups_of
from chalicelib.policy import Gates, Reach

GROUPS_KNOWN_FOR = timedelta(minutes=10)
"""How long it is remembered which services make up a quorum group."""

Containers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose gates are looked at, and where."""

    table: str
    """The stage's ledger."""
    containers: Containers
    """The instance's container instance ARNs by cluster."""
    mode: Gates
    rules: Rules
    at: datetime
    reach: Reach | None = None
    """What the tags of services may name."""


def read_gates(question: Question, memory: GateMemory) -> tuple[Seen, GateMemory]:
    """Return everything that the gates are decided from, and the memory with the groups' services; writes nothing.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    statuses = _statuses(question.containers)
    here = read_here(question.containers, question.mode, question.reach)
    memory = _with_members(question, here, memory)
    standings = _standings(question, here, memory)
    groups = groups_of(here.services, memory.members, standings, question.rules.instance_id)
    wanted = wanted_slots(Seen(at=question.at, groups=groups), question.rules)
    to_sign = (task for service in here.services if service.declared.sign_off for task in service.tasks)
    kept = leases.read_kept(question.table, (one.key for one in wanted), to_sign)
    found = {service.declared.queue for service in here.services if service.declared.queue}
    seen = Seen(
        at=question.at,
        services=tuple(with_health(each, standings, question.rules.instance_id) for each in here.services),
        groups=groups,
        queues={queue: queues.count(queue) for queue in sorted(found)},
        sign_offs=kept.sign_offs,
        leases=kept.leases,
        is_draining=bool(statuses) and "ACTIVE" not in statuses,
        is_gone=not statuses,
        unstopped=here.unstopped,
    )
    return seen, memory


def _statuses(containers: Containers) -> set[str]:
    described = [
        one for cluster, arns in containers.items() for one in ecs.describe_container_instances(cluster, arns)
    ]
    return {one.status for one in described if one.status in ("ACTIVE", "DRAINING")}


def _with_members(question: Question, here: Here, memory: GateMemory) -> GateMemory:
    groups = group_names(here.services)
    is_fresh = memory.members_at is not None and question.at - memory.members_at < GROUPS_KNOWN_FOR
    if is_fresh and groups <= set(memory.members):
        return memory
    members = members_of(question.containers, groups) if groups else {}
    return replace(memory, members=members, members_at=question.at if groups else None)


def _standings(question: Question, here: Here, memory: GateMemory) -> dict[str, Standing]:
    """Return how the groups' services and those with a standby fare, by `cluster|name`."""
    wanted = services_to_ask_for(here.services, memory.members)
    found: dict[str, Standing] = {}
    for cluster in question.containers:
        names = [key.partition("|")[2] for key in wanted if key.startswith(f"{cluster}|")]
        if names:
            standing = read_standing(cluster, names, question.at)
            found |= {f"{cluster}|{name}": one for name, one in standing.items()}
    return found


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
    services = ecs.describe_services(cluster, reading.services_to_ask_for(tasks), with_tags=True)
    asked = [each for each in services if mode is Gates.TASK_DEFINITIONS and not each.is_daemon]
    definitions = ecs.task_definitions(reading.definitions_to_ask_for((), asked), with_tags=True)
    return stateful_among(services, tasks, definitions, reach)


def members_of(clusters: Iterable[str], groups: frozenset[str]) -> dict[str, tuple[str, ...]]:
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
    definitions = ecs.task_definitions(reading.definitions_to_ask_for((), services))
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


def without_the_dead(seen: Seen, full: Iterable[Full]) -> Seen:
    """Return what was seen without the holders, among these, whose execution ended and freed nothing.

    An instance that such a drain left DRAINING still counts: ECS shows it. Raises what `read_gates` does.
    """
    holders: dict[str, Holder] = {h.execution: h for each in full for h in each.holders}
    dead = [execution for execution in sorted(holders) if not stepfunctions.is_running(execution)]
    if not dead:
        return seen
    return replace(seen, leases={key: without(lease, dead) for key, lease in seen.leases.items()})
