"""Read, once and only when asked, the snapshot of a cluster that explaining and planning need.

ECS lets an account read its container instances and tasks 20 times a second, all drains together
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html); an explanation costs about
ten reads, so nothing here is called while a drain moves. What a role may not read is noted in `unread`, for an
explanation with a gap is worth more than none. What is asked for is decided in chalicelib/explain/reading.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.common.errors import AccessDenied, AwsRefused, DrainerError, Gone
from chalicelib.common.model import AutoScalingGroup, ContainerInstance, Task
from chalicelib.common.services import Service, Share
from chalicelib.explain import reading
from chalicelib.explain.capacity import Provider
from chalicelib.explain.circumstances import Circumstances
from chalicelib.gateways import ecs
from chalicelib.gateways.autoscaling import describe_groups
from chalicelib.gateways.target_groups import target_groups_of

Read = TypeVar("Read")


@dataclass
class Attempts:
    """Reads that may be refused without spoiling the snapshot, and what was said to those that were."""

    forgiven: tuple[type[DrainerError], ...] = (AccessDenied, AwsRefused)
    refusals: list[str] = field(default_factory=list)

    def read(self, what: str, call: Callable[[], Read], otherwise: Read) -> Read:
        """Return what the call reads; where that is refused, it is noted, and the other is returned."""
        try:
            return call()
        except self.forgiven as refusal:
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
    attempts = Attempts()
    mine, others = _parted(cluster, container_instances)
    nothing: dict[str, Service] = {}
    services = attempts.read("services", lambda: services_of(cluster, tasks), nothing)
    around = _of_their_tasks(cluster, tasks, services, attempts)
    default, providers = strategies_of(cluster, services.values(), attempts, mine.capacity_provider)
    return Circumstances(
        cluster=cluster.rsplit("/", 1)[-1],
        instance=mine,
        tasks=tuple(task for task in tasks if not task.is_stopped),
        others=others,
        services=services,
        **around,
        default_shares=default,
        providers=with_groups(providers, attempts),
        managed_draining_by=reading.drained_by(mine, providers) if managed_draining else None,
        auto_scaling_group=auto_scaling_group,
        drain_began_at=drain_began_at,
        agent_disconnected_since=agent_disconnected_since,
        dead_agent_after=dead_agent_after,
        unread=tuple(attempts.refusals),
    )


def _of_their_tasks(
    cluster: str, tasks: Sequence[Task], services: Mapping[str, Service], attempts: Attempts
) -> dict[str, Any]:
    """Return what these tasks and their replacements need, what protects them, and what they stand behind."""
    nothing: dict[str, Any] = {}
    every = services.values()
    definitions = reading.definitions_to_ask_for(tasks, every)
    maybe = reading.tasks_that_may_be_protected(tasks, every)
    return {
        "task_definitions": attempts.read(
            "task definitions", lambda: ecs.task_definitions(definitions), nothing
        ),
        "protections": attempts.read("task protection", lambda: ecs.protections(cluster, maybe), nothing),
        "target_groups": attempts.read("target groups", lambda: target_groups_of(every), nothing),
        "stopping_beside": attempts.read("tasks beside", lambda: stopping_beside(cluster, every), nothing),
    }


def strategies_of(
    cluster: str, services: Collection[Service], attempts: Attempts, own: str = ""
) -> tuple[tuple[Share, ...], dict[str, Provider]]:
    """Return the cluster's default strategy where a service goes by it, and the capacity providers that these name.

    `own`: the instance's capacity provider, which is read as well.
    """
    nothing: dict[str, Provider] = {}
    none: tuple[Share, ...] = ()
    asks = reading.goes_by_default(services)
    default = attempts.read("cluster", lambda: ecs.default_shares(cluster) if asks else none, none)
    names = reading.providers_to_ask_for(services, default, own)
    known = attempts.read("capacity provider", lambda: ecs.capacity_providers(names), nothing)
    return default, known


def with_groups(providers: Mapping[str, Provider], attempts: Attempts) -> dict[str, Provider]:
    """Return capacity providers, each with its Auto Scaling group where that may be read."""
    ungrouped: dict[str, AutoScalingGroup] = {}
    names = {each.group_name for each in providers.values()}
    groups = attempts.read("Auto Scaling groups", lambda: describe_groups(names), ungrouped)
    return {name: replace(each, group=groups.get(each.group_name)) for name, each in providers.items()}


def _parted(cluster: str, arns: Sequence[str]) -> tuple[ContainerInstance, tuple[ContainerInstance, ...]]:
    """Return the drained container instance, and the cluster's other container instances."""
    found = ecs.all_container_instances(cluster)
    mine = [one for one in found if one.arn in arns]
    if not mine:
        raise Gone(f"cluster {cluster} lists none of {', '.join(arns)}")
    return mine[0], tuple(one for one in found if one.arn not in arns)


def services_of(cluster: str, tasks: Iterable[Task]) -> dict[str, Service]:
    """Return the services of these tasks by name; of those that replace tasks, all their tasks too."""
    services = ecs.describe_services(cluster, reading.services_to_ask_for(tasks))
    return {one.name: with_tasks(one, reading.statuses_to_list(one)) for one in services}


def with_tasks(service: Service, statuses: Iterable[str]) -> Service:
    """Return a service with its tasks of these desired statuses; with none where it is gone by now."""
    listed = (
        ecs.tasks_where(service.cluster, serviceName=service.name, desiredStatus=one) for one in statuses
    )
    return replace(
        service,
        tasks=tuple(task for arns in listed for task in ecs.describe_tasks(service.cluster, arns).tasks),
    )


def stopping_beside(cluster: str, services: Iterable[Service]) -> dict[str, tuple[Task, ...]]:
    """Return the tasks that still stop where a replacement is PENDING, by container instance; of a few at most."""
    found: dict[str, tuple[Task, ...]] = {}
    for place in reading.places_of_pending(services):
        arns = ecs.tasks_where(cluster, containerInstance=place, desiredStatus="STOPPED")
        found[place] = tuple(task for task in ecs.describe_tasks(cluster, arns).tasks if not task.is_stopped)
    return {place: tasks for place, tasks in found.items() if tasks}
