"""Managed scaling and termination protection: how many instances a capacity provider's group should have.

Developer guide, cluster-auto-scaling, and "Deep Dive on Amazon ECS Cluster Auto Scaling": once a minute ECS publishes
CapacityProviderReservation = M / N x 100, N the instances there are, M those that are needed: with tasks on them
(daemons don't count), and for the tasks that are PROVISIONING. A target tracking policy keeps it at targetCapacity: out
after one minute above, in after fifteen below.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES

from embedded_aws.autoscaling.members import Group
from embedded_aws.aws import ACCOUNT_ID, REGION, current, later, now
from embedded_aws.ecs.capacity_providers import group_of, settings, waiting
from embedded_aws.ecs.model import MEMORY_SHARE, ContainerInstance, Task

EVERY_SECONDS = 60.0
LOW_FOR = timedelta(minutes=15)
"""AlarmLow of a target tracking policy: fifteen points of a minute each."""


@dataclass
class Alarms:
    """Since when the reservation of each provider is below its target."""

    low_since: dict[str, datetime] = field(default_factory=dict)
    is_on: bool = False


def alarms() -> Alarms:
    """Return the alarms of the running embedded AWS."""
    return current().part("ecs managed scaling", Alarms)


def begin(backend: Any) -> None:
    """Look at every provider once a minute from now on; harmless when that has begun."""
    if not alarms().is_on:
        alarms().is_on = True
        later(EVERY_SECONDS, lambda: _look(backend), "managed scaling")


def _look(backend: Any) -> None:
    for cluster in list(backend.clusters.values()):
        for provider in filter(None, map(backend._get_provider, cluster.capacity_providers or [])):
            group = group_of(provider)
            if group is not None:
                _keep(backend.instances_of(cluster.name), cluster.name, provider, group)
    later(EVERY_SECONDS, lambda: _look(backend), "managed scaling")


def _keep(instances: list[ContainerInstance], cluster_name: str, provider: Any, group: Group) -> None:
    if settings(provider)["managedScaling"]["status"] != "ENABLED":
        return
    used = {one.ec2_instance_id for one in instances if _has_work(one)}
    if settings(provider)["managedTerminationProtection"] == "ENABLED":
        for member in group.counted:
            member.protected_from_scale_in = member.instance_id in used
    if group.suspended("AlarmNotification"):
        return
    needed = sum(member.instance_id in used for member in group.counted)
    needed += instances_for(waiting().of(cluster_name, provider.name), group)
    _track(provider, group, needed)


def _has_work(instance: ContainerInstance) -> bool:
    """Whether it has a task that isn't a daemon's."""
    services = (task.service for task in instance.tasks.values())
    return any(service is None or service.scheduling_strategy != "DAEMON" for service in services)


def instances_for(tasks: list[Task], group: Group) -> int:
    """Return how many empty instances of the group these tasks need, those of each task definition by themselves."""
    kind = INSTANCE_TYPES[group.instance_type]
    cpu, memory = kind["VCpuInfo"]["DefaultVCpus"] * 1024, int(kind["MemoryInfo"]["SizeInMiB"] * MEMORY_SHARE)
    counts = Counter(task.definition.arn for task in tasks)
    alike = {task.definition.arn: task for task in tasks}
    return max((-(-counts[arn] // _an_instance(task, cpu, memory)) for arn, task in alike.items()), default=0)


def _an_instance(task: Task, cpu: int, memory: int) -> int:
    if any(rule["type"] == "distinctInstance" for rule in task.launch.constraints):
        return 1
    fixed = any(binding["hostPort"] for binding in task.bindings)
    by_size = min(cpu // max(1, task.needs.cpu), memory // max(1, task.needs.memory))
    return 1 if fixed else max(1, by_size)


def reservation(needed: int, there: int) -> float:
    """Return CapacityProviderReservation: 100 where nothing is and nothing need be, 200 where something need be."""
    if not there:
        return 200.0 if needed else 100.0
    return needed / there * 100


def _track(provider: Any, group: Group, needed: int) -> None:
    scaling, there = settings(provider)["managedScaling"], len(group.counted)
    target = scaling["targetCapacity"]
    level, wanted = reservation(needed, there), -(-needed * 100 // target)
    if level >= target or not there:
        alarms().low_since.pop(provider.name, None)
    if level > target and wanted > there:
        step = min(max(wanted - there, scaling["minimumScalingStepSize"]), scaling["maximumScalingStepSize"])
        _set(group, there + step)
    elif level < target and wanted < there:
        since = alarms().low_since.setdefault(provider.name, now())
        if now() - since >= LOW_FOR:
            _set(group, wanted)


def _set(group: Group, wanted: int) -> None:
    autoscaling_backends[ACCOUNT_ID][REGION].set_desired_capacity(group.name, wanted)
