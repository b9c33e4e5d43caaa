"""Stop tasks the graceful way, for the policies that don't wait: SIGTERM, and SIGKILL after the stop timeout."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.common.errors import Gone, Throttled
from chalicelib.gateways import ecs
from chalicelib.plan.drain import Drain, stopped_by

AT_ONCE = 200
"""StopTask takes one task, ECS 40 calls a second, and a function 30 s:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""


@dataclass(frozen=True, slots=True)
class Stopping:
    """Which tasks were told to stop, and until when they may take."""

    asked: tuple[str, ...]
    until: datetime


def tasks_on(drain: Drain) -> tuple[str, ...]:
    """Return the ARNs of all tasks on the container instances of a drain; one that is gone has none.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    found: list[str] = []
    for cluster, instances in drain.containers.items():
        for instance in instances:
            with suppress(Gone):
                found += ecs.list_tasks(cluster, instance)
    return tuple(found)


def stop_tasks(drain: Drain, arns: Iterable[str], at: datetime) -> Stopping:
    """Call StopTask for those of these tasks that were not told to stop yet; only those count as asked.

    Raises Throttled and its family: asked again, it goes on where it left off, because a task once told has the
    desired status STOPPED, and our words as its reason. So where there are more than AT_ONCE, Throttled is also what
    says that the others are still to be told. StopTask ignores the minimum healthy percent:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
    """
    wanted = sorted(arns)
    tasks = [
        (cluster, task) for cluster in drain.containers for task in ecs.describe_tasks(cluster, wanted).tasks
    ]
    ours = f"ecs-drainer: {drain.instance_id} is drained"
    asked = [task.arn for _, task in tasks if task.stopped_reason.startswith(ours)]
    untold = [(cluster, task) for cluster, task in tasks if task.desired_status != "STOPPED"]
    asked += [
        task.arn
        for cluster, task in untold[:AT_ONCE]
        if ecs.stop_task(cluster, task.arn, f"{ours} ({drain.trigger})")
    ]
    if left := len(untold[AT_ONCE:]):
        raise Throttled(f"{AT_ONCE} tasks are told to stop; {left} more are told at the next try")
    stop = ecs.longest_stop(task.task_definition_arn for _, task in tasks if not task.is_stopped)
    return Stopping(tuple(asked), stopped_by(drain, stop, at))
