"""Why a service's replacements don't come up: its deployments, its event log and its tasks elsewhere.

ECS leaves a repeated message out of the log until its cause is gone or six hours have passed, so a message holds until
the service reports a steady state after it, and six hours at most:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.common.model import Task, stamp
from chalicelib.common.services import Deployment, Service, ServiceEvent
from chalicelib.explain import remedies
from chalicelib.explain.arithmetic import health_time, is_healthy
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.case import Case
from chalicelib.explain.circumstances import Target, TargetGroup
from chalicelib.explain.providers import is_provisioning
from chalicelib.explain.words import clip, count, short, since, some

SETTLES_WITHIN = timedelta(minutes=10)
"""A deployment in progress for less than this is no news."""

STARTS_WITHIN = timedelta(minutes=5)
"""A task that is PENDING for longer has trouble with its image, its network interface or its volumes."""

LONGEST_QUOTE = 200
"""Characters of AWS's own words that a reason quotes."""

STARTING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})

REPEATED_AFTER = timedelta(hours=6)

STEADY = "has reached a steady state"

SIGNS: tuple[tuple[str, BlockerKind], ...] = (
    (r"RESOURCE:ENI", BlockerKind.NO_ENI),
    (r"Capacity is unavailable", BlockerKind.NO_FARGATE),
    (r"insufficient CPU units|RESOURCE:CPU", BlockerKind.NO_CPU),
    (r"insufficient memory|RESOURCE:MEMORY", BlockerKind.NO_MEMORY),
    (r"RESOURCE:GPU", BlockerKind.NO_GPU),
    (r"already using a port|RESOURCE:PORTS", BlockerKind.NO_PORT),
    (r'error "AGENT"|agent connected', BlockerKind.NO_OTHER_INSTANCE),
    (r"missing an attribute", BlockerKind.MISSING_ATTRIBUTE),
    (r"unable to consistently start tasks|CannotPull|TaskFailedToStart", BlockerKind.START_IMPAIRED),
    (r"is unhealthy in|failed (?:ELB|container) health checks", BlockerKind.UNHEALTHY_REPLACEMENT),
    (r"deployment failed", BlockerKind.DEPLOYMENT_FAILED),
    (r"because of the service deployment configuration", BlockerKind.DEADLOCK),
)


def deployment_blockers(case: Case) -> Iterator[Blocker]:
    """Yield the deployments that failed, or are in progress for long or with failed tasks."""
    for deployment in case.service.deployments:
        kind = _trouble(deployment, case.at)
        if kind is not None:
            yield case.blocker(kind, _state_of(deployment, case.at), _deployment_remedy(case, kind))


def _trouble(deployment: Deployment, at: datetime) -> BlockerKind | None:
    if deployment.rollout_state == "FAILED":
        return BlockerKind.DEPLOYMENT_FAILED
    if deployment.rollout_state != "IN_PROGRESS" or deployment.status != "PRIMARY":
        return None
    lasts = at - deployment.created_at if deployment.created_at else SETTLES_WITHIN
    is_stuck = deployment.failed_tasks > 0 or lasts >= SETTLES_WITHIN
    return BlockerKind.DEPLOYMENT_UNSETTLED if is_stuck else None


def _state_of(deployment: Deployment, at: datetime) -> str:
    why = deployment.rollout_state_reason
    said = f": {clip(why, LONGEST_QUOTE)}" if why else ""
    return (
        f"deployment {deployment.id} is {deployment.rollout_state} {since(deployment.created_at, at)}; "
        f"{deployment.running} of {count(deployment.desired, 'task')} run, "
        f"{deployment.failed_tasks} failed{said}"
    )


def _deployment_remedy(case: Case, kind: BlockerKind) -> str:
    back = f"{remedies.update_service(case.world, case.service)} --task-definition <one that works>"
    if kind is BlockerKind.DEPLOYMENT_FAILED:
        return f"roll back: {back}"
    return f"see {remedies.describe_events(case.world, case.service)}; to roll back, {back}"


def unhealthy_blockers(case: Case) -> Iterator[Blocker]:
    """Yield why replacements that exist don't count as healthy; nothing while they are merely young."""
    home = case.world.instance.arn
    elsewhere = [task for task in case.service.tasks if task.container_instance_arn != home]
    slow = [task for task in elsewhere if _is_slow_to_start(task, case.at)]
    if slow:
        yield _slow(case, slow)
    sick = [task for task in elsewhere if _is_sick(case, task)]
    targets = [
        (group, target)
        for group in case.world.target_groups_of(case.service)
        for target in group.others
        if target.state == "unhealthy"
    ]
    if sick or targets:
        yield _unhealthy(case, sick, targets)


def _is_slow_to_start(task: Task, at: datetime) -> bool:
    is_starting = task.desired_status == "RUNNING" and task.last_status in STARTING
    is_placed = not is_provisioning(
        task
    )  # else it waits for an instance: chalicelib/explain/new_instances.py
    return is_starting and is_placed and task.created_at is not None and at - task.created_at >= STARTS_WITHIN


def _is_sick(case: Case, task: Task) -> bool:
    if task.last_status != "RUNNING" or task.desired_status != "RUNNING":
        return False
    if task.health_status == "UNHEALTHY":
        return True
    patience = max(health_time(case.world, case.service), case.service.health_check_grace)
    is_old = task.started_at is not None and case.at - task.started_at >= patience + timedelta(minutes=1)
    definition = case.world.definition_of(case.service.task_definition_arn)
    return is_old and not is_healthy(case.service, definition, task, case.at)


def _slow(case: Case, slow: list[Task]) -> Blocker:
    names = some([f"{short(task.id)} {task.last_status}" for task in slow])
    oldest = min(task.created_at for task in slow if task.created_at)
    return case.blocker(
        BlockerKind.START_IMPAIRED,
        f"{count(len(slow), 'replacement')} didn't get to RUNNING: {names}, the oldest since {stamp(oldest)}",
        "see why (image pull, network interface, volume): "
        f"aws ecs describe-tasks --cluster {case.world.cluster} --tasks {slow[0].id}",
    )


def _unhealthy(case: Case, sick: list[Task], targets: list[tuple[TargetGroup, Target]]) -> Blocker:
    said = [f"{short(task.id)} is {task.health_status}" for task in sick]
    said += [f"{group.name} has {one.id} {one.state} {one.reason}".rstrip() for group, one in targets]
    looks = [f"aws ecs describe-tasks --cluster {case.world.cluster} --tasks {task.id}" for task in sick[:1]]
    looks += [f"aws elbv2 describe-target-health --target-group-arn {group.arn}" for group, _ in targets[:1]]
    return case.blocker(
        BlockerKind.UNHEALTHY_REPLACEMENT,
        f"ECS may stop no healthy task before its replacement is healthy: {some(said)}",
        f"mend the health check or the release: {' and '.join(looks)}",
    )


def event_blockers(case: Case) -> Iterator[Blocker]:
    """Yield the causes that only the service's event log and its stopped tasks tell."""
    failed = (task for task in case.service.tasks if task.stop_code == "TaskFailedToStart")
    reasons = sorted({task.stopped_reason for task in failed} - {""})
    for sign in signs(case.service, case.at):
        message = clip(sign.event.message, LONGEST_QUOTE)
        said = f'ECS said at {stamp(sign.event.created_at)}: "{message}"'
        if sign.kind is BlockerKind.START_IMPAIRED and reasons:
            said += f'; a task stopped with "{clip(reasons[0], LONGEST_QUOTE)}"'
        yield case.blocker(sign.kind, said, _event_remedy(case, sign.kind))


def _event_remedy(case: Case, kind: BlockerKind) -> str:
    if kind is BlockerKind.NO_ENI:
        more = remedies.more_room(case.world)
        return f"{more}, or turn on the account setting awsvpcTrunking for instances that launch from now on"
    if kind is BlockerKind.NO_FARGATE:
        named = remedies.use_providers(case.world, case.service, ("FARGATE",))
        return f"wait for it, or leave FARGATE_SPOT: {named}"
    if kind is BlockerKind.START_IMPAIRED:
        again = f"{remedies.update_service(case.world, case.service)} --force-new-deployment"
        return f"mend the image or the command, then {again}"
    return f"see {remedies.describe_events(case.world, case.service)}"


@dataclass(frozen=True, slots=True)
class Sign:
    """A service event that names a cause."""

    kind: BlockerKind
    event: ServiceEvent


def signs(service: Service, at: datetime) -> tuple[Sign, ...]:
    """Return the causes that still hold by the event log, newest first, each kind once."""
    found: dict[BlockerKind, Sign] = {}
    for event in sorted(service.events, key=lambda event: event.created_at, reverse=True):
        if STEADY in event.message or at - event.created_at > REPEATED_AFTER:
            break
        kind = kind_of(event.message)
        if kind is not None:
            found.setdefault(kind, Sign(kind, event))
    return tuple(found.values())


def kind_of(message: str) -> BlockerKind | None:
    """Return the cause that a service event names, if it names one."""
    return next((kind for sign, kind in SIGNS if re.search(sign, message, re.IGNORECASE)), None)
