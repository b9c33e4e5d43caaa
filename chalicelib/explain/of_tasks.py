"""Why one task is still on the instance: on its way out, protected, standalone, or a daemon."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.common.model import Task, stamp
from chalicelib.explain import remedies
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.words import count, name_of, since, spell, until

LATE = timedelta(seconds=60)
"""After SIGKILL was due: the agent reports, and network interfaces are detached, within seconds."""


def is_leaving(task: Task) -> bool:
    """Say whether ECS has told the task to stop."""
    return task.desired_status == "STOPPED"


def leaving_blocker(world: Circumstances, task: Task, at: datetime) -> Blocker:
    """Explain a task that has been told to stop: connections drain, containers stop, or both are overdue."""
    delay = deregistration_delay(world, task)
    stop_timeout = world.definition_of(task.task_definition_arn).stop_timeout
    if task.last_status == "DEACTIVATING" and delay > timedelta(0):
        return _deregistering(world, task, delay, at)
    ends_at = None if task.stopping_at is None else task.stopping_at + delay + stop_timeout
    if ends_at is not None and at >= ends_at + LATE:
        return _overdue(world, task, ends_at, at)
    told = "" if task.stopping_at is None else f" at {stamp(task.stopping_at)}"
    when = "" if ends_at is None else f", {until(max(ends_at, at), at)}"
    return Blocker(
        BlockerKind.STOPPING,
        name_of(task),
        f"{task.last_status}: told to stop{told}; containers get {spell(stop_timeout)} before SIGKILL{when}",
        f"{remedies.NOTHING}; stopTimeout in the task definition sets the time",
        (task.id,),
        ends_at,
    )


def deregistration_delay(world: Circumstances, task: Task) -> timedelta:
    """Return the longest deregistration delay of the target groups of the task's service."""
    groups = world.target_groups_of(world.service_of(task))
    return max((group.deregistration_delay for group in groups), default=timedelta(0))


def _deregistering(world: Circumstances, task: Task, delay: timedelta, at: datetime) -> Blocker:
    groups = world.target_groups_of(world.service_of(task))
    slowest = next(group for group in groups if group.deregistration_delay == delay)
    ends_at = None if task.stopping_at is None else task.stopping_at + delay
    when = "" if ends_at is None else f", {until(max(ends_at, at), at)}; its containers stop after that"
    return Blocker(
        BlockerKind.DEREGISTERING,
        name_of(task),
        f"target group {slowest.name} drains connections for {spell(delay)}{when}",
        remedies.shorten_deregistration(groups, delay),
        (task.id,),
        ends_at,
    )


def _overdue(world: Circumstances, task: Task, ends_at: datetime, at: datetime) -> Blocker:
    instance = world.instance.ec2_instance_id
    return Blocker(
        BlockerKind.STOP_OVERDUE,
        name_of(task),
        f"{task.last_status}: SIGKILL was due by {stamp(ends_at)}, {spell(at - ends_at)} ago",
        f"look at agent and Docker on the instance: aws ssm start-session --target {instance}, "
        "then sudo systemctl restart ecs",
        (task.id,),
    )


def protected_blocker(world: Circumstances, task: Task, at: datetime) -> Blocker:
    """Explain a task under scale-in protection; AWS doesn't document whether DRAINING respects it."""
    expires_at = world.protections[task.arn].expires_at
    when = "with no known end" if expires_at is None else until(expires_at, at)
    return Blocker(
        BlockerKind.PROTECTED,
        name_of(task),
        f"protected from scale-in {when}; ECS may keep it running for so long",
        f"wait, or {remedies.unprotect(world, (task.id,))}",
        (task.id,),
        expires_at,
    )


def standalone_blocker(world: Circumstances, task: Task, at: datetime) -> Blocker:
    """Explain a task that RunTask or StartTask started: who, and for how long it has run."""
    who = (
        f'started by "{task.started_by}"'
        if task.started_by
        else "started by RunTask or StartTask without startedBy"
    )
    began_at = task.started_at or task.created_at
    return Blocker(
        BlockerKind.STANDALONE,
        name_of(task),
        f"{who}, {task.last_status} {since(began_at, at)}; DRAINING doesn't stop it and nothing replaces it",
        f"wait for its end, or {remedies.stop_task(world, task.id)}, or let the policy do so "
        "(ecs-drainer:standalone_tasks = stop, or stop-after <duration>)",
        (task.id,),
    )


def daemon_blocker(task: Task, others: int, stop_timeout: timedelta) -> Blocker:
    """Explain a daemon: it waits for the others, and is waited for no longer than it may take to stop."""
    if others:
        reason = f"a daemon: it serves {count(others, 'other task')} that must leave first"
    else:
        reason = (
            f"a daemon, alone now: the drain waits for it no longer than {spell(stop_timeout)} and a margin"
        )
    return Blocker(BlockerKind.DAEMON_LAST, name_of(task), reason, remedies.NOTHING, (task.id,))
