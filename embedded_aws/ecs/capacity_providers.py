"""Capacity providers of clusters: whose instances are whose, and the tasks that wait for an instance.

Developer guide, cluster-auto-scaling: a task that fits on no instance of its provider is PROVISIONING while managed
scaling brings one: at most 100 tasks of a cluster at once, each for 10 to 30 minutes, then it is STOPPED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from moto.autoscaling.models import autoscaling_backends

from embedded_aws.autoscaling.members import Group, member_of_any
from embedded_aws.aws import ACCOUNT_ID, REGION, current, later
from embedded_aws.ecs import lifecycle, placement, strategies
from embedded_aws.ecs.model import ContainerInstance, Launch, Task
from embedded_aws.ecs.placement import Refusal
from embedded_aws.ecs.runtime import behaviour
from embedded_aws.ecs.strategies import Strategy

MOST_PROVISIONING = 100
"""Of a cluster at once."""

Find = Callable[[str], Any]
"""Gives moto's capacity provider of a name; None where there is none."""


@dataclass
class Waiting:
    """The tasks that wait for an instance, oldest first."""

    tasks: list[Task] = field(default_factory=list)

    def of(self, cluster_name: str, provider: str | None = None) -> list[Task]:
        """Return those of a cluster that still wait, or of one of its providers."""
        self.tasks = [task for task in self.tasks if task.is_live and not task.instance.arn]
        return [
            task
            for task in self.tasks
            if task.cluster.name == cluster_name and provider in (None, task.launch.capacity_provider)
        ]


def waiting() -> Waiting:
    """Return what waits in the running embedded AWS."""
    return current().part("ecs provisioning", Waiting)


def places(
    info: Launch, strategy: Strategy, siblings: Iterable[Task], instances: Iterable[ContainerInstance]
) -> list[ContainerInstance]:
    """Choose the provider of a task by its strategy, and return that one's instances: it is placed on no other's."""
    stay = [one for one in siblings if one.is_live and one.instance.status == "ACTIVE"]
    name = strategies.next_provider(strategy, Counter(one.launch.capacity_provider or "" for one in stay))
    info.capacity_provider = name
    return [one for one in instances if one.capacity_provider == name]


def may_wait(info: Launch, scales: Callable[[str], bool]) -> bool:
    """Whether a task without room is PROVISIONING: where managed scaling of its provider may bring an instance."""
    is_full = len(waiting().of(info.cluster.name)) >= MOST_PROVISIONING
    return info.capacity_provider is not None and scales(info.capacity_provider) and not is_full


def wait(task: Task) -> None:
    """Let a task wait for an instance until ECS gives it up."""
    lifecycle.provision(task)
    waiting().tasks.append(task)
    seconds = behaviour().provisioning_gives_up_seconds
    later(seconds, partial(_give_up, task), f"task {task.id} waits for an instance")


def _give_up(task: Task) -> None:
    if task.is_live and not task.instance.arn:
        reason = f"No container instance of capacity provider {task.launch.capacity_provider} came in time."
        lifecycle.stop(task, "TaskFailedToStart", reason)


def place_waiting(cluster_name: str, instances: Iterable[ContainerInstance]) -> None:
    """Place the tasks of a cluster that wait for an instance, as far as there is room by now."""
    known = list(instances)
    for task in waiting().of(cluster_name):
        own = [one for one in known if one.capacity_provider == task.launch.capacity_provider]
        found = placement.find(task.launch, task.needs, own)
        if not isinstance(found, Refusal):
            task.instance = found
            lifecycle.begin(task)


def group_of(provider: Any) -> Group | None:
    """Return the Auto Scaling group behind moto's capacity provider; its setting holds a name or an ARN."""
    named = str(provider.auto_scaling_group_provider.get("autoScalingGroupArn", "")).rsplit("/", 1)[-1]
    found: Group | None = autoscaling_backends[ACCOUNT_ID][REGION].autoscaling_groups.get(named)
    return found


def settings(provider: Any) -> dict[str, Any]:
    """Return the autoScalingGroupProvider of moto's capacity provider."""
    found: dict[str, Any] = provider.auto_scaling_group_provider
    return found


def provider_of(cluster: Any, find: Find, instance_id: str) -> str | None:
    """Return the provider of the cluster to whose group an EC2 instance belongs, or None."""
    member = member_of_any(autoscaling_backends[ACCOUNT_ID][REGION], instance_id)
    names = cluster.capacity_providers or []
    providers = [found for found in map(find, names) if found is not None]
    return next((str(one.name) for one in providers if member and group_of(one) is member.group), None)
