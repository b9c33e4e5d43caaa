"""What one look asks ECS for, decided from what is remembered and what was read so far. Pure.

All drains of an account share 20 ECS reads a second, so a look reads no more than it must.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.common.model import ContainerInstance, Task, short
from chalicelib.common.services import Service
from chalicelib.explain.arithmetic import can_never_move
from chalicelib.look.memory import Memory
from chalicelib.look.observation import Observation, only_daemons

CHECK_EVERY = timedelta(minutes=5)
"""How often the container instance itself is described: a person may have set it ACTIVE again."""

ASK_FOR_DAEMONS_AFTER = timedelta(minutes=2)


def wants_listing(tasks: Iterable[Task], memory: Memory, holds: Callable[[Task], bool] | None) -> bool:
    """Whether all tasks are to be listed: at the first look, and once none of the remembered is waited for.

    `holds` says whether an unstopped task is waited for; without it every one is.
    """
    waited_for = any(not task.is_stopped and (holds is None or holds(task)) for task in tasks)
    return memory.looks == 0 or not waited_for


def is_any_there(unlisted: frozenset[str], instances: Iterable[ContainerInstance]) -> bool:
    """Whether ECS says of one of these container instances that it is gone, and that it isn't."""
    return any(each.arn in unlisted and each.status != "INACTIVE" for each in instances)


def is_check_due(memory: Memory, is_full: bool, at: datetime) -> bool:
    """Whether the container instance itself is to be described."""
    # Not at the first look: the plan has just described it, and ECS may not show DRAINING yet.
    since = memory.checked_at or memory.started_at
    return memory.looks > 0 and (is_full or at - since >= CHECK_EVERY)


def services_to_ask_for(
    tasks: list[Task], memory: Memory, at: datetime, *, asks_early: bool
) -> frozenset[str]:
    """Return the services of which it matters by now whether they are daemons: one call, and most drains need none.

    Until a task is STOPPED, or nothing has moved for a while, every task of a service is waited for alike.
    """
    is_early = not asks_early and not memory.stopped and not any(task.is_stopped for task in tasks)
    if is_early and at - memory.changed_at < ASK_FOR_DAEMONS_AFTER:
        return frozenset()
    return frozenset(task.service_name for task in tasks if task.service_name and not task.is_stopped) - (
        memory.known_services
    )


def of_cluster(cluster: str, clusters: Collection[str], arns: Iterable[str]) -> list[str]:
    """Return the remembered tasks of a cluster: ARNs name it, `task/CLUSTER/ID`, but for old accounts' short ones."""
    if len(clusters) == 1:
        return sorted(arns)
    name = short(cluster)
    return sorted(arn for arn in arns if f":task/{name}/" in arn)


def with_services(seen: Observation, asked: frozenset[str], services: Collection[Service]) -> Observation:
    """Return the observation with what ECS, asked for these services, says of those that there are."""
    return replace(
        seen,
        asked_services=asked,
        daemon_services=frozenset(each.name for each in services if each.is_daemon),
        immovable_services=frozenset(each.name for each in services if can_never_move(each)),
    )


def daemons_to_ask_for(tasks: Iterable[Task], memory: Memory, daemons: frozenset[str]) -> frozenset[str]:
    """Return the task definitions of which it matters how long they may take to stop: once only daemons are left."""
    unstopped = [task for task in tasks if not task.is_stopped]
    if memory.daemon_stop is not None or not only_daemons(unstopped, memory.daemon_services | daemons):
        return frozenset()
    return frozenset(task.task_definition_arn for task in unstopped)
