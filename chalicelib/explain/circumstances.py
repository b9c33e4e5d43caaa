"""What explaining looks at: all around the tasks that hold the drain, as AWS described it at one instant.

The gateway `chalicelib.gateways.circumstances` fills these in; the functions of this package only read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.common.model import Task
from chalicelib.explain.capacity import Provider, Share

DEFAULT_STOP_TIMEOUT = timedelta(seconds=30)
"""Of a container without `stopTimeout`, where the agent's ECS_CONTAINER_STOP_TIMEOUT isn't set either."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A placement constraint of a service or a task definition; `expression` is for memberOf alone."""

    type: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one task of a task definition asks of a container instance."""

    cpu: int = 0
    """CPU units: 1,024 are one vCPU."""
    memory: int = 0
    """MiB that are subtracted at placement: the task's, or its containers' reservations."""
    gpus: int = 0
    tcp_ports: frozenset[int] = frozenset()
    """Static host ports; a dynamic one (0) needs nothing."""
    udp_ports: frozenset[int] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attributes that the instance must have, by name; "" where any value will do."""
    constraints: tuple[Constraint, ...] = ()
    pinned_volumes: tuple[str, ...] = ()
    """Volumes of a driver whose disks live in one Availability Zone (EBS)."""
    stop_timeout: timedelta = DEFAULT_STOP_TIMEOUT
    """The longest of its containers' stop timeouts: SIGKILL follows SIGTERM so much later."""
    health_check_interval: timedelta | None = None
    """Of the slowest container health check; None where no container has one."""


@dataclass(frozen=True, slots=True)
class DescribedInstance:
    """A container instance with what is left on it."""

    arn: str
    ec2_instance_id: str
    status: str = "ACTIVE"
    agent_connected: bool = True
    cpu: int = 0
    memory: int = 0
    gpus: int = 0
    """`cpu`, `memory` and `gpus` are what no task has reserved yet (remainingResources)."""
    registered_cpu: int = 0
    registered_memory: int = 0
    tcp_ports_in_use: frozenset[int] = frozenset()
    udp_ports_in_use: frozenset[int] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    running_tasks: int = 0
    agent_version: str = ""
    capacity_provider: str = ""
    """The one that its Auto Scaling group belongs to; empty without any."""

    @property
    def availability_zone(self) -> str | None:
        """Where it runs, from the attribute that the agent registers."""
        return self.attributes.get("ecs.availability-zone")

    @property
    def takes_tasks(self) -> bool:
        """Whether ECS places anything on it: ACTIVE, with a connected agent."""
        return self.status == "ACTIVE" and self.agent_connected


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a service (a task set, for the CODE_DEPLOY and EXTERNAL controllers)."""

    id: str
    status: str = "PRIMARY"
    rollout_state: str = "COMPLETED"
    rollout_state_reason: str = ""
    failed_tasks: int = 0
    desired: int = 0
    running: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One line of a service's event log."""

    created_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """A task of a service anywhere in the cluster: where it is and how it fares."""

    arn: str
    container_instance_arn: str = ""
    last_status: str = "RUNNING"
    desired_status: str = "RUNNING"
    health_status: str = "UNKNOWN"
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_reason: str = ""
    capacity_provider: str = ""
    """To which the service's strategy sent it; empty for a launch type."""

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Service:
    """A service that has tasks on the instance."""

    name: str
    desired: int
    running: int
    pending: int = 0
    minimum_percent: int = 100
    maximum_percent: int = 200
    strategy: str = "REPLICA"
    launch_type: str = ""
    """Empty where it has a capacity provider strategy, its own or the cluster's default."""
    shares: tuple[Share, ...] = ()
    """Its own capacity provider strategy."""
    controller: str = "ECS"
    task_definition_arn: str = ""
    """Of the primary deployment: what a replacement is started from, whatever the old task runs."""
    constraints: tuple[Constraint, ...] = ()
    target_group_arns: tuple[str, ...] = ()
    health_check_grace: timedelta = timedelta(0)
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    tasks: tuple[ServiceTask, ...] = ()
    """Its tasks in the whole cluster, those on the draining instance too; empty when they weren't read."""

    @property
    def is_daemon(self) -> bool:
        """Whether it keeps one task on each container instance."""
        return self.strategy == "DAEMON"


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
    instance: DescribedInstance
    tasks: tuple[Task, ...]
    """The tasks on the instance that haven't reached STOPPED."""
    others: tuple[DescribedInstance, ...] = ()
    """The cluster's other container instances, whatever their status."""
    services: Mapping[str, Service] = field(default_factory=dict)
    needs: Mapping[str, Needs] = field(default_factory=dict)
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

    def needs_of(self, task_definition_arn: str) -> Needs:
        """Return what a task definition asks for; one that wasn't read asks for nothing."""
        return self.needs.get(task_definition_arn, Needs())

    def target_groups_of(self, service: Service | None) -> tuple[TargetGroup, ...]:
        """Return the target groups of a service that were described, in the service's order."""
        arns = service.target_group_arns if service else ()
        return tuple(self.target_groups[arn] for arn in arns if arn in self.target_groups)

    @property
    def daemon_services(self) -> frozenset[str]:
        """The names of the daemon services with tasks here."""
        return frozenset(service.name for service in self.services.values() if service.is_daemon)
