"""Read, once and only when asked, everything that explaining a drain needs.

ECS lets an account read its container instances and tasks 20 times a second, all drains together
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html); an explanation costs about
ten reads, so nothing here is called while a drain moves. What a role may not read is noted in `unread`, for an
explanation with a gap is worth more than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.common.errors import AccessDenied, AwsRefused, Gone
from chalicelib.common.model import Task
from chalicelib.explain.capacity import ScalingGroup, Share
from chalicelib.explain.circumstances import (
    Circumstances,
    DescribedInstance,
    Needs,
    Protection,
    Service,
    ServiceTask,
    TargetGroup,
)
from chalicelib.gateways import described, ecs_answers, providers
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from chalicelib.gateways.ecs import describe_tasks
from chalicelib.gateways.ecs_answers import gone_among
from chalicelib.gateways.providers import default_shares_for

DESCRIBED_AT_ONCE = 100
SERVICES_AT_ONCE = 10
PROTECTIONS_AT_ONCE = 100
PLACES_ASKED = 3
"""Of the instances on which replacements are PENDING: each costs two reads, and one tells enough."""
TARGET_GROUPS_AT_ONCE = 20
"""DescribeTargetGroups answers up to 400 a page, but a long list of ARNs makes a long query string."""

Read = TypeVar("Read")


@dataclass
class _Attempts:
    """Reads that may be refused without spoiling the explanation, and what was said to those that were."""

    refusals: list[str] = field(default_factory=list)

    def read(self, what: str, call: Callable[[], Read], otherwise: Read) -> Read:
        try:
            return call()
        except (AccessDenied, AwsRefused) as refusal:
            self.refusals.append(f"{what}: {refusal}")
            return otherwise


def read_circumstances(
    cluster: str,
    container_instances: Sequence[str],
    tasks: Sequence[Task],
    *,
    auto_scaling_group: str | None = None,
    drain_began_at: datetime | None = None,
    agent_disconnected_since: datetime | None = None,
    dead_agent_after: timedelta = timedelta(minutes=5),
    managed_draining: bool = True,
) -> Circumstances:
    """Return everything around these tasks, which are on these container instances of one EC2 instance.

    Which capacity provider drains it too is asked only where ECS does (`managed_draining`).
    Raises Throttled or AwsUnavailable (the state machine retries), and Gone where ECS no longer knows any of the
    container instances, or their cluster. A service, task, task definition, target group or capacity provider that
    is gone is left out.
    """
    attempts = _Attempts()
    mine, others = _parted(cluster, container_instances)
    nothing: dict[str, Service] = {}
    services = attempts.read("services", lambda: services_of(cluster, tasks), nothing)
    return Circumstances(
        cluster=cluster.rsplit("/", 1)[-1],
        instance=described.instance(mine),
        tasks=tuple(task for task in tasks if not task.is_stopped),
        others=others,
        services=services,
        **_of_their_tasks(cluster, tasks, services, attempts),
        **_capacity(cluster, services, mine.get("capacityProviderName", ""), attempts, managed_draining),
        auto_scaling_group=auto_scaling_group,
        drain_began_at=drain_began_at,
        agent_disconnected_since=agent_disconnected_since,
        dead_agent_after=dead_agent_after,
        unread=tuple(attempts.refusals),
    )


def _of_their_tasks(
    cluster: str, tasks: Sequence[Task], services: dict[str, Service], attempts: _Attempts
) -> dict[str, Any]:
    """Return what these tasks and their replacements need, what protects them, and what they stand behind."""
    nothing: dict[str, Any] = {}
    every = services.values()
    return {
        "needs": attempts.read("task definitions", lambda: needs_of(tasks, every), nothing),
        "protections": attempts.read(
            "task protection", lambda: protections_of(cluster, tasks, services), nothing
        ),
        "target_groups": attempts.read("target groups", lambda: target_groups_of(every), nothing),
        "stopping_beside": attempts.read("tasks beside", lambda: stopping_beside(cluster, every), nothing),
    }


def _capacity(
    cluster: str, services: Mapping[str, Service], own: str, attempts: _Attempts, managed_draining: bool
) -> dict[str, Any]:
    """Return the cluster's default strategy, and the capacity providers of the instance and of these services."""
    nothing: list[ecs_answers.Answer] = []
    ungrouped: dict[str, ScalingGroup] = {}
    none: tuple[Share, ...] = ()
    default = attempts.read("cluster", lambda: default_shares_for(cluster, services.values()), none)
    names = {own, *providers.names_of(services.values(), default)}
    answers = attempts.read("capacity provider", lambda: providers.read_answers(names), nothing)
    groups = attempts.read("Auto Scaling groups", lambda: providers.read_groups(answers), ungrouped)
    known = providers.providers_of(answers, groups)
    drains = managed_draining and own in known and known[own].drains
    return {
        "default_shares": default,
        "providers": known,
        "managed_draining_by": own if drains else None,
    }


def _parted(cluster: str, arns: Sequence[str]) -> tuple[dict[str, Any], tuple[DescribedInstance, ...]]:
    """Return the answer for the drained container instance, and the cluster's other container instances."""
    answers = container_instances_of(cluster)
    mine = [one for one in answers if one["containerInstanceArn"] in arns]
    if not mine:
        raise Gone(f"cluster {cluster} lists none of {', '.join(arns)}")
    others = (one for one in answers if one["containerInstanceArn"] not in arns)
    return mine[0], tuple(map(described.instance, others))


def container_instances_of(cluster: str) -> list[dict[str, Any]]:
    """Return ECS's descriptions of all container instances of a cluster but INACTIVE ones; none of one that is gone."""
    try:
        arns = all_pages(client("ecs").list_container_instances, "containerInstanceArns", cluster=cluster)
    except Gone:
        return []
    batches = in_batches(arns, DESCRIBED_AT_ONCE)
    return [one for batch in batches for one in ecs_answers.read_container_instances(cluster, batch)]


def services_of(cluster: str, tasks: Iterable[Task]) -> dict[str, Service]:
    """Return the services of these tasks by name; of those that replace tasks, all their tasks too."""
    names = sorted({task.service_name for task in tasks if task.service_name})
    found: dict[str, Service] = {}
    for batch in in_batches(names, SERVICES_AT_ONCE):
        for one in ecs_answers.read_services(cluster, batch):
            found[one["serviceName"]] = described.service(one, _tasks_of_replica(cluster, one))
    return found


def _tasks_of_replica(cluster: str, answer: dict[str, Any]) -> tuple[ServiceTask, ...]:
    if answer.get("schedulingStrategy") == "DAEMON":
        return ()
    wanted = ["RUNNING"]
    if any(one.get("failedTasks") for one in answer.get("deployments", [])):
        wanted.append("STOPPED")
    return tuple(
        task for desired in wanted for task in tasks_of_service(cluster, answer["serviceName"], desired)
    )


def tasks_of_service(cluster: str, service: str, desired_status: str) -> tuple[ServiceTask, ...]:
    """Return the tasks of a service that ECS wants RUNNING, or has STOPPED within about an hour; none of one gone."""
    listing, asked = client("ecs").list_tasks, {"serviceName": service, "desiredStatus": desired_status}
    try:
        arns = all_pages(listing, "taskArns", cluster=cluster, **asked)
    except Gone:
        return ()
    batches = in_batches(arns, DESCRIBED_AT_ONCE)
    items = (one for batch in batches for one in ecs_answers.read_tasks(cluster, batch)[0])
    return tuple(map(described.service_task, items))


def stopping_beside(cluster: str, services: Iterable[Service]) -> dict[str, tuple[Task, ...]]:
    """Return the tasks that still stop where a replacement is PENDING, by container instance; of a few at most."""
    pending = {
        task.container_instance_arn
        for service in services
        for task in service.tasks
        if task.last_status == "PENDING" and task.desired_status == "RUNNING" and task.container_instance_arn
    }
    found: dict[str, tuple[Task, ...]] = {}
    for place in sorted(pending)[:PLACES_ASKED]:
        asked = {"containerInstance": place, "desiredStatus": "STOPPED"}
        try:
            arns = all_pages(client("ecs").list_tasks, "taskArns", cluster=cluster, **asked)
        except Gone:
            continue
        found[place] = tuple(task for task in describe_tasks(cluster, arns).tasks if not task.is_stopped)
    return {place: tasks for place, tasks in found.items() if tasks}


def needs_of(tasks: Iterable[Task], services: Iterable[Service]) -> dict[str, Needs]:
    """Return by ARN what the task definitions of these tasks, and of their replacements, ask for."""
    arns = {task.task_definition_arn for task in tasks} | {
        service.task_definition_arn for service in services
    }
    found: dict[str, Needs] = {}
    for arn in sorted(arns - {""}):
        answer = ecs_answers.read_task_definition(arn)
        if answer is not None:
            found[arn] = described.needs(answer["taskDefinition"])
    return found


def protections_of(
    cluster: str, tasks: Iterable[Task], services: dict[str, Service]
) -> dict[str, Protection]:
    """Return by ARN the tasks under scale-in protection: only tasks of services that replace them can be."""
    daemons = {service.name for service in services.values() if service.is_daemon}
    arns = [task.arn for task in tasks if task.service_name and task.service_name not in daemons]
    found: dict[str, Protection] = {}
    for batch in in_batches(arns, PROTECTIONS_AT_ONCE):
        try:
            with translated():
                answer = client("ecs").get_task_protection(cluster=cluster, tasks=list(batch))
        except Gone:
            return {}
        gone_among(answer, "TASK_NOT_VALID")
        protected = [one for one in answer["protectedTasks"] if one["protectionEnabled"]]
        found |= {one["taskArn"]: Protection(one.get("expirationDate")) for one in protected}
    return found


def target_groups_of(services: Iterable[Service]) -> dict[str, TargetGroup]:
    """Return by ARN the target groups of these services, with delay, health time and unhealthy targets."""
    arns = sorted({arn for service in services for arn in service.target_group_arns})
    found = {
        group["TargetGroupArn"]: _target_group(group)
        for batch in in_batches(arns, TARGET_GROUPS_AT_ONCE)
        for group in _target_groups(batch)
    }
    return {arn: group for arn, group in found.items() if group is not None}


def _target_groups(arns: Sequence[str]) -> list[dict[str, Any]]:
    """Describe target groups; one that is gone fails the call for all, so that each is then asked for by itself."""
    try:
        with translated():
            groups: list[dict[str, Any]] = client("elbv2").describe_target_groups(TargetGroupArns=list(arns))[
                "TargetGroups"
            ]
    except Gone:
        return [group for arn in arns for group in _target_groups([arn])] if len(arns) > 1 else []
    return groups


def _target_group(group: dict[str, Any]) -> TargetGroup | None:
    elbv2, arn = client("elbv2"), group["TargetGroupArn"]
    try:
        with translated():
            attributes = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    except Gone:
        return None
    return described.target_group(group, attributes, health)


def managed_draining_by(container_instance: dict[str, Any]) -> str | None:
    """Return the capacity provider that drains this instance by itself, if its managed draining is on."""
    name = container_instance.get("capacityProviderName")
    if not name:
        return None
    found = ecs_answers.read_capacity_providers([name])
    providers = [one.get("autoScalingGroupProvider") or {} for one in found]
    return name if any(one.get("managedDraining") == "ENABLED" for one in providers) else None
