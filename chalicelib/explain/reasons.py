"""Explain a drain: every task that holds it gets at least one blocker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from chalicelib.common.model import Task, TaskKind
from chalicelib.explain import remedies
from chalicelib.explain.blocker import Blocker, BlockerKind, in_order
from chalicelib.explain.case import Case
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.of_instance import instance_blockers
from chalicelib.explain.of_services import service_blockers
from chalicelib.explain.of_tasks import (
    daemon_blocker,
    is_leaving,
    leaving_blocker,
    protected_blocker,
    standalone_blocker,
)
from chalicelib.explain.words import name_of


def explain(circumstances: Circumstances, at: datetime) -> tuple[Blocker, ...]:
    """Return all that holds the drain at an instant, most important first."""
    tasks = tuple(task for task in circumstances.tasks if not task.is_stopped)
    whole = tuple(instance_blockers(circumstances, at))
    found = [
        *_of_services(circumstances, tasks, at),
        *(blocker for task in tasks for blocker in _of_task(circumstances, task, tasks, at)),
    ]
    if any(not blocker.kind.resolves_itself for blocker in whole):
        # Where the instance takes tasks again, or its agent is lost, "it will end soon" would mislead.
        found = [one for one in found if one.kind.importance < BlockerKind.UNEXPLAINED.importance]
    return in_order([*whole, *found])


def _of_services(world: Circumstances, tasks: tuple[Task, ...], at: datetime) -> Iterator[Blocker]:
    held: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.kind(world.daemon_services) is TaskKind.SERVICE and not is_leaving(task):
            held[task.service_name or ""].append(task)
    for name, own in held.items():
        service = world.services.get(name)
        if service is None:
            yield from (_unexplained(world, task) for task in own)
        else:
            yield from service_blockers(Case(world, service, tuple(own), at))


def _of_task(world: Circumstances, task: Task, tasks: tuple[Task, ...], at: datetime) -> Iterator[Blocker]:
    kind = task.kind(world.daemon_services)
    if is_leaving(task):
        yield leaving_blocker(world, task, at)
    elif kind is TaskKind.DAEMON:
        others = sum(other.kind(world.daemon_services) is not TaskKind.DAEMON for other in tasks)
        yield daemon_blocker(task, others, world.definition_of(task.task_definition_arn).stop_timeout)
    elif kind is TaskKind.STANDALONE:
        yield standalone_blocker(world, task, at)
    if task.arn in world.protections and not is_leaving(task):
        yield protected_blocker(world, task, at)


def _unexplained(world: Circumstances, task: Task) -> Blocker:
    unread = f" ({'; '.join(world.unread)})" if world.unread else ""
    return Blocker(
        BlockerKind.UNEXPLAINED,
        name_of(task),
        f"{task.last_status}: its service {task.service_name} couldn't be described{unread}",
        f"see aws ecs describe-tasks --cluster {world.cluster} --tasks {task.id}, "
        f"or {remedies.stop_task(world, task.id)}",
        (task.id,),
    )
