"""Explain a drain: every task that holds it gets at least one blocker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from chalicelib.explain import remedies
from chalicelib.explain.blocker import Blocker, BlockerKind, in_order
from chalicelib.explain.case import Case
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.naming import name_of
from chalicelib.explain.of_instance import instance_blockers
from chalicelib.explain.of_services import service_blockers
from chalicelib.explain.of_tasks import (
    daemon_blocker,
    is_leaving,
    leaving_blocker,
    protected_blocker,
    standalone_blocker,
)
from chalicelib.model import Task, TaskKind


def explain(circumstances: Circumstances, at: datetime) -> tuple[Blocker, ...]:
    """Return all that holds the drain at an instant, most important first."""
    tasks = tuple(task for task in circumstances.tasks if not task.is_stopped)
    found = [
        *instance_blockers(circumstances, at),
        *_of_services(circumstances, tasks, at),
        *(blocker for task in tasks for blocker in _of_task(circumstances, task, tasks, at)),
    ]
    return in_order(found)


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
        yield daemon_blocker(task, others, world.needs_of(task.task_definition_arn).stop_timeout)
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
