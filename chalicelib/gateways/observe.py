"""One look at ECS: in mid-drain a single DescribeTasks, and the full listing before anything is called drained.

What it asks for is decided in chalicelib/look/reading.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.common.errors import Gone, Throttled
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.explain.arithmetic import can_never_move
from chalicelib.gateways import ecs
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation
from chalicelib.look.reading import (
    daemons_to_ask_for,
    is_any_there,
    is_check_due,
    services_to_ask_for,
    wants_listing,
)

Containers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Read:
    """The tasks of one cluster's container instances, as far as they were read."""

    tasks: tuple[Task, ...]
    gone: frozenset[str]
    connected: bool
    unlisted: frozenset[str] = frozenset()
    """Container instances of which ECS said, asked for their tasks, that they are gone."""


def observe(
    containers: Containers,
    memory: Memory,
    at: datetime,
    holds: Callable[[Task], bool] | None = None,
    *,
    asks_early: bool = False,
) -> Observation:
    """Look once at the tasks of these container instances (ARNs by cluster).

    `asks_early`: ask at once which services are daemons, as who waits for events must know whom it waits for.
    `holds` says whether an unstopped task is waited for; without it every one is. Once none is, all are listed.
    Where one can't be listed because it is gone, all are described at once: the listing is full only if ECS has it
    INACTIVE there too. Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused; nothing is written.
    """
    remembered = [_read(cluster, _of(cluster, containers, memory.tasks)) for cluster in containers]
    tasks = [task for read in remembered for task in read.tasks]
    is_full = wants_listing(tasks, memory, holds)
    if is_full:
        try:
            listed = _listing(containers, {task.arn for task in tasks} | set(memory.stopped))
        except Throttled:
            if not any(task.is_stopped for task in tasks):
                raise
            # What this look has learned is kept: the next one need not ask for these tasks again.
            listed, is_full = [], False
        remembered += listed
        tasks += [task for read in listed for task in read.tasks]
    unlisted = frozenset[str]().union(*(read.unlisted for read in remembered))
    instances = _instances(containers) if unlisted or is_check_due(memory, is_full, at) else None
    seen = Observation(
        at=at,
        tasks=tuple(tasks),
        gone=frozenset[str]().union(*(read.gone for read in remembered)),
        is_full=is_full and not is_any_there(unlisted, instances or ()),
        instances=instances,
        agents_connected=all(read.connected for read in remembered),
    )
    return _with_services(
        seen, containers, memory, services_to_ask_for(tasks, memory, at, asks_early=asks_early)
    )


def _with_services(
    seen: Observation, containers: Containers, memory: Memory, asked: frozenset[str]
) -> Observation:
    """Return the observation with what ECS says of these services."""
    services = [each for cluster in containers for each in ecs.describe_services(cluster, asked)]
    daemons = frozenset(each.name for each in services if each.is_daemon)
    to_stop = daemons_to_ask_for(seen.tasks, memory, daemons)
    return replace(
        seen,
        daemon_services=daemons,
        asked_services=asked,
        immovable_services=frozenset(each.name for each in services if can_never_move(each)),
        daemon_stop=ecs.longest_stop(to_stop) if to_stop else None,
    )


def with_instances(seen: Observation, containers: Containers) -> Observation:
    """Return the observation with the container instances as they are now, before anything is done to their tasks.

    Raises what `observe` does.
    """
    return replace(seen, instances=_instances(containers))


def _read(cluster: str, arns: list[str]) -> _Read:
    described = ecs.describe_tasks(cluster, arns)
    return _Read(described.tasks, described.gone, described.agents_connected)


def _of(cluster: str, containers: Containers, arns: Iterable[str]) -> list[str]:
    """Return the remembered tasks of a cluster: ARNs name it, `task/CLUSTER/ID`, but for old accounts' short ones."""
    if len(containers) == 1:
        return sorted(arns)
    name = cluster.rsplit("/", 1)[-1]
    return sorted(arn for arn in arns if f":task/{name}/" in arn)


def _listing(containers: Containers, known: set[str]) -> list[_Read]:
    """Return what a full listing adds to the tasks that are known."""
    return [_listed(cluster, arns, known) for cluster, arns in containers.items()]


def _listed(cluster: str, container_instances: tuple[str, ...], known: set[str]) -> _Read:
    arns: set[str] = set()
    unlisted: set[str] = set()
    for instance in container_instances:
        try:
            arns.update(ecs.list_tasks(cluster, instance))
        except Gone:
            unlisted.add(instance)
    return replace(_read(cluster, sorted(arns - known)), unlisted=frozenset(unlisted))


def _instances(containers: Containers) -> tuple[ContainerInstance, ...]:
    described = (ecs.describe_container_instances(cluster, arns) for cluster, arns in containers.items())
    return tuple(instance for some in described for instance in some)
