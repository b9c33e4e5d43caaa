"""What explaining looks at: all around the tasks that hold the drain, as AWS described it at one instant.

The gateway `chalicelib.gateways.circumstances` fills these in; the functions of this package only read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service, Share, TaskDefinition
from chalicelib.explain.capacity import Provider


@dataclass(frozen=True, slots=True)
class Target:
    """A registered target whose state is anything but healthy."""

    id: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group of a load balancer that a service registers its tasks with."""

    arn: str
    name: str
    deregistration_delay: timedelta = timedelta(seconds=300)
    health_time: timedelta = timedelta(0)
    """The least time until a new target is healthy: HealthyThresholdCount checks at their interval."""
    healthy: int = 0
    others: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Protection:
    """Scale-in protection of a task; without `expires_at` nobody knows when it ends."""

    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything that the explanation of one drain is computed from."""

    cluster: str
    instance: ContainerInstance
    tasks: tuple[Task, ...]
    """The tasks on the instance that haven't reached STOPPED."""
    others: tuple[ContainerInstance, ...] = ()
    """The cluster's other container instances, whatever their status."""
    services: Mapping[str, Service] = field(default_factory=dict)
    task_definitions: Mapping[str, TaskDefinition] = field(default_factory=dict)
    """By task definition ARN."""
    protections: Mapping[str, Protection] = field(default_factory=dict)
    """By task ARN; tasks without protection are absent."""
    target_groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    default_shares: tuple[Share, ...] = ()
    """The cluster's default capacity provider strategy, where a service here goes by it."""
    providers: Mapping[str, Provider] = field(default_factory=dict)
    """The capacity providers of the instance, and those that the services' strategies name."""
    stopping_beside: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)
    """By the ARN of an instance with a replacement PENDING: the tasks told to stop there that have not yet."""
    managed_draining_by: str | None = None
    """The capacity provider that drains this instance too."""
    auto_scaling_group: str | None = None
    drain_began_at: datetime | None = None
    """None before anything was touched (`ecs-drainer plan`)."""
    agent_disconnected_since: datetime | None = None
    """When a look first saw the agent disconnected; DescribeContainerInstances doesn't say."""
    dead_agent_after: timedelta = timedelta(minutes=5)
    unread: tuple[str, ...] = ()
    """What AWS refused to show, each with its reason: an explanation may lack what hides there."""

    def service_of(self, task: Task) -> Service | None:
        """Return the service that started a task, if it was described."""
        return self.services.get(task.service_name or "")

    def shares_of(self, service: Service) -> tuple[Share, ...]:
        """Return the capacity provider strategy that a service goes by; none for a launch type."""
        return service.shares or (() if service.launch_type else self.default_shares)

    def definition_of(self, task_definition_arn: str) -> TaskDefinition:
        """Return a task definition; one that wasn't read asks for nothing."""
        return self.task_definitions.get(task_definition_arn, TaskDefinition())

    def target_groups_of(self, service: Service | None) -> tuple[TargetGroup, ...]:
        """Return the target groups of a service that were described, in the service's order."""
        arns = service.target_group_arns if service else ()
        return tuple(self.target_groups[arn] for arn in arns if arn in self.target_groups)

    @property
    def daemon_services(self) -> frozenset[str]:
        """The names of the daemon services with tasks here."""
        return frozenset(service.name for service in self.services.values() if service.is_daemon)
