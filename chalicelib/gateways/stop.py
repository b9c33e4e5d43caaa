"""Stop tasks the graceful way, for the policies that don't wait: SIGTERM, and SIGKILL after the stop timeout."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.common.errors import Gone, Throttled
from chalicelib.common.model import Task
from chalicelib.gateways import ecs
from chalicelib.plan.drain import Drain
from chalicelib.policy.deadline import CEILING_MARGIN, earlier

# A target is deregistered before SIGTERM, for 300 s where nobody set another delay:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
DEREGISTRATION = timedelta(seconds=300)
REPORTING = timedelta(seconds=30)
"""What the agent and ECS take to say STOPPED."""

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
    return Stopping(tuple(asked), _until(drain, [task for _, task in tasks], at))


def _until(drain: Drain, tasks: list[Task], at: datetime) -> datetime:
    """Return when the last of them is STOPPED at the latest, or when the instance goes whatever we do."""
    stop = ecs.longest_stop(task.task_definition_arn for task in tasks if not task.is_stopped)
    stopped_at = at + DEREGISTRATION + stop + REPORTING
    limit = earlier(drain.ceiling_at and drain.ceiling_at - CEILING_MARGIN, drain.gone_at)
    return earlier(stopped_at, limit) or stopped_at
