"""One look at ECS: in mid-drain a single DescribeTasks, and the full listing before anything is called drained.

What it asks for, and what comes of it, is decided in chalicelib/look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.common.errors import Gone, Throttled
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.gateways import ecs
from chalicelib.gateways.ecs import DescribedTasks
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation
from chalicelib.look.reading import (
    daemons_to_ask_for,
    is_any_there,
    is_check_due,
    of_cluster,
    services_to_ask_for,
    wants_listing,
    with_services,
)

Containers = Mapping[str, tuple[str, ...]]


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
    read = [ecs.describe_tasks(one, of_cluster(one, containers, memory.tasks)) for one in containers]
    tasks = [task for each in read for task in each.tasks]
    is_full, unlisted = wants_listing(tasks, memory, holds), frozenset[str]()
    if is_full:
        try:
            listed, unlisted = _listing(containers, {task.arn for task in tasks} | set(memory.stopped))
        except Throttled:
            if not any(task.is_stopped for task in tasks):
                raise
            # What this look has learned is kept: the next one need not ask for these tasks again.
            listed, is_full = [], False
        read += listed
        tasks += [task for each in listed for task in each.tasks]
    instances = _instances(containers) if unlisted or is_check_due(memory, is_full, at) else None
    seen = Observation(
        at=at,
        tasks=tuple(tasks),
        gone=frozenset[str]().union(*(each.gone for each in read)),
        is_full=is_full and not is_any_there(unlisted, instances or ()),
        instances=instances,
        agents_connected=not any(task.has_lost_its_agent for task in tasks),
    )
    return _with_daemons(
        seen, containers, memory, services_to_ask_for(tasks, memory, at, asks_early=asks_early)
    )


def _with_daemons(
    seen: Observation, containers: Containers, memory: Memory, asked: frozenset[str]
) -> Observation:
    """Return the observation with which of these services are daemons, and how long their tasks may stop."""
    services = [each for cluster in containers for each in ecs.describe_services(cluster, asked)]
    seen = with_services(seen, asked, services)
    to_stop = daemons_to_ask_for(seen.tasks, memory, seen.daemon_services)
    return replace(seen, daemon_stop=ecs.longest_stop(to_stop)) if to_stop else seen


def with_instances(seen: Observation, containers: Containers) -> Observation:
    """Return the observation with the container instances as they are now, before anything is done to their tasks.

    Raises what `observe` does.
    """
    return replace(seen, instances=_instances(containers))


def _listing(containers: Containers, known: set[str]) -> tuple[list[DescribedTasks], frozenset[str]]:
    """Return what a full listing adds to the tasks that are known, and the container instances that are gone."""
    read: list[DescribedTasks] = []
    unlisted: set[str] = set()
    for cluster, instances in containers.items():
        arns: set[str] = set()
        for instance in instances:
            try:
                arns.update(ecs.list_tasks(cluster, instance))
            except Gone:
                unlisted.add(instance)
        read.append(ecs.describe_tasks(cluster, sorted(arns - known)))
    return read, frozenset(unlisted)


def _instances(containers: Containers) -> tuple[ContainerInstance, ...]:
    described = (ecs.describe_container_instances(cluster, arns) for cluster, arns in containers.items())
    return tuple(instance for some in described for instance in some)
